"""Permissions of users and groups on repositories and projects."""

from __future__ import annotations

from attrs import define

from bbasync.cloud.models.groups import Group
from bbasync.cloud.models.projects import BaseProject
from bbasync.cloud.models.repositories import BaseRepository
from bbasync.cloud.models.users import Account
from bbasync.model import Model, OpenEnum

__all__ = [
    "Permission",
    "ProjectGroupPermission",
    "ProjectUserPermission",
    "RepositoryGroupPermission",
    "RepositoryPermission",
    "RepositoryUserPermission",
]


class Permission(OpenEnum):
    """Permission level; each includes those before it."""

    NONE = "none"
    READ = "read"
    WRITE = "write"
    CREATE_REPO = "create-repo"
    """Projects only."""
    ADMIN = "admin"


@define(kw_only=True)
class RepositoryPermission(Model):
    """The effective permission of a user on a repository, granted directly or through a group."""

    permission: Permission
    """The highest permission."""
    user: Account | None = None
    """The user."""
    repository: BaseRepository | None = None
    """The repository."""


@define(kw_only=True)
class RepositoryUserPermission(Model):
    """The permission granted to a user on a repository."""

    permission: Permission
    """The permission; `none` if nothing was granted."""
    user: Account
    """The user."""
    repository: BaseRepository | None = None
    """The repository."""


@define(kw_only=True)
class RepositoryGroupPermission(Model):
    """The permission granted to a group on a repository."""

    permission: Permission
    """The permission; `none` if nothing was granted."""
    group: Group
    """The group."""
    repository: BaseRepository | None = None
    """The repository."""


@define(kw_only=True)
class ProjectUserPermission(Model):
    """The permission granted to a user on a project."""

    permission: Permission
    """The permission; `none` if nothing was granted."""
    user: Account
    """The user."""
    project: BaseProject | None = None
    """The project."""


@define(kw_only=True)
class ProjectGroupPermission(Model):
    """The permission granted to a group on a project."""

    permission: Permission
    """The permission; `none` if nothing was granted."""
    group: Group
    """The group."""
    project: BaseProject | None = None
    """The project."""
