"""Permissions on repositories: those that users and groups were granted, and those that result for users."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from bbasync.testing.cloud.operations.projects import permissions as of_projects
from bbasync.testing.cloud.world.repository import Repository
from bbasync.testing.collection import Collection
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bbasync.testing.cloud.http import Call
    from bbasync.testing.cloud.payloads import Payload
    from bbasync.testing.cloud.query import Fields
    from bbasync.testing.cloud.world import Workspace

operations: Operations[Call] = Operations()

PERMISSIONS = ("read", "write", "admin")
ORDER = ("none", "read", "write", "create-repo", "admin")


class Level(str):
    """A permission that is ordered by what it includes, since `q=permission>"read"` is."""

    __slots__ = ()

    def __lt__(self, other: str) -> bool:
        return ORDER.index(self) < ORDER.index(other)

    def __le__(self, other: str) -> bool:
        return ORDER.index(self) <= ORDER.index(other)

    def __gt__(self, other: str) -> bool:
        return ORDER.index(self) > ORDER.index(other)

    def __ge__(self, other: str) -> bool:
        return ORDER.index(self) >= ORDER.index(other)


@attrs.frozen
class Effective:
    """What a user may do to a repository."""

    repository: Repository
    user: int
    permission: Level


EFFECTIVE_FIELDS: Fields[Effective] = {
    "repository.full_name": lambda one: one.repository.full_name,
    "repository.name": lambda one: one.repository.name,
    "repository.uuid": lambda one: one.repository.uuid,
    "permission": lambda one: one.permission,
}


@operations("GET /user/workspaces/{workspace}/permissions/repositories", "repository")
def list_own_repository_permissions(call: Call) -> Result:
    """List what the caller may do to each repository of a workspace."""
    workspace = call.workspace()
    return _page(call, workspace, workspace.repositories.values(), [call.me])


@operations("GET /workspaces/{workspace}/permissions/repositories", "account")
def list_all_repository_permissions(call: Call) -> Result:
    """List what each member of a workspace may do to each of its repositories."""
    workspace = call.workspace()
    return _page(call, workspace, workspace.repositories.values(), workspace.members)


@operations("GET /workspaces/{workspace}/permissions/repositories/{repo_slug}", "repository")
def list_repository_permissions(call: Call) -> Result:
    """List what each member of a workspace may do to a repository."""
    workspace = call.workspace()
    return _page(call, workspace, [call.repository()], workspace.members)


def _page(call: Call, workspace: Workspace, repositories: Iterable[Repository], users: Iterable[int]) -> Payload:
    names = {user.index: user.display_name for user in call.world.users}
    users = list(users)
    found = [Effective(one, user, _effective(call, workspace, one, user)) for one in repositories for user in users]

    def render(one: Effective) -> Payload:
        return {
            "type": "repository_permission",
            "permission": one.permission,
            "user": call.payloads.user(one.user),
            "repository": call.payloads.repository_reference(one.repository),
        }

    fields: Fields[Effective] = {**EFFECTIVE_FIELDS, "user.display_name": lambda one: names[one.user]}
    return call.page(call.filtered(found, fields), render)


def _effective(call: Call, workspace: Workspace, repository: Repository, user: int) -> Level:
    """Return the highest of what a user was granted; the owner is an administrator, members read."""
    uuid = call.world.users[user].uuid
    project = workspace.projects.get(repository.project)
    grants = [call.stored.get((USERS.path, "", repository.uuid), {})]
    if project is not None:
        grants.append(call.stored.get((of_projects.USERS.path, workspace.uuid, project.uuid), {}))
    granted = [Level(one[uuid]["permission"]) for one in grants if uuid in one]
    highest = max([Level("admin" if user == call.world.me.index else "read"), *granted])
    return Level("write") if highest == "create-repo" else highest


def _user_permission(call: Call, stored: Payload) -> Payload:
    return of_projects.user_permission(call, "repository_user_permission", stored, PERMISSIONS)


def _group_permission(call: Call, stored: Payload) -> Payload:
    return of_projects.group_permission(call, "repository_group_permission", stored, PERMISSIONS)


USERS: Collection[Call] = Collection(
    operations,
    "/repositories/{workspace}/{repo_slug}/permissions-config/users/{selected_user_id}",
    "user",
    required=("permission",),
    read="repository:admin",
    write="repository:admin",
    verbs="list get put delete",
    render=_user_permission,
    key_of=of_projects.uuid_of,
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
