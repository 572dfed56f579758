"""Pages that are fetched before their turn: whatever the server does, they give what one page after another gives."""

from __future__ import annotations

import asyncio
import re
from contextlib import aclosing
from typing import Any, Literal

import orjson
import pytest
from attrs import define, field
from hypothesis import given, settings
from hypothesis import strategies as st

from bbasync import AccessToken, CloudSession, DataCenterSession, NotFoundError, Paging, RateTracker, Rolling
from bbasync.errors import BitbucketError
from bbasync.request import RawResponse, Request
from bbasync.testing.recording import answer
from tests.loops import is_eager
from tests.virtual import VirtualLoop, settle, virtual

Product = Literal["cloud", "datacenter"]
Form = Literal["number", "number and constant", "opaque"]
FORMS: list[Form] = ["number", "number and constant", "opaque"]


@define(eq=False)
class Server:
    """A transport whose responses depend on the address alone; page k has `sizes[k]` items."""

    product: Product
    sizes: list[int]
    forms: list[Form]
    """How page k names the next one (Cloud)."""
    size: int | None = None
    """The size of the list that it tells (Cloud), true or not."""
    pagelen: int = 10
    broken: frozenset[int] = frozenset()
    """Pages that fail."""
    asked: list[int] = field(init=False, factory=list[int])
    """The pages that were asked for, beyond the last one too."""
    under_way: int = field(init=False, default=0)
    most: int = field(init=False, default=0)

    async def send(self, request: Request) -> RawResponse:
        page = self._page(request.url.partition("?")[2])
        self.asked.append(page)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await asyncio.sleep(0.1 + page * 37 % 10 / 50)  # they arrive in any order
        finally:
            self.under_way -= 1
        if page in self.broken or page >= len(self.sizes):
            return answer(b"{}", 404)
        return answer(orjson.dumps(self._payload(page)))

    def stream(self, request: Request) -> Any:
        raise NotImplementedError

    def _page(self, query: str) -> int:
        if self.product == "datacenter":
            found = re.search(r"start=(\d+)", query)
            return int(found[1]) // self.pagelen if found else 0
        numbered, opaque = re.search(r"page=(\d+)", query), re.search(r"ctx=p(\d+)q", query)
        if opaque:
            return int(opaque[1])
        return int(numbered[1]) - 1 if numbered else 0

    def _payload(self, page: int) -> dict[str, Any]:
        first = sum(self.sizes[:page])
        values = [{"slug": str(number)} for number in range(first, first + self.sizes[page])]
        is_last = page == len(self.sizes) - 1
        if self.product == "datacenter":
            payload: dict[str, Any] = {"start": page * self.pagelen, "limit": self.pagelen, "isLastPage": is_last}
            return payload | {"values": values} | ({} if is_last else {"nextPageStart": (page + 1) * self.pagelen})
        payload = {"values": values, "pagelen": self.pagelen, "page": page + 1}
        if self.size is not None:
            payload["size"] = self.size
        if not is_last:
            tail = {"number": f"page={page + 2}", "number and constant": f"ctx=%2Fc&page={page + 2}"}
            following = tail.get(self.forms[page], f"ctx=p{page + 1}q")
            payload["next"] = f"https://api.bitbucket.org/2.0/x?{following}"
        return payload

    def open(self, **options: Any) -> CloudSession | DataCenterSession:
        if self.product == "cloud":
            return CloudSession(AccessToken("t"), transport=self, **options)
        return DataCenterSession(AccessToken("t"), base_url="https://host", transport=self, **options)


def walk(server: Server, paging: Paging, leave_after: int | None = None) -> tuple[list[str], str, list[str | None]]:
    """Return the items, the error if one ended it, and the `next` of each page that was read whole."""
    found: list[str] = []
    pages: list[str | None] = []

    async def main() -> str:
        async with server.open() as bb:
            whole = Paging(
                ahead=paging.ahead,
                limit=paging.limit,
                size=server.pagelen,
                on_page=lambda page: pages.append(page.next),
            )
            try:
                async with aclosing(bb.paginate("/x", paging=whole)) as items:
                    async for item in items:
                        found.append(item["slug"])
                        if len(found) == leave_after:
                            break
            except BitbucketError as error:
                return type(error).__name__
            finally:
                await settle()
                assert (bb.limiter.in_flight, bb.limiter.waiting, server.under_way) == (0, 0, 0)
                assert asyncio.all_tasks() == {asyncio.current_task()}
        return ""

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return found, runner.run(main()), pages


SIZES = st.lists(st.sampled_from([10, 10, 10, 0, 3]), min_size=1, max_size=14)


SERVERS = st.builds(
    Server,
    st.sampled_from(["cloud", "datacenter"]),
    SIZES,
    st.lists(st.sampled_from(FORMS), min_size=14, max_size=14),
    st.none() | st.integers(0, 200),
    broken=st.frozensets(st.integers(0, 14), max_size=2),
)


@settings(max_examples=200, deadline=None)
@given(
    quick=SERVERS,
    ahead=st.integers(1, 16),
    limit=st.none() | st.integers(1, 120),
    leave_after=st.none() | st.integers(1, 60),
)
def test_pages_ahead_give_what_one_page_after_another_gives(
    quick: Server, ahead: int, limit: int | None, leave_after: int | None
) -> None:
    serial = Server(quick.product, quick.sizes, quick.forms, quick.size, broken=quick.broken)
    expected = walk(serial, Paging(limit=limit), leave_after)
    assert walk(quick, Paging(ahead=ahead, limit=limit), leave_after) == expected
    assert quick.most <= ahead + 1
    assert len(quick.asked) <= len(serial.asked) + 2 * ahead


@pytest.mark.parametrize(("total", "expected"), [(50, 5), (41, 5), (10, 1), (1, 1)])
def test_where_the_size_is_told_there_is_no_request_too_many(total: int, expected: int) -> None:
    sizes = [10] * (total // 10) + ([total % 10] if total % 10 else [])
    server = Server("cloud", sizes, ["number"] * 14, total)
    found, _, _ = walk(server, Paging(ahead=16))
    assert len(found) == total
    assert sorted(server.asked) == list(range(expected))
    assert server.most == max(expected - 1, 1), "all but the first at once"


@pytest.mark.parametrize("product", ["cloud", "datacenter"])
def test_where_it_is_not_told_the_pages_at_once_are_doubled(product: Product) -> None:
    server = Server(product, [10] * 40, ["number"] * 40)
    found, _, _ = walk(server, Paging(ahead=8))
    assert len(found) == 400
    assert server.most == 8
    assert len(server.asked) <= 40 + 8


@virtual
async def test_as_many_pages_as_asked_for_are_ahead_of_each_page_that_is_read() -> None:
    server = Server("cloud", [10] * 12, ["number"] * 12, 120)
    async with server.open() as bb, aclosing(bb.paginate("/x", paging=Paging(ahead=3, size=10))) as items:
        for page in range(8):
            await anext(items)
            await asyncio.sleep(10)
            assert sorted(server.asked) == list(range(page + 4))
            for _ in range(9):
                await anext(items)


@virtual
async def test_it_takes_a_fraction_of_the_time() -> None:
    loop, times = asyncio.get_running_loop(), list[float]()
    for ahead in (0, 16):
        server = Server("cloud", [10] * 50, ["number"] * 50, 500)
        async with server.open() as bb:
            began = loop.time()
            assert len([item async for item in bb.paginate("/x", paging=Paging(ahead=ahead, size=10))]) == 500
            times.append(loop.time() - began)
    assert times[1] < 0.12 * times[0]


@virtual
async def test_pages_ahead_give_way_and_leave_a_tenth_of_the_budget() -> None:
    server = Server("cloud", [10] * 30, ["number"] * 30, 300)
    rates = RateTracker({"api": Rolling(10, 100)})
    paging = Paging(ahead=16, size=10)
    async with server.open(rates=rates, max_wait=None) as bb, aclosing(bb.paginate("/x", paging=paging)) as items:
        await anext(items)
        await asyncio.sleep(50)
        (state,) = rates.snapshot()
        assert state.left == (5 if is_eager() else 1), "the last tenth is for those who need it now"
        began = asyncio.get_running_loop().time()
        with pytest.raises(NotFoundError):
            await bb.request("GET", "/x?page=999")
        assert asyncio.get_running_loop().time() - began < 1


async def test_a_broken_page_ahead_is_asked_for_again_in_its_turn() -> None:
    spoilt = [b'{"values": [', b"<html>", b""]

    class Spoiling(Server):
        async def send(self, request: Request) -> RawResponse:
            response = await super().send(request)
            if self.asked.count(self.asked[-1]) == 1 and self.asked[-1] and spoilt:
                return answer(spoilt.pop())
            return response

    server = Spoiling("cloud", [10] * 6, ["number"] * 6, 60)
    async with server.open() as bb:
        assert len([item async for item in bb.paginate("/x", paging=Paging(ahead=4, size=10))]) == 60
    assert not spoilt
