"""What users wait for: the first item of a listing, the import, and an item that comes through `aio.merge`."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import aiohttp
import orjson
from yarl import URL

from bbasync import CloudSession, RateTracker, aio

from .report import bar_chart, report
from .server import LISTING, SIZE, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    Row = dict[str, str | float | None]

CALLS = 60
PROCESSES = 10
SOURCES = 1000
ITEMS = 50
ROUNDS = 7
BUFFER = 100

IMPORTS = {
    "aiohttp": "import aiohttp",
    "dependencies": "import aiohttp, attrs, backoff, cattrs, orjson",
    "bbasync": "import bbasync",
    "service": "from bbasync import CloudSession; CloudSession().pull_requests",
}


def _row(what: str, unit: str, beside: str, pairs: Sequence[tuple[float, float]]) -> Row:
    """Return a row of times measured in pairs: the other's, and bbasync's."""
    other, ours = (statistics.median(times) for times in zip(*pairs, strict=True))
    return {
        "what": what,
        "unit": unit,
        "beside": beside,
        "it takes": other,
        "bbasync": ours,
        "more": statistics.median(mine - its for its, mine in pairs),
        "ratio": statistics.median(mine / its for its, mine in pairs),
    }


# -- the first item ---------------------------------------------------------------------------------------------------


async def _seconds(call: Callable[[], Awaitable[object]]) -> float:
    started = time.perf_counter()
    await call()
    return time.perf_counter() - started


async def _first_items(base: str) -> list[tuple[float, float]]:
    """Return milliseconds to the first repository on a warm connection, of bare aiohttp and of bbasync."""
    url = URL(f"{base}{LISTING}?pagelen={SIZE}", encoded=True)
    async with (
        aiohttp.ClientSession() as http,
        CloudSession(base_url=f"{base}/2.0", rates=RateTracker({"api": None})) as bb,
    ):

        async def bare() -> object:
            async with http.get(url) as response:
                return orjson.loads(await response.read())["values"][0]

        async def ours() -> object:
            return await aio.collect(bb.repositories.list("acme"), limit=1)

        pairs = [(await _seconds(bare) * 1e3, await _seconds(ours) * 1e3) for _ in range(CALLS + 1)]
    return pairs[1:]


def _first_item(latency: float) -> Row:
    with serving(SIZE, latency) as base:
        pairs = asyncio.run(_first_items(base))
    return _row(f"first item, {latency * 1e3:.0f} ms away", "ms", "bare aiohttp and orjson", pairs)


# -- imports ----------------------------------------------------------------------------------------------------------


def _import(statement: str) -> float:
    """Return the milliseconds of a statement in a fresh process."""
    code = f"import time\nstarted = time.perf_counter()\n{statement}\nprint((time.perf_counter() - started) * 1e3)"
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)  # noqa: S603 - ours


def _imports() -> list[Row]:
    rounds = [{name: _import(code) for name, code in IMPORTS.items()} for _ in range(PROCESSES + 1)][1:]

    def row(what: str, name: str, beside: str) -> Row:
        return _row(what, "ms", IMPORTS[beside], [(times[beside], times[name]) for times in rounds])

    return [
        row("bbasync, import alone", "bbasync", "aiohttp"),
        row("bbasync, first service", "service", "aiohttp"),
        row("bbasync, first service", "service", "dependencies"),
    ]


# -- merge ------------------------------------------------------------------------------------------------------------


async def _source() -> AsyncIterator[int]:
    for number in range(ITEMS):
        yield number


async def _one_after_the_other() -> int:
    items = 0
    for _ in range(SOURCES):
        async for _item in _source():
            items += 1
    return items


async def _queue() -> int:
    queue: asyncio.Queue[tuple[str, int] | None] = asyncio.Queue(BUFFER)

    async def read(name: str) -> None:
        async for item in _source():
            await queue.put((name, item))
        await queue.put(None)

    tasks = [asyncio.create_task(read(str(number))) for number in range(SOURCES)]
    items, reading = 0, SOURCES
    while reading:
        if await queue.get() is None:
            reading -= 1
        else:
            items += 1
    await asyncio.gather(*tasks)
    return items


async def _merge(concurrency: int) -> int:
    items = 0
    sources = ((str(number), _source()) for number in range(SOURCES))
    async with aio.merge(sources, concurrency=concurrency, buffer=BUFFER) as merged:
        async for _ in merged:
            items += 1
    return items


def _an_item(read: Callable[[], Awaitable[int]]) -> float:
    """Return microseconds an item."""

    async def run() -> float:
        started = time.perf_counter()
        if await read() != SOURCES * ITEMS:
            raise RuntimeError("items were lost")
        return (time.perf_counter() - started) / (SOURCES * ITEMS) * 1e6

    return asyncio.run(run())


def _merges() -> list[Row]:
    readers: dict[str, Callable[[], Awaitable[int]]] = {
        "one after the other": _one_after_the_other,
        "asyncio.Queue, 1,000 tasks": _queue,
        "merge of 1,000, 16 at once": lambda: _merge(16),
        "merge of 1,000, all at once": lambda: _merge(SOURCES),
    }
    rounds = [{name: _an_item(read) for name, read in readers.items()} for _ in range(ROUNDS + 1)][1:]
    others, ours = list(readers)[:2], list(readers)[2:]
    return [
        _row(what, "us an item", beside, [(times[beside], times[what]) for times in rounds])
        for what in ours
        for beside in others
    ]


def main() -> None:
    """Print the table and draw the imports."""
    imports = _imports()
    report(
        "latency",
        "what one waits for: medians; differences and ratios of pairs",
        [_first_item(0), _first_item(0.02), *imports, *_merges()],
    )
    bars: dict[str, float] = {}
    for row in imports:
        bars[str(row["beside"])] = float(row["it takes"] or 0)
        bars[str(row["what"])] = float(row["bbasync"] or 0)
    bar_chart("latency", "Import in a fresh process", "ms", bars)


if __name__ == "__main__":
    main()
