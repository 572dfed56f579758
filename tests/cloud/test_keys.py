"""Deploy keys, and the SSH and GPG keys of users."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bbasync.aio import collect
from bbasync.errors import BadRequestError, NotFoundError

if TYPE_CHECKING:
    from bbasync.cloud.session import CloudSession

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKqP3Cr632C2dNhhgKVcon4ldUSAeKiku2yP9O9"


async def test_a_deploy_key_of_a_repository_is_added_renamed_and_deleted(bb: CloudSession) -> None:
    made = await bb.deploy_keys.create_repository_key("acme", "api", key=f"{KEY} ci@example.org", label="CI")
    assert (made.key, made.comment, made.label, made.last_used) == (KEY, "ci@example.org", "CI", None)
    assert made.created_on is not None
    changed = await bb.deploy_keys.update_repository_key("acme", "api", made.id, key=KEY, label="Build")
    assert (changed.id, changed.label, changed.comment) == (made.id, "Build", "")
    assert changed.created_on == made.created_on
    assert await collect(bb.deploy_keys.list_repository_keys("acme", "api")) == [changed]
    assert not await collect(bb.deploy_keys.list_repository_keys("acme", "web"))
    await bb.deploy_keys.delete_repository_key("acme", "api", made.id)
    with pytest.raises(NotFoundError):
        await bb.deploy_keys.get_repository_key("acme", "api", made.id)


async def test_a_deploy_key_of_a_project_names_it(bb: CloudSession) -> None:
    made = await bb.deploy_keys.create_project_key("acme", "PRJ0", key=KEY, label="All")
    assert made.project is not None
    assert made.project.key == "PRJ0"
    with pytest.raises(BadRequestError, match="Bad request"):
        await bb.deploy_keys.create_project_key("acme", "PRJ0", key="not a key")
    assert await collect(bb.deploy_keys.list_project_keys("acme", "PRJ0")) == [made]
