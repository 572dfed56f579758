"""Crawls that are killed, and two crawls on one store."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import orjson
import pytest

from bbasync.crawl import Store, StoreError
from bbasync.testing import FakeCloud
from tests.cli.running import bbasync, credentials
from tests.crawl.crawling import PLENTY, counts, expected, rows, run
from tests.resilience.child_crawls import ended, killed_at, start
from tests.waiting import asked, when_asked

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "seed", [pytest.param(seed, marks=[pytest.mark.nightly] * (seed > 3)) for seed in range(1, 26)]
)
async def test_killed_at_random_until_it_is_through_it_has_the_rows_of_an_undisturbed_crawl(
    seed: int, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/killed.db"
    chance = random.Random(seed)  # noqa: S311 - a test must repeat
    async with FakeCloud(
        seed=seed, workspaces=2, repositories=2, commits=110, pull_requests=6, limit=PLENTY, latency=0.01
    ) as fake:
        async with Store("sqlite://") as store:
            undisturbed = await run(fake, store)
            wanted = await rows(store)
            assert await counts(store) == expected(fake)
        fake.requests.clear()
        kills = 0
        while not await _survives(fake, url, chance, undisturbed.requests):
            kills += 1
        async with Store(url) as store:
            assert await rows(store) == wanted
        # at most a page of each of the 16 workers is asked for again, and the user's workspaces
        assert len(fake.requests) <= undisturbed.requests + kills * (16 + 1)
        assert kills


async def _survives(fake: FakeCloud, url: str, chance: random.Random, requests: int) -> bool:
    due = len(fake.requests) + chance.randrange(1, requests // 2)
    return await killed_at(start(fake, url), fake, due, chance.random() * 0.02)


@pytest.mark.parametrize("workspaces", [[], ["acme", "globex"]])
async def test_the_store_has_counted_every_request_before_the_server_has_seen_it(
    workspaces: list[str], tmp_path: Path
) -> None:
    """So a crawl that is killed, at its first request or at any other, does not send more than an hour's budget."""
    unseen: list[int] = []
    async with FakeCloud(workspaces=2, repositories=2, commits=20, pull_requests=3, limit=PLENTY) as fake:
        accept = fake.rate.accept

        def watch(principal: str, group: str) -> bool:
            with closing(sqlite3.connect(tmp_path / "store.db")) as database:
                exported, unwritten = database.execute("SELECT exported, unwritten FROM budget").fetchone()
            spent = [len(bucket[-1]) for bucket in orjson.loads(exported)["buckets"] if bucket[1] == principal]
            counted = sum(spent) + unwritten * len(spent)
            unseen.append(counted - fake.rate.served - 1)
            return accept(principal, group)

        fake.rate.accept = watch  # type: ignore[method-assign]  # looks into the store at every request
        async with Store(f"sqlite:///{tmp_path}/store.db") as store:
            assert (await run(fake, store, workspaces=workspaces)).is_complete
    assert len(unseen) > 50
    assert min(unseen) >= 0


async def test_a_second_crawl_is_refused_with_a_line_and_the_first_goes_on_unharmed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    async with FakeCloud(workspaces=2, repositories=2, commits=20, pull_requests=3, limit=PLENTY) as fake:
        first = start(fake, url)
        pid = first.pid
        assert pid is not None
        when_asked(fake, 10, lambda: os.kill(pid, signal.SIGSTOP))  # so that it goes on when the second has tried
        try:
            await asked(fake, 10)
            arguments = ["crawl", "--store", url, "--base-url", fake.url]
            second = await bbasync(*arguments, cwd=tmp_path, env=credentials(fake))
            assert second.line().endswith("store.db is in use by another crawl")
            (tmp_path / "link.db").symlink_to(tmp_path / "store.db")
            with pytest.raises(StoreError, match="in use by another crawl"):
                async with Store(f"sqlite:///{tmp_path}/link.db"):
                    pass
        finally:
            os.kill(pid, signal.SIGCONT)
        assert await ended(first) == 0
        async with Store(url) as store:
            assert await counts(store) == expected(fake)


async def test_after_kill_9_the_store_is_free_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    async with FakeCloud(workspaces=2, repositories=2, commits=20, pull_requests=3, limit=PLENTY) as fake:
        first = start(fake, url)
        when_asked(fake, 20, first.kill)
        assert await ended(first) != 0
        async with Store(url) as store:
            assert (await run(fake, store)).is_complete
            assert await counts(store) == expected(fake)
