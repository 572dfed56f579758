"""The rows of a comparison of listings, with the goals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .clients import BARE, OURS, SDK, SERVER, Client

if TYPE_CHECKING:
    from collections.abc import Mapping

LIMIT: Final = 1.3
"""Times bare that a typed listing may take."""
AHEAD: Final = 4
"""Times as fast as bitbucket-unofficial-sdk that we want to be."""


def rows(clients: Mapping[str, Client], latency: float) -> list[dict[str, str | float | None]]:
    """Return a row a client, of what it did last."""
    return [_row(client, clients[BARE], clients[OURS], latency) for client in clients.values()]


def bars(clients: Mapping[str, Client], latency: float) -> dict[str, float]:
    """Return what the chart shows: times bare."""
    ratios = {
        f"{client.name}, {latency * 1000:.0f} ms": client.times(clients[BARE])
        for client in clients.values()
        if client.name not in {BARE, SERVER}
    }
    return {label: ratio for label, ratio in ratios.items() if ratio is not None}


def verdict(met: bool, goal: str) -> str:
    """Return a goal and whether it is met."""
    return f"{goal}: {'met' if met else 'missed'}"


def _row(client: Client, bare: Client, ours: Client, latency: float) -> dict[str, str | float | None]:
    result = next(iter(client.results.values()), None)
    times_bare, times_ours = client.times(bare), client.times(ours)
    return {
        "client": client.label,
        "latency ms": latency * 1000,
        "seconds": client.median() if result else None,
        "x bare": times_bare,
        "x bbasync": times_ours,
        "requests": float(result.requests) if result else None,
        "goal": _goal(client, times_bare, times_ours),
        "about": client.about(),
    }


def _goal(client: Client, times_bare: float | None, times_ours: float | None) -> str:
    if client.name in {BARE, SERVER} or times_bare is None or times_ours is None:
        return ""
    if client.name == OURS:
        return verdict(times_bare <= LIMIT, f"at most {LIMIT} x bare")
    if client.name == SDK:
        return verdict(times_ours >= AHEAD, f"bbasync {AHEAD} x as fast")
    return verdict(times_ours > 1, "bbasync ahead")
