"""Faults against listings: by page number, by opaque cursor, by POST; with and without looking ahead."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request
from attrs import define, frozen

from bbasync import (
    AccessToken,
    BitbucketError,
    CloudSession,
    DataCenterSession,
    DecodeError,
    Page,
    Paging,
    PagingError,
    RateLimitError,
    ServerError,
    TransportError,
    aio,
)
from bbasync.testing import FakeCloud, FakeDataCenter, Fault, Faults
from bbasync.testing.faults import KINDS
from tests.loops import is_eager
from tests.resilience.trouble import (
    HERE,
    LARGE,
    LATE,
    NOBODY,
    by_name,
    named,
    nothing_runs,
    small_cloud,
    watched,
)
from tests.virtual import settle
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("waits")

SIZE, PAGES = 5, 4
TRIES = 4


@frozen
class Listing:
    name: str
    walk: Callable[[CloudSession, Paging], AsyncIterator[Any]]
    key: Callable[[Any], str]


BRANCHES = Listing(
    "by number", lambda bb, paging: bb.refs.list_branches("acme", "api", paging=paging), lambda one: one.name
)
COMMITS = Listing(
    "by cursor", lambda bb, paging: bb.commits.list_from("acme", "api", "main", paging=paging), lambda one: one.hash
)
POSTED = Listing(
    "by POST",
    lambda bb, paging: bb.commits.list("acme", "api", include=["main"] * 200, paging=paging),
    lambda one: one.hash,
)
LISTINGS = (BRANCHES, COMMITS, POSTED)


def cloud() -> FakeCloud:
    return small_cloud(commits=18, pull_requests=49)


@define
class Walk:
    """What came of walking a listing."""

    keys: list[str]
    pages: list[str | None]
    """The `next` of each page that was read to its end."""
    error: BitbucketError | None = None


async def walk(bb: CloudSession, listing: Listing, *, ahead: int = 0, start: str | None = None) -> Walk:
    found = Walk([], [])

    def read(page: Page[Any]) -> None:
        found.pages.append(page.next)

    items = listing.walk(bb, Paging(size=SIZE, start=start, ahead=ahead, on_page=read))
    try:
        async for item in items:
            found.keys.append(listing.key(item))
    except BitbucketError as error:
        found.error = error
    return found


async def undisturbed(fake: FakeCloud, listing: Listing) -> list[str]:
    async with watched(fake) as session:
        found = await walk(session.bb, listing)
        assert found.error is None
        assert session.seen() == len(found.pages) == PAGES
    fake.requests.clear()
    return found.keys


@frozen
class Case:
    """A fault that strikes at the second page."""

    name: str
    fault: dict[str, Any]
    extra: int | None
    """The requests more it takes if it strikes once; None if it is an error at once."""
    error: type[BitbucketError] | None
    says: str = ""
    tries: int = TRIES
    """Requests for the second page if it stays."""


def _cases() -> Iterator[Case]:
    broke, refused = "the connection broke", "the server refused"
    yield Case("reset before", {"kind": "disconnect"}, 1, TransportError, broke)
    yield Case("reset in the body", {"kind": "disconnect_body"}, 1, TransportError, broke)
    yield Case("slow headers", {"kind": "slow_headers", "seconds": LATE}, 1, TransportError, "timed out")
    yield Case("slow body", {"kind": "slow_body", "seconds": LATE}, 1, TransportError, "timed out")
    for status in (500, 503, 555):
        yield Case(str(status), {"kind": "status", "status": status, "body": "html"}, 1, ServerError, f"{status}: ")
    yield Case("truncated JSON", {"kind": "truncated_json"}, 1, DecodeError, "not valid JSON")
    yield Case("HTML", {"kind": "html"}, 1, DecodeError, "perhaps a login page")
    yield Case("content type", {"kind": "content_type"}, 0, None)
    yield Case("gzip bomb", {"kind": "gzip_bomb", "size": LARGE}, None, TransportError, "request smaller pages", 1)
    yield Case("large page", {"kind": "oversized", "size": LARGE}, None, TransportError, "request smaller pages", 1)
    yield Case("429", {"kind": "rate_limited"}, 1, RateLimitError, refused, 2)
    yield Case("429 with Retry-After", {"kind": "rate_limited", "retry_after": "40"}, 1, RateLimitError, refused, 2)
    long = {"kind": "rate_limited", "retry_after": "100"}
    yield Case("429 with a long Retry-After", long, None, RateLimitError, "in 100.0 s", 1)


each_listing = pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: listing.name)
each_case = pytest.mark.parametrize(
    ("listing", "case"),
    [pytest.param(listing, case, id=f"{listing.name}-{case.name}") for listing in LISTINGS for case in _cases()],
)


@each_case
async def test_a_fault_at_the_second_page_that_strikes_once(listing: Listing, case: Case) -> None:
    async with cloud() as fake:
        whole = await undisturbed(fake, listing)
        fake.faults.add(Fault(**case.fault, after=1))
        async with watched(fake) as session:
            found = await walk(session.bb, listing, ahead=1)
            if case.extra is None:
                assert case.error is not None
                assert isinstance(found.error, case.error)
                assert (found.keys, session.seen()) == (whole[:SIZE], 2)
            else:
                assert found.error is None
                assert (found.keys, session.seen()) == (whole, PAGES + case.extra)
        assert fake.faults.struck == 1
    assert nothing_runs()


@each_case
async def test_a_fault_that_stays_leaves_the_first_page_and_the_way_to_go_on(listing: Listing, case: Case) -> None:
    async with cloud() as fake:
        whole = await undisturbed(fake, listing)
        fake.faults.add(Fault(**case.fault, after=1, times=None))
        async with watched(fake) as session:
            found = await walk(session.bb, listing)
            if case.error is None:
                assert found.keys == whole
                return
            assert isinstance(found.error, case.error)
            assert case.says in str(found.error)
            assert "took effect" not in str(found.error)
            assert (found.keys, session.seen()) == (whole[:SIZE], 1 + case.tries)
        fake.faults.clear()
        async with watched(fake) as session:
            rest = await walk(session.bb, listing, start=found.pages[-1])
            assert found.keys + rest.keys == whole
    assert nothing_runs()


# -- pages that lead astray -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ahead", [0, 1])
@each_listing
@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("repeated_cursor", "a next page that was read already"),
        ("foreign_next", "127.0.0.2:9; nothing"),
    ],
)
async def test_a_next_that_leads_astray_ends_the_listing_after_its_page(
    fault: Any, says: str, listing: Listing, ahead: int
) -> None:
    async with cloud() as fake:
        whole = await undisturbed(fake, listing)
        fake.faults.add(Fault(fault, after=1, times=None))
        async with watched(fake) as session:
            found = await walk(session.bb, listing, ahead=ahead)
            assert isinstance(found.error, PagingError)
            assert says in str(found.error)
            guessed = int(is_eager() and ahead and fault == "repeated_cursor")  # before that page was read
            assert (found.keys, session.seen()) == (whole[: 2 * SIZE], 2 + guessed)
    assert nothing_runs()


@pytest.mark.parametrize("ahead", [0, 1])
@each_listing
async def test_empty_pages_on_the_way_are_no_end(listing: Listing, ahead: int) -> None:
    async with cloud() as fake:
        whole = await undisturbed(fake, listing)
        fake.faults.add(Fault("empty_page", times=2))
        fake.faults.add(Fault("empty_page", after=1, times=1))
        async with watched(fake) as session:
            found = await walk(session.bb, listing, ahead=ahead)
            assert (found.keys, found.error, session.seen()) == (whole, None, PAGES + 3)


@each_listing
async def test_items_that_shift_come_twice_and_none_is_lost(listing: Listing) -> None:
    async with cloud() as fake:
        whole = await undisturbed(fake, listing)
        fake.faults.add(Fault("shifted_page", times=None))
        async with watched(fake) as session:
            found = await walk(session.bb, listing)
            assert found.keys == [*whole[:SIZE], whole[SIZE - 1], *whole[SIZE:]]


@pytest.mark.parametrize(
    ("listing", "error", "requests"), [(BRANCHES, None, 1), (COMMITS, None, 1), (POSTED, "POST", 0)]
)
async def test_redirects_are_followed_for_reading_by_get_alone(
    listing: Listing, error: str | None, requests: int
) -> None:
    async with cloud() as fake:
        whole = await undisturbed(fake, listing)
        fake.faults.add(Fault("redirect_loop", after=1))
        async with watched(fake) as session:
            found = await walk(session.bb, listing)
            if error is None:
                assert (found.keys, session.seen()) == (whole, PAGES + requests)
            else:
                assert "a POST is not sent to another address" in str(found.error)
                assert (found.keys, session.seen()) == (whole[:SIZE], 2)


async def test_endless_redirects_end() -> None:
    async with cloud() as fake:
        fake.faults.add(Fault("redirect_loop", times=None, after=1))
        async with watched(fake) as session:
            found = await walk(session.bb, BRANCHES, ahead=1)
            assert "redirected more than 5 times" in str(found.error)
            assert (len(found.keys), session.seen()) == (SIZE, 1 + 6)
    assert nothing_runs()


# -- no connection, leaving early -------------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", [None, NOBODY], ids=["unknown name", "refused"])
@each_listing
async def test_a_server_that_cannot_be_reached_for_a_while_costs_no_item(listing: Listing, trouble: str | None) -> None:
    async with cloud() as fake:
        whole = await undisturbed(fake, listing)
        answers = [HERE, trouble, trouble, HERE, trouble, HERE, HERE]
        async with watched(fake, by_name(answers), url=named(fake)) as session:
            found = await walk(session.bb, listing)
            assert (found.keys, session.seen(), len(session.attempts)) == (whole, PAGES, len(answers))


async def test_who_leaves_early_never_hears_of_the_page_ahead_that_failed() -> None:
    async with cloud() as fake:
        fake.faults.add(Fault("disconnect", after=1, times=None))
        async with watched(fake) as session:
            listing = session.bb.refs.list_branches("acme", "api", paging=Paging(size=SIZE, ahead=1))
            async with aclosing(listing) as branches:
                async for _ in branches:
                    await until(lambda: len(session.attempts) == 1 + TRIES, "the page ahead has failed for good")
                    await settle()
                    break
            assert session.seen() == 1 + TRIES
    assert nothing_runs()


# -- everything at once -----------------------------------------------------------------------------------------------

SURVIVED = sorted(KINDS - {"foreign_next", "repeated_cursor", "redirect_loop", "gzip_bomb", "oversized"})


@pytest.mark.parametrize("seed", [1, 2, 3])
@each_listing
async def test_a_listing_survives_a_mix_of_all_that_passes(listing: Listing, seed: int) -> None:
    async with cloud() as fake:
        whole = await undisturbed(fake, listing)
        fake.faults = Faults.random(rate=0.4, seed=seed, kinds=SURVIVED, seconds=0.01, size=LARGE)
        async with watched(fake, max_wait=None) as session:
            for _ in range(3):
                found = await walk(session.bb, listing)
                assert found.error is None
                assert list(dict.fromkeys(found.keys)) == whole
    assert fake.faults.struck > 2
    assert nothing_runs()


def test_the_mix_holds_every_kind_of_fault() -> None:
    faults = Faults.random(rate=0.5, kinds=KINDS, size=LARGE)
    request = make_mocked_request("GET", "/2.0/user", headers={"Host": "127.0.0.1"})
    drawn = [fault for _ in range(1000) if (fault := faults.pick(request)) is not None]
    assert {fault.kind for fault in drawn} == KINDS
    assert 400 < len(drawn) < 600
    assert {fault.size for fault in drawn if fault.kind in {"gzip_bomb", "oversized"}} == {LARGE}


async def test_a_shifted_page_that_is_asked_for_again_comes_the_same() -> None:
    async with cloud() as fake:
        fake.faults.add(Fault("shifted_page", times=None))
        async with watched(fake) as session:
            pages = [
                page async for page in aio.pages(session.bb.refs.list_branches, "acme", "api", paging=Paging(size=SIZE))
            ]
            again = await walk(session.bb, BRANCHES, start=pages[0].next)
            assert again.keys == [branch.name for page in pages[1:] for branch in page.values]


@pytest.mark.parametrize(
    ("fault", "hidden", "twice"),
    [
        (Fault("empty_page", path="*/commits", after=1), {2, 3}, set[int]()),
        (Fault("shifted_page", path="*/commits", after=1, times=None), set[int](), {3}),
        (Fault("disconnect_body", path="*/commits", after=1), set[int](), set[int]()),
    ],
    ids=["empty page", "shifted page", "reset in the body"],
)
async def test_data_centers_pages_go_on_where_the_server_says(fault: Fault, hidden: set[int], twice: set[int]) -> None:
    async with (
        FakeDataCenter(projects=1, repositories=1, commits=10) as fake,
        DataCenterSession(AccessToken(fake.token), base_url=fake.url) as bb,
    ):
        whole = [commit.id async for commit in bb.commits.list("PRJ", "ledger")]
        fake.faults.add(fault)
        found = [commit.id async for commit in bb.commits.list("PRJ", "ledger", paging=Paging(size=2))]
        assert [whole.index(key) for key in found] == sorted([*(set(range(len(whole))) - hidden), *twice])
        fake.faults.clear()
        fake.faults.add(Fault("repeated_cursor", path="*/commits", after=1))
        with pytest.raises(PagingError, match="starts before the end of this one"):
            await aio.collect(bb.commits.list("PRJ", "ledger", paging=Paging(size=2)))
