"""Crawls against a budget, killed ones too."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from bbasync import AccessToken, RateTracker, Rolling
from bbasync.crawl import Credentials, Store
from bbasync.testing import FakeCloud
from tests.crawl.crawling import PLENTY, counts, expected, run

PROCESS = Path(__file__).with_name("process.py")


async def start(fake: FakeCloud, store: str, limit: int = PLENTY, window: float = 3600.0) -> asyncio.subprocess.Process:
    arguments = [fake.url, store, fake.email, fake.token, str(limit), str(window)]
    return await asyncio.create_subprocess_exec(sys.executable, str(PROCESS), *arguments)


async def kill_after(requests: int, fake: FakeCloud, process: asyncio.subprocess.Process) -> None:
    while len(fake.requests) < requests:
        assert process.returncode is None, "it was done before it could be killed"
        await asyncio.sleep(0.002)
    process.kill()
    await process.wait()


async def test_killed_and_resumed_the_window_still_holds(tmp_path: Path) -> None:
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


async def test_many_workspaces_at_once_use_their_budgets_to_the_full_and_not_more(tmp_path: Path) -> None:
    limit, window, number = 30, 1.5, 5
    async with FakeCloud(
        workspaces=number, repositories=3, commits=10, pull_requests=8, limit=limit, window=window, latency=0.005
    ) as fake:
        own = {name: AccessToken(token) for name, token in fake.access_tokens.items()}
        async with Store(f"sqlite:///{tmp_path}/store.db") as store:
            report = await run(
                fake,
                store,
                credentials=Credentials(workspaces=own),
                rates=RateTracker({"api": Rolling(limit, window)}),
                workspaces=list(own),
            )
            assert await counts(store) == expected(fake)
    assert report.is_complete
    assert fake.rate.refused == 0
    each = report.requests / number
    assert each > 1.5 * limit  # so the budget is what counts
    assert min(fake.rate.peak.values()) >= 0.97 * limit


async def test_with_others_eating_the_same_budget_every_row_arrives(tmp_path: Path) -> None:
    limit, window = 50, 1.0
    async with (
        FakeCloud(workspaces=1, repositories=2, commits=10, pull_requests=25, limit=limit, window=window) as fake,
        Store(f"sqlite:///{tmp_path}/store.db") as store,
    ):
        fake.rate.foreign = 15.0
        report = await run(fake, store, rates=RateTracker({"api": Rolling(limit, window)}))
        assert report.is_complete
        assert await counts(store) == expected(fake)
    assert fake.rate.refused > 0
