"""bbasync spends a budget until its time is over. The job tells the product and its limit, as a configuration would."""

from __future__ import annotations

import asyncio
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from bbasync import (
    AccessToken,
    ApiToken,
    BitbucketError,
    CloudSession,
    DataCenterSession,
    RateTracker,
    Refill,
    Rolling,
)

from .protocol import answer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping


async def _spend(*, base: str, email: str, token: str, tasks: int, seconds: float, limit: Mapping[str, Any]) -> int:
    if email:
        rates = RateTracker({"api": Rolling(limit["limit"], limit["window"])})
        async with CloudSession(ApiToken(email, token), base_url=f"{base}/2.0", rates=rates, max_wait=None) as bb:
            return await many(lambda: bb.repositories.get("acme", "api"), tasks, seconds)
    rates = RateTracker({"api": Refill(**limit)} if limit else None)
    async with DataCenterSession(AccessToken(token), base_url=base, rates=rates, max_wait=None) as dc:
        return await many(lambda: dc.projects.get("PRJ"), tasks, seconds)


async def many(call: Callable[[], Awaitable[object]], tasks: int, seconds: float) -> int:
    """Call with so many tasks for so many seconds, and return how many errors there were."""
    errors = 0

    async def task() -> None:
        nonlocal errors
        while True:
            try:
                await call()
            except BitbucketError:
                errors += 1

    running = [asyncio.create_task(task()) for _ in range(tasks)]
    await asyncio.sleep(seconds)
    for one in running:
        one.cancel()
    await asyncio.wait(running)
    return errors


def spend(**job: Any) -> int:
    """Return how many errors there were."""
    return asyncio.run(_spend(**job))


if __name__ == "__main__":
    answer(version("bbasync"), {"spend": spend})
