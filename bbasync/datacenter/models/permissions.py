"""Permissions of users and groups."""

from __future__ import annotations

from attrs import define, frozen

from bbasync.datacenter.models.groups import Group
from bbasync.datacenter.models.users import User
from bbasync.model import Model, OpenEnum

__all__ = [
    "DefaultPermission",
    "GlobalPermission",
    "GroupPermission",
    "Permission",
    "PermissionFilter",
    "PrincipalType",
    "ProjectPermission",
    "UserPermission",
]


class GlobalPermission(OpenEnum):
    """Permission on the server; each includes the previous one."""

    LICENSED_USER = "LICENSED_USER"
    PROJECT_CREATE = "PROJECT_CREATE"
    ADMIN = "ADMIN"
    SYS_ADMIN = "SYS_ADMIN"


class ProjectPermission(OpenEnum):
    """Permission on a project; each includes the previous one."""

    PROJECT_READ = "PROJECT_READ"
    PROJECT_WRITE = "PROJECT_WRITE"
    REPO_CREATE = "REPO_CREATE"
    PROJECT_ADMIN = "PROJECT_ADMIN"


class Permission(OpenEnum):
    """Permission on the server, a project or a repository."""

    USER_ADMIN = "USER_ADMIN"
    PROJECT_VIEW = "PROJECT_VIEW"
    REPO_READ = "REPO_READ"
    REPO_WRITE = "REPO_WRITE"
    REPO_ADMIN = "REPO_ADMIN"
    PROJECT_READ = "PROJECT_READ"
    PROJECT_WRITE = "PROJECT_WRITE"
    REPO_CREATE = "REPO_CREATE"
    PROJECT_ADMIN = "PROJECT_ADMIN"
    LICENSED_USER = "LICENSED_USER"
    PROJECT_CREATE = "PROJECT_CREATE"
    ADMIN = "ADMIN"
    SYS_ADMIN = "SYS_ADMIN"


class PrincipalType(OpenEnum):
    """Filter of a search by whether permissions are those of users or of groups."""

    USER = "USER"
    GROUP = "GROUP"


@frozen(kw_only=True)
class PermissionFilter:
    """A filter that selects users by permission."""

    permission: Permission | str
    """The permission; its name says whether it is one on the server, a project or a repository."""
    project_key: str | None = None
    """Key of the project, for permissions on projects and repositories."""
    repository_slug: str | None = None
    """Slug of the repository, for permissions on repositories."""


@define(kw_only=True)
class UserPermission(Model):
    """A permission granted to a user."""

    user: User
    """The user."""
    permission: Permission
    """The highest permission granted."""


@define(kw_only=True)
class GroupPermission(Model):
    """A permission granted to a group."""

    group: Group
    """The group."""
    permission: Permission
    """The highest permission granted."""


@define(kw_only=True)
class DefaultPermission(Model):
    """Whether all users have a permission."""

    permitted: bool
    """Whether they have it."""
