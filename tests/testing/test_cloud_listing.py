"""What a crawl reads from FakeCloud: everything is listed once, at any size."""

from __future__ import annotations

import gc
import tracemalloc
from collections import Counter
from urllib.parse import quote

import pytest

from bbasync.testing import FakeCloud
from bbasync.testing.cloud.world import World
from tests.testing.cloud_api import Api, Json

STATES = "?state=OPEN&state=MERGED&state=DECLINED&state=SUPERSEDED"


async def test_full_listing_gives_exactly_the_counts_of_the_world() -> None:
    async with FakeCloud(workspaces=2, limit=10_000) as fake, Api(fake) as api:
        found = Counter[str]()
        for access in await api.values("/user/workspaces"):
            slug = access["workspace"]["slug"]
            found["workspaces"] += 1
            found["projects"] += len(await api.values(f"/workspaces/{slug}/projects"))
            found["members"] += len(await api.values(f"/workspaces/{slug}/members"))
            for repository in await api.values(f"/repositories/{slug}"):
                found["repositories"] += 1
                found += await _count(api, f"/repositories/{repository['full_name']}")
        assert found == fake.world.counts()


async def _count(api: Api, own: str) -> Counter[str]:
    found = Counter[str]()
    found["branches"] = len(await api.values(f"{own}/refs/branches"))
    found["tags"] = len(await api.values(f"{own}/refs/tags"))
    found["activity"] = len(await api.values(f"{own}/pullrequests/activity?pagelen=7"))
    if found["branches"]:
        hashes = [commit["hash"] for commit in await api.values(f"{own}/commits")]
        assert len(hashes) == len(set(hashes))
        found["commits"] = len(hashes)
    for pull in await api.values(f"{own}/pullrequests{STATES}&pagelen=7"):
        one = f"{own}/pullrequests/{pull['id']}"
        comments = await api.values(f"{one}/comments")
        assert len(comments) == pull["comment_count"]
        found["pull_requests"] += 1
        found["comments"] += len(comments)
        found["tasks"] += len(await api.values(f"{one}/tasks"))
        found["pull_request_commits"] += len(await api.values(f"{one}/commits"))
        found["statuses"] += len(await api.values(f"{one}/statuses"))
    return found


async def test_same_seed_gives_the_same_world_and_another_seed_another() -> None:
    async def read(seed: int) -> str:
        async with FakeCloud(seed=seed) as fake, Api(fake) as api:
            page = await api("GET", "/repositories/acme/api/pullrequests/2")
            text = page.body.decode()
            return text.replace(fake.origin, "")

    assert await read(0) == await read(0) != await read(1)


async def test_million_commits_are_listed_in_flat_memory() -> None:
    fake = FakeCloud(workspaces=1, repositories=1, commits=1_000_000, pull_requests=3, limit=10_000)
    async with fake, Api(fake) as api:
        following = (await api.get("/repositories/acme/api/commits?pagelen=100"))["next"]
        tracemalloc.start()
        try:
            for _ in range(20):
                following = (await api.get(following))["next"]
            gc.collect()  # what only waits for it is not kept
            kept, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert kept < 3_000_000
        assert 1_000_000 < fake.world.counts()["commits"] < 1_000_000 + 200


async def test_data_varies_as_real_data_does() -> None:
    async with FakeCloud(workspaces=1, pull_requests=40, limit=10_000) as fake, Api(fake) as api:
        repositories = await api.values("/repositories/acme")
        assert any(one["mainbranch"] is None for one in repositories)
        assert any("parent" in one for one in repositories)
        assert any(not one["name"].isascii() for one in repositories)
        branches = [one["name"] for one in await api.values("/repositories/acme/api/refs/branches")]
        assert any("/" in name and "#" in name for name in branches)
        pulls = await api.values(f"/repositories/acme/api/pullrequests{STATES}")
        assert {one["state"] for one in pulls} == {"OPEN", "MERGED", "DECLINED", "SUPERSEDED"}
        assert any(one["author"] is None for one in pulls)
        assert any(one["source"]["repository"] is None for one in pulls)
        assert any(one["source"]["branch"]["name"] not in branches for one in pulls)
        assert all((one["merge_commit"] is not None) == (one["state"] == "MERGED") for one in pulls)
        commits = await api.values("/repositories/acme/api/commits")
        assert any("user" not in one["author"] for one in commits)
        assert any(len(one["parents"]) == 2 for one in commits)
        tags = await api.values("/repositories/acme/api/refs/tags")
        assert {one["message"] is None for one in tags} == {True, False}


@pytest.mark.parametrize(("workspace", "status"), [("acme", 404), ("globex", 200)])
async def test_empty_repository_has_no_commits_in_either_way(workspace: str, status: int) -> None:
    async with FakeCloud() as fake, Api(fake) as api:
        answer = await api("GET", f"/repositories/{workspace}/infra/commits")
        assert answer.status == status
        assert status == 404 or answer.json == {"values": [], "pagelen": 30}


async def test_include_and_exclude_list_what_git_would() -> None:
    async with FakeCloud(workspaces=1, repositories=1) as fake, Api(fake) as api:
        own = "/repositories/acme/api"
        commits = {one["hash"]: one for one in await api.values(f"{own}/commits")}

        def ancestors(head: str) -> set[str]:
            found, waiting = set[str](), [head]
            while waiting:
                one = waiting.pop()
                if one not in found:
                    found.add(one)
                    waiting += [parent["hash"] for parent in commits[one]["parents"]]
            return found

        branches = {one["name"]: one["target"]["hash"] for one in await api.values(f"{own}/refs/branches")}
        name = next(name for name in branches if name.startswith("feature/"))
        feature, release = branches[name], branches["release/1.0"]
        expected = ancestors(feature) - ancestors(release)
        listed = await api.values(f"{own}/commits/{quote(name, safe='')}", exclude=release)
        assert {one["hash"] for one in listed} == expected
        posted = await api("POST", f"{own}/commits", data={"include": feature, "exclude": "release/1.0"})
        assert {one["hash"] for one in posted.json["values"]} == expected
        base = await api.get(f"{own}/merge-base/{feature}..{branches['main']}")
        assert base["hash"] in ancestors(feature) & ancestors(branches["main"])
        assert not any(base["hash"] in {parent["hash"] for parent in commits[one]["parents"]}
                       for one in ancestors(feature) & ancestors(branches["main"]))  # fmt: skip


async def test_post_commits_pages_by_sending_the_form_again() -> None:
    async with FakeCloud(workspaces=1, repositories=1) as fake, Api(fake) as api:
        path, form = "/repositories/acme/api/commits", {"exclude": "release/1.0"}
        first = await api("POST", path + "?pagelen=40", data=form)
        second = await api("POST", first.json["next"], data=form)
        rest = {one["hash"] for one in second.json["values"]}
        assert len(first.json["values"]) == 40
        assert rest
        assert not rest & {one["hash"] for one in first.json["values"]}


async def test_commit_listing_goes_on_unmoved_while_commits_arrive() -> None:
    async with FakeCloud(workspaces=1, repositories=1) as fake, Api(fake) as api:
        own = "/repositories/acme/api"
        before = [one["hash"] for one in await api.values(f"{own}/commits")]
        page = await api.get(f"{own}/commits?pagelen=10")
        listed: list[Json] = page["values"]
        assert (await api("POST", f"{own}/src", data={"/new.txt": "new", "message": "New"})).status == 201
        while "next" in page:
            page = await api.get(page["next"])
            listed += page["values"]
        assert [one["hash"] for one in listed] == before
        assert len(await api.values(f"{own}/commits")) == len(before) + 1


async def test_missing_commit_names_itself() -> None:
    async with FakeCloud() as fake, Api(fake) as api:
        answer = await api("POST", "/repositories/acme/api/commits", data={"exclude": "f" * 40})
        assert answer.status == 404
        assert answer.json["error"]["data"] == {"shas": ["f" * 40]}


async def test_uuids_stand_for_names() -> None:
    async with FakeCloud() as fake, Api(fake) as api:
        repository = fake.world.repository("acme", "api")
        workspace = fake.world.workspaces["acme"]
        for path in (
            f"/repositories/{quote(workspace.uuid)}/{quote(repository.uuid)}",
            f"/repositories/%7B%7D/{quote(repository.uuid)}",
        ):
            assert (await api.get(path))["full_name"] == "acme/api"
        me = await api.get("/user")
        assert (await api.get(f"/users/{quote(me['uuid'])}"))["account_id"] == me["account_id"]
        assert (await api("GET", f"/users/{me['nickname']}")).status == 404


def test_world_is_cheap_to_count() -> None:
    world = World(workspaces=1, repositories=1, commits=5_000_000, pull_requests=1000)
    assert 5_000_000 < world.counts()["commits"] < 5_000_000 + 5 * 1000
