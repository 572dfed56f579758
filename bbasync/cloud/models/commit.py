"""Commits."""

from __future__ import annotations

from datetime import datetime

from attrs import define, field

from bbasync.model import Model, OpenEnum, wire

from .account import Account, Author
from .repository import BaseRepository

__all__ = ["BaseCommit", "Commit", "Participant", "ParticipantRole", "ParticipantState", "Rendered"]


class ParticipantRole(OpenEnum):
    """What somebody is to a commit or a pull request."""

    PARTICIPANT = "PARTICIPANT"
    REVIEWER = "REVIEWER"


class ParticipantState(OpenEnum):
    """What a participant said."""

    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"


@define(kw_only=True)
class Rendered(Model):
    """A text as it was written and as it is shown."""

    text: str | None = field(default=None, metadata=wire("raw"))
    """The text as it was written."""
    markup: str | None = None
    """The language of the text: `markdown`, `creole` or `plaintext`."""
    html: str | None = None
    """The text as it is shown."""


@define(kw_only=True)
class Participant(Model):
    """A user's part in a commit or a pull request."""

    user: Account | None
    """Who; None when the account is gone."""
    role: ParticipantRole
    """Whether asked to review."""
    approved: bool
    """Whether approved."""
    state: ParticipantState | None = None
    """The last word, None for none."""
    participated_on: datetime | None = None
    """When last active."""


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
