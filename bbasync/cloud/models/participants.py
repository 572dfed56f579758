"""Participants: the reviewers of commits and pull requests, and the users who commented on them."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.cloud.models.users import Account
from bbasync.model import Model, OpenEnum

__all__ = ["Participant", "ParticipantRole", "ParticipantState"]


class ParticipantRole(OpenEnum):
    """Role of a participant."""

    PARTICIPANT = "PARTICIPANT"
    REVIEWER = "REVIEWER"


class ParticipantState(OpenEnum):
    """Verdict of a participant."""

    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"


@define(kw_only=True)
class Participant(Model):
    """A user's participation in a commit or pull request."""

    user: Account | None
    """The user; None if the account was deleted."""
    role: ParticipantRole
    """Whether the user is a reviewer."""
    approved: bool
    """Whether the user approved."""
    state: ParticipantState | None = None
    """The latest verdict; None if there is none."""
    participated_on: datetime | None = None
    """When the user approved or last commented; None if neither."""
