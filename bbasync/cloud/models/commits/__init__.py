"""Commits."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.cloud.models.participants import Participant
from bbasync.cloud.models.rendered import Rendered
from bbasync.cloud.models.repositories import BaseRepository
from bbasync.cloud.models.users import Author
from bbasync.model import Model

__all__ = ["BaseCommit", "Commit"]


@define(kw_only=True)
class BaseCommit(Model):
    """A commit as embedded in other objects."""

    hash: str
    """The SHA-1 hash; 12 characters in some objects, 40 in others."""


@define(kw_only=True)
class Commit(BaseCommit):
    """A commit."""

    date: datetime
    """When it was committed, with the committer's UTC offset."""
    message: str
    """The full message."""
    author: Author
    """The author."""
    committer: Author | None = None
    """The committer; None if not sent."""
    parents: list[BaseCommit] | None = None
    """The parent commits; two or more for a merge commit."""
    summary: Rendered | None = None
    """The rendered message."""
    repository: BaseRepository | None = None
    """The repository it was read from."""
    participants: list[Participant] | None = None
    """Users who approved or commented on it; None unless a single commit was requested."""
