"""Permissions granted to users and groups on repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from bbasync.testing.cloud.payloads import hrefs
from bbasync.testing.collection import Collection
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from bbasync.testing.cloud.http import Call
    from bbasync.testing.cloud.payloads import Payload
    from bbasync.testing.cloud.query import Fields
    from bbasync.testing.cloud.world.repository import Repository

operations: Operations[Call] = Operations()

PERMISSION_FIELDS: Fields[Repository] = {
    "repository.full_name": lambda one: one.full_name,
    "repository.name": lambda one: one.name,
    "repository.uuid": lambda one: one.uuid,
    "permission": lambda _: "admin",
}


@operations("GET /user/workspaces/{workspace}/permissions/repositories", "repository")
def list_own_repository_permissions(call: Call) -> Result:
    """List what the caller may do to each repository of a workspace."""
    workspace = call.workspace()

    def render(one: Repository) -> Payload:
        repository = call.payloads.repository_reference(one)
        user = call.payloads.user(call.me)
        return {"type": "repository_permission", "permission": "admin", "user": user, "repository": repository}

    return call.page(call.filtered(workspace.repositories.values(), PERMISSION_FIELDS), render)


def _links(call: Call, kind: str, who: str) -> Payload:
    own = f"{call.payloads.base}/repositories/{call.repository().full_name}/permissions-config/{kind}"
    return hrefs(self=f"{own}/{quote(who)}")


def _user_permission(call: Call, stored: Payload) -> Payload:
    user = call.world.user(stored["user"])
    if user is None:
        raise call.missing(stored["user"])
    return {
        "type": "repository_user_permission",
        "permission": stored["permission"],
        "user": call.payloads.user(user.index),
        "repository": call.payloads.repository_reference(call.repository()),
        "links": _links(call, "users", user.uuid),
    }


def _group_permission(call: Call, stored: Payload) -> Payload:
    return {
        "type": "repository_group_permission",
        "permission": stored["permission"],
        "group": call.payloads.group(call.workspace(), stored["group"]),
        "repository": call.payloads.repository_reference(call.repository()),
        "links": _links(call, "groups", stored["group"]),
    }


Collection(
    operations,
    "/repositories/{workspace}/{repo_slug}/permissions-config/users/{selected_user_id}",
    "user",
    required=("permission",),
    read="repository:admin",
    write="repository:admin",
    verbs="list get put delete",
    render=_user_permission,
)
Collection(
    operations,
    "/repositories/{workspace}/{repo_slug}/permissions-config/groups/{group_slug}",
    "group",
    required=("permission",),
    read="repository:admin",
    write="repository:admin",
    verbs="list get put delete",
    render=_group_permission,
)
