"""The time that budgets are kept in, which tests replace."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from bbasync.concurrency import LoopBound

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

__all__ = ["Clock", "Timer"]


class Timer(Protocol):
    """What `Clock.call_at` returns."""

    def cancel(self) -> None:
        """Cancel the call."""


class Clock(LoopBound):
    """The time, in seconds: `now` is monotonic, `wall` is the time of day."""

    def now(self) -> float:
        """Return the monotonic time, in any thread, and after the event loop has ended too."""
        return (self._loop or self._get_loop()).time()

    def wall(self) -> float:
        """Return the time of day, in seconds since 1970."""
        return time.time()

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` at the monotonic time `when`."""
        return self._get_loop().call_at(when, callback)

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """Return the running event loop; RuntimeError if the clock belongs to another."""
        return self._get_loop()
