"""Servers that limit without saying how: a model of each, written independently of `rate/`, in virtual time."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from attrs import define, field

from bbasync import AccessToken, CloudSession, ConcurrencyLimiter, DataCenterSession
from bbasync.request import RawResponse, Request
from bbasync.testing.recording import answer
from tests.virtual import VirtualLoop


@define(eq=False)
class Server:
    """A transport whose server has a bucket that refills, and tells nothing but 429."""

    capacity: float
    fill: float
    latency: float = 0.05
    level: float = field(init=False)
    since: float = field(init=False, default=0.0)
    verdicts: list[tuple[float, bool]] = field(init=False, factory=list[tuple[float, bool]])
    _random: random.Random = field(init=False, factory=lambda: random.Random(7))  # noqa: S311 - nothing secret

    def __attrs_post_init__(self) -> None:
        self.level = self.capacity

    async def send(self, request: Request) -> RawResponse:
        del request
        await asyncio.sleep(self.latency / 2)
        is_accepted = self._count(asyncio.get_running_loop().time())
        await asyncio.sleep(self.latency * self._random.uniform(0.25, 0.75))
        return answer(b"{}" if is_accepted else b"", 200 if is_accepted else 429)

    def _count(self, now: float) -> bool:
        self.level = min(self.capacity, self.level + (now - self.since) * self.fill)
        self.since = now
        is_accepted = self.level >= 1
        self.level -= is_accepted
        self.verdicts.append((now, is_accepted))
        return is_accepted

    def stream(self, request: Request) -> Any:
        raise NotImplementedError


def run(server: Server, callers: int, seconds: float, raised_to: float | None = None) -> list[float]:
    """Let callers call without a pause, and return how long each call took; `raised_to` is a later fill rate."""
    waits: list[float] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        server.since = began = loop.time()

        async def caller(bb: DataCenterSession) -> None:
            while True:
                asked = loop.time()
                await bb.request("GET", "/x")
                waits.append(loop.time() - asked)

        async with DataCenterSession(AccessToken("t"), base_url="https://host", transport=server, max_wait=None) as bb:
            tasks = [asyncio.create_task(caller(bb)) for _ in range(callers)]
            await asyncio.sleep(seconds / 2)
            server.fill = raised_to or server.fill
            await asyncio.sleep(seconds / 2)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        server.verdicts = [(now - began, is_accepted) for now, is_accepted in server.verdicts]

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main())
    return waits


@pytest.mark.parametrize(("capacity", "fill", "callers"), [(20, 1, 30), (60, 5, 100), (200, 20, 200), (500, 50, 500)])
def test_a_limit_is_learnt_from_refusals_alone(capacity: int, fill: int, callers: int) -> None:
    server = Server(capacity, fill)
    waits = run(server, callers, 600)
    later = [is_accepted for now, is_accepted in server.verdicts if now > 60]
    assert later.count(False) <= 0.01 * len(later), "refused after the first minute"
    accepted = sum(is_accepted for _, is_accepted in server.verdicts)
    assert accepted >= 0.9 * (capacity + fill * 600), "used"
    assert max(waits) <= 2 * callers / fill, "the longest wait, against that of a fair queue"


def test_a_limit_that_is_raised_is_followed() -> None:
    server = Server(60, 5)
    run(server, 100, 3600, raised_to=6)
    last = [is_accepted for now, is_accepted in server.verdicts if now > 3300]
    assert sum(last) >= 0.9 * 6 * 300


@pytest.mark.parametrize("drift", [1e-4, -1e-4])
def test_a_day_with_a_clock_that_drifts_brings_no_refusal(drift: float) -> None:
    """Cloud counts rolling hours; the server's clock differs by 100 parts in a million."""

    class Rolling:
        refused = 0

        def __init__(self) -> None:
            self.seen: list[float] = []
            self.first = 0

        async def send(self, request: Request) -> RawResponse:
            del request
            await asyncio.sleep(0.075)
            now = asyncio.get_running_loop().time() * (1 + drift)
            while self.first < len(self.seen) and self.seen[self.first] <= now - 3600:
                self.first += 1
            if len(self.seen) - self.first >= 1000:
                self.refused += 1
                return answer(b"", 429)
            self.seen.append(now)
            await asyncio.sleep(0.075)
            return answer()

        def stream(self, request: Request) -> Any:
            raise NotImplementedError

    server = Rolling()

    async def main() -> None:
        async def caller(bb: CloudSession) -> None:
            while True:
                await bb.request("GET", "/x")

        async with CloudSession(AccessToken("t"), transport=server, max_wait=None, limiter=ConcurrencyLimiter(4)) as bb:
            tasks = [asyncio.create_task(caller(bb)) for _ in range(8)]
            await asyncio.sleep(24 * 3600)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main())
    assert server.refused == 0
    assert len(server.seen) >= 0.99 * 24 * 1000
