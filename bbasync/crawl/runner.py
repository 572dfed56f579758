"""A whole crawl: a pool of workers for each credential, and the report."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from bbasync.cloud.session import BASE_URL
from bbasync.rate import RateTracker

from .budget import BudgetKeeper
from .pool import FINAL, Pool
from .progress import CrawlReport, Progress
from .sessions import Sessions
from .store import Store, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bbasync.concurrency import ConcurrencyLimiter
    from bbasync.session import ResponseEvent

    from .config import Credentials
    from .plan import CrawlOptions

__all__ = ["crawl"]


async def crawl(
    options: CrawlOptions,
    store: Store,
    credentials: Credentials,
    *,
    base_url: str = BASE_URL,
    limiter: ConcurrencyLimiter | None = None,
    rates: RateTracker | None = None,
    on_progress: Callable[[Progress], object] | None = None,
) -> CrawlReport:
    """Read workspaces of Bitbucket Cloud into an open store, going on where an unfinished crawl stopped.

    Needs the scopes to read the account, projects, repositories and pull requests. What cannot be read is in the
    report, the rest continues; it raises only if nothing can be read at all, or if the store fails. Waits for the
    budget as long as it takes. `on_progress` is called after every page and every response.
    """
    started = time.monotonic()
    progress = Progress(rates=rates or RateTracker(), on_change=on_progress)
    keeper = BudgetKeeper(store, progress.rates, options.workers)

    def answered(_event: ResponseEvent) -> None:
        progress.requests += 1
        keeper.spent()
        progress.changed()

    sessions = Sessions(credentials, base_url=base_url, limiter=limiter, rates=progress.rates, on_response=answered)
    async with sessions:
        await sessions.open(options.workspaces)
        async with keeper:
            pools: list[Pool] = []
            for session, names in await sessions.groups(options.workspaces):
                pool = Pool(session, store, options, progress)
                await pool.begin(names)
                pools.append(pool)
            await _work(pools, options.workers)
            failures = [failure for pool in pools for failure in await pool.end()]
    errors = [pool.first_error for pool in pools if pool.first_error is not None]
    if errors and not isinstance(errors[0], FINAL) and not any(one.pages for one in progress.workspaces.values()):
        raise errors[0]
    return CrawlReport(
        workspaces=list(progress.workspaces.values()),
        failures=failures,
        requests=progress.requests,
        seconds=time.monotonic() - started,
    )


async def _work(pools: Sequence[Pool], workers: int) -> None:
    try:
        async with asyncio.TaskGroup() as group:
            for pool in pools:
                for _ in range(workers):
                    group.create_task(pool.work())
    except ExceptionGroup as group:
        stopped = group.subgroup(StoreError)
        if stopped is None:
            raise
        raise stopped.exceptions[0] from None  # the same for all workers
