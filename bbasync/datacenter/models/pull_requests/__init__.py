"""Pull requests and their participants."""

from __future__ import annotations

from datetime import datetime

from attrs import define, frozen

from bbasync.datacenter.models.commits import BaseCommit
from bbasync.datacenter.models.refs import BaseRef
from bbasync.datacenter.models.repositories import Repository
from bbasync.datacenter.models.users import User
from bbasync.model import Model, OpenEnum

__all__ = [
    "Direction",
    "MergeOutcome",
    "MergeResult",
    "Participant",
    "ParticipantFilter",
    "ParticipantRole",
    "ParticipantStatus",
    "PullRequest",
    "PullRequestOrder",
    "PullRequestProperties",
    "PullRequestRef",
    "PullRequestState",
]


class PullRequestState(OpenEnum):
    """Where a pull request stands; `ALL` is for lists only."""

    OPEN = "OPEN"
    MERGED = "MERGED"
    DECLINED = "DECLINED"
    ALL = "ALL"


class PullRequestOrder(OpenEnum):
    """How a list of pull requests is sorted."""

    NEWEST = "NEWEST"
    OLDEST = "OLDEST"


class Direction(OpenEnum):
    """Whether a repository is a pull request's target or source."""

    INCOMING = "INCOMING"
    OUTGOING = "OUTGOING"


class ParticipantRole(OpenEnum):
    """What somebody is to a pull request."""

    AUTHOR = "AUTHOR"
    CREATOR = "CREATOR"
    PARTICIPANT = "PARTICIPANT"
    REVIEWER = "REVIEWER"


class ParticipantStatus(OpenEnum):
    """What a reviewer said; pages for people show NEEDS_WORK as requested changes."""

    APPROVED = "APPROVED"
    NEEDS_WORK = "NEEDS_WORK"
    UNAPPROVED = "UNAPPROVED"


@frozen(kw_only=True)
class ParticipantFilter:
    """Selects the pull requests in which somebody takes part."""

    username: str
    """Who: the name to log in with."""
    role: ParticipantRole | str | None = None
    """As what; by default as anything."""
    approved: bool | None = None
    """Whether they have approved; by default either."""


@define(kw_only=True)
class Participant(Model):
    """A user's part in a pull request."""

    user: User
    """Who."""
    role: ParticipantRole
    """As what."""
    approved: bool
    """Whether they have approved."""
    status: ParticipantStatus
    """What they said."""
    last_reviewed_commit: str | None = None
    """The source's commit that they said it of."""


@define(kw_only=True)
class PullRequestRef(BaseRef):
    """One side of a pull request."""

    latest_commit: str
    """The commit at its head, as of the last change while the pull request was open."""
    repository: Repository
    """The repository it is in."""


class MergeOutcome(OpenEnum):
    """Whether the two sides of a pull request fit."""

    CLEAN = "CLEAN"
    CONFLICTED = "CONFLICTED"
    UNKNOWN = "UNKNOWN"


@define(kw_only=True)
class MergeResult(Model):
    """Whether a pull request would merge cleanly, as far as the server has tried."""

    outcome: MergeOutcome
    """What came of it."""
    current: bool
    """Whether that is about the present commits."""


@define(kw_only=True)
class PullRequestProperties(Model):
    """What the server adds to a pull request."""

    comment_count: int | None = None
    """How many comments it has; None for none."""
    open_task_count: int | None = None
    """How many tasks are left."""
    resolved_task_count: int | None = None
    """How many tasks are done."""
    merge_result: MergeResult | None = None
    """Whether it would merge cleanly."""
    merge_commit: BaseCommit | None = None
    """The commit that merged it."""


@define(kw_only=True)
class PullRequest(Model):
    """A pull request."""

    id: int
    """The number in its repository."""
    version: int
    """What a change of it must name; grows with each."""
    title: str
    """The title."""
    state: PullRequestState
    """Where it stands."""
    open: bool
    """Whether it is open."""
    closed: bool
    """Whether it was merged or declined."""
    created_date: datetime
    """When it was opened."""
    updated_date: datetime
    """When it was last changed."""
    from_ref: PullRequestRef
    """The source."""
    to_ref: PullRequestRef
    """The target."""
    author: Participant
    """Who opened it."""
    reviewers: list[Participant]
    """Who is asked to review it."""
    participants: list[Participant]
    """Who else took part."""
    locked: bool
    """Whether the server is busy with it."""
    description: str | None = None
    """The description, Markdown."""
    closed_date: datetime | None = None
    """When it was merged or declined."""
    draft: bool | None = None
    """Whether it is a draft; versions before 8.18 have none."""
    creator: Participant | None = None
    """Who created it, where the author was changed afterwards."""
    properties: PullRequestProperties | None = None
    """What the server adds."""
    html_description: str | None = None
    """The description as it is shown, where the server sends it."""
    description_as_html: str | None = None
    """The same under another name."""
