"""The dashboard: pull requests of all repositories that concern a user."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.datacenter.models.refs import BaseRef, RefChange
from bbasync.datacenter.models.repositories import Repository
from bbasync.model import Model, OpenEnum

__all__ = ["DashboardOrder", "InboxCount", "PullRequestSuggestion"]


class DashboardOrder(OpenEnum):
    """Order of the pull requests of a dashboard."""

    NEWEST = "NEWEST"
    OLDEST = "OLDEST"
    DRAFT_STATUS = "DRAFT_STATUS"
    PARTICIPANT_STATUS = "PARTICIPANT_STATUS"
    CLOSED_DATE = "CLOSED_DATE"


@define(kw_only=True)
class PullRequestSuggestion(Model):
    """A pull request that a user may want to create, because of a push."""

    change_time: datetime
    """When the push happened."""
    ref_change: RefChange
    """The push."""
    repository: Repository
    """The repository that was pushed to."""
    from_ref: BaseRef
    """The ref to merge from."""
    to_ref: BaseRef
    """The branch to merge into."""


@define(kw_only=True)
class InboxCount(Model):
    """Number of pull requests that wait for a user."""

    count: int
    """The number."""
