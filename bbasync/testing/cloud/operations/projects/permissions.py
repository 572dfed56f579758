"""Permissions granted to users and groups on projects."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from bbasync.testing.cloud.http import Call, refusal
from bbasync.testing.cloud.payloads import hrefs
from bbasync.testing.collection import Collection
from bbasync.testing.operations import Operations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bbasync.testing.cloud.payloads import Payload

operations: Operations[Call] = Operations()

PERMISSIONS = ("read", "write", "create-repo", "admin")


def user_permission(call: Call, kind: str, stored: Payload, permissions: Sequence[str]) -> Payload:
    """Render the permission of a user, on a project or a repository."""
    user = next(one for one in call.world.users if one.uuid == stored["user"])
    return _permission(call, kind, stored, permissions, user.account_id) | {"user": call.payloads.user(user.index)}


def group_permission(call: Call, kind: str, stored: Payload, permissions: Sequence[str]) -> Payload:
    """Render the permission of a group, on a project or a repository."""
    slug = str(stored["group"])
    group = call.payloads.group(call.workspace(), slug)
    return _permission(call, kind, stored, permissions, slug) | {"group": group}


def _permission(call: Call, kind: str, stored: Payload, permissions: Sequence[str], last: str) -> Payload:
    permission = stored["permission"]
    if permission not in permissions:
        raise refusal(400, "Bad request", fields={"permission": [f"{permission} is not a valid choice"]})
    holder, config, rest = call.request.path.partition("/permissions-config/")
    own = f"{call.fake.origin}{quote(holder)}{config}{rest.partition('/')[0]}/{quote(last, safe=':')}"
    return {"type": kind, "permission": permission, "links": hrefs(self=own)}


def uuid_of(call: Call, argument: str) -> str:
    """Return the UUID of a user; 404 if the user does not exist."""
    del argument
    return call.user("selected_user_id").uuid


def _user_permission(call: Call, stored: Payload) -> Payload:
    return user_permission(call, "project_user_permission", stored, PERMISSIONS)


def _group_permission(call: Call, stored: Payload) -> Payload:
    return group_permission(call, "project_group_permission", stored, PERMISSIONS)


USERS: Collection[Call] = Collection(
    operations,
    "/workspaces/{workspace}/projects/{project_key}/permissions-config/users/{selected_user_id}",
    "user",
    required=("permission",),
    read="project:admin",
    write="project:admin",
    verbs="list get put delete",
    render=_user_permission,
    key_of=uuid_of,
)
Collection(
    operations,
    "/workspaces/{workspace}/projects/{project_key}/permissions-config/groups/{group_slug}",
    "group",
    required=("permission",),
    read="project:admin",
    write="project:admin",
    verbs="list get put delete",
    render=_group_permission,
)
