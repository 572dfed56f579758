"""Pages that move, that are empty or of another shape, and clocks that are wrong."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, select

from bbasync import ApiToken, CloudSession, DecodeError
from bbasync.crawl import CrawlOptions, Credentials, Store, estimate, steps, tasks
from bbasync.crawl.fetch import fetch
from bbasync.crawl.plan import EPOCH
from bbasync.crawl.schema import TABLES, metadata
from bbasync.crawl.steps import Scope
from bbasync.crawl.tasks import Task
from bbasync.paging import Page
from bbasync.testing import FakeCloud, Fault
from tests.crawl.crawling import PLENTY, counts, expected, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bbasync.crawl.steps import Outcome

BRANCHES = Task(workspace="acme", kind="branches", repository="api")
REFS = Task(workspace="acme", kind="refs", repository="api")
ACTIVITY = Task(workspace="acme", kind="activity", repository="api")


@pytest.fixture(scope="module")
def empty() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as opened:
        metadata.create_all(opened)
        opened.commit()
        yield opened
    engine.dispose()


@pytest.fixture
def connection(empty: Connection) -> Iterator[Connection]:
    yield empty
    empty.rollback()


def page(*values: dict[str, Any], size: int | None = None, following: str | None = None) -> Page[dict[str, Any]]:
    return Page(values=values, raw={}, number=1, size=size, next=following)


def scope(number: int = 1, **options: Any) -> Scope:
    return Scope(run=number, options=CrawlOptions(**options))


def begun(connection: Connection, task: Task, number: int = 1) -> Task:
    tasks.add(connection, number, [task])
    return task


def read(connection: Connection, task: Task, *pages: Page[dict[str, Any]], number: int = 1) -> Outcome:
    """Write pages, as one process after another does that is killed after each page."""
    within = scope(number)
    begun(connection, task, number)
    for one in pages[:-1]:
        assert steps.apply(connection, within, task, one).following is not None
        (task,) = (each for each in tasks.claim(connection, number, 9, []) if each.key == task.key)
    return steps.apply(connection, within, task, pages[-1])


def gone(connection: Connection, kind: str = "branches") -> set[str]:
    table = TABLES[kind]
    return set(connection.execute(select(table.c.id).where(table.c.gone_at.is_not(None))).scalars())


def named(*names: str, kind: str = "branch") -> list[dict[str, Any]]:
    return [{"type": kind, "name": name, "target": {"hash": f"head-of-{name}"}} for name in names]


# -- what moves -------------------------------------------------------------------------------------------------------


def test_a_listing_that_was_cut_off_notices_what_was_deleted_before_it_went_on(connection: Connection) -> None:
    a, b, c, d, e = named("a", "b", "c", "d", "e")
    read(connection, REFS, page(a, b, c, d, size=4))
    # e is new, a is deleted after the first page, and so c is on none
    outcome = read(connection, REFS, page(a, b, size=5, following="2"), page(d, e, size=4), number=2)
    assert not outcome.left
    assert outcome.following is not None
    assert not gone(connection)
    outcome = steps.apply(connection, scope(2), outcome.following, page(b, c, size=4, following="2"))
    assert outcome.following is not None
    outcome = steps.apply(connection, scope(2), outcome.following, page(d, e, size=4))
    assert (outcome.left, outcome.failed) == (True, False)
    assert outcome.added == {"commits": 1}
    assert not gone(connection), "what was seen by this run is marked by the next"


def test_a_listing_that_moves_twice_fails_without_a_mark_and_what_is_below_it_goes_on(connection: Connection) -> None:
    a, b, c = named("a", "b", "c")
    read(connection, REFS, page(a, b, c, size=3))
    pages = [page(a, size=3, following="2"), page(c, size=2), page(a, size=2, following="2"), page(c, size=3)]
    outcome = read(connection, REFS, *pages, number=2)
    assert (outcome.left, outcome.failed) == (True, True)
    assert outcome.added == {"commits": 1}
    assert not gone(connection)
    ((key, state, error),) = tasks.troubles(connection, 2)
    assert (key, state) == ("acme/api/refs", "failed")
    assert error == "it changed while it was listed: rows may be missing, and none was marked as gone"
    tasks.retry(connection, 2)
    assert tasks.counts(connection, 2) == {"failed": 1, "pending": 1}, "it is listed twice and not more"


@pytest.mark.parametrize("sizes", [(None, None), (2, None), (None, 2), (2, 2)])
def test_a_listing_whose_size_is_not_told_or_stays_is_complete(
    sizes: tuple[int | None, int | None], connection: Connection
) -> None:
    a, b, c = named("a", "b", "c")
    read(connection, BRANCHES, page(a, b, c))
    pages = [page(a, size=sizes[0], following="2"), page(b, size=sizes[1])]
    assert read(connection, BRANCHES, *pages, number=2).left
    assert gone(connection) == {"c"}


def test_what_a_complete_listing_of_branches_and_tags_lacks_is_marked_in_both_tables(connection: Connection) -> None:
    a, b, c = named("a", "b", "c")
    v1, v2 = named("v1", "v2", kind="tag")
    read(connection, REFS, page(a, b, c, v1, v2, size=5))
    begins = steps.apply(connection, scope(2), begun(connection, REFS, 2), page(a, size=3, following="2"))
    assert not gone(connection, "branches") | gone(connection, "tags"), "the listing has not ended"
    assert not begins.added
    assert begins.following is not None
    outcome = steps.apply(connection, scope(2), begins.following, page(b, v2, size=3))
    assert (outcome.left, outcome.rows) == (True, 2)
    assert (gone(connection, "branches"), gone(connection, "tags")) == ({"c"}, {"v1"})
    (commits,) = (task for task in tasks.claim(connection, 2, 9, []) if task.kind == "commits")
    assert set(commits.arguments["heads"]) == {"head-of-a", "head-of-b", "head-of-v2"}


async def test_a_workspace_that_never_rests_is_read_and_reported_and_made_good_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(CloudSession, "_page_size", _four)
    async with (
        FakeCloud(workspaces=1, repositories=1, commits=10, pull_requests=30, limit=PLENTY) as fake,
        Store("sqlite://") as store,
    ):
        branches = fake.world.repository("acme", "api").branches
        listed = 0

        async def restless(session: CloudSession, task: Task) -> Page[Any]:
            nonlocal listed
            if task.kind == "refs" and task.cursor is None:
                listed += 1
            elif task.kind == "refs" and len(branches) > before["branches"] - listed:
                del branches[next(name for name in branches if name != "main")]  # one a listing
            return await fetch(session, task)

        options: dict[str, Any] = {"resources": ["branches", "tags", "commits"]}
        assert (await run(fake, store, **options)).is_complete
        before = await counts(store)
        with monkeypatch.context() as patch:
            patch.setattr("bbasync.crawl.pool.fetch", restless)
            report = await run(fake, store, **options)
        assert [(failure.key, failure.is_final) for failure in report.failures] == [("acme/api/refs", False)]
        assert "changed while it was listed" in report.failures[0].error
        assert [one.failed for one in report.workspaces] == [1]
        assert listed == 2
        assert await counts(store) == before == await counts(store, with_gone=True)
        assert (await run(fake, store, **options)).is_complete
        assert (await counts(store))["branches"] == expected(fake)["branches"] < before["branches"]


def _four(_session: CloudSession, _template: str) -> int:
    return 4


# -- what is empty ----------------------------------------------------------------------------------------------------


def happened(moment: str, number: int = 1) -> dict[str, Any]:
    return {"update": {"date": moment, "author": None}, "pull_request": {"id": number}}


def test_the_newest_activity_is_taken_from_the_first_page_that_has_any(connection: Connection) -> None:
    newest, older = "2026-03-02T10:00:00.000000+00:00", "2026-03-01T10:00:00.000000+00:00"
    task = begun(connection, ACTIVITY)
    outcome = steps.apply(connection, scope(), task, page(following="2"))
    assert not outcome.added, "pull requests are listed when the newest activity is known"
    assert outcome.following is not None
    outcome = steps.apply(connection, scope(), outcome.following, page(happened(newest), following="3"))
    assert outcome.added == {"pull_requests": 1}
    assert outcome.following is not None
    outcome = steps.apply(connection, scope(), outcome.following, page(happened(older)))
    assert (outcome.left, dict(outcome.added)) == (True, {})
    for resource in ("activity", "comments"):
        mark = tasks.read_watermark(connection, task, resource)
        assert mark is not None
        assert mark["until"] == "2026-03-02T09:55:00.000000+00:00"


def test_a_repository_without_activity_is_read_to_its_end(connection: Connection) -> None:
    outcome = read(connection, ACTIVITY, page(following="2"), page())
    assert outcome.left
    assert outcome.added == {"pull_requests": 1}
    mark = tasks.read_watermark(connection, ACTIVITY, "activity")
    assert mark == {"until": EPOCH, "since": EPOCH}


# -- clocks -----------------------------------------------------------------------------------------------------------

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(minutes: int) -> str:
    return (NOON + timedelta(minutes=minutes)).isoformat(timespec="microseconds")


@pytest.mark.parametrize(
    ("newest", "until"),
    [
        pytest.param(-30, -35, id="the server's is right"),
        pytest.param(120, -5, id="the server's is two hours ahead"),
        pytest.param(3, -5, id="ours is three minutes behind"),
    ],
)
def test_no_watermark_is_later_than_our_own_time_when_the_listing_began(
    newest: int, until: int, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "now", lambda: at(0))
    task = begun(connection, ACTIVITY)
    steps.apply(connection, scope(), task, page(happened(at(newest))))
    (pulls,) = (each for each in tasks.claim(connection, 1, 9, []) if each.kind == "pull_requests")
    monkeypatch.setattr(tasks, "now", lambda: at(90))  # the listing takes long
    payload = {"id": 1, "state": "OPEN", "updated_on": at(newest)}
    assert steps.apply(connection, scope(), pulls, page(payload)).left
    for resource in ("activity", "comments", "pull_requests"):
        mark = tasks.read_watermark(connection, task, resource)
        assert mark is not None
        assert mark["until"] == at(until)


# -- what is of another shape -----------------------------------------------------------------------------------------

VALID: dict[str, dict[str, Any]] = {
    "workspaces": {"uuid": "{w}"},
    "projects": {"uuid": "{p}"},
    "members": {"user": {"uuid": "{u}"}},
    "repositories": {"uuid": "{r}", "slug": "api"},
    "refs": {"type": "tag", "name": "v1", "target": {"hash": "c0"}},
    "branches": {"name": "main", "target": {"hash": "c0"}},
    "tags": {"name": "v1", "target": {"hash": "c0"}},
    "commits": {"hash": "c0", "author": {"raw": "Ada"}},
    "pull_requests": {"id": 7, "updated_on": at(0), "source": {"commit": {"hash": "c0"}}},
    "comments": {"id": 9, "user": {"uuid": "{u}"}},
    "activity": {"pull_request": {"id": 7}, "comment": {"id": 9, "created_on": at(0)}},
    "pull_request_commits": {"hash": "c0"},
    "statuses": {"key": "ci", "commit": {"hash": "c0"}},
}
NAMES = sorted(
    {name for payload in VALID.values() for name in payload} | {"full_name", "state", "date", "comment_count"}
)
TEXTS = ["", "..", "a/b", "OPEN", "0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00", "2026-03-01"]
odd = st.recursive(
    st.none() | st.booleans() | st.sampled_from([-1, 0, 1, 7, 2**31, 2**64 - 1, 0.5]) | st.sampled_from(TEXTS),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("kind", VALID)
@settings(max_examples=30, deadline=None)
@given(spoilt=st.dictionaries(st.sampled_from(NAMES), odd, max_size=3), resources=st.sampled_from([None, ["comments"]]))
def test_whatever_a_page_holds_it_is_written_or_a_failure_of_its_listing_alone(
    kind: str, spoilt: dict[str, Any], resources: list[str] | None, empty: Connection
) -> None:
    within = scope() if resources is None else scope(resources=resources)
    arguments: dict[str, Any] = {}
    if kind in {"repositories", "pull_requests"}:
        arguments = {"from": EPOCH, "begun": at(0), "forced": [], "settled": 0, "blind": False}
    if kind == "commits":
        arguments = {"heads": [], "exclude": []}
    task = Task(workspace="acme", kind=kind, repository="api", arguments=arguments)
    with contextlib.suppress(DecodeError):
        assert steps.apply(empty, within, begun(empty, task), page(VALID[kind] | spoilt)).left
    empty.rollback()


def test_commits_are_listed_from_the_heads_that_are_told(connection: Connection) -> None:
    targets: list[Any] = [{"hash": "c0"}, {"hash": {}}, {}, [], "c1", None]
    refs = page(*({"name": f"branch-{number}", "target": target} for number, target in enumerate(targets)))
    assert read(connection, REFS, refs).added == {"commits": 1}
    (commits,) = (task for task in tasks.claim(connection, 1, 9, []) if task.kind == "commits")
    assert commits.arguments["heads"] == ["c0"]


def test_a_branch_and_a_tag_of_one_name_are_a_row_in_each_table(connection: Connection) -> None:
    read(connection, REFS, page(*named("v1"), *named("v1", "v2", kind="tag"), *named("v3", kind="named_branch")))
    found = {kind: set(connection.execute(select(TABLES[kind].c.id)).scalars()) for kind in ("branches", "tags")}
    assert found == {"branches": {"v1", "v3"}, "tags": {"v1", "v2"}}


def test_a_page_that_is_nested_too_deeply_to_be_kept_is_a_failure_of_its_listing(connection: Connection) -> None:
    deep: dict[str, Any] = {}
    for _ in range(300):
        deep = {"parent": deep}
    with pytest.raises(DecodeError, match="not a page of branches"):
        steps.apply(connection, scope(), begun(connection, BRANCHES), page({"name": "a", "deep": deep}))


async def test_a_repository_whose_name_is_no_segment_of_a_path_is_a_failure_of_its_listings_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def spoilt(session: CloudSession, task: Task) -> Page[Any]:
        found = await fetch(session, task)
        if task.kind == "repositories":
            found.values[0]["slug"] = ".."
        return found

    monkeypatch.setattr("bbasync.crawl.pool.fetch", spoilt)
    async with (
        FakeCloud(workspaces=1, repositories=2, commits=5, pull_requests=1, limit=PLENTY) as fake,
        Store("sqlite://") as store,
    ):
        report = await run(fake, store, resources=["branches"])
        assert [failure.key for failure in report.failures] == ["acme/../branches"]
        assert (await counts(store))["branches"]


@pytest.mark.parametrize("spoilt", [{}, {"workspace": None}, {"workspace": {"slug": 7}}])
async def test_workspaces_of_another_shape_are_one_error(
    spoilt: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def listed(*_arguments: object, **_options: object) -> Any:
        yield spoilt

    monkeypatch.setattr(CloudSession, "paginate", listed)
    async with FakeCloud(workspaces=1, repositories=1, limit=PLENTY) as fake, Store("sqlite://") as store:
        with pytest.raises(DecodeError, match="not a workspace of the user"):
            await run(fake, store)


async def test_an_estimate_from_answers_of_another_shape_is_one_error() -> None:
    async with FakeCloud(workspaces=1, repositories=1, limit=PLENTY) as fake:
        fake.faults.add(Fault("empty_page", path="*/refs/*", times=None))
        credentials = Credentials(default=ApiToken(fake.email, fake.token))
        (one,) = await estimate(CrawlOptions(), credentials, base_url=fake.url)
        assert one.repositories == 1
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(CloudSession, "request", _text)
            with pytest.raises(DecodeError, match="unexpected shape"):
                await estimate(CrawlOptions(), credentials, base_url=fake.url)


async def _text(*_arguments: object, **_options: object) -> str:
    return "not a page"
