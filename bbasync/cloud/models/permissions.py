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
    """How much is allowed; each includes those before it."""

    NONE = "none"
    READ = "read"
    WRITE = "write"
    CREATE_REPO = "create-repo"
    """Of projects only."""
    ADMIN = "admin"


@define(kw_only=True)
class RepositoryPermission(Model):
    """What a user may do with a repository in effect, whether as that user or through a group."""

    permission: Permission
    """The most that is allowed."""
    user: Account | None = None
    """Who."""
    repository: BaseRepository | None = None
    """With which repository."""


@define(kw_only=True)
class RepositoryUserPermission(Model):
    """What was granted to a user on a repository."""

    permission: Permission
    """The grant; `none` where there is none."""
    user: Account
    """Who."""
    repository: BaseRepository | None = None
    """With which repository."""


@define(kw_only=True)
class RepositoryGroupPermission(Model):
    """What was granted to a group on a repository."""

    permission: Permission
    """The grant; `none` where there is none."""
    group: Group
    """Who."""
    repository: BaseRepository | None = None
    """With which repository."""


@define(kw_only=True)
class ProjectUserPermission(Model):
    """What was granted to a user on a project."""

    permission: Permission
    """The grant; `none` where there is none."""
    user: Account
    """Who."""
    project: BaseProject | None = None
    """With which project."""


@define(kw_only=True)
class ProjectGroupPermission(Model):
    """What was granted to a group on a project."""

    permission: Permission
    """The grant; `none` where there is none."""
    group: Group
    """Who."""
    project: BaseProject | None = None
    """With which project."""
