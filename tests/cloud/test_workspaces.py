"""Workspaces against the fake of Bitbucket Cloud, and what their requests carry."""

from __future__ import annotations

import pytest

from bbasync import AccessToken, ApiToken, CloudSession, NotFoundError
from bbasync.cloud.models import Permission, WorkspaceRole
from bbasync.testing.cloud.server import FakeCloud
from bbasync.testing.recording import RecordingTransport, answer
from tests.cloud.replayed import recorded

ARMOUR = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQGN\n-----END PGP PUBLIC KEY BLOCK-----\n"


async def test_list_names_workspaces_that_get_tells_all_about(bb: CloudSession) -> None:
    seen = [access async for access in bb.workspaces.list(q='slug = "globex"', sort="slug")]
    assert [(access.workspace.slug, access.administrator) for access in seen] == [("globex", True)]
    workspace = await bb.workspaces.get(seen[0].workspace.uuid)
    assert (workspace.slug, workspace.uuid) == ("globex", seen[0].workspace.uuid)
    assert workspace.created_on is not None


async def test_an_access_token_sees_its_own_workspace_only(fake: FakeCloud) -> None:
    async with CloudSession(AccessToken(fake.access_tokens["globex"]), base_url=fake.url) as bb:
        assert [access.workspace.slug async for access in bb.workspaces.list()] == ["globex"]


async def test_members_are_found_by_either_id(bb: CloudSession) -> None:
    members = [member async for member in bb.workspaces.list_members("acme")]
    assert len(members) == 6
    ada = members[0].user
    assert ada.uuid is not None
    assert ada.account_id is not None
    assert (await bb.workspaces.get_member("acme", ada.uuid)).user == ada
    assert (await bb.workspaces.get_member("acme", ada.account_id)).workspace.slug == "acme"
    with pytest.raises(NotFoundError):
        await bb.workspaces.get_member("acme", "{00000000-0000-0000-0000-000000000000}")


async def test_members_are_looked_for_by_address() -> None:
    bb, transport = recorded('{"values": []}')
    async with bb:
        found = bb.workspaces.list_members("acme", q='user.email IN ("a@example.org")', fields="+values.user.email")
        assert [member async for member in found] == []
    assert transport.requests[0].url.endswith(
        "/members?q=user.email%20IN%20%28%22a%40example.org%22%29&fields=%2Bvalues.user.email&pagelen=100"
    )


async def test_roles_are_told_with_permissions(bb: CloudSession) -> None:
    roles = {one.user.uuid: one.permission async for one in bb.workspaces.list_permissions("acme")}
    assert set(roles.values()) == {WorkspaceRole.OWNER, WorkspaceRole.MEMBER}
    own = await bb.workspaces.get_own_permission("acme")
    assert own.permission is roles[own.user.uuid] is WorkspaceRole.OWNER


async def test_permissions_of_all_repositories_or_of_one() -> None:
    page = (
        '{"values": [{"type": "repository_permission", "permission": "read",'
        ' "user": {"type": "user", "uuid": "{1}", "display_name": "Ada"},'
        ' "repository": {"type": "repository", "uuid": "{2}", "full_name": "acme/api", "name": "api"}}]}'
    )
    bb, transport = recorded(page)
    async with bb:
        found = [one async for one in bb.workspaces.list_all_repository_permissions("acme", sort="user.display_name")]
    assert [(one.permission, one.repository and one.repository.name) for one in found] == [(Permission.READ, "api")]
    assert "/acme/permissions/repositories?sort=user.display_name&" in transport.requests[0].url

    bb, transport = recorded(page)
    async with bb:
        one_repository = bb.workspaces.list_repository_permissions("acme", "api", q='permission>"read"')
        assert [one.user and one.user.display_name async for one in one_repository] == ["Ada"]
    assert "/acme/permissions/repositories/api?q=permission%3E%22read%22&" in transport.requests[0].url


async def test_the_public_key_is_text() -> None:
    transport = RecordingTransport([answer(ARMOUR, headers={"content-type": "text/plain"})])
    async with CloudSession(ApiToken("me@example.org", "token"), transport=transport) as bb:
        assert await bb.workspaces.get_gpg_public_key("acme") == ARMOUR
