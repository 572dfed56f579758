"""Clients as processes that stay open, and rounds in which each does the same job in its turn."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import orjson
from attrs import define, field, frozen

from benchmarks.server import requests_since

from .environments import PEERS

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from types import TracebackType

ROOT: Final = Path(__file__).parents[2]
SERVER: Final = "server alone"
BARE: Final = "bare aiohttp + orjson"
OURS: Final = "bbasync"
SDK: Final = "bitbucket-unofficial-sdk"
ROUNDS: Final = 9
FEWER: Final = 3
"""Rounds of a peer that takes long, so that a run stays short."""
SHARE: Final = 6.0
"""Seconds after which a peer takes long."""


@frozen
class Result:
    """What one job took."""

    seconds: float
    items: int
    requests: int


@define
class Client:
    """A worker process, or the reason why there is none."""

    name: str
    yields: str
    note: str
    command: list[str] | str
    label: str = ""
    runtime: str = ""
    failure: str = ""
    results: dict[int, Result] = field(factory=dict[int, Result])
    """By round."""
    _process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.label = self.name
        if isinstance(self.command, str):
            self.failure = self.command
            return self
        environment = {**os.environ, "NO_PROXY": "*", "no_proxy": "*"}
        self._process = subprocess.Popen(
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=environment
        )
        hello = self._read()
        if not self.failure:
            self.label = f"{self.name} {hello['version']}".strip()
            self.runtime = hello["runtime"]
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def do(self, job: Mapping[str, object]) -> Result | None:
        """Do a job; after a failure there is none."""
        assert self._process is not None  # noqa: S101 - or it has failed
        assert self._process.stdin is not None  # noqa: S101 - we asked for it
        base = str(job["base"])
        requests_since(base)
        self._process.stdin.write(orjson.dumps(job, option=orjson.OPT_APPEND_NEWLINE))
        self._process.stdin.flush()
        said = self._read()
        return None if self.failure else Result(said["seconds"], said["items"], requests_since(base))

    def about(self) -> str:
        """Return what a reader of its figures has to know."""
        if self.failure:
            return self.failure
        rounds = f"{len(self.results)} rounds" if len(self.results) < ROUNDS else ""
        return "; ".join(part for part in (f"yields {self.yields}", self.runtime, rounds, self.note) if part)

    def takes_long(self) -> bool:
        """Tell whether it has done its share."""
        spent = sum(result.seconds for result in self.results.values())
        return self.name not in {SERVER, BARE, OURS} and len(self.results) >= FEWER and spent > SHARE

    def median(self) -> float:
        """Return the seconds of a round."""
        return statistics.median(result.seconds for result in self.results.values())

    def times(self, other: Client) -> float | None:
        """Return how many times as long as the other this takes: the median over the rounds that both did."""
        ratios = [
            result.seconds / other.results[number].seconds
            for number, result in self.results.items()
            if number in other.results
        ]
        return statistics.median(ratios) if ratios else None

    def _read(self) -> dict[str, Any]:
        assert self._process is not None  # noqa: S101 - it was started
        assert self._process.stdout is not None  # noqa: S101 - we asked for it
        line = self._process.stdout.readline()
        said: dict[str, Any] = orjson.loads(line) if line else {"error": "its process ended, see above"}
        self.failure = said.get("error", "")
        return said


@contextmanager
def running() -> Generator[dict[str, Client]]:
    """Start the clients; they stay open."""
    own = [
        Client(SERVER, "bytes", "", [sys.executable, "-m", "benchmarks.peers.drain"]),
        Client(BARE, "dicts", "", [sys.executable, "-m", "benchmarks.peers.bare"]),
        Client(OURS, "models", "", [sys.executable, "-m", "benchmarks.peers.ours"]),
    ]
    peers = [Client(peer.title, peer.yields, peer.note, peer.command()) for peer in PEERS]
    with ExitStack() as stack:
        yield {client.name: stack.enter_context(client) for client in (*own, *peers)}


def interleave(clients: Mapping[str, Client], job: Mapping[str, object], items: int) -> None:
    """Let every client do the job in turn, in one order and then the other, and keep what each round took.

    A round before the first is not counted. Who drops items is out.
    """
    for client in clients.values():
        client.results.clear()
    for number in range(ROUNDS + 1):
        for client in _order(list(clients.values()), number):
            if client.failure or client.takes_long():
                continue
            result = client.do(job)
            if result is not None and result.items != items:
                client.failure = f"yields {result.items} of {items} items"
            elif result is not None and number:
                client.results[number] = result


def _order(clients: list[Client], number: int) -> Sequence[Client]:
    return clients[::-1] if number % 2 else clients
