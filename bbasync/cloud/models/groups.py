"""Groups of the members of a workspace."""

from __future__ import annotations

from attrs import define

from bbasync.cloud.models.users import Account
from bbasync.cloud.models.workspaces import BaseWorkspace
from bbasync.model import Model

__all__ = ["Group"]


@define(kw_only=True)
class Group(Model):
    """A group of members."""

    name: str
    """The name shown."""
    slug: str
    """The name in addresses."""
    full_slug: str | None = None
    """`workspace:slug`."""
    owner: Account | None = None
    """The owning team or user."""
    workspace: BaseWorkspace | None = None
    """The workspace it belongs to."""
