"""Deploy keys, and the SSH and GPG keys of users."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from bbasync.aio import collect
from bbasync.errors import BadRequestError, NotFoundError

if TYPE_CHECKING:
    from bbasync.cloud.session import CloudSession
    from bbasync.testing import FakeCloud

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


async def test_an_ssh_key_of_a_user_is_added_renamed_and_deleted(bb: CloudSession, fake: FakeCloud) -> None:
    me, expiry = fake.world.me, datetime(2027, 1, 2, tzinfo=UTC)
    made = await bb.ssh_keys.create(me.account_id, key=f"{KEY} me@host", expires_on=expiry)
    assert (made.key, made.comment, made.expires_on) == (KEY, "me@host", expiry)
    assert made.owner is not None
    assert made.owner.uuid == me.uuid
    changed = await bb.ssh_keys.update(me.uuid, made.uuid, label="Work")
    assert (changed.label, changed.expires_on, changed.fingerprint) == ("Work", expiry, made.fingerprint)
    assert await collect(bb.ssh_keys.list(me.uuid)) == [changed]
    await bb.ssh_keys.delete(me.uuid, made.uuid)
    with pytest.raises(NotFoundError):
        await bb.ssh_keys.get(me.uuid, made.uuid)


async def test_a_gpg_key_comes_without_its_text_unless_it_is_asked_for(bb: CloudSession, fake: FakeCloud) -> None:
    me, text = fake.world.me.uuid, "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----"
    made = await bb.gpg_keys.create(me, key=text, name="Signing")
    assert (made.name, made.key, made.subkeys) == ("Signing", None, None)
    assert (await bb.gpg_keys.get(me, made.fingerprint.upper(), fields="+key,+subkeys")).key == text
    assert [one.key for one in await collect(bb.gpg_keys.list(me, fields="+values.key"))] == [text]
    await bb.gpg_keys.delete(me, made.fingerprint)
    assert not await collect(bb.gpg_keys.list(me))
