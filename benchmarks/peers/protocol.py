"""What every client speaks: a job a line on stdin, seconds and items a line on stdout. Needs nothing installed.

There are two jobs. `repositories` lists the repositories of every workspace, `at_once` workspaces at a time, and
`single` gets one repository `calls` times, `at_once` at a time. Opening and closing the client belongs to the job.
"""

from __future__ import annotations

import asyncio
import json
import platform
import sys
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable

    Repositories = Callable[[str, list[str], int], Coroutine[object, object, int]]
    Single = Callable[[str, int, int], Coroutine[object, object, int]]

T = TypeVar("T")


def answer(version: str, jobs: dict[str, Callable[..., int]]) -> None:
    """Say which version this is, then do jobs until stdin ends."""
    _say({"version": version, "runtime": f"Python {platform.python_version()}"})
    for line in sys.stdin:
        job = json.loads(line)
        do = jobs[job.pop("job")]
        started = time.perf_counter()
        try:
            items = do(**job)
        except Exception as error:  # noqa: BLE001 - reported in the table
            _say({"error": f"{type(error).__name__}: {error}"})
        else:
            _say({"seconds": time.perf_counter() - started, "items": items})


def answer_async(version: str, repositories: Repositories, single: Single) -> None:
    """Do the same with coroutine functions."""

    def list_all(base: str, workspaces: list[str], at_once: int) -> int:
        return asyncio.run(repositories(base, workspaces, at_once))

    def get_one(base: str, calls: int, at_once: int) -> int:
        return asyncio.run(single(base, calls, at_once))

    answer(version, {"repositories": list_all, "single": get_one})


async def spread(work: Iterable[T], at_once: int, do: Callable[[T], Awaitable[int]]) -> int:
    """Do the work `at_once` at a time and return the sum."""
    left = iter(work)

    async def worker() -> int:
        return sum([await do(part) for part in left])

    return sum(await asyncio.gather(*(worker() for _ in range(at_once))))


def _say(message: dict[str, object]) -> None:
    print(json.dumps(message), flush=True)
