"""Pagination: how the two products link pages, and the cursor that follows them. No I/O of its own."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import math
import re
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, Generic, ParamSpec, Protocol, Self, TypeVar, cast

from attrs import define, field, frozen

from .errors import BROKEN, DecodeError, PagingError, clip
from .request import Home, JsonValue, RawResponse, Request, add_query, evolve_url, origin_of

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Cursor", "LinkPager", "NumberPager", "OffsetPager", "Page", "Pager", "Paging", "lists"]

T = TypeVar("T")
P = ParamSpec("P")


@frozen(kw_only=True)
class Page(Generic[T]):
    """One page of a list."""

    values: Sequence[T]
    """The items, as models."""
    raw: dict[str, Any] = field(repr=False)
    """The page as the server sent it."""
    number: int
    """Counted from 1 at the first page that was read."""
    size: int | None
    """Number of items of the whole list; None if the server does not say (Data Center, some lists of Cloud)."""
    next: str | None
    """The value of `Paging.start` that resumes after this page; None on the last page."""


def _at_least_one(_instance: object, attribute: Any, value: int | None) -> None:
    if value is not None and value < 1:
        raise ValueError(f"{attribute.name} must be at least 1, got {value}")


def _not_negative(_instance: object, attribute: Any, value: int) -> None:
    if value < 0:
        raise ValueError(f"{attribute.name} must not be negative, got {value}")


@frozen(kw_only=True)
class Paging:
    """Options of a list method: page size, limit, where to start."""

    size: int | None = field(default=None, validator=_at_least_one)
    """Items per page, by default the largest number known to be accepted."""
    limit: int | None = field(default=None, validator=_at_least_one)
    """Items in total."""
    start: str | None = None
    """Resume at this page: the `next` of a page, from this or another process."""
    ahead: int = field(default=0, validator=_not_negative)
    """Fetch up to so many pages beyond the one that is read; use `aclosing` if you may leave early.

    Where the addresses of pages can be foreseen, they are requested at once, and used only if the server
    then names them; elsewhere it is one page. More pages may be requested than there are, at most so many.
    """
    on_page: Callable[[Page[Any]], object] | None = None
    """Called with each page after its last item was consumed, but not with one cut short by `limit`."""
    on_broken: Callable[[Any, Exception], object] | None = None
    """Called with an item of an unexpected shape, as the server sent it, and the error; the list continues without
    it. Otherwise one such item ends a list with DecodeError."""


class Pager(Protocol):
    """How a product requests and links pages. Pure."""

    def request(self, base: Request, size: int, cursor: str | None) -> Request:
        """Return the request of the first page, or of the one that `cursor` names."""
        ...

    def read(self, request: Request, payload: dict[str, Any]) -> tuple[list[Any], int | None, str | None]:
        """Return the values, the size of the whole list (None if unknown), and the cursor of the next page."""
        ...

    def foresee(self, payload: dict[str, Any], following: str) -> Iterator[str]:
        """Yield the cursors that probably come after `following`, the one that a page has named."""
        ...


def _values(payload: dict[str, Any]) -> list[Any]:
    values: list[Any] | None = payload.get("values")
    if not isinstance(values, list):
        raise TypeError("'values' is not a list")
    return values


def _size(base: Request, name: str, size: int) -> dict[str, int]:
    """Return the parameter of the page size, none if the URL has it: Cloud refuses a repeated one."""
    named = any(pair.startswith(f"{name}=") for pair in base.url.partition("?")[2].split("&"))
    return {} if named else {name: size}


_PAGE_NUMBER: Final = re.compile(r"(.*[?&]page=)([1-9][0-9]{0,8})((?:&.*)?)")


@frozen
class LinkPager:
    """Bitbucket Cloud: `next` is the whole URL of the next page, opaque, and is sent byte for byte.

    https://developer.atlassian.com/cloud/bitbucket/rest/intro/#pagination
    """

    home: Home
    """Where next pages may be."""

    def request(self, base: Request, size: int, cursor: str | None) -> Request:
        """Return the request of a page; PagingError if `cursor` is not a URL of the session's origin."""
        if cursor is None:
            return evolve_url(base, add_query(base.url, _size(base, "pagelen", size)))
        try:
            url = self.home.resolve(cursor)
        except ValueError as error:
            raise PagingError(f"the URL of the next page is refused: {error}") from None
        if url is None:
            _, host, port = origin = origin_of(cursor)
            where = "in another part of its host" if origin == self.home.origin else f"on another host, {host}:{port}"
            raise PagingError(f"the next page is {where}; nothing was sent there")
        return evolve_url(base, url)

    def read(self, request: Request, payload: dict[str, Any]) -> tuple[list[Any], int | None, str | None]:
        """Return values, size and next."""
        del request
        size = payload.get("size")
        following = payload.get("next")
        if following is not None and not isinstance(following, str):
            raise PagingError("the URL of the next page is not a string")
        return _values(payload), size if isinstance(size, int) else None, following or None

    def foresee(self, payload: dict[str, Any], following: str) -> Iterator[str]:
        """Count on where `next` has a page number, up to the last page if `size` tells which it is."""
        found = _PAGE_NUMBER.fullmatch(following)
        if found is None or payload.get("page", int(found[2]) - 1) != int(found[2]) - 1:
            return
        size, length = payload.get("size"), payload.get("pagelen")
        last = -(-size // length) if isinstance(size, int) and isinstance(length, int) and length > 0 else math.inf
        for number in itertools.count(int(found[2]) + 1):
            if number > last:
                return
            yield f"{found[1]}{number}{found[3]}"


@frozen
class NumberPager(LinkPager):
    """Lists of Bitbucket Cloud that are read by page numbers, since `next` drops `sort` or is missing: pipelines.

    https://jira.atlassian.com/browse/BCLOUD-20639
    """

    def read(self, request: Request, payload: dict[str, Any]) -> tuple[list[Any], int | None, str | None]:
        """Return values, size, and the URL of the next number with all parameters of this page."""
        values, size, following = super().read(request, payload)
        url, _, query = request.url.partition("?")
        pairs = query.split("&")
        number = next((int(pair[5:]) for pair in pairs if pair.startswith("page=") and pair[5:].isdecimal()), 1)
        length = payload.get("pagelen")
        if not isinstance(length, int) or length < 1:
            length = max(len(values), 1)
        if size is None:
            is_last = following is None
        elif values:  # what contradicts itself is read until a page is empty
            is_last = (number - 1) * length + len(values) == size
        else:
            is_last = number * length >= size
        if is_last:
            return values, size, None
        others = [pair for pair in pairs if not pair.startswith("page=")]
        return values, size, f"{url}?{'&'.join([*others, f'page={number + 1}'])}"


@frozen
class OffsetPager:
    """Bitbucket Data Center: `nextPageStart` is the next page's `start`, never start plus limit.

    Pages are filtered by permission after they were cut, so any page may be short or empty.
    https://developer.atlassian.com/server/bitbucket/how-tos/command-line-rest/#paged-apis
    """

    def request(self, base: Request, size: int, cursor: str | None) -> Request:
        """Return the request of a page; PagingError if `cursor` is not a number."""
        if cursor is not None and not cursor.isdecimal():
            raise PagingError(f"Data Center resumes at a page's start, a number, got {cursor!r:.40}")
        return evolve_url(base, add_query(base.url, {**_size(base, "limit", size), "start": cursor}))

    def read(self, request: Request, payload: dict[str, Any]) -> tuple[list[Any], int | None, str | None]:
        """Return the values, None (the `size` of a response is that of its page), and the next start."""
        del request
        values, start, following = _values(payload), payload.get("start"), payload.get("nextPageStart")
        # Some lists keep isLastPage false on their last page: https://github.com/RisingOak/stashy/issues/131
        if payload.get("isLastPage") is True or following is None:
            return values, None, None
        if not isinstance(following, int) or (isinstance(start, int) and following <= start):
            raise PagingError("the next page starts before the end of this one")
        return values, None, str(following)

    def foresee(self, payload: dict[str, Any], following: str) -> Iterator[str]:
        """Go on in steps of a page, if this page was full: none of its items was filtered out."""
        start, limit = payload.get("start"), payload.get("limit")
        if not isinstance(start, int) or not isinstance(limit, int) or int(following) - start != limit:
            return
        for number in itertools.count(1):
            yield str(int(following) + number * limit)


_EMPTY_PAGES: Final = 1000
"""Empty pages in a row that are followed: Data Center filters pages by permission, so hundreds can occur."""
_Fetched = tuple[Request, JsonValue]


@frozen
class Fetcher:
    """What a cursor asks of its session."""

    now: Callable[[Request], Awaitable[JsonValue]]
    """Sends a request and returns the JSON of its response."""
    ahead: Callable[[Request], Awaitable[RawResponse]]
    """Sends a request that gives way to others, and returns its response unread."""
    spawn: Callable[[Any], asyncio.Task[RawResponse]]
    """Starts a task that belongs to the session."""
    can_spare: Callable[[Request, int], bool]
    """Returns whether the budget of so many requests is far from spent."""


class LookAhead:
    """The pages that are fetched before the list gets to them, in order.

    The first is the one that the server has named; the others are foreseen. A foreseen one is used only if the page
    before it names the same address; else all are dropped unread, and no more are foreseen.
    """

    def __init__(self, fetcher: Fetcher, most: int) -> None:
        self._fetcher = fetcher
        self._most = most
        self._window = 1
        """How many are fetched at once where the number of pages is unknown: doubled with each page."""
        self._foresees = True
        self._pages: deque[tuple[str, asyncio.Task[RawResponse]]] = deque()

    async def take(self, request: Request) -> RawResponse | None:
        """Return the response to a request if it was fetched ahead."""
        if not self._pages:
            return None
        url, task = self._pages[0]
        if url != request.url:
            self._foresees = False
            await self.drop()
            return None
        self._pages.popleft()
        try:
            return await task
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if task.cancelled() and current is not None and not current.cancelling():
                raise RuntimeError("the session was closed while the next page was fetched") from None
            self._pages.appendleft((url, task))
            await self.drop()
            raise

    def fill(self, named: Request, foreseen: Iterator[Request], *, is_total_known: bool, enough: float) -> None:
        """Fetch the page that was just named, and those foreseen after it, `enough` at most."""
        wanted = self._most if is_total_known else self._window
        self._window = min(2 * self._window, self._most)
        requests = itertools.chain([named], foreseen if self._foresees else ())
        begun = len(self._pages)
        for number, request in enumerate(itertools.islice(requests, int(min(wanted, enough)))):
            if number < begun:
                if self._pages[number][0] != request.url:
                    return  # found out when the list gets there
                continue
            if number and not self._fetcher.can_spare(request, number - begun + 1):
                return
            self._pages.append((request.url, self._fetcher.spawn(self._fetcher.ahead(request))))

    async def drop(self) -> None:
        """Cancel what is not read."""
        tasks = [task for _, task in self._pages]
        self._pages.clear()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


@define(eq=False)
class Cursor(Generic[T]):
    """Follows the pages of one list; no slot, token or response is kept between two pages."""

    fetcher: Fetcher
    base: Request
    pager: Pager
    decode: Callable[[list[Any]], list[T]]
    size: int
    paging: Paging
    _started: bool = field(init=False, default=False)
    _next: str | None = field(init=False, default=None)
    _number: int = field(init=False, default=0)
    _delivered: int = field(init=False, default=0)
    _empty: int = field(init=False, default=0)
    """Number of empty pages in a row."""
    _truncated: bool = field(init=False, default=False)
    _page: Page[T] | None = field(init=False, default=None)
    """The page being consumed, if `on_page` wants it."""
    _seen: set[int] = field(init=False, factory=set[int])
    """Hashes of the URLs of pages that were read."""
    _read_before: set[int] = field(init=False, factory=set[int])
    """Hashes of the first and the last item of pages that were read."""
    _ahead: LookAhead | None = field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        if self.paging.ahead:
            self._ahead = LookAhead(self.fetcher, self.paging.ahead)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._ahead is not None:
            await self._ahead.drop()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Iterator[T]:
        """Return the items of the next page, as an iterator.

        An exhausted iterator holds no list, so a page that was read is freed before the next one is fetched. With both
        in memory at once, reading a list takes up to half as long again.
        """
        page = await self.next_page()
        if page is None:
            raise StopAsyncIteration
        return iter(page.values)

    async def next_page(self) -> Page[T] | None:
        """Return the next page, None after the last one."""
        self._report()
        if self._is_over():
            return None
        request = self._request(self._next if self._started else self.paging.start)
        mark = hash(request.url)
        if mark in self._seen:
            raise self._repeated()
        self._seen.add(mark)
        page = self._read(request, await self._fetch(request))
        self._started, self._next = True, page.next
        if self.paging.on_page is not None:
            self._page = page
        if self._ahead is not None and not self._is_over():
            self._look_ahead(self._ahead, page)
        return page

    def _is_over(self) -> bool:
        return self._started and (self._next is None or self._delivered == self.paging.limit)

    def _report(self) -> None:
        page, self._page = self._page, None
        if page is not None and self.paging.on_page is not None and not self._truncated:
            self.paging.on_page(page)

    def _request(self, cursor: str | None) -> Request:
        try:
            return self.pager.request(self.base, self.size, cursor)
        except PagingError as error:
            raise self._error(error.message) from None

    async def _fetch(self, request: Request) -> JsonValue:
        response = None if self._ahead is None else await self._ahead.take(request)
        if response is not None:
            with contextlib.suppress(ValueError):
                payload = response.json()
                if payload is not None:
                    return payload
        return await self.fetcher.now(request)  # what was fetched ahead is broken too, if it comes to that

    def _look_ahead(self, ahead: LookAhead, page: Page[T]) -> None:
        """Fetch pages beyond the one that was read, as many as `limit` may need."""
        assert page.next is not None  # noqa: S101 - the list is not over
        try:
            named = self.pager.request(self.base, self.size, page.next)
        except PagingError:
            return  # raised when the list gets there
        enough: float = math.inf
        if self.paging.limit is not None:
            enough = math.ceil((self.paging.limit - self._delivered) / max(len(page.values), 1))
        foreseen = (
            self.pager.request(self.base, self.size, cursor) for cursor in self.pager.foresee(page.raw, page.next)
        )
        ahead.fill(named, foreseen, is_total_known=page.size is not None, enough=enough)

    def _read(self, request: Request, payload: JsonValue) -> Page[T]:
        if not isinstance(payload, dict):
            raise self._not_a_page("it is not an object")
        envelope = cast("dict[str, Any]", payload)
        try:
            values, size, following = self.pager.read(request, envelope)
            self._check_new(values, following)
            if None in values:  # some lists hold null
                values = [value for value in values if value is not None]
            items = self._decode(values)
            if self.paging.limit is not None:
                remaining = self.paging.limit - self._delivered
                self._truncated = len(items) > remaining
                items = items[:remaining]
        except PagingError as error:
            raise self._error(error.message) from None
        except BROKEN as error:
            raise self._not_a_page(str(error)) from error
        self._empty = 0 if values else self._empty + 1
        if self._empty > _EMPTY_PAGES:
            raise self._error(f"the server sent {_EMPTY_PAGES} empty pages in a row")
        self._number += 1
        self._delivered += len(items)
        return Page(values=items, raw=envelope, number=self._number, size=size, next=following)

    def _check_new(self, values: list[Any], following: str | None) -> None:
        """Raise PagingError for a page that leads back and was read before, under another URL: a cycle."""
        if not values:
            return
        mark = hash(repr((values[0], values[-1])))
        if mark in self._read_before and following is not None and self._leads_back(following):
            raise self._repeated()
        self._read_before.add(mark)

    def _leads_back(self, following: str) -> bool:
        try:
            return hash(self.pager.request(self.base, self.size, following).url) in self._seen
        except PagingError:
            return False

    def _decode(self, values: list[Any]) -> list[T]:
        try:
            return self.decode(values)
        except BROKEN:
            if self.paging.on_broken is None:
                raise
        items: list[T] = []
        for value in values:
            try:
                items += self.decode([value])
            except BROKEN as error:
                self.paging.on_broken(value, error)
        return items

    def _repeated(self) -> PagingError:
        return self._error("the server names a next page that was read already")

    def _error(self, message: str) -> PagingError:
        return PagingError(clip(message), **self.base.labels)

    def _not_a_page(self, why: str) -> DecodeError:
        return DecodeError(f"the response is not a page: {clip(why)}", **self.base.labels)


def lists(method: Callable[P, AsyncGenerator[T]]) -> Callable[P, AsyncGenerator[T]]:
    """Turn a method that returns a `Cursor` into an async generator of the items.

    The method is annotated with what its callers see, an `AsyncGenerator`. `aio.pages` calls it undecorated.
    """

    @functools.wraps(method)
    async def items(*args: P.args, **kwargs: P.kwargs) -> AsyncGenerator[T]:
        async with cast("Cursor[T]", method(*args, **kwargs)) as cursor:
            async for page in cursor:
                for item in page:
                    yield item

    items.__dict__["is_list"] = True
    return items


DEFAULT_SIZE: Final = 50
"""Items per page where no larger number is proven: above the limit of an endpoint Cloud answers 400."""
