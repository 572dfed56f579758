"""FakeCloud in front of real git history."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pygit2
import pytest

from bbasync.testing import FakeCloud
from bbasync.testing.cloud.world.git import git_world
from tests.testing.cloud_api import Api

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

OWN = "/repositories/local/project"
LINES = "".join(f"line {number}\n" for number in range(30))


class Git:
    """Writes history into a repository, a minute a commit."""

    def __init__(self, path: Path) -> None:
        self.repository = pygit2.init_repository(str(path), initial_head="main")
        self.files: dict[str, bytes] = {}
        self.clock = 1_700_000_000

    def commit(self, branch: str, parents: list[str], **files: bytes) -> str:
        self.clock += 60
        index = pygit2.Index()
        self.files |= files
        for path, content in self.files.items():
            blob = self.repository.create_blob(content)
            index.add(pygit2.IndexEntry(path, blob, pygit2.enums.FileMode.BLOB))
        tree = index.write_tree(self.repository)
        author = pygit2.Signature("Zoë", "zoe@example.invalid", self.clock, 120)
        return str(
            self.repository.create_commit(f"refs/heads/{branch}", author, author, f"On {branch}\n", tree, parents)
        )


@pytest.fixture
def history(tmp_path: Path) -> dict[str, str]:
    """Two commits on main, one on a side branch, a merge of both, and one on main that renames."""
    git = Git(tmp_path / "project")
    first = git.commit("main", [], **{"README.md": b"Hi\n", "src/größe.py": LINES.encode(), "logo.png": b"\x89\x00"})
    git.repository.references.create("refs/heads/side/#1", first)
    side = git.commit("side/#1", [first], **{"side.txt": b"side\n"})
    del git.files["side.txt"]
    second = git.commit("main", [first], **{"README.md": b"Hello\n"})
    merge = git.commit("main", [second, side], **{"side.txt": b"side\n"})
    content = git.files.pop("src/größe.py")
    head = git.commit("main", [merge], **{"src/size.py": content + b"end\n"})
    tagger = pygit2.Signature("Zoë", "zoe@example.invalid", git.clock, 0)
    git.repository.create_tag("v1", merge, pygit2.enums.ObjectType.COMMIT, tagger, "Version 1\n")
    git.repository.references.create("refs/tags/light", first)
    return {"first": first, "second": second, "side": side, "merge": merge, "head": head}


@pytest.fixture
async def fake(tmp_path: Path, history: dict[str, str]) -> AsyncIterator[FakeCloud]:
    async with FakeCloud(git_world([tmp_path / "project"])) as server:
        yield server


async def test_refs_and_commits_are_those_of_git(api: Api, history: dict[str, str]) -> None:
    assert (await api.get(OWN))["mainbranch"]["name"] == "main"
    branches = {one["name"]: one["target"]["hash"] for one in await api.values(OWN + "/refs/branches")}
    assert branches == {"main": history["head"], "side/#1": history["side"]}
    tags = {one["name"]: one for one in await api.values(OWN + "/refs/tags")}
    assert (tags["v1"]["message"], tags["v1"]["target"]["hash"]) == ("Version 1\n", history["merge"])
    assert (tags["light"]["message"], tags["light"]["date"]) == (None, None)
    commits = await api.values(OWN + "/commits?pagelen=2")
    assert [one["hash"] for one in commits] == [history[n] for n in ("head", "merge", "second", "side", "first")]
    assert commits[0]["author"] == {"type": "author", "raw": "Zoë <zoe@example.invalid>"}
    assert commits[0]["date"].endswith("+02:00")
    assert len(commits[1]["parents"]) == 2
    assert api.fake.world.counts()["commits"] == 5


async def test_excluded_history_is_hidden(api: Api, history: dict[str, str]) -> None:
    listed = await api("POST", OWN + "/commits", data={"include": "main", "exclude": history["second"]})
    assert [one["hash"] for one in listed.json["values"]] == [history[n] for n in ("head", "merge", "side")]
    base = await api.get(f"{OWN}/merge-base/{history['side']}..{history['second']}")
    assert base["hash"] == history["first"]


async def test_files_and_their_history(api: Api, history: dict[str, str]) -> None:
    root = {one["path"]: one["type"] for one in await api.values(f"{OWN}/src/{history['first']}/")}
    assert root == {"src": "commit_directory", "README.md": "commit_file", "logo.png": "commit_file"}
    raw = await api("GET", f"{OWN}/src/main/src/size.py")
    assert raw.body == LINES.encode() + b"end\n"
    meta = await api.get(f"{OWN}/src/main/logo.png?format=meta")
    assert (meta["size"], meta["attributes"]) == (2, ["binary"])
    assert (await api("GET", f"{OWN}/src/main/none")).status == 404
    changed = [one["commit"]["hash"] for one in await api.values(f"{OWN}/filehistory/main/README.md")]
    assert changed == [history["second"], history["first"]]


async def test_diffs_know_renames(api: Api, history: dict[str, str]) -> None:
    (only,) = await api.values(f"{OWN}/diffstat/{history['head']}")
    assert (only["status"], only["old"]["path"], only["new"]["path"]) == ("renamed", "src/größe.py", "src/size.py")
    assert (only["lines_added"], only["lines_removed"]) == (1, 0)
    diff = (await api("GET", f"{OWN}/diff/{history['second']}")).body
    assert b"-Hi\n+Hello\n" in diff
    added = await api.values(f"{OWN}/diffstat/{history['first']}")
    assert {one["status"] for one in added} == {"added"}


async def test_changes_stay_out_of_the_repository(api: Api, history: dict[str, str], tmp_path: Path) -> None:
    form = {"branch": "work", "message": "New", "/new.txt": "new\n", "parents": history["head"]}
    assert (await api("POST", OWN + "/src", data=form)).status == 201
    pull = await api("POST", OWN + "/pullrequests", {"title": "New", "source": {"branch": {"name": "work"}}})
    assert pull.status == 201, pull.body
    own = f"{OWN}/pullrequests/{pull.json['id']}"
    assert [one["message"] for one in await api.values(own + "/commits")] == ["New"]
    stat = await api("GET", (await api("GET", own + "/diffstat")).headers["Location"])
    assert [one["new"]["path"] for one in stat.json["values"]] == ["new.txt"]
    assert (await api("POST", own + "/merge")).status == 200
    assert (await api("GET", f"{OWN}/src/main/new.txt")).body == b"new\n"
    assert (await api("GET", f"{OWN}/src/main/README.md")).body == b"Hello\n"
    git = pygit2.Repository(str(tmp_path / "project"))
    assert str(git.branches.local["main"].target) == history["head"]
    assert list(git.branches.local) == ["main", "side/#1"]


async def test_thousands_of_commits_are_listed(tmp_path: Path) -> None:
    git = Git(tmp_path / "large")
    head: list[str] = []
    for number in range(1500):
        head = [git.commit("main", head, **{"n.txt": str(number).encode()})]
    async with FakeCloud(git_world([tmp_path / "large"])) as fake, Api(fake) as api:
        assert len(await api.values("/repositories/local/large/commits?pagelen=100")) == 1500


def test_path_without_git_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is not a git repository that can be opened: Repository not found"):
        git_world([tmp_path])


async def test_empty_repository_and_equal_names(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        pygit2.init_repository(str(tmp_path / folder / "same.git"), bare=True)
    paths = [tmp_path / "a" / "same.git", tmp_path / "b" / "same.git"]
    async with FakeCloud(git_world(paths, workspace="mine")) as fake, Api(fake) as api:
        assert [one["slug"] for one in await api.values("/repositories/mine")] == ["same", "same-1"]
        assert (await api("GET", "/repositories/mine/same/commits")).status == 404


async def test_snapshot_keeps_what_was_changed_on_top_of_git(api: Api) -> None:
    before = await api.get(f"{OWN}/commits")
    state = api.fake.snapshot()
    for _ in range(2):
        assert (await api("POST", f"{OWN}/src", data={"/new.txt": "new"})).status == 201
        assert (await api("GET", f"{OWN}/src/main/new.txt")).status == 200
        api.fake.restore(state)
        assert await api.get(f"{OWN}/commits") == before
