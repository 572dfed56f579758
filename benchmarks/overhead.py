"""What one small GET costs over bare aiohttp and orjson, in microseconds, at 1 and at 64 at a time."""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import TYPE_CHECKING

import aiohttp
import orjson
from yarl import URL

from bbasync import CloudSession, ConcurrencyLimiter, RateTracker

from .server import OBJECT, serving

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

CALLS = 3000
ROUNDS = 7


async def _many(call: Callable[[], Awaitable[object]], at_once: int) -> float:
    async def worker() -> None:
        for _ in range(CALLS // at_once):
            await call()

    started = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(at_once)))
    return (time.perf_counter() - started) / (CALLS // at_once * at_once) * 1e6


async def _round(base: str, at_once: int) -> tuple[float, float]:
    limiter, rates = ConcurrencyLimiter(at_once), RateTracker({"api": None})
    async with (
        aiohttp.ClientSession() as http,
        CloudSession(base_url=f"{base}/2.0", limiter=limiter, rates=rates) as bb,
    ):
        url = URL(base + OBJECT, encoded=True)

        async def bare() -> object:
            async with http.get(url) as response:
                return orjson.loads(await response.read())

        async def ours() -> object:
            return await bb.repositories.get("acme", "repo-0")

        return await _many(bare, at_once), await _many(ours, at_once)


def main() -> None:
    """Print the table."""
    print(f"one small GET, microseconds, medians of {ROUNDS} rounds of {CALLS} calls")
    with serving() as base:
        for at_once in (1, 64):
            rounds = [asyncio.run(_round(base, at_once)) for _ in range(ROUNDS + 1)][1:]
            limit, ours = (statistics.median(times) for times in zip(*rounds, strict=True))
            print(f"{at_once:3} at a time   bare {limit:.0f}   bbasync {ours:.0f}   over {ours - limit:.0f}")


if __name__ == "__main__":
    main()
