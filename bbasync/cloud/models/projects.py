"""Projects, which group the repositories of a workspace."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.cloud.models.users import Account
from bbasync.cloud.models.workspaces import BaseWorkspace
from bbasync.model import Model

__all__ = ["BaseProject", "Project"]


@define(kw_only=True)
class BaseProject(Model):
    """A project as embedded in other objects."""

    uuid: str
    """The UUID, in braces; it survives renames."""
    key: str
    """The short name in URLs."""
    name: str
    """The display name."""


@define(kw_only=True)
class Project(BaseProject):
    """A project."""

    is_private: bool
    """Whether only users with access can see it."""
    owner: Account | None = None
    """The owning user or team."""
    workspace: BaseWorkspace | None = None
    """The workspace that contains it."""
    description: str | None = None
    """The description."""
    created_on: datetime | None = None
    """When it was created."""
    updated_on: datetime | None = None
    """When it was last changed."""
    has_publicly_visible_repos: bool | None = None
    """Whether it contains public repositories."""
