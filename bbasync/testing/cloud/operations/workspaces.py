"""Workspaces and their members and permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from bbasync.testing.cloud.http import Call, not_found
from bbasync.testing.cloud.operations.users import demand_credential
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from bbasync.testing.cloud.payloads import Payload
    from bbasync.testing.cloud.query import Fields
    from bbasync.testing.cloud.world import User, Workspace

operations: Operations[Call] = Operations()

GPG_KEY = """\
-----BEGIN PGP PUBLIC KEY BLOCK-----

bWFkZSB1cCBieSBGYWtlQ2xvdWQ6IG5vIHNpZ25hdHVyZSBpcyBtYWRlIHdpdGggdGhpcyBrZXk=
=q7Vd
-----END PGP PUBLIC KEY BLOCK-----
"""
"""The form of a key, not a key that can be imported."""
WORKSPACE_FIELDS: Fields[Workspace] = {"slug": lambda one: one.slug, "uuid": lambda one: one.uuid}
MEMBER_FIELDS: Fields[User] = {
    "user.uuid": lambda one: one.uuid,
    "user.account_id": lambda one: one.account_id,
    "user.nickname": lambda one: one.nickname,
}


@operations("GET /user/workspaces", "account")
def list_own_workspaces(call: Call) -> Result:
    """List the workspaces of the caller."""
    demand_credential(call)
    mine = [one for one in call.world.workspaces.values() if call.caller.workspace in (None, one.slug)]

    def render(one: Workspace) -> Payload:
        workspace = call.payloads.workspace_base(one)
        return {"type": "workspace_access", "administrator": True, "workspace": workspace}

    return call.page(call.filtered(mine, WORKSPACE_FIELDS), render)


@operations("GET /user/workspaces/{workspace}/permission", "account")
def get_own_permission(call: Call) -> Result:
    """Answer with the caller's permission in a workspace."""
    workspace = call.workspace()
    permission = "owner" if call.me == call.world.me.index else "member"
    return call.payloads.membership(workspace, call.me) | {"permission": permission}


@operations("GET /workspaces/{workspace}")
def get_workspace(call: Call) -> Result:
    """Answer with a workspace."""
    return call.payloads.workspace(call.workspace())


@operations("GET /workspaces/{workspace}/members", "account")
def list_members(call: Call) -> Result:
    """List the members of a workspace."""
    workspace = call.workspace()
    users = [call.world.users[index] for index in workspace.members]
    found = call.filtered(users, MEMBER_FIELDS)
    return call.page(found, lambda one: call.payloads.membership(workspace, one.index))


@operations("GET /workspaces/{workspace}/members/{member}", "account")
def get_member(call: Call) -> Result:
    """Answer with one membership, by uuid or account id."""
    workspace = call.workspace()
    user = call.world.user(call.arg("member"))
    if user is None or user.index not in workspace.members:
        raise not_found(f"{call.arg('member')} is not a member of {workspace.slug}")
    return call.payloads.membership(workspace, user.index)


@operations("GET /workspaces/{workspace}/permissions", "account")
def list_permissions(call: Call) -> Result:
    """List the members with their permission; a client that counts pages up to an empty one reaches it (BCLOUD-13806)."""
    workspace = call.workspace()

    def render(index: int) -> Payload:
        permission = "owner" if index == call.world.me.index else "member"
        return call.payloads.membership(workspace, index) | {"permission": permission}

    return call.page(workspace.members, render, ends_empty=True)


@operations("GET /workspaces/{workspace}/settings/gpg/public-key", "account")
def get_gpg_public_key(call: Call) -> Result:
    """Return the key of the system, the same for all workspaces, as text."""
    call.workspace()
    return web.Response(text=GPG_KEY, content_type="text/plain")
