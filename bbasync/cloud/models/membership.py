"""Memberships: who belongs to a workspace."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.model import Model, OpenEnum

from .account import Account
from .workspace import BaseWorkspace

__all__ = ["WorkspaceAccess", "WorkspaceMembership", "WorkspaceRole"]


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
