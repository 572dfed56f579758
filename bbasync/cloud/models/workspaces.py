"""Workspaces and their members."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from attrs import define

from bbasync.cloud.models.users import Account
from bbasync.model import Model, OpenEnum

__all__ = ["BaseWorkspace", "ForkingMode", "Workspace", "WorkspaceAccess", "WorkspaceMembership", "WorkspaceRole"]


class ForkingMode(OpenEnum):
    """Where repositories of a workspace may be forked to."""

    ALLOW_FORKS = "allow_forks"
    INTERNAL_ONLY = "internal_only"


@define(kw_only=True)
class BaseWorkspace(Model):
    """A workspace as other objects hold it."""

    types: ClassVar = ("workspace", "workspace_base", "team")
    uuid: str
    """The lasting identifier, in braces."""
    slug: str
    """The name in addresses; changes when the workspace is renamed."""
    name: str | None = None
    """The name shown."""


@define(kw_only=True)
class Workspace(BaseWorkspace):
    """A workspace: the owner of projects and repositories."""

    is_private: bool | None = None
    """Whether only members see it."""
    is_personal: bool | None = None
    """Whether it belongs to one user."""
    is_privacy_enforced: bool | None = None
    """Whether all its content must be private."""
    forking_mode: ForkingMode | None = None
    """Where its repositories may be forked to."""
    created_on: datetime | None = None
    """When it was made."""
    updated_on: datetime | None = None
    """When it was last changed."""


class WorkspaceRole(OpenEnum):
    """What a member may do in a workspace."""

    OWNER = "owner"
    CREATE_PROJECT = "create-project"
    MEMBER = "member"
    COLLABORATOR = "collaborator"
    """Deprecated by the vendor."""


@define(kw_only=True)
class WorkspaceMembership(Model):
    """That a user belongs to a workspace."""

    user: Account
    """The member."""
    workspace: BaseWorkspace
    """The workspace."""
    permission: WorkspaceRole | None = None
    """The role; only where permissions were asked for."""
    added_on: datetime | None = None
    """Since when; not told of workspaces that are administered at admin.atlassian.com."""
    last_accessed: datetime | None = None
    """When the member was last there; not told of workspaces that are administered at admin.atlassian.com."""


@define(kw_only=True)
class WorkspaceAccess(Model):
    """A workspace that the credential's own user can see."""

    workspace: BaseWorkspace
    """The workspace, by `uuid` and `slug` only."""
    administrator: bool | None = None
    """Whether the user administers it, where the vendor tells."""
