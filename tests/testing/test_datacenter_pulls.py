"""Pull requests of FakeDataCenter: versions, vetoes, reviewers, comments."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from urllib.parse import quote

import aiohttp
import pytest

from bbasync.testing.datacenter.server import FakeDataCenter
from tests.testing.datacenter_api import Api, Json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PULLS = "/projects/PRJ/repos/ledger/pull-requests"


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    async with FakeDataCenter() as fake, aiohttp.ClientSession() as http:
        yield Api(fake, http)


async def fresh(api: Api, *reviewers: str) -> str:
    """Open a pull request of a branch with one new commit and return its path."""
    branches = api.fake.world.repository("PRJ", "ledger").branches
    source = next(name for name in branches if name.startswith("pr/1"))
    await api("POST", "/projects/PRJ/repos/ledger/branches", {"name": "new/a#1", "startPoint": source})
    body = {
        "title": "Náïve",
        "description": "why",
        "fromRef": {"id": "refs/heads/new/a#1"},
        "toRef": {"id": "refs/heads/main", "repository": {"slug": "ledger", "project": {"key": "PRJ"}}},
        "reviewers": [{"user": {"name": name}} for name in reviewers],
    }
    status, pull = await api("POST", PULLS, body)
    assert status == 201, pull
    return f"{PULLS}/{pull['id']}"


def name_of(error: Json) -> str:
    return str(error["exceptionName"]).rpartition(".")[2]


def names(participants: object) -> list[object]:
    return [cast("Json", item["user"])["name"] for item in cast("list[Json]", participants)]


async def test_list_by_state_and_order(api: Api) -> None:
    everything = await api.values(f"{PULLS}?state=ALL")
    assert len(everything) == 8
    for state in ("OPEN", "MERGED", "DECLINED"):
        found = await api.values(f"{PULLS}?state={state}")
        assert found == [pull for pull in everything if pull["state"] == state]
        assert found
    assert await api.values(PULLS) == await api.values(f"{PULLS}?state=OPEN")
    assert await api.values(f"{PULLS}?state=ALL&order=OLDEST") == everything[::-1]
    assert (await api.refused("GET", f"{PULLS}?state=GONE"))[0] == 400


async def test_list_filters(api: Api) -> None:
    everything = await api.values(f"{PULLS}?state=ALL")
    assert await api.values(f"{PULLS}?state=ALL&at=refs/heads/main") == everything
    assert await api.values(f"{PULLS}?state=ALL&at=main") == []
    one = cast("Json", everything[0]["fromRef"])["id"]
    outgoing = await api.values(f"{PULLS}?state=ALL&direction=OUTGOING&at={quote(str(one))}")
    assert [pull["id"] for pull in outgoing] == [everything[0]["id"]]
    assert [pull["id"] for pull in await api.values(f"{PULLS}?state=ALL&filterText=(3)")] == [3]
    assert await api.values(f"{PULLS}?state=ALL&draft=false") == everything
    api.fake.world.repository("PRJ", "ledger").pull_requests[6].draft = True
    drafts = await api.values(f"{PULLS}?state=ALL&draft=true")
    assert [pull["id"] for pull in drafts] == [6]
    author = names([everything[0]["author"]])[0]
    everything = await api.values(f"{PULLS}?state=ALL")
    mine = await api.values(f"{PULLS}?state=ALL&username.1={quote(str(author))}&role.1=AUTHOR")
    assert mine == [pull for pull in everything if names([pull["author"]]) == [author]]


async def test_dates_are_milliseconds_and_links_are_lists(api: Api) -> None:
    pull = await api.get(f"{PULLS}/2")
    assert cast("int", pull["createdDate"]) > 1_600_000_000_000
    assert cast("int", pull["closedDate"]) >= cast("int", pull["createdDate"])
    assert str(cast("dict[str, list[Json]]", pull["links"])["self"][0]["href"]).endswith("/pull-requests/2")
    assert "mergeCommit" in cast("Json", pull["properties"])


async def test_create_shows_what_was_asked_for(api: Api) -> None:
    path = await fresh(api, "bjorn", "dara.o")
    pull = await api.get(path)
    assert (pull["title"], pull["description"], pull["version"], pull["state"]) == ("Náïve", "why", 0, "OPEN")
    assert names(pull["reviewers"]) == ["bjorn", "dara.o"]
    assert cast("Json", pull["fromRef"])["displayId"] == "new/a#1"
    assert len(await api.values(f"{path}/commits")) == 1
    assert [entry["action"] for entry in await api.values(f"{path}/activities")] == ["OPENED"]


async def test_create_refusals(api: Api) -> None:
    path = await fresh(api)
    source, target = {"id": "refs/heads/new/a#1"}, {"id": "refs/heads/main"}
    status, error = await api.error("POST", PULLS, {"title": "x", "fromRef": source, "toRef": target})
    assert (status, name_of(error)) == (409, "DuplicatePullRequestException")
    assert f"{PULLS}/{cast('Json', error['existingPullRequest'])['id']}" == path
    status, error = await api.error("POST", PULLS, {"fromRef": source, "toRef": target})
    assert (status, error["context"]) == (400, "title")
    body = {"title": "x", "fromRef": {"id": "refs/heads/none"}, "toRef": target}
    assert await api.refused("POST", PULLS, body) == (404, "NoSuchBranchException")
    body = {"title": "x", "fromRef": target, "toRef": target}
    assert await api.refused("POST", PULLS, body) == (409, "EmptyPullRequestException")


async def test_put_replaces_reviewers_and_keeps_the_title(api: Api) -> None:
    path = await fresh(api, "bjorn")
    status, pull = await api("PUT", path, {"version": 0, "description": "why"})
    assert (status, pull["title"], pull["version"], pull["reviewers"]) == (200, "Náïve", 1, [])
    assert names(pull["participants"]) == ["bjorn"]
    status, pull = await api("PUT", path, {"version": 1, "title": "New", "reviewers": [{"user": {"name": "bjorn"}}]})
    assert (names(pull["reviewers"]), pull["title"], "description" in pull) == (["bjorn"], "New", False)


async def test_activities_tell_what_an_update_and_a_push_change(api: Api) -> None:
    path = await fresh(api, "bjorn")
    (before,) = await api.values(f"{path}/commits")
    await api("PUT", path, {"version": 0, "reviewers": [{"user": {"name": "chiyo"}}]})
    fields = {"content": "new\n", "branch": "new/a#1", "message": "More"}
    status, commit = await api.edit("/projects/PRJ/repos/ledger/browse/new.txt", fields)
    assert status == 200
    pushed, updated, _ = await api.values(f"{path}/activities")
    assert [updated["action"], pushed["action"]] == ["UPDATED", "RESCOPED"]
    people = [[one["name"] for one in cast("list[Json]", updated[f"{kind}Reviewers"])] for kind in ("added", "removed")]
    assert people == [["chiyo"], ["bjorn"]]
    assert (pushed["previousFromHash"], pushed["fromHash"]) == (before["id"], commit["id"])
    assert [one["id"] for one in cast("list[Json]", cast("Json", pushed["added"])["commits"])] == [commit["id"]]
    assert pushed["removed"] == {"commits": [], "total": 0}
    assert (await api.get(path))["updatedDate"] == pushed["createdDate"]


async def test_invalid_reviewers_are_all_named(api: Api) -> None:
    path = await fresh(api)
    people = [{"user": {"name": name}} for name in ("nobody", "bjorn", api.fake.username)]
    status, error = await api.error("PUT", path, {"version": 0, "reviewers": people})
    assert (status, name_of(error)) == (409, "InvalidPullRequestReviewersException")
    assert [item["context"] for item in cast("list[Json]", error["reviewerErrors"])] == ["nobody", api.fake.username]
    assert [user["name"] for user in cast("list[Json]", error["validReviewers"])] == ["bjorn"]


@pytest.mark.parametrize(
    ("method", "suffix", "body"),
    [
        ("PUT", "", {"version": 7}),
        ("DELETE", "", {"version": 7}),
        ("POST", "/merge?version=7", None),
        ("POST", "/decline?version=7", None),
        ("POST", "/reopen?version=7", None),
    ],
)
async def test_stale_version_is_409_with_the_current_one(api: Api, method: str, suffix: str, body: object) -> None:
    path = await fresh(api)
    await api("PUT", path, {"version": 0})
    status, error = await api.error(method, path + suffix, body)
    assert (status, name_of(error)) == (409, "PullRequestOutOfDateException")
    assert (error["currentVersion"], error["expectedVersion"]) == (1, 7)
    assert cast("Json", error["pullRequest"])["version"] == 1


@pytest.mark.parametrize("number", ["--1", "9" * 5000], ids=["two signs", "many digits"])
async def test_a_number_that_is_not_one_is_refused(api: Api, number: str) -> None:
    path = await fresh(api)
    assert (await api.error("PUT", path, {"version": number}))[0] == 409
    assert (await api.error("GET", path.rpartition("/")[0] + "/" + number))[0] == 404
    assert (await api.error("GET", f"{path}/comments/{number}"))[0] == 404


async def test_merge_moves_the_branch_and_happens_once(api: Api) -> None:
    path = await fresh(api)
    assert (await api.error("POST", f"{path}/merge"))[1]["expectedVersion"] == -1
    assert (await api.get(f"{path}/merge"))["canMerge"] is True
    status, pull = await api("POST", f"{path}/merge", {"version": 0, "message": "Together"})
    assert (status, pull["state"], pull["version"], pull["open"]) == (200, "MERGED", 1, False)
    merge = str(cast("Json", cast("Json", pull["properties"])["mergeCommit"])["id"])
    commits = await api.values("/projects/PRJ/repos/ledger/commits?limit=1")
    assert (commits[0]["id"], commits[0]["message"]) == (merge, "Together")
    assert len(await api.values(f"{path}/commits")) == 1
    assert (await api.values(f"{path}/activities"))[0]["action"] == "MERGED"
    assert await api.refused("POST", f"{path}/merge?version=1") == (409, "IllegalPullRequestStateException")
    assert await api.refused("PUT", path, {"version": 1}) == (409, "IllegalPullRequestStateException")


async def test_conflict_and_veto_refuse_a_merge(api: Api) -> None:
    path = await fresh(api)
    pull = api.fake.world.repository("PRJ", "ledger").pull_requests[9]
    pull.conflicted, pull.vetoes = True, [("Builds", "Two builds are missing")]
    status, error = await api.error("POST", f"{path}/merge?version=0")
    assert (status, name_of(error), error["conflicted"]) == (409, "PullRequestMergeVetoedException", True)
    assert error["vetoes"] == [{"summaryMessage": "Builds", "detailedMessage": "Two builds are missing"}]
    check = await api.get(f"{path}/merge")
    assert (check["canMerge"], check["outcome"]) == (False, "CONFLICTED")
    assert (await api.get(path))["state"] == "OPEN"


async def test_decline_reopen_delete(api: Api) -> None:
    path = await fresh(api)
    assert (await api("POST", f"{path}/decline?version=0"))[1]["state"] == "DECLINED"
    assert (await api("POST", f"{path}/reopen?version=1"))[1]["state"] == "OPEN"
    assert await api.refused("POST", f"{path}/reopen?version=2") == (409, "IllegalPullRequestStateException")
    assert await api("DELETE", path, {"version": 2}) == (204, {})
    assert await api.refused("GET", path) == (404, "NoSuchPullRequestException")


async def test_status_is_ones_own(api: Api) -> None:
    path = await fresh(api, "bjorn")
    assert (await api.refused("PUT", f"{path}/participants/bjorn", {"status": "APPROVED"}))[0] == 403
    me = next(user.slug for user in api.fake.world.users.values() if user.name == api.fake.username)
    assert (await api.refused("PUT", f"{path}/participants/{me}", {"status": "APPROVED"}))[0] == 409  # the author
    other = f"{PULLS}/1"
    assert (await api.refused("PUT", f"{other}/participants/{me}", {"status": "GREAT"}))[0] == 400
    status, mine = await api("PUT", f"{other}/participants/{me}", {"status": "NEEDS_WORK"})
    assert (status, mine["role"], mine["status"], mine["approved"]) == (200, "REVIEWER", "NEEDS_WORK", False)
    status, mine = await api("POST", f"{other}/approve")
    assert (mine["approved"], "lastReviewedCommit" in mine) == (True, True)
    assert (await api("DELETE", f"{other}/approve"))[1]["approved"] is False
    actions = [entry["action"] for entry in await api.values(f"{other}/activities")]
    assert actions[:3] == ["UNAPPROVED", "APPROVED", "REVIEWED"]


async def test_reviewers_come_and_go(api: Api) -> None:
    path = await fresh(api)
    body = {"user": {"name": "bjorn"}, "role": "REVIEWER"}
    status, item = await api("POST", f"{path}/participants", body)
    assert (status, item["role"]) == (200, "REVIEWER")
    assert (await api.refused("POST", f"{path}/participants", body | {"role": "AUTHOR"}))[0] == 400
    assert names(await api.values(f"{path}/participants")) == [api.fake.username, "bjorn"]
    assert await api("DELETE", f"{path}/participants/bjorn") == (204, {})
    assert (await api.get(path))["reviewers"] == []
    assert [item["role"] for item in await api.values(f"{path}/participants")] == ["AUTHOR", "PARTICIPANT"]


async def test_comments_nest_and_have_versions(api: Api) -> None:
    path = await fresh(api)
    status, comment = await api("POST", f"{path}/comments", {"text": "why?"})
    assert (status, comment["version"], comment["state"]) == (201, 0, "OPEN")
    _, reply = await api("POST", f"{path}/comments", {"text": "because", "parent": {"id": comment["id"]}})
    one = f"{path}/comments/{comment['id']}"
    assert [item["id"] for item in cast("list[Json]", (await api.get(one))["comments"])] == [reply["id"]]
    assert (await api("PUT", one, {"text": "why so?", "version": 0}))[1]["version"] == 1
    status, error = await api.error("PUT", one, {"text": "x", "version": 0})
    assert (status, name_of(error), error["currentVersion"]) == (409, "CommentOutOfDateException", 1)
    assert await api.refused("DELETE", f"{one}?version=1") == (409, "CommentDeletionException")
    assert await api("DELETE", f"{path}/comments/{reply['id']}?version=0") == (204, {})
    assert await api("DELETE", f"{one}?version=1") == (204, {})
    assert [entry["action"] for entry in await api.values(f"{path}/activities")] == ["OPENED"]


async def test_comments_on_a_path(api: Api) -> None:
    path = await fresh(api)
    anchor = {"path": "README.md", "line": 1, "lineType": "CONTEXT", "fileType": "TO"}
    _, comment = await api("POST", f"{path}/comments", {"text": "here", "anchor": anchor})
    await api("POST", f"{path}/comments", {"text": "on the whole"})
    assert (await api.refused("GET", f"{path}/comments"))[0] == 400
    found = await api.values(f"{path}/comments?path=README.md")
    assert [item["id"] for item in found] == [comment["id"]]
    assert cast("Json", found[0]["anchor"])["line"] == 1
    blocker = {"text": "first do this", "severity": "BLOCKER"}
    assert (await api("POST", f"{path}/comments", blocker))[1]["severity"] == "BLOCKER"
    properties = cast("Json", (await api.get(path))["properties"])
    assert (properties["commentCount"], properties["openTaskCount"], properties["resolvedTaskCount"]) == (3, 1, 0)


async def test_activities_start_anywhere(api: Api) -> None:
    path = f"{PULLS}/7"
    entries = await api.values(f"{path}/activities")
    assert len(entries) == 6
    assert await api.values(f"{path}/activities?fromId={entries[2]['id']}&fromType=ACTIVITY") == entries[2:]
    assert (await api.refused("GET", f"{path}/activities?fromId=1"))[0] == 400


async def test_changes_and_diff_tell_the_same_paths(api: Api) -> None:
    path = f"{PULLS}/1"
    page = await api.get(f"{path}/changes")
    assert (page["isLastPage"], page["nextPageStart"]) == (True, None)
    paths = [cast("Json", change["path"])["toString"] for change in cast("list[Json]", page["values"])]
    diff = await api.get(f"{path}/diff")
    assert [cast("Json", item["destination"])["toString"] for item in cast("list[Json]", diff["diffs"])] == paths
    assert (diff["fromHash"], diff["toHash"]) == (page["fromHash"], page["toHash"])
    _, text, response = await api.raw("GET", f"{path}.diff")
    assert response.content_type == "text/plain"
    assert text.decode().startswith(f"diff --git a/{paths[0]} b/{paths[0]}\n")


async def test_pull_request_from_a_fork(api: Api) -> None:
    _, fork = await api("POST", "/projects/PRJ/repos/gateway", {"name": "mine"})
    key = cast("Json", fork["project"])["key"]
    assert str(key).startswith("~")
    fields = {"content": "new\n", "branch": "main", "message": "New file"}
    assert (await api.edit(f"/projects/{key}/repos/mine/browse/new.txt", fields))[0] == 200
    side: Json = {"id": "refs/heads/main", "repository": {"slug": "mine", "project": {"key": key}}}
    body = {"title": "From a fork", "fromRef": side, "toRef": {"id": "refs/heads/main"}}
    status, pull = await api("POST", "/projects/PRJ/repos/gateway/pull-requests", body)
    assert status == 201, pull
    path = f"/projects/PRJ/repos/gateway/pull-requests/{pull['id']}"
    assert [commit["message"] for commit in await api.values(f"{path}/commits")] == ["New file"]
    outgoing = await api.values(f"/projects/{key}/repos/mine/pull-requests?direction=OUTGOING")
    assert [item["id"] for item in outgoing] == [pull["id"]]
    assert (await api("POST", f"{path}/merge?version=0"))[0] == 200
