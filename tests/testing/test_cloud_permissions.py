"""Permissions on projects and repositories, and default reviewers of projects."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.meta.vendor import load, needs_data
from tests.testing.cloud_api import Api

PROJECT = "/workspaces/acme/projects/PRJ0"
REPOSITORY = "/repositories/acme/api"  # in PRJ0
EFFECTIVE = "/workspaces/acme/permissions/repositories"


@pytest.mark.parametrize("owner", [PROJECT, REPOSITORY])
async def test_a_user_has_one_permission_under_both_names(api: Api, owner: str) -> None:
    user, path = api.fake.world.users[1], f"{owner}/permissions-config/users"
    await api("PUT", f"{path}/{quote(user.uuid)}", {"permission": "write"})
    made = (await api("PUT", f"{path}/{user.account_id}", {"permission": "admin"})).json
    assert (made["permission"], made["user"]["uuid"]) == ("admin", user.uuid)
    assert (await api.get(path))["values"] == [made]
    assert (await api.get(made["links"]["self"]["href"])) == made
    assert (await api("DELETE", f"{path}/{user.account_id}")).status == 204
    assert (await api.get(path))["values"] == []


@pytest.mark.parametrize("owner", [PROJECT, REPOSITORY])
async def test_a_group_has_a_permission(api: Api, owner: str) -> None:
    path = f"{owner}/permissions-config/groups"
    made = (await api("PUT", f"{path}/dev-ops", {"permission": "read"})).json
    assert (made["permission"], made["group"]["name"], made["group"]["full_slug"]) == (
        "read",
        "Dev Ops",
        "acme:dev-ops",
    )
    assert (await api.get(path))["values"] == [made]
    assert (await api.get(made["links"]["self"]["href"])) == made


@pytest.mark.parametrize(
    ("owner", "name", "body", "status"),
    [
        (PROJECT, "{7}", {"permission": "read"}, 404),
        (PROJECT, "557058:1", {}, 404),
        (PROJECT, "", {}, 400),
        (PROJECT, "", {"permission": "owner"}, 400),
        (PROJECT, "", {"permission": "create-repo"}, 200),
        (REPOSITORY, "", {"permission": "create-repo"}, 400),
        (REPOSITORY, "{7}", {"permission": "read"}, 404),
        ("/workspaces/acme/projects/NONE", "", {"permission": "read"}, 404),
    ],
)
async def test_what_cannot_be_granted_is_refused(
    api: Api, owner: str, name: str, body: dict[str, str], status: int
) -> None:
    path = f"{owner}/permissions-config/users/{quote(name or api.fake.world.users[1].uuid)}"
    assert (await api("PUT", path, body)).status == status
    for listed in (PROJECT, REPOSITORY):  # a refusal leaves nothing behind
        found = await api.get(f"{listed}/permissions-config/users")
        assert len(found["values"]) == (status == 200 and listed == owner)


async def test_permissions_of_a_project_go_with_it(api: Api) -> None:
    path = "/workspaces/acme/projects/TMP"
    await api("PUT", path, {"name": "Temporary"})
    await api("PUT", f"{path}/permissions-config/groups/all", {"permission": "read"})
    await api("DELETE", path)
    await api("PUT", path, {"name": "Temporary"})
    assert (await api.get(f"{path}/permissions-config/groups"))["values"] == []


async def test_effective_permissions_are_the_highest(api: Api) -> None:
    world = api.fake.world
    members = [world.users[index] for index in world.workspaces["acme"].members]
    owner, low, high = members[0], members[1], members[2]
    assert owner is world.me
    for holder, user, permission in (
        (REPOSITORY, low, "write"),
        (PROJECT, high, "create-repo"),
        (REPOSITORY, high, "read"),
    ):
        await api("PUT", f"{holder}/permissions-config/users/{quote(user.uuid)}", {"permission": permission})
    found = {one["user"]["uuid"]: one["permission"] for one in await api.values(f"{EFFECTIVE}/api")}
    assert found == {user.uuid: "read" for user in members} | {
        owner.uuid: "admin",
        low.uuid: "write",
        high.uuid: "write",
    }


async def test_effective_permissions_are_filtered_as_the_vendor_documents(api: Api) -> None:
    workspace = api.fake.world.workspaces["acme"]
    every = await api.values(EFFECTIVE)
    assert len(every) == len(workspace.members) * len(workspace.repositories)
    more = await api.values(EFFECTIVE, q='permission>"read"')
    assert {one["user"]["uuid"] for one in more} == {api.fake.world.me.uuid}
    named = await api.values(EFFECTIVE, q='repository.name="api"', sort="user.display_name")
    names = [one["user"]["display_name"] for one in named]
    assert names == sorted(names)
    assert {one["repository"]["full_name"] for one in named} == {"acme/api"}
    own = await api.values("/user/workspaces/acme/permissions/repositories", q='permission="admin"')
    assert len(own) == len(workspace.repositories)
    assert (await api("GET", EFFECTIVE, query={"q": 'permission>"much"'})).status == 400
    assert (await api("GET", f"{EFFECTIVE}/none")).status == 404


async def test_default_reviewers_of_a_project_are_those_of_its_repositories(api: Api) -> None:
    user = api.fake.world.users[3]
    path = f"{PROJECT}/default-reviewers/{quote(user.uuid)}"
    assert (await api("GET", path)).status == 400
    assert (await api("DELETE", path)).status == 400
    for _ in range(2):
        assert (await api("PUT", path)).json["uuid"] == user.uuid
    assert (await api("GET", f"{PROJECT}/default-reviewers/{user.account_id}")).json["uuid"] == user.uuid
    (listed,) = await api.values(f"{PROJECT}/default-reviewers")
    assert (listed["reviewer_type"], listed["user"]["uuid"]) == ("project", user.uuid)
    effective = await api.values(f"{REPOSITORY}/effective-default-reviewers")
    assert [one["reviewer_type"] for one in effective] == ["repository", "repository", "project"]
    assert effective[2] == listed
    assert len(await api.values(f"{REPOSITORY}/default-reviewers")) == 2
    assert (await api("DELETE", path)).status == 204
    assert await api.values(f"{PROJECT}/default-reviewers") == []
    assert (await api("PUT", f"{PROJECT}/default-reviewers/nobody")).status == 404


RECORDED_GROUPS = "bitbucket-rest-client___2.0_repositories_nfalco79_test-repos_permissions-config_groups.json"


@needs_data
@pytest.mark.parametrize(
    ("kind", "name", "file"),
    [("users", "", "graph-bitbucket__fetch-repo-permissions_425543535_12.json"), ("groups", "devops", RECORDED_GROUPS)],
)
async def test_permissions_have_the_fields_of_recorded_ones(api: Api, kind: str, name: str, file: str) -> None:
    recorded = load(f"recorded/cloud/permissions-config-{kind}/{file}")["values"][0]
    path = f"{REPOSITORY}/permissions-config/{kind}/{quote(name or api.fake.world.users[1].uuid)}"
    made = (await api("PUT", path, {"permission": "admin"})).json
    holder = kind.removesuffix("s")
    assert made.keys() == recorded.keys()
    assert made[holder].keys() == recorded[holder].keys()
    assert made["links"].keys() == recorded["links"].keys()


@needs_data
async def test_effective_permissions_have_the_fields_of_recorded_ones(api: Api) -> None:
    file = "user-permissions-repositories/bitbucket-rest-client___2.0_user_permissions_repositories.json"
    recorded = load(f"recorded/cloud/{file}")["values"][0]
    made = (await api.get(EFFECTIVE))["values"][0]
    assert made.keys() == recorded.keys()
    for part in ("user", "repository"):
        assert made[part].keys() == recorded[part].keys()
