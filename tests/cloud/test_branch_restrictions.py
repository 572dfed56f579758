"""What is sent for branch restrictions and branching models."""

from __future__ import annotations

import pytest

from bbasync.cloud.models import BranchSetting, BranchType, BranchTypeSetting, RestrictionKind
from bbasync.cloud.session import CloudSession
from bbasync.errors import PermissionDeniedError
from bbasync.testing import FakeCloud
from tests.cloud.replayed import body_of, recorded


async def test_a_restriction_selects_branches_by_pattern_or_by_type() -> None:
    bb, transport = recorded("{}", "{}")
    await bb.branch_restrictions.create(
        "acme", "api", kind=RestrictionKind.PUSH, pattern="main", users=["{u}", "557058:a"], groups=["devs"]
    )
    await bb.branch_restrictions.create("{w}", "api", kind="push", branch_type="release", users=[], groups=["devs"])
    assert [body_of(request) for request in transport.requests] == [
        {
            "kind": "push",
            "branch_match_kind": "glob",
            "pattern": "main",
            "users": [{"uuid": "{u}"}, {"account_id": "557058:a"}],
            "groups": [{"slug": "devs", "owner": {"username": "acme"}}],
        },
        {
            "kind": "push",
            "branch_match_kind": "branching_model",
            "branch_type": "release",
            "pattern": "",
            "users": [],
            "groups": [{"slug": "devs", "owner": {"uuid": "{w}"}}],
        },
    ]
    with pytest.raises(ValueError, match="not both"):
        await bb.branch_restrictions.create("acme", "api", kind="delete", pattern="*", branch_type="release")
    with pytest.raises(ValueError, match="must be sequences"):
        await bb.branch_restrictions.create("acme", "api", kind="push", pattern="*", users="{u}", groups=[])


async def test_a_restriction_protects_a_branch_until_it_is_deleted(fake: FakeCloud, bb: CloudSession) -> None:
    other = fake.world.users[1]
    made = await bb.branch_restrictions.create(
        "acme", "api", kind="push", pattern="main", users=[other.account_id], groups=["developers"]
    )
    assert [user.uuid for user in made.users or ()] == [other.uuid]
    assert [group.slug for group in made.groups or ()] == ["developers"]
    with pytest.raises(PermissionDeniedError, match="update branch main"):
        await bb.source.create_commit("acme", "api", files={"a": "a"}, branch="main")
    await bb.branch_restrictions.delete("acme", "api", made.id)
    await bb.source.create_commit("acme", "api", files={"a": "a"}, branch="main")


async def test_the_settings_of_a_branching_model_are_values(bb: CloudSession) -> None:
    settings = await bb.branching_model.update_settings(
        "acme",
        "api",
        production=BranchSetting(use_mainbranch=True, enabled=True),
        branch_types=[BranchTypeSetting(kind=BranchType.BUGFIX, enabled=False)],
        default_branch_deletion=True,
    )
    assert settings.production == BranchSetting(use_mainbranch=True, enabled=True, is_valid=True)
    assert settings.default_branch_deletion == "true"
    model = await bb.branching_model.get_effective("acme", "api")
    assert model.production is not None
    assert model.production.branch is not None
    assert model.production.branch.name == "main"
    assert BranchType.BUGFIX not in [one.kind for one in model.branch_types]
