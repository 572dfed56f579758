"""FakeDataCenter in front of real git history."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import aiohttp
import pygit2
import pytest

from bbasync.testing import FakeDataCenter
from bbasync.testing.datacenter.world.git import datacenter_git_world
from tests.testing.datacenter_api import Api, Json
from tests.testing.test_git import LINES, Git

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

OWN = "/projects/LOCAL/repos/project"


@pytest.fixture
def history(tmp_path: Path) -> dict[str, str]:
    """Two commits on main, one on a side branch, and a merge of both that renames."""
    git = Git(tmp_path / "Project")
    first = git.commit("main", [], **{"README.md": b"Hi\n", "src/größe.py": LINES.encode(), "logo.png": b"\x89\x00"})
    git.repository.references.create("refs/heads/side/#1", first)
    side = git.commit("side/#1", [first], **{"side.txt": b"side\n"})
    del git.files["side.txt"]
    second = git.commit("main", [first], **{"README.md": b"Hello\n"})
    git.files["src/size.py"] = git.files.pop("src/größe.py")
    merge = git.commit("main", [second, side], **{"side.txt": b"side\n"})
    tagger = pygit2.Signature("Zoë", "zoe@example.invalid", git.clock, 0)
    git.repository.create_tag("v1", second, pygit2.enums.ObjectType.COMMIT, tagger, "Version 1\n")
    git.repository.references.create("refs/tags/light", first)
    return {"first": first, "second": second, "side": side, "merge": merge}


@pytest.fixture
async def api(tmp_path: Path, history: dict[str, str]) -> AsyncIterator[Api]:
    world = datacenter_git_world([tmp_path / "Project"])
    async with FakeDataCenter(world) as fake, aiohttp.ClientSession() as http:
        yield Api(fake, http)


async def test_a_snapshot_keeps_what_was_changed_on_top_of_git(api: Api, history: dict[str, str]) -> None:
    async def make(name: str) -> None:
        status, _ = await api("POST", f"{OWN}/branches", {"name": name, "startPoint": "main"})
        assert status == 200
        status, _ = await api.edit(f"{OWN}/browse/{name}.txt", {"branch": name, "content": f"{name}\n"})
        assert status == 200

    await make("before")
    state = api.fake.snapshot()
    for _ in range(2):
        await make("after")
        api.fake.restore(state)
        branches = {one["displayId"]: one["latestCommit"] for one in await api.values(f"{OWN}/branches")}
        assert branches.keys() == {"main", "side/#1", "before"}
        commit = await api.get(f"{OWN}/commits/{branches['before']}")
        assert [one["id"] for one in cast("list[Json]", commit["parents"])] == [history["merge"]]


async def test_refs_and_commits_are_those_of_git(api: Api, history: dict[str, str]) -> None:
    branches = {one["displayId"]: one["latestCommit"] for one in await api.values(f"{OWN}/branches")}
    assert branches == {"main": history["merge"], "side/#1": history["side"]}
    tags = {one["displayId"]: one for one in await api.values(f"{OWN}/tags")}
    assert {name: one["latestCommit"] for name, one in tags.items()} == {
        "v1": history["second"],
        "light": history["first"],
    }
    assert (tags["light"]["hash"], tags["v1"]["hash"] is None) == (None, False)
    commits = await api.values(f"{OWN}/commits")
    assert [one["id"] for one in commits] == [history[name] for name in ("merge", "second", "side", "first")]
    author = cast("Json", commits[0]["author"])
    assert (author["name"], author["emailAddress"]) == ("Zoë", "zoe@example.invalid")
    found = await api.get(f"{OWN}/commits/{history['side'][:9]}")
    assert (found["id"], found["message"]) == (history["side"], "On side/#1\n")
    status, _ = await api("GET", f"{OWN}/commits/{'0' * 40}")
    assert status == 404
    between = await api.values(f"{OWN}/commits?until=main&since={history['second']}")
    assert [one["id"] for one in between] == [history["merge"], history["side"]]
    of_file = await api.values(f"{OWN}/commits?path=README.md")
    assert [one["id"] for one in of_file] == [history["second"], history["first"]]


async def test_files_and_changes(api: Api, history: dict[str, str]) -> None:
    status, content, _ = await api.raw("GET", f"{OWN}/raw/src/gr%C3%B6%C3%9Fe.py?at={history['first']}")
    assert (status, content) == (200, LINES.encode())
    assert (await api.get(f"{OWN}/files"))["values"] == ["README.md", "logo.png", "side.txt", "src/size.py"]
    changes = await api.values(f"{OWN}/commits/{history['merge']}/changes")
    assert {(cast("Json", one["path"])["toString"], one["type"]) for one in changes} == {
        ("side.txt", "ADD"),
        ("src/size.py", "MOVE"),
    }


async def test_changes_stay_out_of_the_repository(api: Api, history: dict[str, str], tmp_path: Path) -> None:
    form = {"content": "new\n", "message": "New", "branch": "work", "sourceBranch": "main"}
    status, _, _ = await api.raw("PUT", f"{OWN}/browse/new.txt", form=form)
    assert status == 200
    refs = {f"{side}Ref": {"id": f"refs/heads/{name}"} for side, name in (("from", "work"), ("to", "main"))}
    status, pull = await api("POST", f"{OWN}/pull-requests", {"title": "New", **refs})
    assert status == 201, pull
    own = f"{OWN}/pull-requests/{pull['id']}"
    assert [one["message"] for one in await api.values(f"{own}/commits")] == ["New"]
    status, _ = await api("POST", f"{own}/merge?version=0")
    assert status == 200
    for name, content in (("new.txt", b"new\n"), ("README.md", b"Hello\n")):
        assert (await api.raw("GET", f"{OWN}/raw/{name}"))[1] == content
    status, fork = await api("POST", OWN, {"name": "copy"})
    assert status == 201
    key = cast("Json", fork["project"])["key"]
    assert len(await api.values(f"/projects/{key}/repos/copy/commits")) == 6
    git = pygit2.Repository(str(tmp_path / "Project"))
    assert str(git.branches.local["main"].target) == history["merge"]
    assert list(git.branches.local) == ["main", "side/#1"]
