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
    """A commit as other objects hold it."""

    hash: str
    """The SHA-1; 12 characters in some objects, 40 in others."""


@define(kw_only=True)
class Commit(BaseCommit):
    """A commit."""

    date: datetime
    """When it was committed, in the committer's own offset."""
    message: str
    """The whole message."""
    author: Author
    """Who wrote it."""
    committer: Author | None = None
    """Who committed it, where the vendor tells."""
    parents: list[BaseCommit] | None = None
    """The commits it follows; two or more for a merge."""
    summary: Rendered | None = None
    """The message as it is shown."""
    repository: BaseRepository | None = None
    """The repository it was read from."""
    participants: list[Participant] | None = None
    """Who approved it or commented; in a single commit only."""
