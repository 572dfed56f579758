"""Branch restrictions that are enforced, and branching models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.testing.cloud_api import Api, Json

OWN = "/repositories/acme/api"
PROJECT = "/workspaces/acme/projects/PRJ0"


async def _restrict(api: Api, kind: str, **more: object) -> Json:
    body: dict[str, object] = {"kind": kind, "pattern": "*", "users": [], "groups": [], **more}
    made = await api("POST", f"{OWN}/branch-restrictions", body)
    assert made.status == 201, made.body
    return made.json


async def test_a_push_is_refused_unless_the_user_is_exempt(api: Api) -> None:
    made = await _restrict(api, "push", pattern="ma*")
    refused = await api("POST", f"{OWN}/src", data={"/a.txt": "a", "branch": "main"})
    assert (refused.status, refused.message) == (403, "Permission denied to update branch main.")
    assert (await api("POST", f"{OWN}/src", data={"/a.txt": "a", "branch": "other"})).status == 201
    exempt = made | {"users": [{"uuid": api.fake.world.me.uuid}]}
    assert (await api("PUT", made["links"]["self"]["href"], exempt)).json["users"][0]["uuid"] == api.fake.world.me.uuid
    assert (await api("POST", f"{OWN}/src", data={"/a.txt": "a", "branch": "main"})).status == 201


async def test_a_branch_of_a_type_is_not_deleted(api: Api) -> None:
    head = api.fake.world.repository("acme", "api").branches["main"]
    for name in ("release/1", "other"):
        await api("POST", f"{OWN}/refs/branches", {"name": name, "target": {"hash": head}})
    await _restrict(api, "delete", branch_match_kind="branching_model", branch_type="release")
    refused = await api("DELETE", f"{OWN}/refs/branches/release/1")
    assert (refused.status, refused.message) == (403, "Permission denied to delete branch release/1.")
    assert (await api("DELETE", f"{OWN}/refs/branches/other")).status == 204


@pytest.mark.parametrize(
    ("kind", "value"),
    [("require_approvals_to_merge", 9), ("require_passing_builds_to_merge", 9), ("restrict_merges", None)],
)
async def test_a_merge_is_refused_by_checks_only_where_they_are_enforced(
    kind: str, value: int | None, api: Api
) -> None:
    await _restrict(api, kind, value=value)
    if value is not None:
        await _restrict(api, "enforce_merge_checks")
    refused = await api("POST", f"{OWN}/pullrequests/1/merge", {})
    assert refused.status == 403
    assert (await api.get(f"{OWN}/pullrequests/1"))["state"] == "OPEN"
    made = await api.values(f"{OWN}/branch-restrictions", kind="enforce_merge_checks" if value else kind)
    await api("DELETE", made[0]["links"]["self"]["href"])
    assert (await api("POST", f"{OWN}/pullrequests/1/merge", {})).status == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "king", "pattern": "*"}, "kind"),
        ({"kind": "push", "pattern": "*", "groups": []}, "users"),
        ({"kind": "delete", "pattern": ""}, "pattern"),
        ({"kind": "delete", "pattern": "*", "users": [{"uuid": "{none}"}]}, "users"),
        ({"kind": "require_commits_behind", "pattern": "*", "value": "1"}, "value"),
    ],
)
async def test_a_wrong_restriction_names_its_field_and_is_not_kept(body: Json, field: str, api: Api) -> None:
    answer = await api("POST", f"{OWN}/branch-restrictions", body)
    assert (answer.status, list(answer.json["error"]["fields"])) == (400, [field])
    assert not await api.values(f"{OWN}/branch-restrictions")


async def test_the_settings_of_a_model_are_changed_by_what_is_sent(api: Api) -> None:
    head = api.fake.world.repository("acme", "api").branches["main"]
    await api("POST", f"{OWN}/refs/branches", {"name": "develop", "target": {"hash": head}})
    changes = {
        "development": {"name": "develop", "use_mainbranch": False},
        "branch_types": [{"kind": "bugfix", "enabled": False}],
        "default_branch_deletion": "true",
    }
    changed = (await api("PUT", f"{OWN}/branching-model/settings", changes)).json
    assert changed["development"] == {"name": "develop", "use_mainbranch": False, "is_valid": True}
    assert changed["production"]["enabled"] is False
    assert await api.get(f"{OWN}/branching-model/settings") == changed
    model = await api.get(f"{OWN}/branching-model")
    assert model["development"]["branch"]["target"]["hash"] == head
    assert [one["prefix"] for one in model["branch_types"]] == ["release/", "hotfix/", "feature/"]
    assert "production" not in model


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"production": {"name": "none", "enabled": True}}, "production"),
        ({"development": {"use_mainbranch": False}}, "development"),
        ({"branch_types": [{"kind": "bugfix", "prefix": "feature/bugs/"}]}, "branch_types"),
        ({"branch_types": [{"kind": "bug"}]}, "branch_types"),
    ],
)
async def test_a_model_that_would_be_wrong_is_refused(body: Json, field: str, api: Api) -> None:
    before = await api.get(f"{OWN}/branching-model/settings")
    answer = await api("PUT", f"{OWN}/branching-model/settings", body)
    assert (answer.status, list(answer.json["error"]["fields"])) == (400, [field])
    assert await api.get(f"{OWN}/branching-model/settings") == before


async def test_a_repository_may_inherit_the_model_of_its_project(api: Api) -> None:
    path = f"{OWN}/effective-branching-model"
    await api("PUT", f"{PROJECT}/branching-model/settings", {"branch_types": [{"kind": "hotfix", "prefix": "fix/"}]})
    assert {"kind": "hotfix", "prefix": "hotfix/"} in (await api.get(path))["branch_types"]
    await api("PUT", f"{OWN}/override-settings", {"branching_model": False})
    assert {"kind": "hotfix", "prefix": "fix/"} in (await api.get(path))["branch_types"]
    assert {"kind": "hotfix", "prefix": "fix/"} in (await api.get(f"{PROJECT}/branching-model"))["branch_types"]
