"""Groups of workspace members."""

from __future__ import annotations

from attrs import define

from bbasync.cloud.models.users import Account
from bbasync.cloud.models.workspaces import BaseWorkspace
from bbasync.model import Model

__all__ = ["Group"]


@define(kw_only=True)
class Group(Model):
    """A group of workspace members."""

    name: str
    """The display name."""
    slug: str
    """The name in URLs."""
    full_slug: str | None = None
    """The full slug, `workspace:slug`."""
    owner: Account | None = None
    """The owning user or team."""
    workspace: BaseWorkspace | None = None
    """The workspace that contains it."""
