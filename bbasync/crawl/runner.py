"""A whole crawl: sessions for the credentials, a pool of workers for each, and the report."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from bbasync.auth import credential_of
from bbasync.cloud.session import BASE_URL, CloudSession
from bbasync.concurrency import ConcurrencyLimiter
from bbasync.rate import RateTracker

from .budget import BudgetKeeper
from .pool import FINAL, Pool
from .progress import CrawlReport, Progress
from .store import Store, StoreError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

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
    report, the rest goes on; it raises only if nothing can be read at all, or if the store fails.
    """
    started = time.monotonic()
    progress = Progress(rates=rates or RateTracker(), on_change=on_progress)
    limiter = limiter or ConcurrencyLimiter()
    async with AsyncExitStack() as stack:
        keeper = await stack.enter_async_context(BudgetKeeper(store, progress.rates, options.workers))

        def answered(_event: ResponseEvent) -> None:
            progress.requests += 1
            keeper.spent()
            progress.changed()

        async def connect(workspace: str | None) -> CloudSession:
            credential = credentials.default if workspace is None else credentials.of(workspace)
            session = CloudSession(
                credential,
                base_url=base_url,
                limiter=limiter,
                rates=progress.rates,
                max_wait=None,
                on_response=answered,
            )
            return await stack.enter_async_context(session)

        names = options.workspaces or await _all_workspaces(credentials, connect)
        by_principal: dict[str, list[str]] = {}
        for name in names:
            by_principal.setdefault(credential_of(credentials.of(name)).principal, []).append(name)
        pools: list[Pool] = []
        for group in by_principal.values():
            pool = Pool(await connect(group[0]), store, options, progress)
            await pool.begin(group)
            pools.append(pool)
        await _work(pools, options.workers)
        failures = [failure for pool in pools for failure in await pool.end()]
    errors = [pool.first_error for pool in pools if pool.first_error is not None]
    if errors and not isinstance(errors[0], FINAL) and not any(w.pages for w in progress.workspaces.values()):
        raise errors[0]
    return CrawlReport(
        workspaces=list(progress.workspaces.values()),
        failures=failures,
        requests=progress.requests,
        seconds=time.monotonic() - started,
    )


async def _all_workspaces(
    credentials: Credentials, connect: Callable[[str | None], Awaitable[CloudSession]]
) -> Sequence[str]:
    """Return the workspaces that have a credential, and those that the user of the default one belongs to."""
    names = dict.fromkeys(credentials.workspaces)
    if credentials.default is not None or not names:
        bb = await connect(None)
        names |= {access["workspace"]["slug"]: None async for access in bb.paginate("/user/workspaces")}
    return list(names)


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
