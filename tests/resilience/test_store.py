"""Stores whose disk fills up, and stores that are closed too early."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import pytest

from bbasync.crawl import Store, StoreError
from bbasync.testing import FakeCloud
from tests.cli.running import CLEAN, credentials
from tests.crawl.crawling import PLENTY, Rows, rows, run
from tests.waiting import PATIENCE, end_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)), resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
from bbasync.cli import main
main()
"""
"""The command, whose files cannot grow beyond a size, as where a quota is used up."""


@pytest.fixture
async def fake() -> AsyncIterator[FakeCloud]:
    async with FakeCloud(workspaces=2, repositories=2, commits=110, pull_requests=6, limit=PLENTY) as server:
        yield server


@pytest.fixture
async def wanted(fake: FakeCloud) -> Rows:
    async with Store("sqlite://") as store:
        await run(fake, store)
        return await rows(store)


async def crawl_within(size: int, fake: FakeCloud, store: str) -> list[str]:
    """Crawl in a process whose files stay below a size; return what it said on standard error."""
    command = [sys.executable, "-c", LIMITED, str(size), "crawl", "--store", store, "--base-url", fake.url]
    process = await asyncio.create_subprocess_exec(
        *command, env={**CLEAN, **credentials(fake)}, stderr=asyncio.subprocess.PIPE
    )
    _, said = await end_of(process)
    assert process.returncode == 1
    return said.decode().splitlines()


@pytest.mark.parametrize("kilobytes", [0, 40, 400])
async def test_files_that_may_not_grow_stop_a_crawl_with_a_line_and_it_goes_on_when_they_may(
    kilobytes: int, fake: FakeCloud, wanted: Rows, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    said = await crawl_within(kilobytes * 1000, fake, url)
    assert said[-1].startswith(f"bbasync: {tmp_path}/store.db: "), said
    assert "run the same command again" in said[-1]
    assert not any("Traceback" in line for line in said), said
    async with Store(url) as store:
        there = await rows(store)
        assert {name: {key: wanted[name][key] for key in found} for name, found in there.items()} == there
        assert (await run(fake, store)).is_complete
        assert await rows(store) == wanted


async def test_what_comes_while_a_store_is_being_closed_is_refused_and_does_not_wait_for_ever(tmp_path: Path) -> None:
    late: list[asyncio.Task[None]] = []
    async with Store(f"sqlite:///{tmp_path}/store.db") as store:

        async def write() -> None:
            await asyncio.sleep(0)
            await store.run(lambda _connection: None)

        late.append(asyncio.create_task(write()))
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(StoreError, match="the store is closed"):
            await late[0]
