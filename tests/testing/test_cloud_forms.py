"""Forms of requests and payloads that real clients and recorded responses have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from yarl import URL

from bbasync.testing import FakeCloud
from bbasync.testing.cloud.world import World
from tests.testing.cloud_api import Api, Json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

OWN = "/repositories/acme/api"
COMMITS = f"{OWN}/commits"
README = f"{OWN}/filehistory/main/README.md"


@pytest.fixture
async def fake() -> AsyncIterator[FakeCloud]:
    async with FakeCloud(World(workspaces=1, repositories=1)) as server:
        yield server


async def by_number(api: Api, path: str, pagelen: int) -> list[Json]:
    """List as clients do that count pages, until a page has no `next`."""
    found: list[Json] = []
    for number in range(1, 100):
        page = await api.get(path, page=str(number), pagelen=str(pagelen))
        found += page["values"]
        if "next" not in page:
            return found
    raise AssertionError("the list does not end")


@pytest.mark.parametrize(
    ("path", "pagelen"),
    [
        (COMMITS, 50),
        (f"{COMMITS}/main", 50),
        (f"{OWN}/src/main/src/", 1),
        (README, 3),
        (f"{OWN}/pullrequests/5/commits", 1),
    ],
)
async def test_lists_with_cursors_accept_page_numbers(api: Api, path: str, pagelen: int) -> None:
    expected = await api.values(path, pagelen=str(pagelen))
    assert len(expected) > pagelen
    assert await by_number(api, path, pagelen) == expected
    assert (await api.get(path, page="1000"))["values"] == []
    for wrong in ("0", "made-up"):
        answer = await api("GET", path, query={"page": wrong})
        assert (answer.status, answer.message) == (400, "Invalid page")


async def test_page_numbers_of_commits_of_a_path(api: Api) -> None:
    path = f"{COMMITS}?path=README.md"
    hashes = [one["hash"] for one in await api.values(f"{path}&pagelen=100")]
    pages = [await api.get(f"{path}&pagelen=4&page={number}") for number in (3, 1, 2)]
    assert [one["hash"] for page in pages for one in page["values"]] == hashes[8:12] + hashes[:8]


async def test_next_of_commits_is_a_page_number_with_a_constant_context(api: Api) -> None:
    following = [URL(page["next"]).query async for page in api.pages(COMMITS, pagelen="30") if "next" in page]
    assert len(following) > 2
    assert [query["page"] for query in following] == [str(number) for number in range(2, len(following) + 2)]
    (context,) = {query["ctx"] for query in following}
    assert len(context) == 32


@pytest.mark.parametrize("path", [f"{OWN}/src/main/", README, f"{OWN}/pullrequests/5/commits"])
async def test_next_of_other_lists_with_cursors_is_opaque(api: Api, path: str) -> None:
    page = await api.get(path, pagelen="1")
    query = URL(page["next"]).query
    assert "ctx" not in query
    assert not query["page"].isdecimal()


async def test_owners_are_teams_with_a_username(api: Api) -> None:
    project = (await api.get("/workspaces/acme/projects"))["values"][0]
    for owner in ((await api.get(OWN))["owner"], project["owner"]):
        assert owner.keys() == {"type", "username", "display_name", "uuid", "links"}
        assert (owner["type"], owner["username"]) == ("team", "acme")
        assert owner["links"].keys() == {"self", "html", "avatar"}


async def test_only_the_callers_own_account_has_a_username(api: Api) -> None:
    me = await api.get("/user")
    assert me["username"]
    assert "username" not in await api.get(f"/users/{me['account_id']}")


async def test_refs_come_in_the_order_of_git(api: Api) -> None:
    for name in ("v10", "v9"):
        for kind in ("branches", "tags"):
            await api("POST", f"{OWN}/refs/{kind}", {"name": name, "target": {"hash": "main"}})
    branches = [one["name"] for one in await api.values(f"{OWN}/refs/branches")]
    tags = [one["name"] for one in await api.values(f"{OWN}/refs/tags")]
    assert branches == sorted(branches)
    assert tags == sorted(tags)
    assert [(one["type"], one["name"]) for one in await api.values(f"{OWN}/refs")] == [
        *(("branch", name) for name in branches),
        *(("tag", name) for name in tags),
    ]


async def test_refs_are_filtered_and_sorted(api: Api) -> None:
    for name in ("v10", "v9"):
        await api("POST", f"{OWN}/refs/branches", {"name": name, "target": {"hash": "develop"}})
    await api("POST", f"{OWN}/refs/tags", {"name": "v11", "target": {"hash": "main"}})
    found = await api.values(f"{OWN}/refs", q='name ~ "v9" OR name ~ "v1"', sort="-name")
    names = [one["name"] for one in found]
    assert names[:3] == ["v11", "v10", "v9"]
    assert {one["type"] for one in found} == {"branch", "tag"}
    assert (await api("GET", f"{OWN}/refs", query={"sort": "colour"})).status == 400
