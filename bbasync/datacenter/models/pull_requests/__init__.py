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
    """State of a pull request; ALL is a filter of lists only."""

    OPEN = "OPEN"
    MERGED = "MERGED"
    DECLINED = "DECLINED"
    ALL = "ALL"


class PullRequestOrder(OpenEnum):
    """Order of a list of pull requests."""

    NEWEST = "NEWEST"
    OLDEST = "OLDEST"


class Direction(OpenEnum):
    """Direction of pull requests: into a repository (INCOMING) or from it (OUTGOING)."""

    INCOMING = "INCOMING"
    OUTGOING = "OUTGOING"


class ParticipantRole(OpenEnum):
    """Role of a participant in a pull request."""

    AUTHOR = "AUTHOR"
    CREATOR = "CREATOR"
    PARTICIPANT = "PARTICIPANT"
    REVIEWER = "REVIEWER"


class ParticipantStatus(OpenEnum):
    """Review status of a participant; the web interface shows NEEDS_WORK as requested changes."""

    APPROVED = "APPROVED"
    NEEDS_WORK = "NEEDS_WORK"
    UNAPPROVED = "UNAPPROVED"


@frozen(kw_only=True)
class ParticipantFilter:
    """A filter that selects pull requests by participant."""

    username: str
    """Login name of the participant."""
    role: ParticipantRole | str | None = None
    """Role of the participant; None for any."""
    approved: bool | None = None
    """Whether the participant has approved; None for either."""


@define(kw_only=True)
class Participant(Model):
    """A participant in a pull request."""

    user: User
    """The user."""
    role: ParticipantRole
    """Role of the user."""
    approved: bool
    """Whether the user has approved."""
    status: ParticipantStatus
    """Review status of the user."""
    last_reviewed_commit: str | None = None
    """Hash of the commit at the head of the from ref when the user last reviewed; None if not sent."""


@define(kw_only=True)
class PullRequestRef(BaseRef):
    """The from or to ref of a pull request."""

    latest_commit: str
    """Hash of the head commit, as of the last change while the pull request was open."""
    repository: Repository
    """The repository that contains it."""


class MergeOutcome(OpenEnum):
    """Outcome of a test merge."""

    CLEAN = "CLEAN"
    CONFLICTED = "CONFLICTED"
    UNKNOWN = "UNKNOWN"


@define(kw_only=True)
class MergeResult(Model):
    """Result of the server's last test merge of a pull request."""

    outcome: MergeOutcome
    """Outcome of the test merge."""
    current: bool
    """Whether the result applies to the current commits."""


@define(kw_only=True)
class PullRequestProperties(Model):
    """Additional properties of a pull request."""

    comment_count: int | None = None
    """Number of comments; None if there are none."""
    open_task_count: int | None = None
    """Number of open tasks; None if not sent."""
    resolved_task_count: int | None = None
    """Number of resolved tasks; None if not sent."""
    merge_result: MergeResult | None = None
    """Result of the last test merge; None if not sent."""
    merge_commit: BaseCommit | None = None
    """The merge commit; None until merged."""


@define(kw_only=True)
class PullRequest(Model):
    """A pull request."""

    id: int
    """The ID, unique within the repository of the to ref."""
    version: int
    """The version to pass to methods that change it; increases with each change."""
    title: str
    """The title."""
    state: PullRequestState
    """State of the pull request."""
    open: bool
    """Whether it is open."""
    closed: bool
    """Whether it was merged or declined."""
    created_date: datetime
    """When it was created."""
    updated_date: datetime
    """When it was last updated."""
    from_ref: PullRequestRef
    """The ref to merge from."""
    to_ref: PullRequestRef
    """The branch to merge into."""
    author: Participant
    """The author."""
    reviewers: list[Participant]
    """The reviewers."""
    participants: list[Participant]
    """The other participants."""
    locked: bool
    """Whether the server is currently processing it."""
    description: str | None = None
    """The description, in Markdown; None if there is none."""
    closed_date: datetime | None = None
    """When it was merged or declined; None while it is open."""
    draft: bool | None = None
    """Whether it is a draft; None on servers before 8.18."""
    creator: Participant | None = None
    """The user who created it, if the author was changed afterwards; None otherwise."""
    properties: PullRequestProperties | None = None
    """Additional properties; None if not sent."""
    html_description: str | None = None
    """The description rendered as HTML; None if not sent."""
    description_as_html: str | None = None
    """The same as `html_description`, under another name; None if not sent."""
