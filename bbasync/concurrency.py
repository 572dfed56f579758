"""The limiter of requests in flight, shared by the calls of one or several sessions."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["ConcurrencyLimiter", "LoopBound", "Turnstile"]


class LoopBound:
    """An object that belongs to the first event loop that uses it; use from another raises RuntimeError."""

    _loop: asyncio.AbstractEventLoop | None = None

    def _get_loop(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
        elif self._loop is not loop:
            raise RuntimeError(f"this {type(self).__name__} is already used by another event loop; make one for each")
        return loop


class ConcurrencyLimiter(LoopBound):
    """At most `slots` requests in flight; waiting ones are served first come, first served.

    A stream returns its slot when the headers have arrived, and is counted in `streams` from then on, so that further
    calls made while reading it cannot deadlock.
    """

    def __init__(self, slots: int = 16) -> None:
        if slots < 1:
            raise ValueError(f"slots must be at least 1, got {slots}")
        self.slots = slots
        self.in_flight = 0
        self.streams = 0
        self._waiters: deque[asyncio.Future[None]] = deque()

    def __repr__(self) -> str:
        return f"<ConcurrencyLimiter {self.in_flight} of {self.slots} in flight, {self.waiting} waiting>"

    @property
    def waiting(self) -> int:
        """Number of requests waiting for a slot."""
        return sum(not waiter.done() for waiter in self._waiters)

    async def __aenter__(self) -> Self:
        loop = self._get_loop()
        if self.in_flight < self.slots and not self._waiters:
            self.in_flight += 1
            return self
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._release()  # the slot was given in the same loop iteration as the cancellation
            raise
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._release()

    def _release(self) -> None:
        self.in_flight -= 1
        while self._waiters and self.in_flight < self.slots:
            waiter = self._waiters.popleft()
            if not waiter.done():
                self.in_flight += 1
                waiter.set_result(None)


class Turnstile:
    """Lets one task through in each iteration of the event loop.

    Large pages that arrive together are parsed one an iteration, so that whoever waits for one has read it before the
    next is in memory: merged lists take two thirds of the time, and the loop is held up for one page at most.
    """

    def __init__(self) -> None:
        self._last: asyncio.Future[None] | None = None

    async def wait(self) -> None:
        """Wait until those who came before have passed."""
        loop = asyncio.get_running_loop()
        own: asyncio.Future[None] = loop.create_future()
        previous, self._last = self._last, own
        try:
            if previous is not None:
                await previous
        finally:
            loop.call_soon(_release, own)


def _release(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
