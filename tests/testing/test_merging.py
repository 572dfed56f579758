"""Merges of the fakes follow the branches, and conflict where git's would."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import aiohttp
import pytest

from bbasync.testing import FakeDataCenter
from bbasync.testing.merging import merge_trees
from tests.testing import datacenter_api

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.testing.cloud_api import Api

BASE = b"".join(b"line %d\n" % number for number in range(9))
FIRST, SECOND, LAST = (BASE.replace(b"line %d" % number, b"new %d" % number) for number in (0, 1, 8))
OWN = "/repositories/acme/api"
REPO = "/projects/PRJ/repos/ledger"


@pytest.mark.parametrize(
    ("ours", "theirs", "merged"),
    [
        ({"a": FIRST}, {"a": LAST}, FIRST.replace(b"line 8", b"new 8")),
        ({"a": FIRST}, {"a": FIRST}, FIRST),
        ({"a": BASE}, {"a": LAST}, LAST),
        ({"a": BASE}, {}, None),
        ({"a": FIRST}, {"a": BASE}, FIRST),
    ],
)
def test_changes_of_both_sides_are_merged(
    ours: dict[str, bytes], theirs: dict[str, bytes], merged: bytes | None
) -> None:
    merge = merge_trees({"a": BASE}, ours, theirs)
    assert not merge.conflicts
    assert {**ours, **merge.changes}["a"] == merged


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"a": FIRST}, {"a": FIRST.replace(b"new", b"other")}),
        ({"a": FIRST}, {"a": SECOND}),
        ({"a": FIRST}, {}),
        ({"a": b"\0" + FIRST}, {"a": b"\0" + LAST}),
        ({"a": BASE, "b": b"1"}, {"a": BASE, "b": b"2"}),
    ],
)
def test_changes_that_exclude_each_other_conflict(ours: dict[str, bytes], theirs: dict[str, bytes]) -> None:
    merge = merge_trees({"a": BASE}, ours, theirs)
    assert (len(merge.conflicts), merge.changes) == (1, {})


async def pull_of(api: Api, branch: str, content: bytes) -> str:
    main = (await api.get(f"{OWN}/refs/branches/main"))["target"]["hash"]
    if (await api("GET", f"{OWN}/refs/branches/{branch}")).status == 404:
        assert (await api("POST", f"{OWN}/refs/branches", {"name": branch, "target": {"hash": main}})).status == 201
    assert (await api("POST", f"{OWN}/src", data={"branch": branch, "/a.txt": content.decode()})).status == 201
    body = {"title": branch, "source": {"branch": {"name": branch}}, "destination": {"branch": {"name": "main"}}}
    return f"{OWN}/pullrequests/{(await api('POST', f'{OWN}/pullrequests', body)).json['id']}"


async def heads(api: Api, path: str) -> tuple[str, str]:
    pull = await api.get(path)
    return pull["source"]["commit"]["hash"], pull["destination"]["commit"]["hash"]


async def test_a_merge_moves_the_destination_of_open_pull_requests(api: Api) -> None:
    await api("POST", f"{OWN}/src", data={"branch": "main", "/a.txt": BASE.decode()})
    first, last, rival = [
        await pull_of(api, branch, content)
        for branch, content in (("first", FIRST), ("last", LAST), ("rival", FIRST.replace(b"new", b"other")))
    ]
    computed = (await api.get(f"{OWN}/pullrequests"))["values"][-1]
    before = [await heads(api, path) for path in (last, computed["links"]["self"]["href"])]
    merged = (await api("POST", f"{first}/merge")).json
    head = merged["merge_commit"]["hash"][:12]
    assert merged["destination"]["commit"]["hash"] != head, "a merged one keeps what it was merged into"
    after = [await heads(api, path) for path in (last, computed["links"]["self"]["href"])]
    assert after == [(source, head) for source, _ in before]
    assert (await api.get(f"{OWN}/pullrequests", q=f'destination.commit.hash = "{head}"'))["size"] > 2
    refused = await api("POST", f"{rival}/merge")
    assert (refused.status, refused.message) == (400, "Conflicts during merge.")
    assert (await api.get(rival))["state"] == "OPEN"
    assert (await api("POST", f"{last}/merge")).status == 200
    assert (await api("GET", f"{OWN}/src/main/a.txt")).body == FIRST.replace(b"line 8", b"new 8")


async def test_a_merge_into_the_source_of_another_pull_request_moves_its_source(api: Api) -> None:
    await pull_of(api, "below", FIRST)
    below = f"{OWN}/pullrequests/{(await api.get(f'{OWN}/pullrequests'))['values'][0]['id']}"
    head = (await api.get(f"{OWN}/refs/branches/below"))["target"]["hash"]
    await api("POST", f"{OWN}/refs/branches", {"name": "above", "target": {"hash": head}})
    await api("POST", f"{OWN}/src", data={"branch": "above", "/b.txt": "above"})
    body = {"title": "Above", "source": {"branch": {"name": "above"}}, "destination": {"branch": {"name": "below"}}}
    above = (await api("POST", f"{OWN}/pullrequests", body)).json["id"]
    merged = (await api("POST", f"{OWN}/pullrequests/{above}/merge")).json
    assert (await heads(api, below))[0] == merged["merge_commit"]["hash"][:12]


async def test_another_main_branch_leaves_pull_requests_as_they_are(api: Api) -> None:
    query = "?state=OPEN&state=MERGED&state=DECLINED&state=SUPERSEDED"
    before = await api.values(f"{OWN}/pullrequests{query}")
    branches = {one["name"]: one["target"]["hash"] for one in await api.values(f"{OWN}/refs/branches")}
    changed = await api("PUT", OWN, {"mainbranch": {"name": "develop"}})
    assert changed.json["mainbranch"]["name"] == "develop"
    assert await api.values(f"{OWN}/pullrequests{query}") == before
    found = {one["name"]: one["target"]["hash"] for one in await api.values(f"{OWN}/refs/branches")}
    assert found == branches


@pytest.fixture
async def server() -> AsyncIterator[datacenter_api.Api]:
    async with FakeDataCenter() as fake, aiohttp.ClientSession() as http:
        yield datacenter_api.Api(fake, http)


async def edited(api: datacenter_api.Api, branch: str, content: bytes, source: str | None = None) -> None:
    fields = {"content": content.decode(), "branch": branch, "message": "Edit"}
    fields |= {"sourceBranch": "main", "sourceCommitId": source} if source else {}
    status, payload = await api.edit(f"{REPO}/browse/a.txt", fields)
    assert status == 200, payload


async def opened(api: datacenter_api.Api, branch: str) -> str:
    ends = {"fromRef": {"id": f"refs/heads/{branch}"}, "toRef": {"id": "refs/heads/main"}}
    status, pull = await api("POST", f"{REPO}/pull-requests", {"title": branch} | ends)
    assert status == 201, pull
    return f"{REPO}/pull-requests/{pull['id']}"


async def result(api: datacenter_api.Api, path: str) -> object:
    return cast("dict[str, object]", (await api.get(path))["properties"]).get("mergeResult")


async def test_a_merge_changes_the_mergeability_of_open_pull_requests(server: datacenter_api.Api) -> None:
    await edited(server, "main", BASE)
    main = str((await server.values(f"{REPO}/commits?limit=1"))[0]["id"])
    paths: list[str] = []
    for branch, content in (("first", FIRST), ("last", LAST), ("rival", FIRST.replace(b"new", b"other"))):
        await edited(server, branch, content, main)
        paths.append(await opened(server, branch))
    first, last, rival = paths
    assert [await result(server, path) for path in paths] == [{"outcome": "CLEAN", "current": True}] * 3
    _, merged = await server("POST", f"{first}/merge?version=0")
    head = (await server.values(f"{REPO}/commits?limit=1"))[0]["id"]
    assert "mergeResult" not in cast("dict[str, object]", merged["properties"])
    for path, outcome in ((last, "CLEAN"), (rival, "CONFLICTED")):
        assert cast("dict[str, object]", (await server.get(path))["toRef"])["latestCommit"] == head
        assert await result(server, path) == {"outcome": outcome, "current": True}
        assert (await server.get(f"{path}/merge"))["outcome"] == outcome
    assert await server.refused("POST", f"{rival}/merge?version=0") == (409, "PullRequestMergeVetoedException")
    assert (await server("POST", f"{last}/merge?version=0"))[0] == 200
    _, content, _ = await server.raw("GET", f"{REPO}/raw/a.txt")
    assert content == FIRST.replace(b"line 8", b"new 8")


async def test_another_default_branch_leaves_pull_requests_as_they_are(server: datacenter_api.Api) -> None:
    before = await server.values(f"{REPO}/pull-requests?state=ALL")
    branch = next(str(one["id"]) for one in await server.values(f"{REPO}/branches") if not one["isDefault"])
    assert (await server("PUT", f"{REPO}/default-branch", {"id": branch}))[0] == 204
    assert await server.values(f"{REPO}/pull-requests?state=ALL") == before
