"""Event loops whose time jumps: what would sleep an hour returns at once, in the order it would have."""

from __future__ import annotations

import asyncio
import functools
import selectors
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

import pytest
from attrs import define

from tests import loops

P = ParamSpec("P")
T = TypeVar("T")


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if not events and timeout is None:
            raise RuntimeError("the test waits for something that never comes")
        if not events and timeout is not None:
            self.now += max(0.0, timeout)
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop in which only its own timers make time pass."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)
        if loops.chosen == "eager":
            loops.make_eager(self)

    def time(self) -> float:
        return self._jumping.now


def virtual(test: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """Run an async test in a `VirtualLoop`, in asyncio's debug mode."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        async def main() -> None:
            await test(*args, **kwargs)

        with asyncio.Runner(debug=True, loop_factory=VirtualLoop) as runner:
            runner.run(main())

    return run


async def settle() -> None:
    """Let everything that is ready run."""
    for _ in range(20):
        await asyncio.sleep(0)


@define(eq=False)
class _Ahead:
    """A clock that is ahead of another."""

    clock: Callable[[], float]
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.clock() + self.seconds


def loop_clock() -> _Ahead:
    """Return the clock of the running loop, which `forward` moves."""
    loop = asyncio.get_running_loop()
    if not isinstance(loop, asyncio.BaseEventLoop):
        loops.refused = "the time of uvloop cannot be moved"
        pytest.skip(loops.refused)
    found = loop.time
    if not isinstance(found, _Ahead):
        found = loop.time = _Ahead(loop.time)  # type: ignore[method-assign]  # of this loop alone
    return found


def forward(seconds: float) -> None:
    """Move the clock of the running loop: whatever is due by then is due at once, timeouts of sockets included.

    To those who run in the loop it is as if it had been blocked for so long.
    """
    loop_clock().seconds += seconds


async def passing(work: Awaitable[T], step: float = 0.05) -> T:
    """Await work while time passes step by step, each once everything that was ready has run."""
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            await settle()
            forward(step)
        return await task
    finally:
        task.cancel()
