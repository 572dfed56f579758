"""The made-up world looks like a team's, and what the API shows agrees with what the world says happened."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median, quantiles
from typing import TYPE_CHECKING, TypeAlias

import attrs
import pytest

from bbasync.testing import FakeCloud, World
from tests.testing.cloud_api import Api, Json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from bbasync.testing.cloud.world.repository import Repository
    from bbasync.testing.history.timeline import Truth

STATES = "?state=OPEN&state=MERGED&state=DECLINED&state=SUPERSEDED"
LATER = datetime(2031, 3, 5, 16, tzinfo=UTC)
Kept: TypeAlias = list[tuple["Repository", Json, list[Json]]]


@pytest.fixture(scope="module")
def world() -> World:
    return World(workspaces=2, repositories=3, commits=900, pull_requests=100)


@pytest.fixture
async def team(world: World) -> AsyncIterator[Api]:
    async with FakeCloud(world, limit=1_000_000) as fake, Api(fake) as client:
        yield client


async def read(team: Api) -> Kept:
    """Read all pull requests, each with its activity, oldest first."""
    found: Kept = []
    for repository in team.fake.world.repositories():
        own = f"/repositories/{repository.full_name}/pullrequests"
        happened = defaultdict[int, list[Json]](list)
        for entry in await team.values(own + "/activity?pagelen=50"):
            happened[entry["pull_request"]["id"]].insert(0, entry)
        fields = "&fields=%2Bvalues.participants,%2Bvalues.reviewers"
        pulls = await team.values(f"{own}{STATES}&pagelen=50{fields}")
        found += [(repository, pull, happened[pull["id"]]) for pull in pulls]
    return found


def updates(activity: list[Json]) -> list[Json]:
    return [entry["update"] for entry in activity if "update" in entry]


def reviews(pull: Json, activity: list[Json]) -> Iterator[str]:
    """Give when others than the author commented on a pull request or judged it."""
    for entry in activity:
        one = entry.get("comment") or entry.get("approval") or entry.get("changes_requested")
        if one is not None and one["user"] != pull["author"]:
            yield one.get("created_on") or one["date"]


def as_date(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def truths(world: World) -> Iterator[tuple[Repository, int, Truth]]:
    for repository in world.repositories():
        for number in range(1, repository.pulls + 1):
            yield repository, number, world.truth(repository, number)


def hours_to_review(world: World, repository: Repository) -> list[float]:
    found = [one for where, _, one in truths(world) if where is repository]
    return [(one.first_review - one.opened) / timedelta(hours=1) for one in found if one.first_review is not None]


# -- the truth ---------------------------------------------------------------------------------------------------------


async def test_the_api_shows_what_the_world_says_happened(team: Api, world: World) -> None:
    found = await read(team)
    assert len(found) == 600
    for repository, pull, activity in found:
        truth = world.truth(repository, pull["id"])
        changes = updates(activity)
        closed = [one["date"] for one in changes if one["state"] != "OPEN"]
        shown = {
            "opened": as_date(pull["created_on"]),
            "first_review": as_date(min(reviews(pull, activity), default=None)),
            "approved": as_date(min((one["approval"]["date"] for one in activity if "approval" in one), default=None)),
            "merged": as_date(next((one["date"] for one in changes if one["state"] == "MERGED"), None)),
            "closed": as_date(closed[0] if closed else None),
        }
        assert shown == attrs.asdict(truth), (repository.full_name, pull["id"])
        assert shown["opened"] == as_date(changes[0]["date"])
        assert pull["updated_on"] == changes[-1]["date"]
        assert pull["state"] == changes[-1]["state"]
        assert pull["draft"] is changes[-1]["draft"]
        assert pull["reviewers"] == changes[-1]["reviewers"]
        assert pull["source"] == changes[-1]["source"]
        assert (truth.merged is not None) == (pull["state"] == "MERGED")
        assert truth.merged is None or truth.first_review is not None


def test_the_truth_is_in_order_and_of_made_up_pull_requests_only(world: World) -> None:
    for _, _, one in truths(world):
        assert one.opened < (one.first_review or LATER) <= (one.approved or LATER)
        assert max(one.opened, one.first_review or one.opened, one.approved or one.opened) <= (one.closed or LATER)
    repository = world.repository("acme", "api")
    for number in (0, repository.pulls + 1):
        with pytest.raises(KeyError):
            world.truth(repository, number)


# -- commits -----------------------------------------------------------------------------------------------------------


async def test_commits_are_older_than_what_shows_them(team: Api, world: World) -> None:
    for repository, pull, activity in await read(team):
        own = f"/repositories/{repository.full_name}"
        commits = await team.values(f"{own}/pullrequests/{pull['id']}/commits")
        truth = world.truth(repository, pull["id"])
        assert max(datetime.fromisoformat(one["date"]) for one in commits) <= (truth.closed or LATER)
        known = {one["hash"][:12]: one["date"] for one in commits}
        for update in updates(activity):
            if update["source"]["commit"] is not None:
                head = update["source"]["commit"]["hash"]
                date = known.get(head) or (await team.get(f"{own}/commit/{head}"))["date"]
                assert datetime.fromisoformat(date) < datetime.fromisoformat(update["date"])


@pytest.mark.parametrize(("commits", "pulls"), [(900, 100), (3, 30), (40, 400)])
def test_merges_are_dated_as_the_pull_requests_say(commits: int, pulls: int) -> None:
    world = World(workspaces=1, repositories=3, commits=commits, pull_requests=pulls)
    for repository, number, truth in truths(world):
        pull = repository.pull(number)
        assert pull is not None
        if truth.merged is not None:
            merge = repository.commit(pull.merge_hash or "")
            assert truth.merged - timedelta(seconds=1) < merge.date <= truth.merged
            assert merge.parents == (pull.destination_hash,)
            assert f"pull request #{number})" in merge.message


def test_merges_are_on_the_main_branch_whose_dates_ascend(world: World) -> None:
    repository = world.repository("acme", "api")
    commits, _ = repository.history.walk([repository.branches["main"]]).page(0, 900)
    assert [one.date for one in commits] == sorted((one.date for one in commits), reverse=True)
    merged = {pull.merge_hash for pull in repository.all_pulls() if pull.state == "MERGED"}
    assert len(merged & {one.hash for one in commits}) > 0.95 * len(merged)


@pytest.mark.parametrize("seed", [0, 10, 13, 24])
def test_commits_are_not_older_than_their_parents(seed: int) -> None:
    for repository in World(seed=seed, workspaces=1, repositories=3, pull_requests=60).repositories():  # one is a fork
        for pull in repository.all_pulls():
            for commit in repository.pull_commits(pull):
                assert all(repository.commit(parent).date <= commit.date for parent in commit.parents)


# -- what happens in a team --------------------------------------------------------------------------------------------


async def test_updates_show_drafts_pushes_and_reviewers_of_their_moment(team: Api) -> None:
    seen = defaultdict[str, int](int)
    for repository, pull, activity in await read(team):
        for before, after in zip(updates(activity), updates(activity)[1:], strict=False):
            changes = after["changes"]
            if before["draft"] != after["draft"]:
                seen["ready"] += 1
                assert changes == {"draft": {"old": True, "new": False}}
            if before["state"] != after["state"]:
                new = "fulfilled" if after["state"] == "MERGED" else "rejected"
                assert changes == {"status": {"old": "open", "new": new}}
            if before["reviewers"] != after["reviewers"]:
                seen["removed"] += 1
                (one,) = changes["reviewers"]["removed"]
                assert one in before["reviewers"]
                assert one not in pull["reviewers"]
            if before["source"] != after["source"]:
                seen["push"] += 1
                assert changes == {}
                head, old = after["source"]["commit"]["hash"], before["source"]["commit"]["hash"]
                own = f"/repositories/{repository.full_name}"
                base = await team.get(f"{own}/merge-base/{head}..{old}")
                seen["forced"] += base["hash"][:12] != old
    assert min(seen[name] for name in ("ready", "removed", "push", "forced")) > 10


async def test_whoever_comments_takes_part(team: Api) -> None:
    for repository, pull, activity in await read(team):
        people = [one["user"]["uuid"] for one in pull["participants"]]
        people.append(pull["author"] and pull["author"]["uuid"])
        users = [entry["comment"]["user"] for entry in activity if "comment" in entry]
        assert {user["uuid"] for user in users if user is not None} <= set(people), (repository.full_name, pull["id"])


async def test_some_approvals_are_withdrawn(team: Api) -> None:
    withdrawn = 0
    for _, pull, activity in await read(team):
        now = [one["user"]["uuid"] for one in pull["participants"] if one["approved"]]
        then = [one["approval"]["user"]["uuid"] for one in activity if "approval" in one]
        assert set(now) <= set(then)
        withdrawn += len(set(now)) < len(set(then))
    assert withdrawn > 3


async def test_failing_builds_are_mended_by_a_later_commit(team: Api) -> None:
    mended = 0
    for repository, _, activity in await read(team):
        builds: list[set[str]] = []
        for update in updates(activity):
            if update["source"]["commit"] is not None:
                own = f"/repositories/{repository.full_name}/commit/{update['source']['commit']['hash']}"
                builds.append({one["state"] for one in await team.values(own + "/statuses")})
        mended += any("FAILED" in old and new == {"SUCCESSFUL"} for old, new in pairwise(builds))
    assert mended > 10


async def test_authors_are_people_bots_and_deleted_accounts(team: Api) -> None:
    authors = [pull["author"] and pull["author"]["display_name"] for _, pull, _ in await read(team)]
    bots = sum(name is not None and name.endswith("Bot") for name in authors)
    assert 0.02 < bots / len(authors) < 0.3
    assert None in authors
    people = sorted(authors.count(name) for name in {name for name in authors if name is not None})
    assert people[-1] > 3 * people[0]


# -- distributions -----------------------------------------------------------------------------------------------------


def test_reviews_sizes_and_comments_have_long_tails(world: World) -> None:
    for repository in world.repositories():
        cut = quantiles(hours_to_review(world, repository), n=10)
        assert cut[8] > 3 * cut[4] > 9 * cut[0]
        pulls = list(repository.all_pulls())
        sizes = [len(repository.pull_commits(pull)) for pull in pulls]
        assert max(sizes) >= 5 * median(sizes)
        assert max(pull.comment_count for pull in pulls) >= 5 * median(pull.comment_count for pull in pulls)


def test_repositories_differ(world: World) -> None:
    first, second, *_ = world.repositories()
    for number in range(1, first.pulls + 1):
        assert world.truth(first, number).opened != world.truth(second, number).opened
    one, other = ([pull.state for pull in repository.all_pulls()] for repository in (first, second))
    assert one != other
    medians = [median(hours_to_review(world, repository)) for repository in world.repositories()]
    assert max(medians) > 5 * min(medians)


def test_nights_and_weekends_are_quiet(world: World) -> None:
    dates = [one.first_review for _, _, one in truths(world) if one.first_review is not None]
    assert sum(date.weekday() >= 5 for date in dates) < 0.1 * len(dates)
    assert sum(date.hour < 7 or date.hour >= 20 for date in dates) < 0.15 * len(dates)
    assert len({date.minute for date in dates}) == 60


# -- seeds and dates ---------------------------------------------------------------------------------------------------


def everything(world: World) -> list[object]:
    return [
        (pull, repository.discussion(pull), repository.pull_commits(pull))
        for repository in world.repositories()
        for pull in repository.all_pulls()
    ]


def test_worlds_of_one_seed_are_equal_and_of_others_not() -> None:
    assert everything(World(seed=1)) == everything(World(seed=1)) != everything(World(seed=2))


def test_now_needs_a_time_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        World(now=datetime(2026, 6, 1))  # noqa: DTZ001 - the mistake


@pytest.mark.parametrize("now", [datetime(2026, 6, 1, 14, 30, tzinfo=UTC), LATER])
def test_everything_lies_before_now_and_the_newest_not_long(now: datetime) -> None:
    world = World(now=now)
    dates: list[datetime] = []
    for repository in world.repositories():
        dates.append(repository.updated_on)
        dates += [repository.commit(head).date for head in repository.branches.values()]
        for pull in repository.all_pulls():
            discussion = repository.discussion(pull)
            dates += [event.date for event in discussion.events]
            dates += [comment.created_on for comment in discussion.comments.values()]
            dates += [task.resolved_on or task.created_on for task in discussion.tasks.values()]
            dates += [one.date for one in pull.participants.values() if one.date is not None]
            if pull.source_hash is not None:
                dates += [status.updated_on for status in repository.statuses(pull.source_hash).values()]
        newest = (
            [max(repository.commit(head).date for head in repository.branches.values())] if repository.pulls else []
        )
        assert all(now - date < timedelta(days=7) for date in newest)
    assert max(dates) <= now
    assert now - max(dates) < timedelta(days=2)
    assert min(dates) > now - timedelta(days=5 * 366)
    assert world.now() > now
