"""Crawls against a budget, killed ones too."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ParamSpec, TypeVar

import pytest
from attrs import define

from bbasync import AccessToken, RateTracker, Rolling
from bbasync.crawl import Credentials, Store
from bbasync.rate import Clock
from bbasync.testing import FakeCloud
from bbasync.testing.cloud.rate import RateLimit
from bbasync.transport import AiohttpTransport
from tests.crawl.crawling import PLENTY, counts, expected, run
from tests.virtual import forward, loop_clock, settle
from tests.waiting import until, when_asked

P = ParamSpec("P")
T = TypeVar("T")
PROCESS = Path(__file__).with_name("process.py")


class LoopClock(Clock):
    """A clock whose time of day goes with the loop's clock."""

    def wall(self) -> float:
        return 1.7e9 + self.now()


@define(eq=False)
class Idleness:
    """Lets time pass when a crawl does nothing but wait: no request is under way, nor a transaction of the store."""

    under_way: int = 0

    def watched(self, function: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
        async def call(*args: P.args, **kwargs: P.kwargs) -> T:
            self.under_way += 1
            try:
                return await function(*args, **kwargs)
            finally:
                self.under_way -= 1

        return call

    async def passes(self, work: Awaitable[T], step: float) -> T:
        task = asyncio.ensure_future(work)
        while not task.done():
            await settle()
            if not self.under_way:
                forward(step)
        return await task


@pytest.fixture
def idleness(monkeypatch: pytest.MonkeyPatch) -> Idleness:
    idleness = Idleness()
    monkeypatch.setattr(Store, "run", idleness.watched(Store.run))
    monkeypatch.setattr(AiohttpTransport, "send", idleness.watched(AiohttpTransport.send))
    monkeypatch.setattr("bbasync.crawl.budget.time", SimpleNamespace(time=lambda: 1.7e9 + loop_clock()()))
    return idleness


def limited(limit: int, **options: Any) -> FakeCloud:
    """Return a fake with an hour's limit, of hours of the loop's clock."""
    fake = FakeCloud(limit=limit, **options)
    fake.rate = RateLimit(limits=fake.rate.limits, window=fake.rate.window, clock=loop_clock())
    return fake


def hourly(limit: int) -> RateTracker:
    return RateTracker({"api": Rolling(limit)}, clock=LoopClock())


MINUTE = 60.0


def copy(store: Path, to: Path) -> None:
    """Copy what a store has committed: what is found after a kill."""
    with closing(sqlite3.connect(store)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)


async def test_killed_and_resumed_the_hour_still_holds(tmp_path: Path, idleness: Idleness) -> None:
    limit, number = 60, 0
    async with limited(limit, workspaces=1, repositories=3, commits=130, pull_requests=8) as fake:

        async def crawl_until(due: int) -> None:
            async with Store(f"sqlite:///{tmp_path}/{number}.db") as store:
                crawling = asyncio.create_task(run(fake, store, rates=hourly(limit)))

                def kill() -> None:
                    copy(tmp_path / f"{number}.db", tmp_path / f"{number + 1}.db")
                    crawling.cancel()

                when_asked(fake, due, kill)
                with pytest.raises(asyncio.CancelledError):
                    await idleness.passes(crawling, MINUTE)

        for due in (20, 75):
            await crawl_until(due)
            number += 1
        async with Store(f"sqlite:///{tmp_path}/{number}.db") as store:
            assert (await idleness.passes(run(fake, store, rates=hourly(limit)), MINUTE)).is_complete
            assert await counts(store) == expected(fake)
        assert fake.rate.refused == 0
        assert max(fake.rate.peak.values()) <= limit


async def test_many_workspaces_at_once_use_their_budgets_to_the_full_and_not_more(
    tmp_path: Path, idleness: Idleness
) -> None:
    limit, number = 30, 5
    async with limited(limit, workspaces=number, repositories=3, commits=10, pull_requests=8) as fake:
        own = {name: AccessToken(token) for name, token in fake.access_tokens.items()}
        async with Store(f"sqlite:///{tmp_path}/store.db") as store:
            crawling = run(
                fake, store, credentials=Credentials(workspaces=own), rates=hourly(limit), workspaces=list(own)
            )
            report = await idleness.passes(crawling, MINUTE)
            assert await counts(store) == expected(fake)
    assert report.is_complete
    assert fake.rate.refused == 0
    each = report.requests / number
    assert each > 1.5 * limit  # so the budget is what counts
    assert set(fake.rate.peak.values()) == {limit}


async def test_with_others_eating_the_same_budget_every_row_arrives(tmp_path: Path, idleness: Idleness) -> None:
    limit = 50
    async with (
        limited(limit, workspaces=1, repositories=2, commits=10, pull_requests=25) as fake,
        Store(f"sqlite:///{tmp_path}/store.db") as store,
    ):
        fake.rate.foreign = 0.3 * limit / fake.rate.window
        report = await idleness.passes(run(fake, store, rates=hourly(limit)), MINUTE)
        assert report.is_complete
        assert await counts(store) == expected(fake)
    assert fake.rate.refused > 0


# -- a process that is killed -----------------------------------------------------------------------------------------


async def start(fake: FakeCloud, store: str, limit: int = PLENTY, window: float = 3600.0) -> asyncio.subprocess.Process:
    arguments = [fake.url, store, fake.email, fake.token, str(limit), str(window)]
    return await asyncio.create_subprocess_exec(sys.executable, str(PROCESS), *arguments)


async def kill_after(requests: int, fake: FakeCloud, process: asyncio.subprocess.Process) -> None:
    def is_due() -> bool:
        assert process.returncode is None, "it was done before it could be killed"
        return len(fake.requests) >= requests

    await until(is_due, f"{requests} requests of the crawl")
    process.kill()
    await process.wait()


@pytest.mark.nightly  # waits for windows to pass by the clock of other processes
async def test_processes_that_are_killed_and_resumed_keep_to_the_window(tmp_path: Path) -> None:
    url, limit, window = f"sqlite:///{tmp_path}/killed.db", 60, 1.0
    async with FakeCloud(
        workspaces=1, repositories=3, commits=130, pull_requests=8, limit=limit, window=window
    ) as fake:
        for due in (20, 75):
            await kill_after(due, fake, await start(fake, url, limit, window))
        last = await start(fake, url, limit, window)
        assert await last.wait() == 0
        assert fake.rate.refused == 0
        assert max(fake.rate.peak.values()) <= limit
        async with Store(url) as store:
            assert await counts(store) == expected(fake)
