"""Faults against a crawl: whatever happens on the way, it ends with the rows of an undisturbed one."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from attrs import frozen
from sqlalchemy import Connection, select

from bbasync import BitbucketError, CloudSession, RateTracker, RetryPolicy, Rolling
from bbasync.crawl import Progress, Store
from bbasync.crawl.fetch import fetch
from bbasync.crawl.schema import TABLES, WATERMARK
from bbasync.crawl.tasks import Task
from bbasync.paging import Page
from bbasync.pipeline import CallSettings
from bbasync.testing import FakeCloud, Fault, Faults
from bbasync.testing.faults import KINDS
from bbasync.transport import AiohttpTransport
from tests.crawl.crawling import call, run
from tests.resilience.trouble import (
    HERE,
    LARGE,
    LATE,
    MAX_BODY,
    NOBODY,
    by_name,
    late_answers,
    named,
    nothing_runs,
    small_cloud,
)
from tests.virtual import forward

Table = dict[tuple[Any, ...], dict[str, Any]]
PAGE = 4
LISTING = "*/refs"


@pytest.fixture(autouse=True)
def small_pages(waits: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    """Hurry what is waited for, and cut pages and bodies small, so that small worlds meet large troubles."""
    monkeypatch.setattr(CloudSession, "_page_size", _page_size)
    monkeypatch.setattr("bbasync.session.AiohttpTransport", transports())


def _page_size(_session: CloudSession, _template: str) -> int:
    return PAGE


def transports(http: aiohttp.ClientSession | None = None) -> Callable[..., AiohttpTransport]:
    """Return what stands in for the transport's class, since a crawl makes its sessions itself."""

    def make(own: aiohttp.ClientSession | None, **_options: object) -> AiohttpTransport:
        return AiohttpTransport(http or own, max_body=MAX_BODY)

    return make


def budget() -> RateTracker:
    """Return a tracker that pauses after a 429 as always, in a window of a fraction of a second."""
    return RateTracker({"api": Rolling(100_000, 0.6)})


def cloud(**options: Any) -> FakeCloud:
    return small_cloud(**{"commits": 10, "pull_requests": 5, "limit": 100_000, **options})


async def content(store: Store) -> dict[str, Table]:
    """Return all that is stored, but for the number of the run in which it was seen."""

    def read(connection: Connection) -> dict[str, Table]:
        found: dict[str, Table] = {}
        for name, table in TABLES.items():
            rows = [dict(row) for row in connection.execute(select(table)).mappings()]
            for row in rows:
                assert row.pop("seen") > 0
                assert row["gone_at"] is None
            keys = ("workspace", "repository", "pull_request", "id")
            found[name] = {tuple(row[key] for key in keys): row for row in rows}
            assert len(found[name]) == len(rows), "no row is there twice"
        found["watermark"] = {
            (row.workspace, row.repository, row.resource): orjson.loads(row.value) | {"run": 0}
            for row in connection.execute(select(WATERMARK))
        }
        return found

    return await store.run(read)


async def undisturbed(fake: FakeCloud, **options: Any) -> tuple[dict[str, Table], int]:
    async with Store("sqlite://") as store:
        report = await run(fake, store, rates=budget(), **options)
        assert report.is_complete
        fake.requests.clear()
        return await content(store), report.requests


@frozen
class Case:
    """A fault that strikes at the second page of the branches and tags."""

    name: str
    fault: dict[str, Any]
    extra: int | None
    """The requests more if it strikes once; None if the listing begins anew."""
    says: str
    """What is reported if it stays; empty if nothing is."""


def _cases() -> Iterator[Case]:
    yield Case("reset before", {"kind": "disconnect"}, 1, "the connection broke")
    yield Case("reset in the body", {"kind": "disconnect_body"}, 1, "the connection broke")
    yield Case("slow headers", {"kind": "slow_headers", "seconds": LATE}, 1, "timed out")
    yield Case("slow body", {"kind": "slow_body", "seconds": LATE}, 1, "timed out")
    yield Case("555", {"kind": "status", "status": 555, "body": "html"}, 1, "555: ")
    yield Case("truncated JSON", {"kind": "truncated_json"}, 1, "not valid JSON")
    yield Case("HTML", {"kind": "html"}, 1, "perhaps a login page")
    yield Case("content type", {"kind": "content_type"}, 0, "")
    yield Case("gzip bomb", {"kind": "gzip_bomb", "size": LARGE}, None, "larger than")
    yield Case("large page", {"kind": "oversized", "size": LARGE}, None, "larger than")
    yield Case("429", {"kind": "rate_limited"}, 1, "")
    yield Case("redirects", {"kind": "redirect_loop"}, 1, "redirected more than 5 times")
    yield Case("repeated cursor", {"kind": "repeated_cursor"}, None, "a next page that was read already")
    yield Case("foreign next", {"kind": "foreign_next"}, None, "nothing was sent there")
    yield Case("empty page", {"kind": "empty_page"}, 1, "")
    yield Case("shifted page", {"kind": "shifted_page"}, 0, "")
    yield Case("gone page", {"kind": "status", "status": 404}, None, "404: ")


REFS: dict[str, Any] = {"resources": ["branches", "tags"]}
each_case = pytest.mark.parametrize("case", list(_cases()), ids=lambda case: case.name)


@each_case
async def test_a_fault_that_strikes_once_costs_requests_and_no_row(case: Case) -> None:
    async with cloud(pull_requests=30) as fake, Store("sqlite://") as store:
        wanted, requests = await undisturbed(fake, **REFS)
        assert len(wanted["branches"]) > 3 * PAGE
        fault = fake.faults.add(Fault(**case.fault, path=LISTING, after=1))
        with late_answers():
            report = await run(fake, store, rates=budget(), **REFS)
        assert report.is_complete
        assert await content(store) == wanted
        assert fault.times == 0
        assert report.requests == len(fake.requests)
        if case.extra is not None:
            assert report.requests == requests + case.extra
        else:
            assert report.requests == requests + 2, "the first two pages come again"
    assert nothing_runs()


ENDLESS = {"429", "empty page"}


@pytest.mark.parametrize("case", [case for case in _cases() if case.name not in ENDLESS], ids=lambda case: case.name)
async def test_a_fault_that_stays_is_one_failure_and_the_next_run_makes_good_for_it(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with cloud(pull_requests=30) as fake, Store("sqlite://") as store:
        wanted, _ = await undisturbed(fake, **REFS)
        fake.faults.add(Fault(**case.fault, path=LISTING, after=1, times=None))
        monkeypatch.setattr("bbasync.session.CallSettings", functools.partial(CallSettings, retry=RetryPolicy(tries=1)))
        with late_answers():
            report = await run(fake, store, rates=budget(), **REFS)
        if case.says:
            # a page that is gone is asked for again from the first one on, and then that is gone as well
            is_final = case.name == "gone page"
            assert [(one.key, one.is_final) for one in report.failures] == [("acme/api/refs", is_final)]
            assert case.says in report.failures[0].error
            assert "\n" not in report.failures[0].error
            stored = await content(store)
            assert stored["repositories"] == wanted["repositories"]
            assert stored["branches"].items() < wanted["branches"].items()
            fake.faults.clear()
            report = await run(fake, store, rates=budget(), **REFS)
        assert report.is_complete
        assert await content(store) == wanted
    assert nothing_runs()


# -- everything at once -----------------------------------------------------------------------------------------------


def addresses(chance: random.Random) -> Iterator[str | None]:
    """Give the server's address, or none, or one where nobody listens."""
    while True:
        yield chance.choices([HERE, None, NOBODY], [96, 2, 2])[0]


def blocking(chance: random.Random) -> Callable[[Progress], None]:
    """Return an `on_progress` that now and then blocks the loop, as it looks to all that runs in it."""

    def progress(_progress: Progress) -> None:
        if chance.random() < 0.01:
            forward(8)

    return progress


async def storm(fake: FakeCloud, store: Store, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Crawl again and again under all troubles until a crawl is complete."""
    chance = random.Random(seed)  # noqa: S311 - a test must repeat
    fake.faults = Faults.random(rate=0.1, seed=seed, kinds=KINDS, seconds=LATE, size=LARGE)
    options: dict[str, Any] = {"url": named(fake), "workspaces": ["acme"], "on_progress": blocking(chance)}
    async with aiohttp.ClientSession(connector=by_name(addresses(chance))) as http:
        monkeypatch.setattr("bbasync.session.AiohttpTransport", transports(http))
        for _ in range(6):
            try:
                with late_answers():
                    report = await run(fake, store, rates=budget(), **options)
            except BitbucketError:  # not a single page could be read
                continue
            assert not any(failure.is_final for failure in report.failures)
            if report.is_complete:
                break
        else:
            raise AssertionError("it never came to an end")
    fake.faults.clear()


@pytest.mark.parametrize("seed", [1, 2, 3, *(pytest.param(seed, marks=pytest.mark.nightly) for seed in range(4, 60))])
async def test_a_storm_of_all_faults_costs_no_row(seed: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    world = {"repositories": 2, "commits": 40, "pull_requests": 12}
    async with cloud(**world) as fake, Store(f"sqlite:///{tmp_path}/store.db") as store:
        wanted, requests = await undisturbed(fake, url=named(fake), workspaces=["acme"])
        await storm(fake, store, seed, monkeypatch)
        assert fake.faults.struck > requests / 40
        stored = await content(store)
        for key, mark in stored.pop("watermark").items():
            assert mark.get("until", "") <= wanted["watermark"][key].get("until", ""), "no mark lies ahead of the truth"
        assert stored == {name: rows for name, rows in wanted.items() if name in TABLES}
        fake.requests.clear()
        monkeypatch.undo()
        again = await run(fake, store, url=named(fake), workspaces=["acme"])
        assert again.is_complete
        assert await content(store) == wanted
    assert nothing_runs()


async def test_a_pool_of_one_connection_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    async with (
        cloud() as fake,
        Store("sqlite://") as store,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as http,
    ):
        wanted, requests = await undisturbed(fake, workspaces=["acme"])
        monkeypatch.setattr("bbasync.session.AiohttpTransport", transports(http))
        fake.peak_in_flight = 0
        report = await run(fake, store, rates=budget(), workspaces=["acme"])
        assert report.is_complete
        assert (report.requests, fake.peak_in_flight) == (requests, 1)
        assert await content(store) == wanted


async def test_what_is_deleted_while_it_is_listed_hides_no_other_row(monkeypatch: pytest.MonkeyPatch) -> None:
    async with cloud(pull_requests=30) as fake, Store("sqlite://") as store:
        assert (await run(fake, store, rates=budget(), **REFS)).is_complete
        branches = fake.world.repository("acme", "api").branches
        asked = 0

        async def deleting(session: CloudSession, task: Task) -> Page[Any]:
            nonlocal asked
            asked += task.kind == "refs"
            if task.kind == "refs" and asked == 2:
                del branches["develop"]  # of the first page
            return await fetch(session, task)

        monkeypatch.setattr("bbasync.crawl.pool.fetch", deleting)
        assert (await run(fake, store, rates=budget(), **REFS)).is_complete
        table = TABLES["branches"]
        there = await store.run(lambda c: set(c.execute(select(table.c.id).where(table.c.gone_at.is_(None))).scalars()))
        assert branches.keys() <= there, "the deleted one may be marked by the next run"


async def test_an_empty_first_page_of_activity_sets_no_watermark_back() -> None:
    async with cloud() as fake, Store("sqlite://") as store:
        wanted, _ = await undisturbed(fake)
        fake.faults.add(Fault("empty_page", path="*/pullrequests/activity"))
        assert (await run(fake, store, rates=budget())).is_complete
        assert await content(store) == wanted


# -- clocks -----------------------------------------------------------------------------------------------------------


async def rename(fake: FakeCloud, number: int) -> None:
    await call(fake, "PUT", f"/repositories/acme/api/pullrequests/{number}", json={"title": f"Renamed {number}"})


async def renamed(store: Store) -> set[str]:
    pulls = (await content(store))["pull_requests"].values()
    return {row["id"] for row in pulls if "Renamed" in row["payload"]}


def opened(fake: FakeCloud) -> list[int]:
    return [pull.id for pull in fake.world.repository("acme", "api").all_pulls() if pull.state == "OPEN"]


@pytest.mark.parametrize("ours", ["1999-01-01T00:00:00.000000+00:00", "2999-01-01T00:00:00.000000+00:00"])
async def test_our_clock_may_jump_between_two_crawls(ours: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with cloud() as fake, Store("sqlite://") as store:
        number = opened(fake)[0]
        assert (await run(fake, store, rates=budget())).is_complete
        monkeypatch.setattr("bbasync.crawl.tasks.now", lambda: ours)
        monkeypatch.setattr("bbasync.crawl.budget.time.time", lambda: datetime.fromisoformat(ours).timestamp())
        await rename(fake, number)
        assert (await run(fake, store, rates=budget())).is_complete
        assert await renamed(store) == {str(number)}
        stored, fresh = await content(store), (await undisturbed(fake))[0]
        assert {name: rows.keys() for name, rows in stored.items()} == {
            name: rows.keys() for name, rows in fresh.items()
        }
        assert stored["pull_requests"] == fresh["pull_requests"]
        assert stored["watermark"] == fresh["watermark"]


async def test_a_change_after_the_servers_clock_was_put_right_is_found() -> None:
    async with cloud() as fake, Store("sqlite://") as store:
        first, second = opened(fake)[:2]
        fake.clock.advance(7200)
        await rename(fake, first)
        assert (await run(fake, store, rates=budget())).is_complete
        fake.clock.advance(-7200)
        fake.world._last = datetime.now(UTC)  # pyright: ignore[reportPrivateUsage] - the fake's clock
        await rename(fake, second)
        assert (await run(fake, store, rates=budget())).is_complete
        assert await renamed(store) == {str(first), str(second)}


# -- answers of another shape -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["pull_requests", "repositories"])
async def test_an_item_without_its_key_is_a_failure_of_its_listing_alone(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def spoilt(session: CloudSession, task: Task) -> Page[Any]:
        page = await fetch(session, task)
        if task.kind == kind:
            for name in ("id", "slug", "full_name"):
                page.values[0].pop(name, None)
        return page

    monkeypatch.setattr("bbasync.crawl.pool.fetch", spoilt)
    async with cloud() as fake, Store("sqlite://") as store:
        report = await run(fake, store, rates=budget())
        assert [failure.key.rpartition("/")[2] for failure in report.failures] == [kind]
