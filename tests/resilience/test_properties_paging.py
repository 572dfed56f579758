"""Listings of any shape, broken off and gone on with in any way: nothing is lost, nothing comes twice."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import aclosing
from typing import Any, Literal, TypeVar

import orjson
import pytest
from attrs import define, field
from hypothesis import given, settings
from hypothesis import strategies as st

from bbasync import CloudSession, Page, Paging, PagingError, TransportError
from bbasync.paging import Cursor, LinkPager, OffsetPager, Pager
from bbasync.request import Home, JsonValue, RawResponse, Request
from bbasync.testing.recording import RecordingTransport, answer
from tests.virtual import VirtualLoop, settle, virtual

T = TypeVar("T")
Product = Literal["cloud", "datacenter"]
PRODUCTS = st.sampled_from(["cloud", "datacenter"])
SIZES = st.lists(st.integers(0, 4), min_size=1, max_size=12)
"""Items a page: pages are filtered after they were cut, so any of them may be short or empty."""
BASE = "https://host.example/list"
EXAMPLES = settings(max_examples=100, deadline=None)


def run(main: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


@define(eq=False)
class Server:
    """Serves the numbers from 0 on pages of the given sizes; `loops_to` is the page that the last one names as next."""

    product: Product
    sizes: Sequence[int]
    loops_to: int | None = None
    failures: set[int] = field(factory=set[int])
    """Fetches that fail, counted from 0."""
    fetched: list[int] = field(init=False, factory=list[int])
    """The pages that were asked for, in order."""
    fetches: int = field(init=False, default=0)

    @property
    def pager(self) -> Pager:
        return LinkPager(Home("https://host.example/2.0")) if self.product == "cloud" else OffsetPager()

    def first_item(self, page: int) -> int:
        return sum(self.sizes[:page])

    def cursor(self, page: int) -> str:
        return f"{BASE}?ctx=%2Fop%61que&page={page}" if self.product == "cloud" else str(7 * page)

    def _page(self, url: str) -> int:
        _, _, page = url.partition("page=")
        _, _, start = url.partition("start=")
        return int(page or int(start or 0) // 7)

    async def fetch(self, request: Request) -> JsonValue:
        await asyncio.sleep(0.1)
        page = self._page(request.url)
        self.fetches += 1
        assert self.fetches < 200, "it never ends"
        if self.fetches - 1 in self.failures:
            raise TransportError("broke")
        self.fetched.append(page)
        first = self.first_item(page)
        values: list[Any] = list(range(first, first + self.sizes[page]))
        following = page + 1 if page + 1 < len(self.sizes) else self.loops_to
        if self.product == "cloud":
            return {"values": values, **({} if following is None else {"next": self.cursor(following)})}
        last: dict[str, Any] = {"isLastPage": following is None, "start": 7 * page, "values": values}
        return last | ({} if following is None else {"nextPageStart": 7 * following})

    async def items(self, paging: Paging) -> AsyncGenerator[int]:
        """List the numbers as the methods of the services do."""
        base = Request(method="GET", template="/list", url=BASE)
        spawn = asyncio.get_running_loop().create_task
        async with Cursor[int](self.fetch, base, self.pager, list, 25, paging, spawn) as pages:
            async for page in pages:
                for item in page:
                    yield item


@EXAMPLES
@given(
    product=PRODUCTS,
    sizes=SIZES,
    limit=st.none() | st.integers(1, 50),
    prefetch=st.booleans(),
    begin=st.integers(0, 11),
)
def test_every_item_comes_once_in_order_and_no_page_is_fetched_twice_or_in_vain(
    product: Product, sizes: list[int], limit: int | None, prefetch: bool, begin: int
) -> None:
    begin %= len(sizes)
    server, told = Server(product, sizes), list[Page[int]]()
    start = server.cursor(begin) if begin else None
    paging = Paging(limit=limit, start=start, prefetch=prefetch, on_page=told.append)

    async def main() -> list[int]:
        found = [item async for item in server.items(paging)]
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return found

    everything = list(range(server.first_item(begin), sum(sizes)))
    assert run(main()) == everything[:limit]
    needed = 1
    while limit is not None and begin + needed < len(sizes) and sum(sizes[begin : begin + needed]) < limit:
        needed += 1
    if limit is None:
        needed = len(sizes) - begin
    assert server.fetched == list(range(begin, begin + needed))
    whole = [page for page in range(begin, begin + needed) if limit is None or sum(sizes[begin : page + 1]) <= limit]
    assert [list(page.values) for page in told] == [
        list(range(server.first_item(page), server.first_item(page + 1))) for page in whole
    ]


@define(eq=False)
class Reader:
    """Lists until it is killed or a fetch fails, and goes on after the last page that was read to its end."""

    server: Server
    prefetch: bool
    after: str | None = None
    runs: list[list[int]] = field(init=False, factory=list[list[int]])

    async def read(self, kills: Sequence[int]) -> None:
        remaining, is_over = list(kills), False
        while not is_over:
            with contextlib.suppress(TransportError):
                is_over = await self._read(remaining.pop() if remaining else None)

    async def _read(self, killed_after: int | None) -> bool:
        found: list[int] = []
        self.runs.append(found)
        paging = Paging(start=self.after, prefetch=self.prefetch, on_page=self._keep)
        async with aclosing(self.server.items(paging)) as items:
            async for item in items:
                found.append(item)
                if len(found) == killed_after:
                    return False
        return True

    def _keep(self, page: Page[int]) -> None:
        self.after = page.next


@EXAMPLES
@given(
    product=PRODUCTS,
    sizes=SIZES,
    prefetch=st.booleans(),
    failures=st.sets(st.integers(0, 30), max_size=6),
    kills=st.lists(st.integers(1, 7), max_size=6),
)
def test_from_the_next_of_the_last_whole_page_a_listing_goes_on_without_a_gap(
    product: Product, sizes: list[int], prefetch: bool, failures: set[int], kills: list[int]
) -> None:
    """A fetch that fails costs nothing, since it comes after `on_page`; a kill costs the page that was being read."""
    server = Server(product, sizes, failures=failures)
    reader = Reader(server, prefetch)

    async def main() -> None:
        await reader.read(kills)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(main())
    reached = 0
    for found in filter(None, reader.runs):
        assert found == list(range(found[0], found[0] + len(found)))
        assert reached - max(sizes) <= found[0] <= reached, "no gap, and at most a page again"
        assert kills or found[0] == reached, "exactly once"
        reached = found[-1] + 1
    assert reached == sum(sizes)
    assert len(server.fetched) <= len(sizes) + len(kills) * (1 + prefetch) + len(failures) * prefetch


@EXAMPLES
@given(product=PRODUCTS, sizes=SIZES, to=st.integers(0, 11), prefetch=st.booleans(), begin=st.integers(0, 11))
def test_a_listing_that_goes_in_circles_ends_with_an_error_after_no_page_came_twice(
    product: Product, sizes: list[int], to: int, prefetch: bool, begin: int
) -> None:
    to, begin = to % len(sizes), begin % len(sizes)
    server = Server(product, sizes, loops_to=to)
    found: list[int] = []

    async def main() -> None:
        paging = Paging(start=server.cursor(begin) if begin else None, prefetch=prefetch)
        with pytest.raises(PagingError):
            async for item in server.items(paging):
                found.append(item)  # noqa: PERF401 - what came before the error counts
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(main())
    # the first page has two addresses, its own and the one by which it is gone back to
    assert len(server.fetched) <= len(sizes) + (to == 0)
    whole = list(range(server.first_item(begin), sum(sizes)))
    if product == "datacenter":  # the page that names the wrong next is refused itself
        assert found == whole[: len(whole) - sizes[-1]]
    else:
        assert found[: len(whole)] == whole


def _slow_second_page() -> Callable[[Request], RawResponse]:
    following = "https://api.bitbucket.org/2.0/repositories/acme/api/refs/branches?ctx=2"
    page = {"values": [{"type": "branch", "name": "a"}], "next": following}
    return lambda _request: answer(orjson.dumps(page))


class _NeverASecondAnswer(RecordingTransport):
    async def send(self, request: Request) -> RawResponse:
        if self.requests:
            await asyncio.Event().wait()
        return await super().send(request)


@virtual
async def test_a_listing_that_looks_ahead_while_its_session_is_closed_says_so() -> None:
    bb = CloudSession(transport=_NeverASecondAnswer(_slow_second_page()))
    names: list[str] = []

    async def read() -> None:
        async for branch in bb.refs.list_branches("acme", "api", paging=Paging(prefetch=True)):
            names.append(branch.name)  # noqa: PERF401 - what came before the error counts

    reading = asyncio.create_task(read())
    await settle()
    assert names == ["a"]
    await bb.close()
    await asyncio.wait([reading])
    assert not reading.cancelled(), "nobody cancelled it; a TaskGroup or a merge takes this for a good end"
    with pytest.raises(RuntimeError, match="closed"):
        reading.result()
