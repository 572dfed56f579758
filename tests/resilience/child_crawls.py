"""Crawls in processes of their own that start at once: forked from one that has everything imported."""

from __future__ import annotations

import asyncio
import multiprocessing
import sys
from typing import TYPE_CHECKING

from tests.crawl import process
from tests.waiting import PATIENCE, until

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerProcess

    from bbasync.testing import FakeCloud

PLENTY = 100_000


def _crawl(*arguments: str) -> None:
    sys.argv[1:] = arguments
    asyncio.run(process.main())


def start(fake: FakeCloud, store: str, *, limit: int = PLENTY, window: float = 3600.0) -> ForkServerProcess:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    process = context.Process(target=_crawl, args=(fake.url, store, fake.email, fake.token, str(limit), str(window)))
    process.start()
    return process


async def killed_at(process: ForkServerProcess, fake: FakeCloud, requests: int, later: float = 0.0) -> bool:
    """Kill a crawl some seconds after the server's so many-th request; return whether it came to its end before."""
    await until(lambda: len(fake.requests) >= requests or not process.is_alive(), f"{requests} requests, or the end")
    await asyncio.sleep(later)  # any moment will do
    process.kill()
    return await ended(process) == 0


async def ended(process: ForkServerProcess) -> int | None:
    await asyncio.to_thread(process.join, PATIENCE)
    has_ended = process.exitcode is not None
    process.kill()
    process.join()
    try:
        assert has_ended, "the crawl did not end"
        return process.exitcode
    finally:
        process.close()
