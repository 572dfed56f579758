"""Carries the spent budget over a restart, so that a crawl that was killed does not burst past the hour."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self, cast

from . import tasks
from .store import StoreError

if TYPE_CHECKING:
    from types import TracebackType

    from bbasync.rate import RateTracker

    from .store import Store

__all__ = ["BudgetKeeper"]

_MOST_UNWRITTEN: Final = 64


class BudgetKeeper:
    """Writes what a tracker has spent into the store, the oftener the less there is to write.

    With each export stands how many requests can be sent before the next one is written. If the process is killed,
    that many are counted as spent at the restart.
    """

    def __init__(self, store: Store, rates: RateTracker, workers: int) -> None:
        self._store = store
        self._rates = rates
        self._in_flight = 2 * workers  # one on the way, and one answered while the export is being written
        self._interval = 1
        self._spent = 0
        self._due = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        written = await self._store.run(tasks.read_budget)
        if written is not None:
            exported, unwritten = written
            for bucket in exported["buckets"]:
                bucket[-1] += [time.time()] * unwritten
            self._rates.restore(exported)
        await self._write()
        self._writer = asyncio.create_task(self._write_when_due())
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.wait([self._writer])
            if not self._writer.cancelled():
                self._writer.exception()  # the store's; what is written next meets it again
        try:
            await self._store.run(partial(tasks.write_budget, exported=self._rates.export(), unwritten=0))
        except StoreError:
            if exc is None:
                raise

    def spent(self) -> None:
        """Count a request."""
        self._spent += 1
        if self._spent >= self._interval:
            self._due.set()

    async def _write_when_due(self) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            await self._write()

    async def _write(self) -> None:
        self._spent = 0
        exported = self._rates.export()
        total = sum(len(bucket[-1]) for bucket in cast("list[list[Any]]", exported["buckets"]))
        self._interval = max(1, min(_MOST_UNWRITTEN, total // _MOST_UNWRITTEN))
        unwritten = self._interval + self._in_flight
        await self._store.run(partial(tasks.write_budget, exported=exported, unwritten=unwritten))
