"""Helpers over any async iterable: collect, pages, merge."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Generic, Literal, ParamSpec, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable
    from types import TracebackType

    from .paging import Cursor, Page

__all__ = ["Merge", "collect", "merge", "pages"]

T = TypeVar("T")
P = ParamSpec("P")


async def _close(source: object) -> None:
    close = getattr(source, "aclose", None)
    if close is not None:
        await close()


async def collect(source: AsyncIterable[T], *, limit: int | None = None) -> list[T]:
    """Return the items, at most `limit` of them, and close the iterator."""
    items: list[T] = []
    iterator = aiter(source)
    try:
        while limit is None or len(items) < limit:
            try:
                items.append(await anext(iterator))
            except StopAsyncIteration:
                break
    finally:
        await _close(iterator)
    return items


async def pages(method: Callable[P, AsyncGenerator[T]], *args: P.args, **kwargs: P.kwargs) -> AsyncGenerator[Page[T]]:
    """Yield the pages of a list method: `pages(bb.refs.list_branches, "acme", "api")`.

    TypeError, at the first step, for anything but a list method of a service or `bb.paginate`.
    """
    owner: object = getattr(method, "__self__", None)
    if owner is None or not getattr(method, "is_list", False):
        raise TypeError(f"pages() takes a list method such as bb.refs.list_branches, uncalled, got {method!r}")
    undecorated: Callable[..., Cursor[T]] = getattr(method, "__wrapped__")  # noqa: B009 - not in the type of a callable
    async with undecorated(owner, *args, **kwargs) as cursor:
        while (page := await cursor.next_page()) is not None:
            yield page


OnError = Literal["collect", "raise"]


def merge(
    sources: Iterable[tuple[str, AsyncIterable[T]]],
    *,
    concurrency: int = 16,
    buffer: int = 100,
    on_error: OnError = "collect",
) -> Merge[T]:
    """Read several async iterables concurrently.

    Used as `async with merge(sources) as items: async for name, item in items`.

    `sources` may be lazy: the next one is taken when another ends. At most `concurrency` sources are open and at most
    `buffer` items are waiting. A source that fails does not end the others; when they have ended, the failures are
    raised as an ExceptionGroup, with the name of the source as a note. `on_error="raise"` cancels the others at once.
    """
    if concurrency < 1 or buffer < 1:
        raise ValueError(f"concurrency and buffer must be at least 1, got {concurrency} and {buffer}")
    return Merge(sources, concurrency, buffer, on_error)


class Merge(Generic[T]):
    """The merged items; returned by `merge`."""

    def __init__(
        self, sources: Iterable[tuple[str, AsyncIterable[T]]], concurrency: int, buffer: int, on_error: OnError
    ) -> None:
        self._sources = iter(sources)
        self._concurrency = concurrency
        self._raise = on_error == "raise"
        self._items: asyncio.Queue[tuple[str, T] | None] = asyncio.Queue(buffer)
        """None wakes the consumer when it waits and a source has ended."""
        self._failures: list[Exception] = []
        self._readers: set[asyncio.Task[None]] = set()
        self._is_open = False

    async def __aenter__(self) -> Self:
        self._is_open = True
        for _ in range(self._concurrency):
            if not self._start():
                break
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._is_open = False
        readers = set(self._readers)
        for reader in readers:
            reader.cancel()
        if readers:
            await asyncio.wait(readers)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> tuple[str, T]:
        if not self._is_open:
            raise RuntimeError("write `async with aio.merge(...) as items:` and iterate over `items` inside")
        while True:
            if self._is_over():
                self._end()
            entry = await self._items.get() if self._items.empty() else self._items.get_nowait()
            if entry is not None:
                return entry

    def _is_over(self) -> bool:
        return (self._raise and bool(self._failures)) or (self._items.empty() and not self._readers)

    def _end(self) -> None:
        failures, self._failures = self._failures, []
        if failures:
            raise ExceptionGroup(f"{len(failures)} of the merged sources failed", failures)
        raise StopAsyncIteration

    def _start(self) -> bool:
        """Open the next source; False if there is none, or none is to be opened after a failure."""
        if self._raise and self._failures:
            return False
        try:
            pair = next(self._sources, None)
        except Exception as error:  # noqa: BLE001 - the caller's iterable; kept for the group
            self._failures.append(error)
            return False
        if pair is None:
            return False
        reader = asyncio.get_running_loop().create_task(self._read(*pair))
        self._readers.add(reader)
        # With an eager task factory the reader may have ended already, so it cannot remove itself.
        reader.add_done_callback(self._ended)
        return True

    def _ended(self, reader: asyncio.Task[None]) -> None:
        self._readers.discard(reader)
        if not self._is_open:
            return
        self._start()
        if self._items.empty():
            self._items.put_nowait(None)

    async def _read(self, name: str, source: AsyncIterable[T]) -> None:
        try:
            iterator = aiter(source)
            async with AsyncExitStack() as stack:
                stack.push_async_callback(_close, iterator)
                async for item in iterator:
                    if self._items.full():
                        await self._items.put((name, item))
                    else:  # cheaper: no coroutine
                        self._items.put_nowait((name, item))
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            self._fail(name, RuntimeError(f"a task that the source awaited was cancelled: {error!r}"))
        except Exception as error:  # noqa: BLE001 - kept for the group
            self._fail(name, error)

    def _fail(self, name: str, error: Exception) -> None:
        error.add_note(f"source: {name}")
        self._failures.append(error)
        if self._raise:
            for reader in self._readers - {asyncio.current_task()}:
                reader.cancel()
