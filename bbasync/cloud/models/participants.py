"""Participants: the reviewers and commenters of commits and pull requests."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.cloud.models.users import Account
from bbasync.model import Model, OpenEnum

__all__ = ["Participant", "ParticipantRole", "ParticipantState"]


class ParticipantRole(OpenEnum):
    """What somebody is to a commit or a pull request."""

    PARTICIPANT = "PARTICIPANT"
    REVIEWER = "REVIEWER"


class ParticipantState(OpenEnum):
    """What a participant said."""

    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"


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
