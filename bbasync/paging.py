"""Pages: how the two products link them, and the cursor that walks them. No socket and no loop but for look-ahead."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, Generic, ParamSpec, Protocol, Self, TypeVar, cast

from attrs import define, field, frozen

from .errors import BROKEN, DecodeError, PagingError, clip
from .request import JsonValue, Request, add_query, evolve_url, origin_of, replace_origin

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Cursor", "LinkPager", "OffsetPager", "Page", "Pager", "Paging", "lists"]

T = TypeVar("T")
P = ParamSpec("P")


@frozen(kw_only=True)
class Page(Generic[T]):
    """One page of a listing."""

    values: Sequence[T]
    """The items, as models."""
    raw: dict[str, Any] = field(repr=False)
    """The envelope as it came."""
    number: int
    """Counted from 1, from where this listing began."""
    size: int | None
    """How many items the whole listing has, where the vendor tells (Cloud, some lists)."""
    next: str | None
    """What `Paging.start` takes to go on after this page; None at the end."""


def _at_least_one(_instance: object, attribute: Any, value: int | None) -> None:
    if value is not None and value < 1:
        raise ValueError(f"{attribute.name} must be at least 1, got {value}")


@frozen(kw_only=True)
class Paging:
    """How a list method walks its pages; every list method takes one."""

    size: int | None = field(default=None, validator=_at_least_one)
    """Items a page; by default the most that is known to be allowed."""
    limit: int | None = field(default=None, validator=_at_least_one)
    """Items in all."""
    start: str | None = None
    """A page's `next`, of this or of another process: the listing goes on there."""
    prefetch: bool = False
    """Fetch the next page while this one is read; close the generator (`aclosing`) if you leave early."""
    on_page: Callable[[Page[Any]], object] | None = None
    """Called with each page when its last item has been consumed; not with one that `limit` cuts short."""


class Pager(Protocol):
    """How a product writes page requests and links its pages. Pure."""

    def request(self, base: Request, size: int, cursor: str | None) -> Request:
        """Return the request of the first page, or of the one that `cursor` names."""
        ...

    def read(self, payload: dict[str, Any]) -> tuple[list[Any], int | None, str | None]:
        """Return the values, the size of the whole listing if told, and the next page's cursor."""
        ...


def _values(payload: dict[str, Any]) -> list[Any]:
    values: list[Any] | None = payload.get("values")
    if not isinstance(values, list):
        raise TypeError("a page has a list of 'values'")
    return values


def _size(base: Request, name: str, size: int) -> dict[str, int]:
    """Return the parameter of the page size, none if the request names it already: twice is refused."""
    named = any(pair.startswith(f"{name}=") for pair in base.url.partition("?")[2].split("&"))
    return {} if named else {name: size}


@frozen
class LinkPager:
    """Bitbucket Cloud: `next` is the whole URL of the next page, opaque, and is sent byte for byte.

    https://developer.atlassian.com/cloud/bitbucket/rest/intro/#pagination
    """

    base: str
    """Scheme, host and port of the session."""
    aliases: Collection[tuple[str, str, int]] = ()
    """Origins of the vendor that mean the session's."""
    size_name: str = "pagelen"

    def request(self, base: Request, size: int, cursor: str | None) -> Request:
        """Return the request of a page; PagingError if `cursor` is no URL of the session's origin."""
        if cursor is None:
            return evolve_url(base, add_query(base.url, _size(base, self.size_name, size)))
        try:
            origin = origin_of(cursor)
        except ValueError as error:
            raise PagingError(f"the next page's URL is refused: {error}") from None
        if origin == origin_of(self.base):
            return evolve_url(base, cursor)
        if origin in self.aliases:
            return evolve_url(base, replace_origin(cursor, self.base))
        raise PagingError(f"the next page lies on another host, {origin[1]}:{origin[2]}; nothing was sent there")

    def read(self, payload: dict[str, Any]) -> tuple[list[Any], int | None, str | None]:
        """Return values, size and next."""
        size = payload.get("size")
        following = payload.get("next")
        if following is not None and not isinstance(following, str):
            raise PagingError("the next page's URL is no text")
        return _values(payload), size if isinstance(size, int) else None, following or None


@frozen
class OffsetPager:
    """Bitbucket Data Center: `nextPageStart` is the next page's `start`, never start plus limit.

    Pages are filtered after they were cut, so a page may be short or empty before the last.
    https://developer.atlassian.com/server/bitbucket/how-tos/command-line-rest/#paged-apis
    """

    size_name: str = "limit"

    def request(self, base: Request, size: int, cursor: str | None) -> Request:
        """Return the request of a page; PagingError if `cursor` is no number."""
        if cursor is not None and not cursor.isdecimal():
            raise PagingError(f"Data Center goes on by a page's start, a number, got {cursor!r:.40}")
        return evolve_url(base, add_query(base.url, {**_size(base, self.size_name, size), "start": cursor}))

    def read(self, payload: dict[str, Any]) -> tuple[list[Any], int | None, str | None]:
        """Return values, no size (the vendor's `size` is of the page), and the next start."""
        values, start, following = _values(payload), payload.get("start"), payload.get("nextPageStart")
        # Some lists keep isLastPage false on their last page: https://github.com/RisingOak/stashy/issues/131
        if payload.get("isLastPage") is True or following is None:
            return values, None, None
        if not isinstance(following, int) or (isinstance(start, int) and following <= start):
            raise PagingError("the next page starts before the end of this one")
        return values, None, str(following)


_EMPTY_PAGES: Final = 1000
"""Data Center filters pages after it has cut them, so that hundreds in a row can be honest."""
Fetch = Callable[[Request], Awaitable[JsonValue]]


@define(eq=False)
class Cursor(Generic[T]):
    """Walks the pages of one listing: an async iterator of pages that holds nothing between two of them."""

    fetch: Fetch
    base: Request
    pager: Pager
    decode: Callable[[list[Any]], list[T]]
    size: int
    paging: Paging
    spawn: Callable[[Any], asyncio.Task[JsonValue]]
    """Starts a task that the session owns."""
    _started: bool = field(init=False, default=False)
    _next: str | None = field(init=False, default=None)
    _number: int = field(init=False, default=0)
    _delivered: int = field(init=False, default=0)
    _empty: int = field(init=False, default=0)
    """How many pages in a row were empty."""
    _truncated: bool = field(init=False, default=False)
    _page: Page[T] | None = field(init=False, default=None)
    """The page being read, for `on_page` only."""
    _seen: set[int] = field(init=False, factory=set[int])
    _ahead: asyncio.Task[JsonValue] | None = field(init=False, default=None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._ahead is not None:
            self._ahead.cancel()
            await asyncio.wait([self._ahead])

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Iterator[T]:
        """Return the items of the next page, as an iterator.

        An exhausted iterator holds no list, so a page that was read is freed before the next one is fetched. With both
        in memory at once, listing takes up to half as long again.
        """
        page = await self.next_page()
        if page is None:
            raise StopAsyncIteration
        return iter(page.values)

    async def next_page(self) -> Page[T] | None:
        """Return the next page, None after the last one."""
        self._report()
        limit = self.paging.limit
        if self._started and (self._next is None or self._delivered == limit):
            return None
        ahead, self._ahead = self._ahead, None
        if ahead is None:
            payload = await self._fetch(self._next if self._started else self.paging.start)
        else:
            payload = await self._await(ahead)
        page = self._read(payload)
        self._started, self._next = True, page.next
        if self.paging.on_page is not None:
            self._page = page
        if self.paging.prefetch and page.next is not None and self._delivered != limit:
            self._ahead = self.spawn(self._fetch(page.next))
        return page

    def _report(self) -> None:
        page, self._page = self._page, None
        if page is not None and self.paging.on_page is not None and not self._truncated:
            self.paging.on_page(page)

    async def _fetch(self, cursor: str | None) -> JsonValue:
        try:
            request = self.pager.request(self.base, self.size, cursor)
        except PagingError as error:
            raise self._error(error.message) from None
        mark = hash(request.url)
        if mark in self._seen:
            raise self._error("the server names a next page that this listing has already been to")
        self._seen.add(mark)
        return await self.fetch(request)

    async def _await(self, ahead: asyncio.Task[JsonValue]) -> JsonValue:
        try:
            return await ahead
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if ahead.cancelled() and task is not None and not task.cancelling():
                raise RuntimeError("the session was closed while the listing looked ahead") from None
            ahead.cancel()
            raise

    def _read(self, payload: JsonValue) -> Page[T]:
        if not isinstance(payload, dict):
            raise self._not_a_page("a page is an object")
        envelope = cast("dict[str, Any]", payload)
        try:
            values, size, following = self.pager.read(envelope)
            if self.paging.limit is not None:
                remaining = self.paging.limit - self._delivered
                self._truncated = len(values) > remaining
                values = values[:remaining]
            items = self.decode(values)
        except PagingError as error:
            raise self._error(error.message) from None
        except BROKEN as error:
            raise self._not_a_page(str(error)) from error
        self._empty = 0 if values else self._empty + 1
        if self._empty > _EMPTY_PAGES:
            raise self._error(f"the server gives empty pages without end, {_EMPTY_PAGES} one after another")
        self._number += 1
        self._delivered += len(items)
        return Page(values=items, raw=envelope, number=self._number, size=size, next=following)

    def _error(self, message: str) -> PagingError:
        return PagingError(clip(message), method=self.base.method, template=self.base.template)

    def _not_a_page(self, why: str) -> DecodeError:
        return DecodeError(f"the answer is no page: {clip(why)}", method=self.base.method, template=self.base.template)


def lists(method: Callable[P, AsyncGenerator[T]]) -> Callable[P, AsyncGenerator[T]]:
    """Make an async generator of items of a method that returns the `Cursor` of their pages.

    The method is annotated with what its caller sees, an `AsyncGenerator`. `aio.pages` calls it undecorated.
    """

    @functools.wraps(method)
    async def items(*args: P.args, **kwargs: P.kwargs) -> AsyncGenerator[T]:
        async with cast("Cursor[T]", method(*args, **kwargs)) as cursor:
            async for page in cursor:
                for item in page:
                    yield item

    return items


DEFAULT_SIZE: Final = 50
"""Items a page where no larger size is proven: above an endpoint's cap, Cloud answers 400."""
