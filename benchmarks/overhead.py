"""What one small GET costs over bare aiohttp and orjson, in microseconds, at 1 and at 64 at a time.

The peers are those of `python -m benchmarks.peers install`.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Final

from .peers.clients import BARE, OURS, SERVER, Client, interleave, running
from .peers.table import verdict
from .report import bar_chart, report
from .server import serving

if TYPE_CHECKING:
    from collections.abc import Mapping

CALLS = 1280
GOALS: Final = {1: 120, 64: 60}
"""Microseconds over bare, by how many calls run at a time."""


def main() -> None:
    """Print the table."""
    rows: list[dict[str, str | float | None]] = []
    bars: dict[str, float] = {}
    with running() as clients, serving() as base:
        for at_once in GOALS:
            interleave(clients, {"job": "single", "base": base, "calls": CALLS, "at_once": at_once}, CALLS)
            rows += [_row(client, clients, at_once) for client in clients.values()]
            bars |= {
                f"{client.name}, {at_once} at a time": over
                for client in clients.values()
                if client.name not in {BARE, SERVER} and (over := _over(client, clients[BARE])) is not None
            }
    title = "One small GET"
    report("overhead", f"{title}, medians of rounds of {CALLS:,} calls", rows)
    bar_chart("overhead", title, "microseconds over bare aiohttp + orjson", bars, goal=GOALS[1])


def _over(client: Client, bare: Client) -> float | None:
    more = [
        (result.seconds - bare.results[number].seconds) / CALLS * 1e6
        for number, result in client.results.items()
        if number in bare.results
    ]
    return statistics.median(more) if more else None


def _row(client: Client, clients: Mapping[str, Client], at_once: int) -> dict[str, str | float | None]:
    over = _over(client, clients[BARE])
    goal = ""
    if client.name == OURS and over is not None:
        goal = verdict(over <= GOALS[at_once], f"at most {GOALS[at_once]} over bare")
    return {
        "client": client.label,
        "at a time": float(at_once),
        "us a call": client.median() / CALLS * 1e6 if client.results else None,
        "us over bare": over if client.name not in {BARE, SERVER} else None,
        "x bbasync": client.times(clients[OURS]),
        "goal": goal,
        "about": client.about(),
    }


if __name__ == "__main__":
    main()
