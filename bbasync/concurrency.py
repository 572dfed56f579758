"""Who may go next: the waiting line of budgets and slots, and the limiter of requests in flight."""

from __future__ import annotations

import asyncio
import itertools
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar

from attrs import define

if TYPE_CHECKING:
    from types import TracebackType

__all__ = [
    "Closing",
    "ConcurrencyLimiter",
    "LoopBound",
    "Slots",
    "Turnstile",
    "Waiter",
    "WaitingLine",
    "has_result",
    "release",
]

T = TypeVar("T")

BACKGROUND_SHARE: Final = 10
"""One turn in so many goes to background callers while others wait too."""
_FEW: Final = 16


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


class Closing:
    """The futures that calls of a session wait for, so that its end ends the calls."""

    def __init__(self) -> None:
        self.closed = False
        self._futures: set[asyncio.Future[Any]] = set()

    async def wait(self, future: asyncio.Future[T]) -> T:
        """Wait for a future; RuntimeError if the session is closed meanwhile."""
        self.check()
        self._futures.add(future)
        try:
            return await future
        finally:
            self._futures.discard(future)

    def check(self) -> None:
        """Raise RuntimeError if the session is closed."""
        if self.closed:
            raise RuntimeError("the session is closed")

    def close(self) -> None:
        """End all waits."""
        self.closed = True
        for future in self._futures:
            if not future.done():
                future.set_exception(RuntimeError("the session is closed"))


@define(eq=False)
class Waiter(Generic[T]):
    """A place in a waiting line; `future` gets what is waited for."""

    future: asyncio.Future[T]
    is_gone: bool = False


class WaitingLine(Generic[T]):
    """Waiters in the order of their places, in two lanes: background callers give way to the others.

    While both wait, one turn in ten goes to the background, so that neither starves. A waiter who leaves costs nothing:
    its place is skipped when its turn comes.
    """

    def __init__(self) -> None:
        self._lanes: tuple[list[tuple[int, Waiter[T]]], list[tuple[int, Waiter[T]]]] = ([], [])
        self._waiting = [0, 0]
        self._passed = 0
        """Turns since the background had its last, while it waits."""
        self._places = itertools.count()

    def __len__(self) -> int:
        return self._waiting[False] + self._waiting[True]

    def new_place(self) -> int:
        """Return the place of a caller that has just come; it keeps it if it must come again."""
        return next(self._places)

    def ahead(self, *, background: bool) -> int:
        """Return how many would be served before a caller that comes now, at least."""
        return len(self) if background else self._waiting[False]

    def add(self, future: asyncio.Future[T], place: int, *, background: bool) -> Waiter[T]:
        """Let a caller wait at its place."""
        waiter = Waiter(future)
        heappush(self._lanes[background], (place, waiter))
        self._waiting[background] += 1
        return waiter

    def leave(self, waiter: Waiter[T], *, background: bool) -> None:
        """Forget a waiter, whether it was served or not."""
        if waiter.is_gone:
            return
        waiter.is_gone = True
        self._waiting[background] -= 1
        lane = self._lanes[background]
        if len(lane) > 2 * self._waiting[background] + _FEW:
            lane[:] = [entry for entry in lane if not entry[1].is_gone]
            heapify(lane)

    def next_lane(self, *, admits_background: bool = True) -> bool | None:
        """Return whose turn it is, True for a background caller; None if nobody waits who may be served."""
        others, background = self._drop_done(background=False), self._drop_done(background=True)
        if not (background and admits_background):
            return False if others else None
        return not others or self._passed >= BACKGROUND_SHARE - 1

    def serve(self, result: T, *, background: bool) -> None:
        """Give a result to the first of a lane, which `next_lane` has just returned."""
        self._passed = 0 if background or not self._waiting[True] else self._passed + 1
        _, waiter = heappop(self._lanes[background])
        self._waiting[background] -= 1
        waiter.is_gone = True
        waiter.future.set_result(result)

    def _drop_done(self, *, background: bool) -> bool:
        """Remove those at the head of a lane who no longer wait; return whether somebody is left."""
        lane = self._lanes[background]
        while lane and (lane[0][1].is_gone or lane[0][1].future.done()):
            _, waiter = heappop(lane)
            if not waiter.is_gone:
                waiter.is_gone = True
                self._waiting[background] -= 1
        return bool(lane)


class Slots(LoopBound):
    """So many slots, and those who wait for one."""

    def __init__(self, slots: int) -> None:
        if slots < 1:
            raise ValueError(f"there must be at least 1 slot, got {slots}")
        self.slots = slots
        self.in_flight = 0
        """Number of slots that are taken."""
        self._line: WaitingLine[None] = WaitingLine()

    @property
    def waiting(self) -> int:
        """Number of callers that wait for a slot."""
        return len(self._line)

    def take_now(self) -> bool:
        """Take a slot if one is free and nobody waits for it."""
        self._get_loop()
        if self.in_flight < self.slots and not len(self._line):
            self.in_flight += 1
            return True
        return False

    async def take(self, closing: Closing, *, background: bool = False, max_wait: float | None = None) -> None:
        """Wait for a slot; TimeoutError if none is free within `max_wait` seconds."""
        loop = self._get_loop()
        future: asyncio.Future[None] = loop.create_future()
        waiter = self._line.add(future, self._line.new_place(), background=background)
        timer = None if max_wait is None else loop.call_later(max_wait, _time_out, future)
        try:
            await closing.wait(future)
        except BaseException:
            if has_result(future):
                self.release()  # the slot was given in the same iteration of the loop as the cancellation
            raise
        finally:
            self._line.leave(waiter, background=background)
            if timer is not None:
                timer.cancel()

    def release(self) -> None:
        """Return a slot."""
        self.in_flight -= 1
        if not len(self._line):
            return
        while self.in_flight < self.slots and (background := self._line.next_lane()) is not None:
            self.in_flight += 1
            self._line.serve(None, background=background)


def _time_out(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_exception(TimeoutError())


def has_result(future: asyncio.Future[Any]) -> bool:
    """Return whether a future has ended with a result."""
    return future.done() and not future.cancelled() and future.exception() is None


class ConcurrencyLimiter(Slots):
    """At most `slots` requests in flight and `max_streams` open streams; waiting ones are served in their order.

    A stream holds a slot until its headers have arrived, and one of `max_streams` (by default as many as `slots`) until
    it is closed, so that further calls made while reading it cannot deadlock.
    """

    def __init__(self, slots: int = 16, *, max_streams: int | None = None) -> None:
        super().__init__(slots)
        self.open_streams = Slots(slots if max_streams is None else max_streams)

    async def __aenter__(self) -> Self:
        if not self.take_now():
            await self.take(Closing())
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()

    def __repr__(self) -> str:
        return f"<ConcurrencyLimiter {self.in_flight} of {self.slots} in flight, {self.waiting} waiting>"

    @property
    def streams(self) -> int:
        """Number of open streams."""
        return self.open_streams.in_flight


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
            loop.call_soon(release, own)


def release(future: asyncio.Future[None]) -> None:
    """End the wait for a future."""
    if not future.done():
        future.set_result(None)
