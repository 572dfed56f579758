"""Projects: groups of the repositories of a workspace."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.cloud.models.users import Account
from bbasync.cloud.models.workspaces import BaseWorkspace
from bbasync.model import Model

__all__ = ["BaseProject", "Project"]


@define(kw_only=True)
class BaseProject(Model):
    """A project as other objects hold it."""

    uuid: str
    """The lasting identifier, in braces."""
    key: str
    """The short name in addresses."""
    name: str
    """The name shown."""


@define(kw_only=True)
class Project(BaseProject):
    """A project."""

    is_private: bool
    """Whether only those with access see it."""
    owner: Account | None = None
    """The owning team or user."""
    workspace: BaseWorkspace | None = None
    """The workspace it belongs to."""
    description: str | None = None
    """What it is for."""
    created_on: datetime | None = None
    """When it was made."""
    updated_on: datetime | None = None
    """When it was last changed."""
    has_publicly_visible_repos: bool | None = None
    """Whether a repository in it is public."""
