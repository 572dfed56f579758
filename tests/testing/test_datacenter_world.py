"""The made-up world of Data Center looks like a team's, and what the API shows agrees with what the world says."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote

import aiohttp
import attrs
import pytest

from bbasync.testing import FakeDataCenter
from bbasync.testing.datacenter.world.seed import Seed
from tests.testing.datacenter_api import Api

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bbasync.testing.datacenter.world import Repository, World
    from bbasync.testing.history.timeline import Truth

LATER = datetime(2031, 3, 5, 16, tzinfo=UTC)
Kept: TypeAlias = list[tuple["Repository", Any, list[Any]]]


@pytest.fixture(scope="module")
def world() -> World:
    return Seed(commits=900, pull_requests=100, branches=2).build()


@pytest.fixture
async def team(world: World) -> AsyncIterator[Api]:
    async with FakeDataCenter(world) as fake, aiohttp.ClientSession() as http:
        yield Api(fake, http)


def own(repository: Repository) -> str:
    return f"/projects/{repository.project.key}/repos/{quote(repository.slug)}"


async def read(team: Api) -> Kept:
    """Read all pull requests, each with its activities, oldest first."""
    found: Kept = []
    for repository in team.fake.world.repositories():
        for pull in await team.values(f"{own(repository)}/pull-requests?state=ALL&limit=1000"):
            entries = await team.values(f"{own(repository)}/pull-requests/{pull['id']}/activities?limit=1000")
            found.append((repository, pull, entries[::-1]))
    return found


def to_date(stamp: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=stamp)


def as_date(stamp: int | None) -> datetime | None:
    return None if stamp is None else to_date(stamp)


def first(activity: list[Any], *actions: str, author: Any = None) -> datetime | None:
    """Return when one of these was first done by another than the author."""
    found = (one["createdDate"] for one in activity if one["action"] in actions and one["user"] != author)
    return as_date(next(found, None))


def truths(world: World) -> list[tuple[Repository, Truth]]:
    numbers = [(one, number) for one in world.repositories() for number in range(1, one.pulls + 1)]
    return [(repository, world.truth(repository, number)) for repository, number in numbers]


def hours_to_review(world: World, repository: Repository) -> list[float]:
    found = [one for where, one in truths(world) if where is repository]
    return [(one.first_review - one.opened) / timedelta(hours=1) for one in found if one.first_review is not None]


def made_up(world: World) -> list[Repository]:
    return [one for one in world.repositories() if one.pulls]


# -- the truth ---------------------------------------------------------------------------------------------------------


async def test_the_api_shows_what_the_world_says_happened(team: Api, world: World) -> None:
    found = await read(team)
    assert len(found) == 600
    for repository, pull, activity in found:
        truth = world.truth(repository, pull["id"])
        author = pull["author"]["user"]
        shown = {
            "opened": as_date(pull["createdDate"]),
            "first_review": first(activity, "COMMENTED", "APPROVED", "REVIEWED", author=author),
            "approved": first(activity, "APPROVED"),
            "merged": first(activity, "MERGED"),
            "closed": as_date(pull.get("closedDate")),
        }
        assert shown == attrs.asdict(truth), (repository.path, pull["id"])
        dates = [entry["createdDate"] for entry in activity]
        assert dates == sorted(dates)
        assert activity[0]["action"] == "OPENED"
        assert (truth.merged is not None) == (pull["state"] == "MERGED")
        changes = [one for one in activity if one["action"] in {"OPENED", "UPDATED", "RESCOPED", "MERGED", "DECLINED"}]
        assert pull["updatedDate"] == changes[-1]["createdDate"]
        assert pull["version"] == sum(one["action"] in {"UPDATED", "MERGED", "DECLINED"} for one in activity)


def test_there_is_a_truth_of_made_up_pull_requests_only(world: World) -> None:
    repository = world.repository("PRJ", "ledger")
    (fork,) = repository.forks
    for where, number in ((repository, 0), (repository, 101), (fork, 1)):
        with pytest.raises(KeyError):
            world.truth(where, number)


# -- what happens in a team --------------------------------------------------------------------------------------------


async def test_the_activities_lead_to_the_state_of_a_pull_request(team: Api) -> None:
    seen = Counter[str]()
    for _, pull, activity in await read(team):
        verdicts: dict[str, str] = {}
        for entry in activity:
            action = entry["action"]
            seen[action] += 1
            if action in {"APPROVED", "REVIEWED", "UNAPPROVED"}:
                verdicts[entry["user"]["name"]] = "NEEDS_WORK" if action == "REVIEWED" else action
            for one in entry.get("removedReviewers", []):
                seen["removed"] += 1
                assert one not in [item["user"] for item in pull["reviewers"]]
        everybody = [*pull["reviewers"], *pull["participants"]]
        assert {one["user"]["name"]: one["status"] for one in everybody if one["user"]["name"] in verdicts} == verdicts
        seen["drafts"] += pull["draft"]
        assert pull["author"]["user"] not in [one["user"] for one in everybody]
    assert seen.keys() >= {"OPENED", "COMMENTED", "MERGED", "DECLINED", "RESCOPED", "UPDATED"}
    assert min(seen[name] for name in ("REVIEWED", "UNAPPROVED", "RESCOPED", "removed")) > 3


async def test_pushes_tell_which_commits_came_and_went(team: Api) -> None:
    kinds = Counter[bool]()
    for repository, pull, activity in await read(team):
        head = pull["fromRef"]["latestCommit"]
        commits = await team.values(f"{own(repository)}/pull-requests/{pull['id']}/commits?limit=1000")
        for push in (one for one in activity if one["action"] == "RESCOPED"):
            assert push["fromHash"] == head
            assert push["added"]["total"] == len(push["added"]["commits"]) > 0
            ids = [one["id"] for one in push["added"]["commits"]]
            assert ids == [one["id"] for one in commits][: len(ids)]
            assert max(one["committerTimestamp"] for one in push["added"]["commits"]) < push["createdDate"]
            assert all(one not in commits for one in push["removed"]["commits"])
            kinds[push["removed"]["total"] > 0] += 1
    assert min(kinds[forced] for forced in (True, False)) > 10


async def test_failing_builds_are_mended_by_a_later_commit(team: Api) -> None:
    mended = 0
    for _, _, activity in await read(team):
        for push in (one for one in activity if one["action"] == "RESCOPED"):
            old, new = [
                [one["state"] for one in await team.values(f"/commits/{hash_}", root="build-status/latest")]
                for hash_ in (push["previousFromHash"], push["fromHash"])
            ]
            mended += (old, new) == (["FAILED"], ["SUCCESSFUL"])
    assert mended > 10


async def test_authors_are_people_bots_and_deleted_accounts(team: Api) -> None:
    authors = [pull["author"]["user"] for _, pull, _ in await read(team)]
    kinds = Counter((one["type"], one["active"]) for one in authors)
    assert kinds.keys() == {("NORMAL", True), ("SERVICE", True), ("NORMAL", False)}
    assert kinds["SERVICE", True] < 0.3 * len(authors)
    people = Counter(one["name"] for one in authors if one["type"] == "NORMAL" and one["active"])
    assert len(people) == len(team.fake.world.users) - 2
    assert not people.keys() & {team.fake.username, team.fake.reader}, "they leave pull requests to the others"


# -- distributions -----------------------------------------------------------------------------------------------------


def test_times_and_sizes_have_long_tails(world: World) -> None:
    for repository in made_up(world):
        cut = quantiles(hours_to_review(world, repository), n=10)
        assert cut[8] > 3 * cut[4] > 9 * cut[0]
        comments = [len(pull.comments) for pull in repository.pull_requests.values()]
        assert max(comments) >= 5 * max(median(comments), 1)


def test_repositories_differ(world: World) -> None:
    one, other, *_ = repositories = made_up(world)
    for number in range(1, one.pulls + 1):
        assert world.truth(one, number).opened != world.truth(other, number).opened
    states = [[pull.state for pull in repository.pull_requests.values()] for repository in repositories]
    assert all(left != right for left, right in pairwise(states))
    medians = [median(hours_to_review(world, repository)) for repository in repositories]
    assert max(medians) > 3 * min(medians)


def test_nights_and_weekends_are_quiet(world: World) -> None:
    dates = [one.first_review for _, one in truths(world) if one.first_review is not None]
    assert sum(date.weekday() >= 5 for date in dates) < 0.1 * len(dates)
    assert sum(date.hour < 7 or date.hour >= 20 for date in dates) < 0.15 * len(dates)
    assert len({date.minute for date in dates}) == 60


# -- seeds and dates ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("now", [datetime(2026, 6, 1, 14, 30, tzinfo=UTC), LATER])
async def test_everything_lies_before_now_and_the_newest_not_long(now: datetime) -> None:
    dates: list[int] = []
    async with FakeDataCenter(now=now) as fake, aiohttp.ClientSession() as http:
        team = Api(fake, http)
        for repository in fake.world.repositories():
            commits: list[Any] = list(await team.values(f"{own(repository)}/commits?limit=1000"))
            assert now - to_date(commits[0]["committerTimestamp"]) < timedelta(days=7)
            for branch in repository.branches.values():
                commit: Any = await team.get(f"{own(repository)}/commits/{branch}")
                dates.append(commit["committerTimestamp"])
            for pull in repository.pull_requests.values():
                path = f"{own(repository)}/pull-requests/{pull.id}/activities?limit=1000"
                entries: list[Any] = list(await team.values(path))
                dates += [entry["createdDate"] for entry in entries]
        for builds in fake.world.builds.values():
            dates += [one.updated for one in builds.values()]
        oldest, newest = to_date(min(dates)), to_date(max(dates))
        assert now - timedelta(days=5 * 366) < oldest < newest <= now
        assert now - newest < timedelta(days=2)
        assert to_date(fake.world.tick()) > now


async def test_worlds_of_one_seed_are_equal_and_of_others_not() -> None:
    async def everything(seed: int) -> list[Any]:
        async with FakeDataCenter(seed=seed) as fake, aiohttp.ClientSession() as http:
            found = await read(Api(fake, http))
            ids = [[(entry["id"], entry["createdDate"]) for entry in activity] for _, _, activity in found]
            return [ids, [(pull["title"], pull["fromRef"]["latestCommit"]) for _, pull, _ in found]]

    assert await everything(1) == await everything(1) != await everything(2)


def test_now_needs_a_time_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        FakeDataCenter(now=datetime(2026, 6, 1))  # noqa: DTZ001 - the mistake
