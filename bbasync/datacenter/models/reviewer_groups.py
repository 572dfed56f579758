"""Groups of reviewers."""

from __future__ import annotations

from attrs import define

from bbasync.datacenter.models.scopes import Scope
from bbasync.datacenter.models.users import User
from bbasync.model import Model

__all__ = ["ReviewerGroup"]


@define(kw_only=True)
class ReviewerGroup(Model):
    """A group of reviewers of a project or repository."""

    id: int
    """The ID."""
    name: str
    """The name, unique within the project or repository."""
    users: list[User]
    """The members."""
    description: str | None = None
    """The description; None if there is none."""
    scope: Scope | None = None
    """The project or repository that it belongs to; None if not sent."""
    avatar_url: str | None = None
    """URL of the avatar; None if not sent."""
