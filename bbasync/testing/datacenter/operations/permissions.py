"""Permissions of users and groups on the server, on projects and on repositories.

What is granted here decides what users see and may do: `World.rank`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from attrs import frozen

from bbasync.testing.datacenter.http import Call, denial
from bbasync.testing.datacenter.payloads import VALIDATION, group, refuse
from bbasync.testing.datacenter.world.permissions import GLOBAL, NONE, PROJECT, RANKS, REPOSITORY, Grants
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from collections.abc import Generator

    from bbasync.testing.datacenter.world import User

operations: Operations[Call] = Operations()


@operations("GET /api/latest/admin/permissions/users")
@operations("GET /api/latest/projects/{projectKey}/permissions/users")
@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/permissions/users")
def list_users(call: Call) -> Result:
    """List the users who were granted a permission, with that permission."""
    granted = _scope(call).grants.users
    found = [user for user in _users(call) if user.name in granted]
    return call.page(found, lambda user: {"user": call.payloads.user(user), "permission": granted[user.name]})


@operations("GET /api/latest/admin/permissions/users/none")
@operations("GET /api/latest/projects/{projectKey}/permissions/users/none")
@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/permissions/users/none")
def list_other_users(call: Call) -> Result:
    """List the users who were granted no permission themselves."""
    granted = _scope(call).grants.users
    return call.page([user for user in _users(call) if user.name not in granted], call.payloads.user)


@operations("PUT /api/latest/admin/permissions/users")
@operations("PUT /api/latest/projects/{projectKey}/permissions/users")
@operations("PUT /api/latest/projects/{projectKey}/repos/{repositorySlug}/permissions/users")
def grant_to_users(call: Call) -> Result:
    """Grant users a permission, in place of the one that each has."""
    scope, names = _scope(call), _user_names(call)
    with _changing(call, scope):
        _grant(call, scope, scope.grants.users, names)
    return None


@operations("DELETE /api/latest/admin/permissions/users")
@operations("DELETE /api/latest/projects/{projectKey}/permissions/users")
@operations("DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/permissions/users")
def revoke_from_user(call: Call) -> Result:
    """Revoke the permission of a user; that of the user's groups remains."""
    scope, names = _scope(call), _user_names(call)
    with _changing(call, scope):
        _revoke(scope, scope.grants.users, names)
    return None


@operations("GET /api/latest/admin/permissions/groups")
@operations("GET /api/latest/projects/{projectKey}/permissions/groups")
@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/permissions/groups")
def list_groups(call: Call) -> Result:
    """List the groups that were granted a permission, with that permission."""
    granted = _scope(call).grants.groups
    found = [name for name in _groups(call) if name in granted]
    return call.page(found, lambda name: {"group": group(name), "permission": granted[name]})


@operations("GET /api/latest/admin/permissions/groups/none")
@operations("GET /api/latest/projects/{projectKey}/permissions/groups/none")
@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/permissions/groups/none")
def list_other_groups(call: Call) -> Result:
    """List the groups that were granted no permission."""
    granted = _scope(call).grants.groups
    return call.page([name for name in _groups(call) if name not in granted], group)


@operations("PUT /api/latest/admin/permissions/groups")
@operations("PUT /api/latest/projects/{projectKey}/permissions/groups")
@operations("PUT /api/latest/projects/{projectKey}/repos/{repositorySlug}/permissions/groups")
def grant_to_groups(call: Call) -> Result:
    """Grant groups a permission, in place of the one that each has."""
    scope, names = _scope(call), _group_names(call)
    with _changing(call, scope):
        _grant(call, scope, scope.grants.groups, names)
    return None


@operations("DELETE /api/latest/admin/permissions/groups")
@operations("DELETE /api/latest/projects/{projectKey}/permissions/groups")
@operations("DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/permissions/groups")
def revoke_from_group(call: Call) -> Result:
    """Revoke the permission of a group."""
    scope, names = _scope(call), _group_names(call)
    with _changing(call, scope):
        _revoke(scope, scope.grants.groups, names)
    return None


@operations("DELETE /api/latest/projects/{projectKey}/permissions")
@operations("DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/permissions")
def revoke_all(call: Call) -> Result:
    """Revoke the permissions of the users and groups that the query names."""
    scope = _scope(call)
    users = _user_names(call, "user") if "user" in call.query or "group" not in call.query else []
    groups = _group_names(call, "group") if "group" in call.query else []
    with _changing(call, scope):
        _revoke(scope, scope.grants.users, users)
        _revoke(scope, scope.grants.groups, groups)
    return None


@operations("GET /api/latest/projects/{projectKey}/permissions/{permission}/all")
def is_default(call: Call) -> Result:
    """Tell whether a permission is the default one of a project, which all users have."""
    return {"permitted": _scope(call).grants.everybody == _of_path(call)}


@operations("POST /api/latest/projects/{projectKey}/permissions/{permission}/all")
def set_default(call: Call) -> Result:
    """Grant all users a permission on a project, or revoke it."""
    scope = _scope(call)
    permission = _of_path(call)
    with _changing(call, scope):
        if call.flag("allow"):
            scope.grants.everybody = permission
        elif scope.grants.everybody == permission:
            scope.grants.everybody = None
    return None


@frozen
class Scope:
    """The server, a project or a repository, as something to have permissions on."""

    grants: Grants
    permissions: Sequence[str]
    """Those that there are, each with the ones before it."""
    own_rank: Callable[[], int]
    """Return the rank of the caller's permission."""

    @property
    def is_global(self) -> bool:
        """Whether it is the server."""
        return self.permissions is GLOBAL


def _scope(call: Call) -> Scope:
    """Return what the path names, for its administrators."""
    rank, user = call.world.rank, call.user
    if "repositorySlug" in call.arguments:
        repository = call.repository("ADMIN")
        return Scope(repository.grants, REPOSITORY, lambda: rank(user, repository))
    if "projectKey" in call.arguments:
        project = call.project("ADMIN")
        return Scope(project.grants, PROJECT, lambda: rank(user, project))
    call.require_globally("ADMIN")
    return Scope(call.world.grants, GLOBAL, lambda: call.world.global_rank(call.me))


@contextmanager
def _changing(call: Call, scope: Scope) -> Generator[None]:
    """Undo and refuse a change that takes a permission from the caller."""
    grants, rank = scope.grants, scope.own_rank()
    before = dict(grants.users), dict(grants.groups), grants.everybody
    yield
    if scope.own_rank() < rank:
        grants.users, grants.groups, grants.everybody = before
        status = 409 if scope.is_global or call.request.method == "DELETE" else 403  # as the vendor documents
        raise refuse(status, "You cannot reduce your own permission", "IntegrityException")


def _grant(call: Call, scope: Scope, granted: dict[str, str], names: list[str]) -> None:
    permission = call.permission(scope.permissions)
    if scope.is_global and RANKS[permission] > scope.own_rank():
        raise denial(call.user)
    _check_holders(scope, granted, names)
    granted.update(dict.fromkeys(names, permission))


def _revoke(scope: Scope, granted: dict[str, str], names: list[str]) -> None:
    _check_holders(scope, granted, names)
    for name in names:
        granted.pop(name, None)


def _check_holders(scope: Scope, granted: dict[str, str], names: list[str]) -> None:
    """Refuse to change a global permission that is higher than the caller's own."""
    highest = max((RANKS[granted[name]] for name in names if name in granted), default=NONE)
    if scope.is_global and highest > scope.own_rank():
        raise refuse(409, "You cannot change a permission higher than your own", "IntegrityException")


def _of_path(call: Call) -> str:
    permission = call.arg("permission")
    if permission not in PROJECT:
        raise refuse(400, f"{permission} is not one of {', '.join(PROJECT)}", VALIDATION, context="permission")
    return permission


def _users(call: Call) -> list[User]:
    part = call.query.get("filter", "").lower()
    return [user for user in call.world.users.values() if part in user.name.lower()]


def _groups(call: Call) -> list[str]:
    part = call.query.get("filter", "").lower()
    return sorted(name for name in call.world.groups if part in name.lower())


def _user_names(call: Call, parameter: str = "name") -> list[str]:
    names = _named(call, parameter)
    for name in names:
        if call.world.user_named(name) is None:
            raise refuse(404, f"User {name} does not exist.", "user.NoSuchUserException")
    return names


def _group_names(call: Call, parameter: str = "name") -> list[str]:
    names = _named(call, parameter)
    for name in names:
        if name not in call.world.groups:
            raise refuse(404, f"Group {name} does not exist.", "NoSuchEntityException")
    return names


def _named(call: Call, parameter: str) -> list[str]:
    names = call.query.getall(parameter, [])
    if not names:
        raise refuse(400, f"{parameter} must not be empty", VALIDATION, context=parameter)
    return list(names)
