"""List 5,000 repositories of 4 KB, 100 a page, typed, against bare aiohttp and orjson that build nothing."""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import TYPE_CHECKING

import aiohttp
import orjson
from yarl import URL

from bbasync import CloudSession, RateTracker

from .server import LISTING, SIZE, serving

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

COUNT = 5000
ROUNDS = 7


async def bare(base: str) -> int:
    """Follow `next` and decode, no more."""
    items = 0
    url: str | None = f"{base}{LISTING}?pagelen={SIZE}"
    async with aiohttp.ClientSession() as http:
        while url is not None:
            async with http.get(URL(url, encoded=True)) as response:
                page = orjson.loads(await response.read())
            for _ in page["values"]:
                items += 1
            url = page.get("next")
    return items


async def typed(base: str) -> int:
    """List with this library."""
    items = 0
    async with CloudSession(base_url=f"{base}/2.0", rates=RateTracker({"api": None})) as bb:
        async for _ in bb.repositories.list("acme"):
            items += 1
    return items


def measure(client: Callable[[str], Awaitable[int]], base: str) -> float:
    """Return the seconds of one round."""

    async def run() -> float:
        started = time.perf_counter()
        if await client(base) != COUNT:
            raise RuntimeError("items were lost")
        return time.perf_counter() - started

    return asyncio.run(run())


def main() -> None:
    """Print the table."""
    print(f"{COUNT} repositories, medians of {ROUNDS} rounds")
    for latency in (0.0, 0.02):
        with serving(COUNT, latency) as base:
            rounds = [(measure(bare, base), measure(typed, base)) for _ in range(ROUNDS + 1)][1:]
        limit, ours = (statistics.median(times) for times in zip(*rounds, strict=True))
        ratio = statistics.median(typed_time / bare_time for bare_time, typed_time in rounds)
        print(f"{latency * 1000:4.0f} ms   bare {limit:.3f} s   bbasync {ours:.3f} s   ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
