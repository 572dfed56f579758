from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any, cast

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bbasync import CloudSession, DecodeError, NotFoundError, Page, Paging, PagingError, RateTracker, aio
from bbasync.cloud.models import Branch
from bbasync.paging import LinkPager, OffsetPager
from bbasync.request import Home, RawResponse, Request
from bbasync.testing.recording import RecordingTransport, answer

BASE = "https://api.bitbucket.org/2.0/repositories/acme/api/refs/branches"
FIRST = Request(method="GET", template="/x", url=BASE + "?sort=name")


def pages_of(*names: list[str], size: int | None = None, first: int = 1) -> RecordingTransport:
    """Answer with pages of branches, linked as Cloud links them."""
    answers: list[RawResponse] = []
    for number, page in enumerate(names, 1):
        payload: dict[str, Any] = {"values": [{"type": "branch", "name": name} for name in page]}
        if number < len(names):
            payload["next"] = f"{BASE}?ctx=o%2Fp%61que&page={first + number}"
        if size is not None:
            payload["size"] = size
        answers.append(answer(orjson.dumps(payload)))
    return RecordingTransport(answers)


async def listed(transport: RecordingTransport, paging: Paging | None = None) -> list[str]:
    async with CloudSession(transport=transport) as bb:
        names = [branch.name async for branch in bb.refs.list_branches("acme", "api", sort="name", paging=paging)]
        assert bb.limiter.in_flight == 0
        return names


async def test_next_is_followed_byte_for_byte_and_nothing_is_sent_beside_it() -> None:
    transport = pages_of(["a", "b"], ["c"])
    assert await listed(transport) == ["a", "b", "c"]
    assert [request.url for request in transport.requests] == [
        f"{BASE}?sort=name&pagelen=100",
        f"{BASE}?ctx=o%2Fp%61que&page=2",
    ]


async def test_an_empty_page_before_the_last_is_no_end() -> None:
    assert await listed(pages_of(["a"], [], ["b"])) == ["a", "b"]


async def test_empty_pages_without_end_end_with_an_error() -> None:
    def page(request: Request) -> RawResponse:
        following = int(request.url.partition("ctx=")[2] or 0) + 1
        return answer(f'{{"values": [], "next": "https://api.bitbucket.org/2.0/x?ctx={following}"}}')

    transport = RecordingTransport(page)
    bb = CloudSession(transport=transport, rates=RateTracker({"api": None}))
    with pytest.raises(PagingError, match="empty pages in a row"):
        await aio.collect(bb.refs.list_branches("a", "b"))
    assert len(transport.requests) == 1001


async def test_limit_asks_for_no_more_and_stops() -> None:
    transport = pages_of(["a", "b"], ["c", "d"], ["e"])
    assert await listed(transport, Paging(limit=3)) == ["a", "b", "c"]
    assert len(transport.requests) == 2
    assert "pagelen=3" in transport.requests[0].url
    transport = pages_of(["a", "b"], ["c"])
    assert await listed(transport, Paging(limit=2)) == ["a", "b"]
    assert len(transport.requests) == 1


async def test_on_page_is_called_when_the_last_item_was_consumed_and_start_goes_on_there() -> None:
    log: list[object] = []
    transport = pages_of(["a", "b"], ["c"], ["d"], size=4)
    async with CloudSession(transport=transport) as bb:
        async for branch in bb.refs.list_branches("acme", "api", paging=Paging(on_page=log.append)):
            log.append(branch.name)
            if branch.name == "c":
                break
    first = cast("Page[Branch]", log[2])
    assert log == ["a", "b", first, "c"]
    assert (first.number, first.size, len(first.values), first.raw["size"]) == (1, 4, 2, 4)
    again = pages_of(["c"], ["d"], first=2)
    assert await listed(again, Paging(start=first.next)) == ["c", "d"]
    assert again.requests[0].url == first.next


async def test_a_page_that_the_limit_cuts_is_not_reported_since_resuming_after_it_would_lose_items() -> None:
    log: list[Page[Any]] = []
    assert await listed(pages_of(["a", "b"], ["c", "d"]), Paging(limit=3, size=2, on_page=log.append)) == [
        "a",
        "b",
        "c",
    ]
    assert [page.number for page in log] == [1]


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/2.0/x?page=2", "http://api.bitbucket.org/2.0/x?page=2",
        "https://api.bitbucket.org:8443/2.0/x", "https://me@api.bitbucket.org/2.0/x", "//api.bitbucket.org/2.0/x",
        "https://api.bitbucket.org.evil.example/2.0", "https://api.bitbucket.org\\@evil.example/", "?page=2", 5,
        "https://api.bitbucket.org/2.0/\nx",
    ],
)  # fmt: skip
async def test_a_next_on_another_host_raises_and_sends_nothing(url: object) -> None:
    transport = RecordingTransport([answer(orjson.dumps({"values": [{"name": "a"}], "next": url}))])
    async with CloudSession(transport=transport) as bb:
        with pytest.raises(PagingError, match="refs/branches"):
            await aio.collect(bb.refs.list_branches("acme", "api"))
    assert len(transport.requests) == 1


async def test_an_alias_of_the_vendor_means_the_sessions_own_host() -> None:
    answers = [
        answer(orjson.dumps({"values": [], "next": "https://api.bitbucket.org/2.0/x?page=%7B2"})),
        answer(b'{"values": []}'),
    ]
    transport = RecordingTransport(answers)
    async with CloudSession(transport=transport, base_url="http://127.0.0.1:8080/2.0") as bb:
        assert await aio.collect(bb.refs.list_branches("acme", "api")) == []
    assert transport.requests[1].url == "http://127.0.0.1:8080/2.0/x?page=%7B2"


async def test_a_cursor_seen_before_raises_instead_of_going_round() -> None:
    def go_round(request: Request) -> RawResponse:
        return answer(
            orjson.dumps({"values": [{"name": "a"}], "next": BASE + ("?p=1" if "p=2" in request.url else "?p=2")})
        )

    transport = RecordingTransport(go_round)
    with pytest.raises(PagingError, match="was read already"):
        await listed(transport)
    assert len(transport.requests) == 3

    transport = RecordingTransport(lambda request: answer(orjson.dumps({"values": [], "next": request.url})))
    with pytest.raises(PagingError, match="was read already"):
        await listed(transport)
    assert len(transport.requests) == 1, "the first page's own address counts as seen"


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"values": 5}', b'{"values": ["text"]}', b"null"])
async def test_what_is_no_page_is_a_decode_error(body: bytes) -> None:
    with pytest.raises(DecodeError, match="not a page"):
        await listed(RecordingTransport([answer(body)]))


async def test_errors_are_raised_at_the_first_step() -> None:
    transport = RecordingTransport([answer(b'{"type":"error","error":{"message":"none"}}', 404)])
    async with CloudSession(transport=transport) as bb:
        listing = bb.refs.list_branches("acme", "api")
        with pytest.raises(NotFoundError):
            await anext(listing)
        with pytest.raises(ValueError, match="repo_slug must not be empty"):
            await anext(bb.refs.list_branches("acme", ""))
    assert len(transport.requests) == 1


@pytest.mark.parametrize("bad", [{"size": 0}, {"limit": 0}, {"limit": -1}])
def test_paging_of_nothing_is_refused(bad: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Paging(**bad)  # type: ignore[arg-type]  # names vary


async def test_pages_yields_whole_pages_of_any_list_method() -> None:
    transport = pages_of(["a", "b"], ["c"])
    async with CloudSession(transport=transport) as bb:
        pages = [page async for page in aio.pages(bb.refs.list_branches, "acme", "api", sort="name")]
    assert [[branch.name for branch in page.values] for page in pages] == [["a", "b"], ["c"]]
    assert [page.number for page in pages] == [1, 2]
    assert pages[1].next is None


async def test_prefetch_fetches_one_page_ahead_and_no_more() -> None:
    transport = pages_of(["a"], ["b"], ["c"], ["d"])
    async with CloudSession(transport=transport) as bb:
        listing = bb.refs.list_branches("acme", "api", paging=Paging(prefetch=True))
        assert (await anext(listing)).name == "a"
        await asyncio.sleep(0.01)
        assert len(transport.requests) == 2
        assert [branch.name async for branch in listing] == ["b", "c", "d"]


class SlowSecondPage(RecordingTransport):
    """Answers the first request and keeps the second waiting."""

    def __init__(self) -> None:
        super().__init__(pages_of(["a"], ["b"]).answers)
        self.waits, self.cancelled = asyncio.Event(), False

    async def send(self, request: Request) -> RawResponse:
        if self.requests:
            self.waits.set()
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                self.cancelled = True
                raise
        return await super().send(request)


async def test_closing_the_generator_cancels_what_looks_ahead() -> None:
    transport = SlowSecondPage()
    async with CloudSession(transport=transport) as bb:
        listing = bb.refs.list_branches("a", "b", paging=Paging(prefetch=True))
        async with aclosing(listing):
            await anext(listing)
            await transport.waits.wait()
        assert transport.cancelled
        assert bb.limiter.in_flight == 0


async def test_closing_the_session_cancels_what_looks_ahead() -> None:
    transport = SlowSecondPage()
    async with CloudSession(transport=transport) as bb:
        listing = bb.refs.list_branches("a", "b", paging=Paging(prefetch=True))
        await anext(listing)
        await transport.waits.wait()
    assert transport.cancelled


# -- pagers -----------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 4), min_size=1, max_size=30))
def test_offset_pages_of_any_size_are_walked_by_the_servers_word(sizes: list[int]) -> None:
    """Pages are filtered after they were cut: short and empty ones come before the last."""
    pager = OffsetPager()
    starts = [3 * number for number in range(len(sizes))]
    cursor, visited = None, list[int]()
    for number, size in enumerate(sizes):
        request = pager.request(FIRST, 25, cursor)
        visited.append(int(request.url.rpartition("start=")[2]) if "start=" in request.url else 0)
        last = number == len(sizes) - 1
        payload = {
            "values": list(range(size)), "size": size, "limit": 25, "isLastPage": last, "start": starts[number],
            "nextPageStart": None if last else starts[number + 1],
        }  # fmt: skip
        values, total, cursor = pager.read(FIRST, payload)
        assert (len(values), total) == (size, None)
    assert visited == starts
    assert cursor is None


def test_offset_paging_ends_without_a_next_start_and_never_goes_back() -> None:
    pager = OffsetPager()
    assert pager.read(FIRST, {"values": [1], "isLastPage": False, "start": 0}) == ([1], None, None)
    assert pager.read(FIRST, {"values": [1], "isLastPage": True, "start": 0, "nextPageStart": 5}) == ([1], None, None)
    for following in (0, 5, "6"):
        with pytest.raises(PagingError):
            pager.read(FIRST, {"values": [1], "isLastPage": False, "start": 5, "nextPageStart": following})
    with pytest.raises(PagingError, match="a number"):
        pager.request(FIRST, 25, "https://evil.example")
    assert pager.request(FIRST, 25, "50").url == BASE + "?sort=name&limit=25&start=50"


def test_link_paging_reads_size_where_it_is_told() -> None:
    pager = LinkPager(Home("https://api.bitbucket.org/2.0"))
    assert pager.read(FIRST, {"values": [], "size": 7, "next": ""}) == ([], 7, None)
    assert pager.read(FIRST, {"values": []}) == ([], None, None)
