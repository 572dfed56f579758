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
    """A workspace as embedded in other objects."""

    types: ClassVar = ("workspace", "workspace_base", "team")
    uuid: str
    """The UUID, in braces; it survives renames."""
    slug: str
    """The name in URLs; changes when the workspace is renamed."""
    name: str | None = None
    """The display name; None if only UUID and slug were sent."""


@define(kw_only=True)
class Workspace(BaseWorkspace):
    """A workspace, which owns projects and repositories."""

    is_private: bool | None = None
    """Whether only members can see it."""
    is_personal: bool | None = None
    """Whether it belongs to a single user."""
    is_privacy_enforced: bool | None = None
    """Whether all its content must be private."""
    forking_mode: ForkingMode | None = None
    """Where its repositories may be forked to."""
    created_on: datetime | None = None
    """When it was created."""
    updated_on: datetime | None = None
    """When it was last changed."""


class WorkspaceRole(OpenEnum):
    """Role of a member in a workspace."""

    OWNER = "owner"
    CREATE_PROJECT = "create-project"
    MEMBER = "member"
    COLLABORATOR = "collaborator"
    """Deprecated by Bitbucket."""


@define(kw_only=True)
class WorkspaceMembership(Model):
    """The membership of a user in a workspace."""

    user: Account
    """The member."""
    workspace: BaseWorkspace
    """The workspace."""
    permission: WorkspaceRole | None = None
    """The role; None unless permissions were requested."""
    added_on: datetime | None = None
    """When the user became a member; None in workspaces administered at admin.atlassian.com."""
    last_accessed: datetime | None = None
    """When the user last accessed the workspace; None in workspaces administered at admin.atlassian.com."""


@define(kw_only=True)
class WorkspaceAccess(Model):
    """A workspace that the authenticated user can access."""

    workspace: BaseWorkspace
    """The workspace, with `uuid` and `slug` only."""
    administrator: bool | None = None
    """Whether the user is an administrator; None if not sent."""
