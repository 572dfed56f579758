"""Forms of payloads of FakeDataCenter that recorded responses have."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from urllib.parse import quote

import aiohttp
import pytest

from bbasync.testing import FakeDataCenter
from tests.testing.datacenter_api import Api, Json
from tests.testing.hook_receiver import SECRET, receiving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

REPO = "/projects/PRJ/repos/ledger"
FILE = {"executable"}
SOURCE = {"srcExecutable"}


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    async with FakeDataCenter() as fake, aiohttp.ClientSession() as http:
        yield Api(fake, http)


def flags(change: Json) -> set[str]:
    return change.keys() & {"executable", "srcExecutable", "srcPath"}


async def test_changes_have_the_flags_of_the_sides_that_exist(api: Api) -> None:
    repository = api.fake.world.repository("PRJ", "ledger")
    tip = repository.branches["main"]
    edits: dict[str, bytes | None] = {"README.md": b"x\n", "src/main.py": None, "new.txt": b"y\n"}
    moved = repository.files.tree(tip)["src/util/text.py"]
    edits |= {"src/util/text.py": None, "moved.py": moved}
    author = api.fake.world.people[0]
    commit = api.fake.world.commit(repository, parents=(tip,), author=author, message="All kinds", changes=edits)
    found = {
        str(cast("Json", one["path"])["toString"]): (one["type"], flags(one))
        for one in await api.values(f"{REPO}/commits/{commit.hash}/changes")
    }
    assert found == {
        "README.md": ("MODIFY", FILE | SOURCE),
        "src/main.py": ("DELETE", SOURCE),
        "new.txt": ("ADD", FILE),
        "moved.py": ("MOVE", FILE | SOURCE | {"srcPath"}),
    }


def hrefs(changes: list[Json]) -> list[object]:
    return [cast("list[Json]", cast("Json", one["links"])["self"])[0]["href"] for one in changes]


def paths(changes: list[Json]) -> list[str]:
    return [quote(str(cast("Json", one["path"])["toString"])) for one in changes]


async def test_changes_link_to_their_commit_but_not_in_pull_requests(api: Api) -> None:
    base = f"{api.fake.url}{REPO}/commits"
    branches = api.fake.world.repository("PRJ", "ledger").branches
    main, source = branches["main"], next(name for name in branches if name.startswith("pr/"))
    changes = await api.values(f"{REPO}/commits/{main}/changes")
    assert hrefs(changes) == [f"{base}/{main}#{path}" for path in paths(changes)]
    compared = await api.values(f"{REPO}/compare/changes?from={quote(source, safe='')}&to=main")
    assert hrefs(compared) == [f"{base}/{main}#{path}" for path in paths(compared)]
    in_pull_request = await api.values(f"{REPO}/pull-requests/1/changes")
    assert in_pull_request
    assert [one["links"] for one in in_pull_request] == [{"self": [None]}] * len(in_pull_request)


@pytest.mark.parametrize(
    ("query", "revision"), [("", "refs/heads/main"), ("?at=refs/heads/main", "refs/heads/main"), ("?at=main", "main")]
)
async def test_missing_path_names_the_revision(api: Api, query: str, revision: str) -> None:
    status, error = await api.error("GET", f"{REPO}/raw/none.txt{query}")
    assert (status, error["message"]) == (404, f'The path "none.txt" does not exist at revision "{revision}"')


async def test_only_open_pull_requests_have_a_merge_result(api: Api) -> None:
    results = {
        str(one["state"]): cast("Json", one["properties"]).get("mergeResult")
        for one in await api.values(f"{REPO}/pull-requests?state=ALL")
    }
    assert results == {"OPEN": {"outcome": "CLEAN", "current": True}, "MERGED": None, "DECLINED": None}


async def test_events_have_no_properties_but_the_merge_commit(api: Api) -> None:
    async with receiving() as receiver:
        api.fake.add_webhook(receiver.url, "PRJ", events=["pr:merged", "pr:modified"], secret=SECRET)
        await api("PUT", f"{REPO}/pull-requests/3", {"version": 0, "title": "Other", "reviewers": []})
        await api("POST", f"{REPO}/pull-requests/3/merge?version=1")
        await api.fake.delivered()
        pulls = {key: event.raw["pullRequest"] for key, event in receiver.take().items()}
    assert "properties" not in pulls["pr:modified"]
    assert pulls["pr:merged"]["properties"].keys() == {"mergeCommit"}
