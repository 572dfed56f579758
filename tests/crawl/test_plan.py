from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bbasync import DecodeError
from bbasync.crawl import CrawlOptions
from bbasync.crawl.plan import (
    EPOCH,
    NEVER,
    Known,
    before,
    instant,
    keyset_next,
    pull_request_needs,
    row_of,
    without_missing,
)
from bbasync.crawl.schema import RESOURCES
from bbasync.crawl.tasks import Task

# -- options -----------------------------------------------------------------------------------------------------------


def test_everything_is_chosen_by_default() -> None:
    assert CrawlOptions().resources == set(RESOURCES)
    assert CrawlOptions().keeps("acme", "api")


def test_what_is_needed_to_find_a_resource_is_read_too() -> None:
    assert CrawlOptions(resources=["statuses"]).resources == {"workspaces", "repositories", "pull_requests", "statuses"}
    assert CrawlOptions(resources=["commits"]).resources == {
        "workspaces",
        "repositories",
        "branches",
        "tags",
        "commits",
    }


@pytest.mark.parametrize(
    ("include", "exclude", "kept"),
    [
        ([], [], {"api", "web", "web-old"}),
        (["web*"], [], {"web", "web-old"}),
        (["acme/web"], [], {"web"}),
        (["globex/*"], [], set[str]()),
        ([], ["*-old"], {"api", "web"}),
        (["web*"], ["acme/web-*"], {"web"}),
        (["WEB"], [], {"web"}),
    ],
)
def test_globs_match_the_slug_or_the_full_name(include: list[str], exclude: list[str], kept: set[str]) -> None:
    options = CrawlOptions(include=include, exclude=exclude)
    assert {slug for slug in ("api", "web", "web-old") if options.keeps("acme", slug)} == kept


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"resources": ["pullrequests"]}, "no such resource: pullrequests; there are workspaces, "),
        ({"workspaces": ["{5d2c203c-3e96-4cdb-9d8a-b1f3641d047b}"]}, "by its slug"),
        ({"workspaces": ["acme/api"]}, "by its slug"),
        ({"workspaces": [""]}, "by its slug"),
        ({"since": datetime(2026, 1, 1)}, "time zone"),  # noqa: DTZ001 - that is what is wrong
        ({"workers": 0}, "at least 1"),
    ],
)
def test_wrong_options_are_refused(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        CrawlOptions(**wrong)


def test_a_workspace_named_twice_is_one() -> None:
    assert CrawlOptions(workspaces=["acme", " Acme", "globex"]).workspaces == ("acme", "globex")


def test_a_crawl_of_other_workspaces_is_the_same_crawl_but_one_of_other_resources_is_not() -> None:
    assert CrawlOptions(workspaces=["a"]).identity() == CrawlOptions(workspaces=["b"], workers=2).identity()
    assert CrawlOptions().identity() != CrawlOptions(resources=["tags"]).identity()
    assert CrawlOptions().identity() != CrawlOptions(since=datetime(2026, 1, 1, tzinfo=UTC)).identity()


# -- instants ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-03-01T10:00:00+00:00", "2026-03-01T10:00:00.000000+00:00"),
        ("2026-03-01T10:00:00.5+02:00", "2026-03-01T08:00:00.500000+00:00"),
        ("2026-03-01T10:00:00.123456789Z", "2026-03-01T10:00:00.123456+00:00"),
        ("2026-03-01T10:00:00", "2026-03-01T10:00:00.000000+00:00"),
        ("0001-01-01T00:00:00+05:00", None),
        ("9999-12-31T23:59:59-05:00", None),
        ("yesterday", None),
        (None, None),
        (17, None),
    ],
)
def test_dates_are_written_in_utc(text: object, written: str | None) -> None:
    assert instant(text) == written


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_instants_sort_as_text(one: datetime, other: datetime) -> None:
    first, second = instant(one.isoformat()), instant(other.isoformat())
    assert first is not None
    assert second is not None
    assert (first < second) == (one < other)


def test_a_watermark_stays_five_minutes_behind() -> None:
    assert before("2026-03-01T10:00:00.000000+00:00") == "2026-03-01T09:55:00.000000+00:00"
    assert before(EPOCH) == EPOCH
    assert before(NEVER) < NEVER


# -- rows --------------------------------------------------------------------------------------------------------------

USER = {"uuid": "{u}", "display_name": "Ada"}
DATE = "2026-03-01T10:00:00.000000+00:00"


@pytest.mark.parametrize(
    ("kind", "payload", "columns"),
    [
        ("workspaces", {"uuid": "{w}", "created_on": DATE}, {"id": "{w}", "created_on": DATE}),
        ("projects", {"uuid": "{p}", "owner": USER}, {"id": "{p}", "author": "{u}"}),
        ("members", {"user": USER}, {"id": "{u}"}),
        ("repositories", {"uuid": "{r}", "full_name": "acme/web"}, {"id": "{r}", "repository": "web"}),
        ("branches", {"name": "a/b", "target": {"date": DATE}}, {"id": "a/b", "updated_on": DATE, "author": None}),
        ("tags", {"name": "v1", "target": None, "date": None}, {"id": "v1", "updated_on": None}),
        ("commits", {"hash": "c0ffee", "author": {"raw": "Ada <a@b.c>"}, "date": DATE}, {"author": "Ada <a@b.c>"}),
        ("commits", {"hash": "c0ffee", "author": {"raw": "Ada", "user": USER}}, {"id": "c0ffee", "author": "{u}"}),
        ("pull_requests", {"id": 7, "state": "OPEN", "author": None}, {"pull_request": 7, "id": "7", "state": "OPEN"}),
        ("comments", {"id": 9, "deleted": True, "user": USER}, {"id": "9", "state": "DELETED", "author": "{u}"}),
        (
            "activity",
            {"pull_request": {"id": 7}, "comment": {"id": 9, "created_on": DATE, "user": USER}},
            {"pull_request": 7, "id": "comment/9", "state": "comment", "created_on": DATE, "author": "{u}"},
        ),
        (
            "activity",
            {"approval": {"date": DATE, "user": USER, "pullrequest": {"id": 7}}, "pull_request": {"id": 7}},
            {"id": f"approval/{DATE}/{{u}}", "state": "approval"},
        ),
        (
            "activity",
            {"update": {"date": DATE, "author": None}, "pull_request": {"id": 7}},
            {"id": f"update/{DATE}/None", "author": None},
        ),
        ("statuses", {"key": "ci", "commit": {"hash": "c0"}, "state": "FAILED"}, {"id": "c0/ci", "state": "FAILED"}),
    ],
)
def test_a_row_has_the_key_of_its_payload(kind: str, payload: dict[str, Any], columns: dict[str, Any]) -> None:
    row = row_of(Task(workspace="acme", kind=kind, repository="api"), payload, 3)
    assert row | columns == row
    assert orjson.loads(str(row["payload"])) == payload
    assert row["seen"] == 3


def test_a_payload_of_another_shape_says_which() -> None:
    with pytest.raises(DecodeError, match="none of commits: KeyError"):
        row_of(Task(workspace="acme", kind="commits", repository="api"), {"id": 1}, 1)


def test_tasks_are_named_by_what_they_read() -> None:
    root = Task(workspace="acme", kind="workspaces")
    branches = root.child("branches", repository="api")
    comments = branches.child("comments", pull_request=17)
    assert [(task.key, task.parent, task.depth) for task in (root, branches, comments)] == [
        ("acme/workspaces", "", 0),
        ("acme/api/branches", "acme/workspaces", 1),
        ("acme/api/pull_requests/17/comments", "acme/api/branches", 2),
    ]


# -- decisions ---------------------------------------------------------------------------------------------------------

OLD, NEW = "2026-03-01T10:00:00.000000+00:00", "2026-03-02T10:00:00.000000+00:00"
ALL = ("comments", "pull_request_commits", "statuses")


def pull_request(**changes: Any) -> dict[str, Any]:
    return {
        "id": 7,
        "state": "MERGED",
        "updated_on": OLD,
        "comment_count": 2,
        "source": {"commit": {"hash": "c0"}},
    } | changes


def known(seen: int = 1) -> Known:
    return Known(updated_on=OLD, seen=seen, source="c0")


@pytest.mark.parametrize(
    ("payload", "stored", "needs"),
    [
        pytest.param(pull_request(), None, set(ALL), id="new"),
        pytest.param(pull_request(comment_count=0), None, {"pull_request_commits", "statuses"}, id="nothing said"),
        pytest.param(pull_request(comment_count=None), None, set(ALL), id="a count that is not told"),
        pytest.param(pull_request(), known(), set[str](), id="as it was"),
        pytest.param(pull_request(state="OPEN"), known(), {"statuses"}, id="open"),
        pytest.param(pull_request(updated_on=NEW), known(), {"comments", "statuses"}, id="changed"),
        pytest.param(
            pull_request(updated_on=NEW, source={"commit": {"hash": "d1"}}), known(), set(ALL), id="pushed to"
        ),
        pytest.param(pull_request(updated_on=NEW, source=None), known(), set(ALL), id="its source is gone"),
        pytest.param(pull_request(), known(seen=2), set(ALL), id="written by a run that was given up"),
        pytest.param(pull_request(state="OPEN"), known(seen=3), set[str](), id="seen by this run already"),
        pytest.param(
            pull_request(updated_on=NEW), known(seen=3), {"comments", "statuses"}, id="changed during this run"
        ),
    ],
)
def test_below_a_pull_request_only_what_can_have_changed_is_read(
    payload: dict[str, Any], stored: Known | None, needs: set[str]
) -> None:
    assert set(pull_request_needs(payload, stored, run=3, settled=1, wanted=ALL, forced=[])) == needs


def test_a_resource_that_was_never_read_is_read_once() -> None:
    def needs(stored: Known) -> list[str]:
        return pull_request_needs(
            pull_request(), stored, run=3, settled=1, wanted=ALL, forced=["comments", "pull_request_commits"]
        )

    assert needs(known()) == ["comments", "pull_request_commits"]
    assert needs(known(seen=3)) == []


def test_what_was_not_chosen_is_not_read() -> None:
    assert pull_request_needs(pull_request(), None, run=3, settled=0, wanted=["statuses"], forced=[]) == ["statuses"]


def test_a_listing_by_change_asks_from_the_last_instant_it_saw() -> None:
    page = [{"updated_on": OLD}, {"updated_on": NEW}]
    assert keyset_next(EPOCH, page, "cursor") == (NEW, None)


def test_a_page_of_one_instant_is_followed_by_the_next_page() -> None:
    page = [{"updated_on": OLD}, {"updated_on": OLD}]
    assert keyset_next(OLD, page, "cursor") == (OLD, "cursor")
    assert keyset_next(OLD, [], "cursor") == (OLD, "cursor")
    assert keyset_next(OLD, [{"updated_on": None}], "cursor") == (OLD, "cursor")


def test_at_the_end_the_start_is_the_newest() -> None:
    assert keyset_next(EPOCH, [{"updated_on": OLD}, {"updated_on": NEW}], None) == (NEW, None)
    assert keyset_next(OLD, [], None) == (OLD, None)


@given(st.lists(st.integers(0, 12), max_size=40), st.integers(1, 5), st.randoms())
def test_a_listing_by_change_loses_nothing_while_rows_change(starts: list[int], size: int, chance: Any) -> None:
    """Rows are touched between pages, which moves them to the end of the list."""
    rows = {number: f"{EPOCH[:17]}{second:02d}{EPOCH[19:]}" for number, second in enumerate(starts)}
    clock, start, cursor, seen = 20, EPOCH, None, set[int]()
    for _ in range(500):
        listed = sorted((moment, number) for number, moment in rows.items() if moment >= start)
        skip = int(cursor or 0)
        page, rest = listed[skip : skip + size], listed[skip + size :]
        seen |= {number for _, number in page}
        following = str(skip + size) if rest else None
        start, cursor = keyset_next(start, [{"updated_on": moment} for moment, _ in page], following)
        if following is None:
            break
        if (
            cursor is None and clock < 59 and chance.random() < 0.3
        ):  # while an instant is being paged, nothing leaves it
            clock += 1
            rows[chance.choice(list(rows))] = f"{EPOCH[:17]}{clock:02d}{EPOCH[19:]}"
    else:
        pytest.fail("it does not end")
    assert seen == set(rows)


def test_heads_that_a_refusal_names_are_excluded_no_more() -> None:
    one, two, three = "a" * 40, "b" * 40, "c" * 40
    assert without_missing([one, two, three], [three], f"no such commit {two}") == [one, three]
    assert without_missing([one, two, three], [three], f"no such commit {two[:12]}") == [one, three]
    assert without_missing([one, two, three], [three], "not found") == [three]
    assert without_missing([three], [three], "not found") == []
