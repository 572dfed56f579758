from __future__ import annotations

import asyncio
from contextlib import aclosing
from itertools import islice
from typing import Any, cast
from urllib.parse import parse_qs

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bbasync import (
    CloudSession,
    DecodeError,
    NotFoundError,
    Page,
    Paging,
    PagingError,
    RateTracker,
    RetryPolicy,
    aio,
)
from bbasync.cloud.models import Branch
from bbasync.paging import LinkPager, NumberPager, OffsetPager
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


@pytest.mark.parametrize("bad", [{"size": 0}, {"limit": 0}, {"limit": -1}, {"ahead": -1}])
def test_paging_of_nothing_is_refused(bad: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"at least 1|negative"):
        Paging(**bad)  # type: ignore[arg-type]  # names vary


async def test_pages_yields_whole_pages_of_any_list_method() -> None:
    transport = pages_of(["a", "b"], ["c"])
    async with CloudSession(transport=transport) as bb:
        pages = [page async for page in aio.pages(bb.refs.list_branches, "acme", "api", sort="name")]
    assert [[branch.name for branch in page.values] for page in pages] == [["a", "b"], ["c"]]
    assert [page.number for page in pages] == [1, 2]
    assert pages[1].next is None


async def test_nothing_is_fetched_ahead_unless_that_is_asked_for() -> None:
    transport = pages_of(["a"], ["b"])
    async with CloudSession(transport=transport) as bb:
        listing = bb.refs.list_branches("acme", "api")
        assert (await anext(listing)).name == "a"
        await asyncio.sleep(0.01)
        assert len(transport.requests) == 1
        await listing.aclose()


async def test_opaque_cursors_are_fetched_one_page_ahead_and_no_more() -> None:
    transport = pages_of(["a"], ["b"], ["c"], ["d"])
    async with CloudSession(transport=transport) as bb:
        listing = bb.refs.list_branches("acme", "api", paging=Paging(ahead=1))
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
        listing = bb.refs.list_branches("a", "b", paging=Paging(ahead=1))
        async with aclosing(listing):
            await anext(listing)
            await transport.waits.wait()
        assert transport.cancelled
        assert bb.limiter.in_flight == 0


async def test_closing_the_session_cancels_what_looks_ahead() -> None:
    transport = SlowSecondPage()
    async with CloudSession(transport=transport) as bb:
        listing = bb.refs.list_branches("a", "b", paging=Paging(ahead=1))
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


@pytest.mark.parametrize(
    ("payload", "following", "foreseen"),
    [
        (
            {"size": 45, "pagelen": 10, "page": 1},
            "a=b&page=2&c=d",
            ["a=b&page=3&c=d", "a=b&page=4&c=d", "a=b&page=5&c=d"],
        ),
        ({"size": 40, "pagelen": 10}, "page=2", ["page=3", "page=4"]),
        ({"size": 20, "pagelen": 10}, "page=2", []),
        ({}, "page=2", ["page=3", "page=4", "page=5", "page=6"]),
        ({"size": 10}, "page=2", ["page=3", "page=4", "page=5", "page=6"]),
        ({"size": 10, "pagelen": 0}, "page=2", ["page=3", "page=4", "page=5", "page=6"]),
        ({"pagelen": 10}, "page=2", ["page=3", "page=4", "page=5", "page=6"]),
        ({"page": 3}, "page=2", []),
        ({}, "ctx=2", []),
    ],
)
def test_pages_of_a_number_are_foreseen_up_to_the_last_if_that_is_known(
    payload: dict[str, Any], following: str, foreseen: list[str]
) -> None:
    pages = LinkPager(Home("https://api.bitbucket.org/2.0")).foresee(payload, f"{BASE}?{following}")
    assert list(islice(pages, 4)) == [f"{BASE}?{query}" for query in foreseen]


@pytest.mark.parametrize(
    ("payload", "following", "foreseen"),
    [
        ({"start": 25, "limit": 25}, "50", ["75", "100", "125"]),
        ({"start": 0, "limit": 25}, "30", []),  # a page that was filtered
        ({"start": 0}, "25", []),
        ({"limit": 25}, "25", []),
        ({"start": 25, "limit": 0}, "26", []),
        ({"start": 25, "limit": 1}, "26", ["27", "28", "29"]),
        ({"start": "0", "limit": 25}, "25", []),
    ],
)
def test_offsets_are_foreseen_after_a_full_page(payload: dict[str, Any], following: str, foreseen: list[str]) -> None:
    assert list(islice(OffsetPager().foresee(payload, following), 3)) == foreseen


@pytest.mark.parametrize(
    ("query", "following"),
    [
        ("sort=2", "sort=2&page=2"),
        ("sort=2&page=3&q=x", "sort=2&q=x&page=4"),
        ("page=x&sort=2", "sort=2&page=2"),
    ],
)
def test_counted_pages_go_on_from_the_number_in_the_address(query: str, following: str) -> None:
    pager = NumberPager(Home("https://api.bitbucket.org/2.0"))
    request = Request(method="GET", template="/x", url=f"{BASE}?{query}")
    assert pager.read(request, {"values": [1], "pagelen": 1, "size": 99}) == ([1], 99, f"{BASE}?{following}")


# -- items and pages of unexpected shapes -----------------------------------------------------------------------------


async def test_null_items_are_skipped_and_stay_in_the_page() -> None:
    body = {"values": [None, {"type": "branch", "name": "a"}, None, {"type": "branch", "name": "b"}]}
    seen: list[Page[Any]] = []
    transport = RecordingTransport(lambda _: answer(orjson.dumps(body)))
    assert await listed(transport, Paging(on_page=seen.append)) == ["a", "b"]
    assert seen[0].raw == body
    assert await listed(transport, Paging(limit=2)) == ["a", "b"], "they do not count"


async def test_a_lone_surrogate_ends_nothing() -> None:
    body = rb'{"values": [{"type": "branch", "name": "a\ud800"}, {"type": "branch", "name": "b"}]}'
    assert await listed(RecordingTransport([answer(body)])) == ["a\ud800", "b"]


@pytest.mark.parametrize("body", [b'{"values": [NaN]}', b'{"values": [Infinity]}', b"[" * 100_000, b"\xff\xfe"])
async def test_what_only_pythons_parser_would_take_is_not_json(body: bytes) -> None:
    async with CloudSession(transport=RecordingTransport([answer(body)]), retry=RetryPolicy(tries=1)) as bb:
        with pytest.raises(DecodeError, match="not valid JSON"):
            await bb.request("GET", "/x")


async def test_broken_items_are_handed_over_where_that_is_asked_for() -> None:
    values: list[Any] = [{"name": "a"}, "text", {"name": "b", "target": 5}, {"name": "c"}]
    transport = RecordingTransport(lambda _: answer(orjson.dumps({"values": values})))
    broken: list[tuple[Any, Exception]] = []
    paging = Paging(on_broken=lambda value, error: broken.append((value, error)))
    assert await listed(transport, paging) == ["a", "c"]
    assert [value for value, _ in broken] == values[1:3]
    with pytest.raises(DecodeError, match="not a page"):
        await listed(transport)


async def test_a_page_that_leads_back_is_delivered_if_only_its_first_item_was_seen() -> None:
    bodies = [{"values": [{"name": "a"}, {"name": "b"}]}, {"values": [{"name": "a"}, {"name": "c"}]}]
    transport = RecordingTransport(
        lambda request: answer(orjson.dumps({**bodies["page=2" in request.url], "next": f"{BASE}?page=2"}))
    )
    seen = list[str]()
    async with CloudSession(transport=transport) as bb:
        with pytest.raises(PagingError, match="was read already"):
            async for branch in bb.refs.list_branches("acme", "api"):
                seen.append(branch.name)
    assert seen == ["a", "b", "a", "c"]


async def test_a_cycle_over_several_pages_delivers_none_twice() -> None:
    """The first page is asked for without a number, so that its own address is not that of page 1."""

    def cycle(request: Request) -> RawResponse:
        number = int(request.url.partition("page=")[2] or 1)
        following = number % 3 + 1
        return answer(orjson.dumps({"values": [{"name": f"{number}"}], "next": f"{BASE}?page={following}"}))

    transport, seen = RecordingTransport(cycle), list[str]()
    async with CloudSession(transport=transport) as bb:
        with pytest.raises(PagingError, match="was read already"):
            async for branch in bb.refs.list_branches("acme", "api"):
                seen.append(branch.name)
    assert seen == ["1", "2", "3"]


# -- pipelines, whose pages are counted -------------------------------------------------------------------------------

PIPELINES = "/repositories/acme/api/pipelines"


def pipelines(total: int, *, names_next: bool = False, pagelen: int = 10, ignores_pagelen: bool = False) -> Any:
    """Answer as pipelines do: `size` tells the end, and `next`, if there is one, has lost the order."""

    def reply(request: Request) -> RawResponse:
        query = parse_qs(request.url.partition("?")[2])
        number = int(query.get("page", ["1"])[0])
        numbers = list(range(total))
        numbers.reverse() if "sort" in query else None
        values = numbers if ignores_pagelen else numbers[(number - 1) * pagelen : number * pagelen]
        payload: dict[str, Any] = {"page": number, "pagelen": pagelen, "size": total}
        payload["values"] = [{"build_number": value} for value in values]
        if names_next:
            payload["next"] = f"https://api.bitbucket.org/2.0{PIPELINES}?page={number + 1}"
        return answer(orjson.dumps(payload))

    return RecordingTransport(reply)


@pytest.mark.parametrize("names_next", [False, True])
@pytest.mark.parametrize("path", [PIPELINES, PIPELINES + "/", PIPELINES + "/%7B1%7D/steps"])
async def test_pipelines_are_walked_by_number_with_their_order_to_the_end(path: str, *, names_next: bool) -> None:
    transport, seen = pipelines(21, names_next=names_next), list[Page[Any]]()
    async with CloudSession(transport=transport) as bb:
        listing = bb.paginate(path, query={"sort": "-created_on"}, paging=Paging(size=10, on_page=seen.append))
        assert [item["build_number"] async for item in listing] == list(range(20, -1, -1))
        urls = [request.url.removeprefix("https://api.bitbucket.org/2.0") for request in transport.requests]
        assert urls == [
            f"{path}?sort=-created_on&pagelen=10",
            f"{path}?sort=-created_on&pagelen=10&page=2",
            f"{path}?sort=-created_on&pagelen=10&page=3",
        ]
        assert [page.next for page in seen[:2]] == [request.url for request in transport.requests[1:]]
        rest = bb.paginate(path, query={"sort": "-created_on"}, paging=Paging(start=seen[0].next))
        assert [item["build_number"] async for item in rest] == list(range(10, -1, -1))


async def test_all_steps_on_one_page_are_not_asked_for_again() -> None:
    transport = pipelines(25, ignores_pagelen=True)
    async with CloudSession(transport=transport) as bb:
        assert len(await aio.collect(bb.paginate(PIPELINES + "/1/steps"))) == 25
    assert len(transport.requests) == 1


async def test_other_lists_end_where_there_is_no_next() -> None:
    transport = pipelines(21)
    async with CloudSession(transport=transport) as bb:
        assert len(await aio.collect(bb.paginate("/repositories/acme/api/refs"))) == 10
    assert len(transport.requests) == 1


async def test_a_limit_counts_what_is_delivered_not_what_is_broken() -> None:
    values = [{"name": f"{number}"} if number != 2 else "broken" for number in range(1, 11)]
    transport = RecordingTransport(lambda _: answer(orjson.dumps({"values": values, "next": BASE + "?page=2"})))
    assert await listed(transport, Paging(limit=5, on_broken=lambda _value, _error: None)) == ["1", "3", "4", "5", "6"]


async def test_pipelines_end_with_the_last_item_where_a_page_has_one_and_does_not_say_so() -> None:
    transport = RecordingTransport(lambda _: answer(b'{"size": 3, "values": [{"build_number": 1}]}'))
    async with CloudSession(transport=transport) as bb:
        assert [page.number async for page in aio.pages(bb.paginate, PIPELINES)] == [1, 2, 3]


@pytest.mark.parametrize("told", [{"pagelen": 100}, {"pagelen": None}, {}])
async def test_pipelines_are_walked_to_the_end_whatever_they_say_of_the_length_of_a_page(told: dict[str, Any]) -> None:
    def reply(request: Request) -> RawResponse:
        number = int(parse_qs(request.url.partition("?")[2]).get("page", ["1"])[0])
        values = [{"build_number": value} for value in range(25)[(number - 1) * 10 : number * 10]]
        return answer(orjson.dumps({"size": 25, "values": values, **told}))

    async with CloudSession(transport=RecordingTransport(reply)) as bb:
        assert len(await aio.collect(bb.paginate(PIPELINES))) == 25
