"""Projects, repositories, refs, commits, files and builds of FakeDataCenter."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import aiohttp
import pytest
from yarl import URL

from bbasync.testing.datacenter.server import FakeDataCenter
from tests.testing.datacenter_api import Api, Json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

REPO = "/projects/PRJ/repos/ledger"


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    async with FakeDataCenter() as fake, aiohttp.ClientSession() as http:
        yield Api(fake, http)


async def test_projects_live_and_die(api: Api) -> None:
    status, project = await api("POST", "/projects", {"key": "new", "name": "Neu"})
    assert (status, project["key"], project["type"], project["public"]) == (201, "NEW", "NORMAL", False)
    assert await api.refused("POST", "/projects", {"key": "NEW", "name": "x"}) == (409, "DuplicateProjectException")
    assert (await api.refused("POST", "/projects", {"key": "~x"}))[0] == 400
    status, project = await api("PUT", "/projects/NEW", {"description": "hé"})
    assert (project["name"], project["description"]) == ("Neu", "hé")
    assert [item["key"] for item in await api.values("/projects?name=neu")] == ["NEW"]
    assert (await api("POST", "/projects/NEW/repos", {"name": "One Repo"}))[1]["slug"] == "one-repo"
    assert await api.refused("DELETE", "/projects/NEW") == (409, "IntegrityException")
    assert (await api("DELETE", "/projects/NEW/repos/one-repo"))[0] == 202
    assert (await api("DELETE", "/projects/NEW/repos/one-repo"))[0] == 204
    assert (await api("DELETE", "/projects/NEW"))[0] == 204
    assert await api.refused("GET", "/projects/NEW") == (404, "NoSuchProjectException")


async def test_personal_project_has_the_slug_in_its_key(api: Api) -> None:
    project = await api.get("/projects/~ada_example")
    assert (project["type"], cast("Json", project["owner"])["name"]) == ("PERSONAL", api.fake.username)
    repositories = await api.values("/projects/~ada_example/repos")
    assert cast("Json", repositories[0]["origin"])["slug"] == "ledger"
    assert await api.values(f"{REPO}/forks") == repositories
    assert "~ada_example" not in [item["key"] for item in await api.values("/projects")]


async def test_renamed_repository_redirects(api: Api) -> None:
    status, repository = await api("PUT", REPO, {"name": "Big Ledger"})
    assert (status, repository["slug"]) == (201, "big-ledger")
    status, _, response = await api.raw("DELETE", REPO)
    assert status == 307
    assert response.headers["Location"] == f"{api.fake.url}/rest/api/latest/projects/PRJ/repos/big-ledger"
    taken = {"name": "gateway"}
    assert await api.refused("PUT", "/projects/PRJ/repos/big-ledger", taken) == (409, "DuplicateRepositoryException")


async def test_archived_repository_refuses_changes(api: Api) -> None:
    assert (await api("PUT", REPO, {"archived": True}))[1]["archived"] is True
    body = {"name": "a", "startPoint": "main"}
    assert await api.refused("POST", f"{REPO}/branches", body) == (409, "RepositoryArchivedException")
    assert [item["slug"] for item in await api.values("/repos?archived=ARCHIVED")] == ["ledger"]


async def test_repositories_of_the_server_are_filtered(api: Api) -> None:
    assert len(await api.values("/repos")) == 7
    assert {item["slug"] for item in await api.values("/repos?projectkey=OPS&name=gate")} == {"gateway"}
    assert {item["public"] for item in await api.values("/repos?visibility=public")} == {True}


async def test_empty_repository_has_no_default_branch(api: Api) -> None:
    await api("POST", "/projects/PRJ/repos", {"name": "empty"})
    empty = "/projects/PRJ/repos/empty"
    assert await api.refused("GET", f"{empty}/commits") == (404, "NoDefaultBranchException")
    assert await api.refused("GET", f"{empty}/default-branch") == (404, "NoDefaultBranchException")
    assert (await api("GET", f"{empty}/branches/default"))[0] == 204
    assert await api.values(f"{empty}/branches") == []
    assert (await api.edit(f"{empty}/browse/a.txt", {"content": "a", "branch": "main"}))[0] == 200
    assert len(await api.values(f"{empty}/commits")) == 1


async def test_branches_in_both_orders(api: Api) -> None:
    found = [str(item["displayId"]) for item in await api.values(f"{REPO}/branches?orderBy=ALPHABETICAL")]
    assert found == sorted(found)
    assert sum(item["isDefault"] is True for item in await api.values(f"{REPO}/branches")) == 1
    assert any("/" in name and "#" in name for name in found)
    some = await api.values(f"{REPO}/branches?filterText=FEATURE&details=true")
    assert all("feature" in str(item["displayId"]) for item in some)
    metadata = cast("Json", some[0]["metadata"])
    counts = next(cast("Json", value) for key, value in metadata.items() if "ahead-behind" in key)
    assert cast("int", counts["ahead"]) >= 1


async def test_branch_comes_moves_and_goes(api: Api) -> None:
    body = {"name": "a/b#c é", "startPoint": "main"}
    assert (await api.refused("POST", f"{REPO}/branches", body))[0] == 400
    body["name"] = "a/b#cé"
    status, branch = await api("POST", f"{REPO}/branches", body)
    assert (status, branch["id"]) == (200, "refs/heads/a/b#cé")
    root = "branch-utils/latest"
    assert (await api("POST", f"{REPO}/branches", body | {"name": "other"}, root=root))[0] == 201
    assert await api.refused("POST", f"{REPO}/branches", body) == (400, "DuplicateRefException")
    assert (await api("PUT", f"{REPO}/default-branch", {"id": "refs/heads/other"}))[0] == 204
    assert (await api.get(f"{REPO}/default-branch"))["displayId"] == "other"
    assert (await api.refused("DELETE", f"{REPO}/branches", {"name": "other"}, root=root))[0] == 400
    stale = {"name": "a/b#cé", "endPoint": "0" * 40}
    assert (await api.refused("DELETE", f"{REPO}/branches", stale, root=root))[0] == 400
    assert (await api("DELETE", f"{REPO}/branches", {"name": "a/b#cé", "dryRun": True}, root=root))[0] == 204
    assert (await api("DELETE", f"{REPO}/branches", {"name": "refs/heads/a/b#cé"}, root=root))[0] == 204
    assert await api.values(f"{REPO}/branches?filterText=a/b") == []


async def test_tags_keep_their_slashes_in_the_path(api: Api) -> None:
    found = await api.values(f"{REPO}/tags")
    assert {item["hash"] is None for item in found} == {True, False}
    tag = next(item for item in found if "/" in str(item["displayId"]))
    path = URL.build(path=f"/{tag['displayId']}").raw_path.replace("#", "%23")
    assert await api.get(f"{REPO}/tags{path}") == tag
    body = {"name": "v9/1", "startPoint": "main", "message": "Nine", "type": "ANNOTATED"}
    assert (await api("POST", f"{REPO}/tags", body, root="git/latest"))[0] == 201
    assert (await api.get(f"{REPO}/tags/v9/1"))["hash"] is not None
    assert (await api("DELETE", f"{REPO}/tags/v9/1", root="git/latest"))[0] == 204
    assert await api.refused("GET", f"{REPO}/tags/v9/1") == (404, "NoSuchTagException")


async def test_commits_between_refs(api: Api) -> None:
    whole = [item["id"] for item in await api.values(f"{REPO}/commits?limit=1000")]
    some = [item["id"] for item in await api.values(f"{REPO}/commits?since={whole[-5]}&limit=1000")]
    assert set(some) < set(whole)
    assert whole[-5] not in some
    assert await api.refused("GET", f"{REPO}/commits?until=none") == (404, "NoSuchCommitException")
    assert await api.values(f"{REPO}/commits?until=none&ignoreMissing=true") == []
    counted = await api.get(f"{REPO}/commits?withCounts=true&limit=2")
    assert counted["totalCount"] == len(whole)
    assert await api.values(f"{REPO}/commits?until=refs/heads/main&limit=1000") == await api.values(
        f"{REPO}/commits?until={whole[0]}&limit=1000"
    )


async def test_commits_by_merges_and_path(api: Api) -> None:
    whole = await api.values(f"{REPO}/commits?limit=1000")
    merges = await api.values(f"{REPO}/commits?merges=only&limit=1000")
    others = await api.values(f"{REPO}/commits?merges=exclude&limit=1000")
    assert merges
    assert all(len(cast("list[Json]", item["parents"])) == 2 for item in merges)
    assert len(merges) + len(others) == len(whole)
    touched = await api.values(f"{REPO}/commits?path=README.md&limit=1000")
    assert 0 < len(touched) < len(others)
    for item in touched:
        page = await api.values(f"{REPO}/commits/{item['id']}/changes")
        assert "README.md" in [cast("Json", change["path"])["toString"] for change in page]


async def test_one_commit(api: Api) -> None:
    newest = (await api.values(f"{REPO}/commits?limit=1"))[0]
    commit = await api.get(f"{REPO}/commits/{newest['displayId']}")
    assert commit["id"] == newest["id"]
    assert all("message" in parent for parent in cast("list[Json]", commit["parents"]))
    authors = [cast("Json", item["author"]) for item in await api.values(f"{REPO}/commits?limit=1000")]
    assert {"slug" in author for author in authors} == {True, False}


async def test_diff_of_a_commit_adds_up(api: Api) -> None:
    files = api.fake.world.repository("PRJ", "ledger").files
    for commit in await api.values(f"{REPO}/commits?merges=exclude&limit=5"):
        diff = await api.get(f"{REPO}/commits/{commit['id']}/diff")
        for item in cast("list[Json]", diff["diffs"]):
            path = str(cast("Json", item["destination"])["toString"])
            if path == "logo.bin":
                assert (item["binary"], "hunks" in item) == (True, False)
                continue
            old, new = (files.tree(str(name))[path].decode().splitlines() for name in (diff["fromHash"], commit["id"]))
            for hunk in cast("list[Json]", item["hunks"]):
                spans = {"ADDED": 0, "REMOVED": 0, "CONTEXT": 0}
                for segment in cast("list[Json]", hunk["segments"]):
                    kind = str(segment["type"])
                    for line in cast("list[Json]", segment["lines"]):
                        spans[kind] += 1
                        if kind != "ADDED":
                            assert old[cast("int", line["source"]) - 1] == line["line"]
                        if kind != "REMOVED":
                            assert new[cast("int", line["destination"]) - 1] == line["line"]
                assert hunk["sourceSpan"] == spans["CONTEXT"] + spans["REMOVED"]
                assert hunk["destinationSpan"] == spans["CONTEXT"] + spans["ADDED"]
        _, text, _ = await api.raw("GET", f"{REPO}/commits/{commit['id']}/diff", accept="text/plain")
        assert text.startswith(b"diff --git a/")


async def test_moved_file_is_one_change(api: Api) -> None:
    repository = api.fake.world.repository("PRJ", "ledger")
    tip = repository.branches["main"]
    edits = {"README.md": None, "docs/README.md": repository.files.tree(tip)["README.md"]}
    author = api.fake.world.people[0]
    moved = api.fake.world.commit(repository, parents=(tip,), author=author, message="Move", changes=edits)
    changes = await api.values(f"{REPO}/commits/{moved.hash}/changes")
    assert [(change["type"], change["percentUnchanged"]) for change in changes] == [("MOVE", 100)]
    assert cast("Json", changes[0]["srcPath"])["toString"] == "README.md"


async def test_compare_starts_at_the_merge_base(api: Api) -> None:
    branches = api.fake.world.repository("PRJ", "ledger").branches
    branch = next(name for name in branches if name.startswith("pr/"))
    query = URL.build(query={"from": f"refs/heads/{branch}", "to": "refs/heads/main"}).raw_query_string
    commits = await api.values(f"{REPO}/compare/commits?{query}")
    assert [item["id"] for item in commits] == [branches[branch]]
    assert len(await api.values(f"{REPO}/compare/changes?{query}")) == 1


async def test_files_directories_and_lines(api: Api) -> None:
    repository = api.fake.world.repository("PRJ", "ledger")
    files = repository.files.tree(repository.branches["main"])
    assert (await api.get(f"{REPO}/files?limit=100"))["values"] == sorted(files)
    assert (await api.get(f"{REPO}/files/src"))["values"] == ["main.py", "util/text.py"]
    top = cast("Json", (await api.get(f"{REPO}/browse"))["children"])
    kinds = {str(cast("Json", item["path"])["name"]): item["type"] for item in cast("list[Json]", top["values"])}
    assert (kinds["src"], kinds["README.md"]) == ("DIRECTORY", "FILE")
    page = await api.get(f"{REPO}/browse/README.md?limit=2&at=refs/heads/main")
    assert [line["text"] for line in cast("list[Json]", page["lines"])] == files["README.md"].decode().splitlines()[:2]
    assert await api.get(f"{REPO}/browse/README.md?type=true") == {"type": "FILE"}
    assert await api.get(f"{REPO}/browse/src?type=true") == {"type": "DIRECTORY"}
    assert await api.get(f"{REPO}/browse/README.md?size=true") == {"size": len(files["README.md"])}
    assert (await api.get(f"{REPO}/browse/logo.bin"))["binary"] is True


@pytest.mark.parametrize("path", ["docs/naïve guide.md", "docs/100% coverage #1+2.md", "config/日本.yaml", "logo.bin"])
async def test_raw_bytes_of_any_path(api: Api, path: str) -> None:
    repository = api.fake.world.repository("PRJ", "ledger")
    encoded = URL.build(path=f"/{path}", encoded=False).raw_path
    status, content, response = await api.raw("GET", f"{REPO}/raw{encoded}?at=refs/heads/main")
    assert (status, content) == (200, repository.files.tree(repository.branches["main"])[path])
    assert response.content_type != "application/json"


async def test_edit_needs_the_last_content(api: Api) -> None:
    path = f"{REPO}/browse/README.md"
    base = str((await api.values(f"{REPO}/commits?limit=1"))[0]["id"])
    fields = {"content": "new\n", "branch": "main", "message": "Edit", "sourceCommitId": base}
    status, commit = await api.edit(path, fields)
    assert (status, commit["message"]) == (200, "Edit")
    assert (await api.raw("GET", f"{REPO}/raw/README.md"))[1] == b"new\n"
    assert (await api.edit(path, fields | {"content": "again"}))[0] == 409
    assert (await api.edit(path, {"content": "x", "branch": "main"}))[0] == 409
    fresh = {"content": "x", "branch": "side", "sourceBranch": "main", "sourceCommitId": str(commit["id"])}
    assert (await api.edit(path, fresh))[0] == 200
    assert (await api.edit(path, {"branch": "main"}))[0] == 400
    assert (await api.edit(path, fields, api.fake.project_token))[0] == 403


async def test_build_statuses_belong_to_the_commit(api: Api) -> None:
    commit = str((await api.values(f"{REPO}/commits"))[-1]["id"])
    builds = f"{REPO}/commits/{commit}/builds"
    body = {"key": "K 1", "state": "SUCCESSFUL", "url": "https://ci.example.org/1", "duration": 5}
    assert await api("POST", builds, body) == (204, {})
    assert (await api.get(f"{builds}?key=K%201"))["duration"] == 5
    assert (await api.refused("GET", builds))[0] == 400
    assert (await api.refused("POST", builds, body | {"state": "GREEN"}))[0] == 400
    root = "build-status/1.0"
    other = {"key": "K2", "state": "FAILED", "url": "https://ci.example.org/2"}
    assert await api("POST", f"/commits/{commit}", other, root=root) == (204, {})
    assert [item["key"] for item in await api.values(f"/commits/{commit}", root=root)] == ["K2", "K 1"]
    stats = await api.get(f"/commits/stats/{commit}", root=root)
    assert (stats["successful"], stats["failed"], stats["inProgress"]) == (1, 1, 0)
    assert (await api("POST", "/commits/stats", [commit], root=root))[1] == {commit: stats}
    assert await api("DELETE", f"{builds}?key=K2") == (204, {})
    assert (await api.refused("GET", f"{builds}?key=K2"))[0] == 404


async def test_users_by_filter_and_slug(api: Api) -> None:
    user = (await api.values("/users?filter=ada@ex"))[0]
    assert (user["name"], user["slug"]) == ("ada@example", "ada_example")
    assert await api.get("/users/ada_example") == user
    assert await api.refused("GET", "/users/ada@example") == (404, "NoSuchUserException")
    assert len(await api.values("/users")) == 6


async def test_thousands_of_commits_list_quickly() -> None:
    async with FakeDataCenter(projects=1, repositories=1, commits=5000, pull_requests=0) as fake:
        async with aiohttp.ClientSession() as http:
            api = Api(fake, http)
            seen: set[object] = set()
            start: object = 0
            while start is not None:
                page = await api.get(f"{REPO}/commits?start={start}&limit=500")
                seen |= {item["id"] for item in cast("list[Json]", page["values"])}
                start = page.get("nextPageStart")
        repository = fake.world.repository("PRJ", "ledger")
        assert len(seen) == len(repository.history.log(repository.branches["main"])) == 5000
