"""Conflicts of pull requests, the checks before a merge, and what a merge makes of both."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from bbasync import ApiToken, BadRequestError, CloudSession
from bbasync.aio import collect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from bbasync.cloud.models import MergeabilityCheck
    from bbasync.testing import FakeCloud
    from tests.testing.cloud_api import Api

OWN = ("acme", "api")
SRC = "/repositories/acme/api/src"
LINES = [f"line {number}\n" for number in range(10)]


@pytest.fixture
async def bb(fake: FakeCloud) -> AsyncIterator[CloudSession]:
    async with CloudSession(ApiToken(fake.email, fake.token), base_url=fake.url) as session:
        yield session


def changed(*numbers: int, to: str = "changed\n") -> str:
    return "".join(to if number in numbers else line for number, line in enumerate(LINES))


async def diverge(api: Api, bb: CloudSession, *, work: Mapping[str, str], main: Mapping[str, str]) -> int:
    """Commit to a branch and to main, and open a pull request; `files=` deletes."""
    await api("POST", SRC, data={"branch": "main", "message": "Base", "/a.txt": "".join(LINES), "/b.bin": "\0"})
    await api("POST", SRC, data={"branch": "work", "message": "Work", **work})
    await api("POST", SRC, data={"branch": "main", "message": "Main", **main})
    return (await bb.pull_requests.create(*OWN, title="Work", source_branch="work")).id


async def checks(bb: CloudSession, pull: int, q: str | None = None) -> dict[str, MergeabilityCheck]:
    found = await bb.pull_requests.get_mergeability_checks(*OWN, pull, q=q)
    assert found.size == len(found.values)
    return {one.check.kind or "" if one.check is not None else str(one.type): one for one in found.values}


@pytest.mark.parametrize(
    ("work", "main", "expected"),
    [
        ({"/a.txt": changed(2)}, {"/a.txt": changed(2, to="other\n")}, ("a.txt", "content")),
        ({"/a.txt": changed(2)}, {"/a.txt": changed(3)}, ("a.txt", "content")),
        ({"/new.txt": "one\n"}, {"/new.txt": "two\n"}, ("new.txt", "content")),
        ({"/b.bin": "\0work"}, {"/b.bin": "\0main"}, ("b.bin", "binary")),
        ({"files": "a.txt"}, {"/a.txt": changed(2)}, ("a.txt", "delete_modify")),
        ({"/a.txt": changed(2)}, {"files": "a.txt"}, ("a.txt", "modify_delete")),
    ],
    ids=["same line", "next line", "both added", "binary", "deleted in source", "deleted in destination"],
)
async def test_conflicts_are_listed_and_prevent_the_merge(
    api: Api, bb: CloudSession, work: Mapping[str, str], main: Mapping[str, str], expected: tuple[str, str]
) -> None:
    pull = await diverge(api, bb, work=work, main=main)
    found = await collect(bb.pull_requests.list_file_conflicts(*OWN, pull))
    assert [(one.path, one.scenario) for one in found] == [expected]
    assert found[0].message
    assert await collect(bb.commits.list_file_conflicts(*OWN, "work..main")) == found
    check = (await checks(bb, pull))["git_mergeability_check"]
    assert (check.status, check.blocking, check.reason) == ("FAILED", True, "conflicts")
    before = await bb.refs.get_branch(*OWN, "main")
    with pytest.raises(BadRequestError, match=expected[0]):
        await bb.pull_requests.merge(*OWN, pull)
    assert (await bb.pull_requests.get(*OWN, pull)).state == "OPEN"
    assert await bb.refs.get_branch(*OWN, "main") == before


@pytest.mark.parametrize(
    ("work", "main", "merged"),
    [
        ({"/a.txt": changed(2)}, {"/a.txt": changed(7)}, changed(2, 7)),
        ({"/a.txt": changed(2)}, {"/a.txt": changed(2)}, changed(2)),
        ({"/a.txt": changed(2)}, {"/other.txt": "x"}, changed(2)),
        ({"/other.txt": "x"}, {"/a.txt": changed(7)}, changed(7)),
        ({"/a.txt": "first\n" + changed()}, {"/a.txt": changed() + "last\n"}, "first\n" + changed() + "last\n"),
    ],
    ids=["other lines", "the same change", "source alone", "destination alone", "both ends"],
)
async def test_what_does_not_conflict_is_merged(
    api: Api, bb: CloudSession, work: Mapping[str, str], main: Mapping[str, str], merged: str
) -> None:
    pull = await diverge(api, bb, work=work, main=main)
    assert await collect(bb.pull_requests.list_file_conflicts(*OWN, pull)) == []
    check = (await checks(bb, pull))["git_mergeability_check"]
    assert (check.status, check.blocking, check.reason) == ("PASSED", False, "clean")
    await bb.pull_requests.merge(*OWN, pull)
    assert (await bb.source.read(*OWN, "main", "a.txt")).decode() == merged


async def test_a_conflict_that_arises_later_is_seen(api: Api, bb: CloudSession) -> None:
    pull = await diverge(api, bb, work={"/a.txt": changed(2)}, main={"/other.txt": "x"})
    assert await collect(bb.pull_requests.list_file_conflicts(*OWN, pull)) == []
    await api("POST", SRC, data={"branch": "main", "message": "Later", "/a.txt": changed(2, to="other\n")})
    assert len(await collect(bb.pull_requests.list_file_conflicts(*OWN, pull))) == 1


async def test_conflicts_of_what_does_not_exist(api: Api) -> None:
    own = "/repositories/acme/api"
    assert (await api("GET", f"{own}/file-conflicts/main..none")).status == 404
    assert (await api("GET", f"{own}/pullrequests/999/conflicts")).status == 404
    assert (await api.get(f"{own}/file-conflicts/main"))["values"] == []


async def test_checks_follow_approvals_builds_and_tasks(api: Api, bb: CloudSession) -> None:
    pull = await diverge(api, bb, work={"/a.txt": changed(2)}, main={"/other.txt": "x"})
    before = await checks(bb, pull)
    expected = {"minimum_approvals": "FAILED", "failed_builds": "PASSED", "resolved_tasks": "PASSED"}
    assert {kind: before[kind].status for kind in expected} == expected
    await bb.pull_requests.approve(*OWN, pull)
    url = "https://ci.invalid/1"
    await bb.commit_statuses.create(*OWN, "work", key="ci", state="FAILED", url=url)
    task = await bb.pull_requests.create_task(*OWN, pull, content="Add a test")
    after = await checks(bb, pull)
    turned = {"minimum_approvals": "PASSED", "failed_builds": "FAILED", "resolved_tasks": "FAILED"}
    assert {kind: after[kind].status for kind in turned} == turned
    assert not any(one.blocking for one in after.values())
    observed = {kind: after[kind].raw["observed"] for kind in turned}
    assert observed == {
        "minimum_approvals": {"approval_count": 1},
        "failed_builds": {"failed_build_count": 1},
        "resolved_tasks": {"unresolved_task_count": 1},
    }
    await bb.commit_statuses.update(*OWN, "work", "ci", state="SUCCESSFUL")
    await bb.pull_requests.update_task(*OWN, pull, task.id, state="RESOLVED")
    await bb.pull_requests.unapprove(*OWN, pull)
    ended = await checks(bb, pull)
    assert {kind: ended[kind].status for kind in expected} == expected


@pytest.mark.parametrize("state", ["MERGED", "DECLINED", "DRAFT"])
async def test_only_an_open_pull_request_passes(api: Api, bb: CloudSession, state: str) -> None:
    pull = await diverge(api, bb, work={"/a.txt": changed(2)}, main={"/other.txt": "x"})
    assert (await checks(bb, pull))["pullrequest_state_check"].status == "PASSED"
    match state:
        case "MERGED":
            await bb.pull_requests.merge(*OWN, pull)
        case "DECLINED":
            await bb.pull_requests.decline(*OWN, pull)
        case _:
            await api("PUT", f"/repositories/acme/api/pullrequests/{pull}", {"draft": True})
    check = (await checks(bb, pull))["pullrequest_state_check"]
    assert (check.status, check.blocking, check.state) == ("FAILED", True, state)


async def test_a_merge_without_a_destination_is_impossible(api: Api, bb: CloudSession) -> None:
    await api("POST", SRC, data={"branch": "base", "message": "Base", "/base.txt": "x"})
    await api("POST", SRC, data={"branch": "work", "message": "Work", "/work.txt": "x"})
    pull = await bb.pull_requests.create(*OWN, title="Work", source_branch="work", destination_branch="base")
    await bb.refs.delete_branch(*OWN, "base")
    assert (await checks(bb, pull.id))["git_mergeability_check"].reason == "merge_impossible"


@pytest.mark.parametrize(
    ("query", "excluded"),
    [
        ('type != "git_mergeability_check"', {"git_mergeability_check"}),
        ('check.kind!="maximum_commits_behind"', set[str]()),
        ('type!="git_mergeability_check" AND check.kind!="maximum_commits_behind"', {"git_mergeability_check"}),
    ],
)
async def test_two_checks_can_be_excluded(bb: CloudSession, query: str, excluded: set[str]) -> None:
    every = await checks(bb, 1)
    assert every.keys() - (await checks(bb, 1, query)).keys() == excluded


@pytest.mark.parametrize("query", ['type="git_mergeability_check"', 'status != "PASSED"', ""])
async def test_other_queries_are_refused(api: Api, query: str) -> None:
    answer = await api("GET", f"/repositories/acme/api/pullrequests/1/mergeability/checks?q={quote(query)}")
    assert answer.status == 400
