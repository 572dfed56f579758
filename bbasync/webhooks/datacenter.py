"""The events of Bitbucket Data Center, one class per event key; fields that the classes do not have are in `raw`."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final

from attrs import define

from bbasync.datacenter.models.comments import Comment
from bbasync.datacenter.models.commits import Commit
from bbasync.datacenter.models.projects import Project
from bbasync.datacenter.models.pull_requests import Participant, ParticipantStatus, PullRequest
from bbasync.datacenter.models.refs import BaseRef, RefChange, RefChangeType
from bbasync.datacenter.models.repositories import Repository
from bbasync.datacenter.models.users import User
from bbasync.model import Model

from .events import Event

__all__ = [
    "EVENTS",
    "DataCenterEvent",
    "DiagnosticsPing",
    "MirrorRepositorySynchronized",
    "MirrorServer",
    "PreviousTarget",
    "ProjectModified",
    "PullRequestCommentAdded",
    "PullRequestCommentDeleted",
    "PullRequestCommentEdited",
    "PullRequestCommentEvent",
    "PullRequestDeclined",
    "PullRequestDeleted",
    "PullRequestEvent",
    "PullRequestFromRefUpdated",
    "PullRequestMerged",
    "PullRequestModified",
    "PullRequestOpened",
    "PullRequestReviewEvent",
    "PullRequestReviewerApproved",
    "PullRequestReviewerChangesRequested",
    "PullRequestReviewerNeedsWork",
    "PullRequestReviewerUnapproved",
    "PullRequestReviewerUpdated",
    "PullRequestToRefUpdated",
    "RefChange",
    "RefChangeType",
    "RepositoryCommentAdded",
    "RepositoryCommentDeleted",
    "RepositoryCommentEdited",
    "RepositoryCommentEvent",
    "RepositoryEvent",
    "RepositoryForked",
    "RepositoryModified",
    "RepositoryRefsChanged",
    "RepositorySecretDetected",
    "SecretLocation",
]

# -- models that only events contain ----------------------------------------------------------------------------------


@define(kw_only=True)
class PreviousTarget(BaseRef):
    """The previous to ref of a pull request."""

    latest_commit: str
    """Hash of its head commit."""


@define(kw_only=True)
class MirrorServer(Model):
    """A mirror."""

    id: str
    """The ID."""
    name: str
    """The display name."""


@define(kw_only=True)
class SecretLocation(Model):
    """The location of a secret."""

    repository: Repository
    """The repository."""
    commit_id: str
    """Hash of the commit that added it."""
    path: str
    """Path of the file."""
    line: int
    """The line, counted from 1."""
    rule_name: str
    """The rule that found it."""


# -- repositories and projects ----------------------------------------------------------------------------------------


@define(kw_only=True)
class DataCenterEvent(Event):
    """Base class of the events that a user causes."""

    date: datetime
    """When it happened."""
    actor: User | None = None
    """The user who caused the event; None for mirrors on older servers."""


@define(kw_only=True)
class RepositoryEvent(DataCenterEvent):
    """Base class of the events of a repository."""

    repository: Repository
    """The repository."""


@define(kw_only=True)
class RepositoryRefsChanged(RepositoryEvent):
    """Commits were pushed, or branches or tags created or deleted."""

    key: ClassVar = "repo:refs_changed"
    changes: list[RefChange]
    """The changes, one for each branch or tag."""
    commits: list[Commit] | None = None
    """The newest of the pushed commits; None on older servers."""
    to_commit: Commit | None = None
    """The commit after the push; None on older servers."""


@define(kw_only=True)
class RepositoryForked(RepositoryEvent):
    """A repository was forked; `repository` is the fork, its `origin` the forked repository."""

    key: ClassVar = "repo:forked"


@define(kw_only=True)
class RepositoryModified(DataCenterEvent):
    """A repository was renamed or moved."""

    key: ClassVar = "repo:modified"
    old: Repository
    """The repository before the change."""
    new: Repository
    """The repository after the change."""


@define(kw_only=True)
class RepositoryCommentEvent(RepositoryEvent):
    """Base class of the events of a comment on a commit."""

    comment: Comment
    """The comment."""
    commit: str
    """Hash of the commit."""
    comment_parent_id: int | None = None
    """ID of the comment that it replies to; None if it is not a reply."""


@define(kw_only=True)
class RepositoryCommentAdded(RepositoryCommentEvent):
    """A comment on a commit was created."""

    key: ClassVar = "repo:comment:added"


@define(kw_only=True)
class RepositoryCommentEdited(RepositoryCommentEvent):
    """A comment on a commit was edited."""

    key: ClassVar = "repo:comment:edited"
    previous_comment: str
    """The text before the edit."""


@define(kw_only=True)
class RepositoryCommentDeleted(RepositoryCommentEvent):
    """A comment on a commit was deleted."""

    key: ClassVar = "repo:comment:deleted"


@define(kw_only=True)
class RepositorySecretDetected(DataCenterEvent):
    """Secrets were found in a push."""

    key: ClassVar = "repo:secret_detected"
    secret_locations: list[SecretLocation]
    """The locations of the secrets."""


@define(kw_only=True)
class MirrorRepositorySynchronized(RepositoryEvent):
    """A mirror has finished synchronizing a repository."""

    key: ClassVar = "mirror:repo_synchronized"
    mirror_server: MirrorServer
    """The mirror."""
    sync_type: str
    """Type of the synchronization: `INCREMENTAL` or `SNAPSHOT`, on mirrors before 6.7 `smartMirror`."""
    ref_limit_exceeded: bool
    """Whether `changes` is empty because there were too many changes."""
    changes: list[RefChange]
    """The changed branches and tags."""


@define(kw_only=True)
class ProjectModified(DataCenterEvent):
    """A project was renamed."""

    key: ClassVar = "project:modified"
    old: Project
    """The project before the change."""
    new: Project
    """The project after the change."""


# -- pull requests ----------------------------------------------------------------------------------------------------


@define(kw_only=True)
class PullRequestEvent(DataCenterEvent):
    """Base class of the events of a pull request."""

    pull_request: PullRequest
    """The pull request, after the event."""


@define(kw_only=True)
class PullRequestOpened(PullRequestEvent):
    """A pull request was opened."""

    key: ClassVar = "pr:opened"


@define(kw_only=True)
class PullRequestFromRefUpdated(PullRequestEvent):
    """The from ref of a pull request was updated by a push."""

    key: ClassVar = "pr:from_ref_updated"
    previous_from_hash: str | None = None
    """Hash of the head of the from ref before the push; None on older servers."""


@define(kw_only=True)
class PullRequestToRefUpdated(PullRequestEvent):
    """The to ref of a pull request was updated by a push; documented, but webhooks cannot subscribe to it."""

    key: ClassVar = "pr:to_ref_updated"
    previous_to_hash: str | None = None
    """Hash of the head of the to ref before the push; None if not sent."""


@define(kw_only=True)
class PullRequestModified(PullRequestEvent):
    """The title, description or to ref of a pull request was changed."""

    key: ClassVar = "pr:modified"
    previous_title: str | None = None
    """The title before the change; None on older servers."""
    previous_description: str | None = None
    """The description before the change; None if there was none."""
    previous_target: PreviousTarget | None = None
    """The to ref before the change; None on older servers."""


@define(kw_only=True)
class PullRequestMerged(PullRequestEvent):
    """A pull request was merged."""

    key: ClassVar = "pr:merged"


@define(kw_only=True)
class PullRequestDeclined(PullRequestEvent):
    """A pull request was declined."""

    key: ClassVar = "pr:declined"


@define(kw_only=True)
class PullRequestDeleted(PullRequestEvent):
    """A pull request was deleted."""

    key: ClassVar = "pr:deleted"


@define(kw_only=True)
class PullRequestReviewerUpdated(PullRequestEvent):
    """The reviewers of a pull request were changed."""

    key: ClassVar = "pr:reviewer:updated"
    added_reviewers: list[User]
    """The added reviewers."""
    removed_reviewers: list[User]
    """The removed reviewers."""


@define(kw_only=True)
class PullRequestReviewEvent(PullRequestEvent):
    """Base class of the events of a review."""

    participant: Participant
    """The reviewer, with the new status."""
    previous_status: ParticipantStatus
    """Status of the reviewer before the event."""


@define(kw_only=True)
class PullRequestReviewerApproved(PullRequestReviewEvent):
    """A pull request was approved."""

    key: ClassVar = "pr:reviewer:approved"


@define(kw_only=True)
class PullRequestReviewerUnapproved(PullRequestReviewEvent):
    """An approval or a request for changes was withdrawn."""

    key: ClassVar = "pr:reviewer:unapproved"


@define(kw_only=True)
class PullRequestReviewerNeedsWork(PullRequestReviewEvent):
    """Changes to a pull request were requested."""

    key: ClassVar = "pr:reviewer:needs_work"


@define(kw_only=True)
class PullRequestReviewerChangesRequested(PullRequestReviewEvent):
    """Changes to a pull request were requested; the documented name of `pr:reviewer:needs_work`."""

    key: ClassVar = "pr:reviewer:changes_requested"


@define(kw_only=True)
class PullRequestCommentEvent(PullRequestEvent):
    """Base class of the events of a comment on a pull request."""

    comment: Comment
    """The comment."""
    comment_parent_id: int | None = None
    """ID of the comment that it replies to; None if it is not a reply."""


@define(kw_only=True)
class PullRequestCommentAdded(PullRequestCommentEvent):
    """A comment on a pull request was created."""

    key: ClassVar = "pr:comment:added"


@define(kw_only=True)
class PullRequestCommentEdited(PullRequestCommentEvent):
    """A comment on a pull request was edited."""

    key: ClassVar = "pr:comment:edited"
    previous_comment: str
    """The text before the edit."""


@define(kw_only=True)
class PullRequestCommentDeleted(PullRequestCommentEvent):
    """A comment on a pull request was deleted."""

    key: ClassVar = "pr:comment:deleted"


@define(kw_only=True)
class DiagnosticsPing(Event):
    """A user clicked `Test connection`."""

    key: ClassVar = "diagnostics:ping"
    test: bool
    """Always True."""


EVENTS: Final[dict[str, type[Event]]] = {
    cls.key: cls
    for cls in (
        DiagnosticsPing,
        MirrorRepositorySynchronized,
        ProjectModified,
        PullRequestCommentAdded,
        PullRequestCommentDeleted,
        PullRequestCommentEdited,
        PullRequestDeclined,
        PullRequestDeleted,
        PullRequestFromRefUpdated,
        PullRequestMerged,
        PullRequestModified,
        PullRequestOpened,
        PullRequestReviewerApproved,
        PullRequestReviewerChangesRequested,
        PullRequestReviewerNeedsWork,
        PullRequestReviewerUnapproved,
        PullRequestReviewerUpdated,
        PullRequestToRefUpdated,
        RepositoryCommentAdded,
        RepositoryCommentDeleted,
        RepositoryCommentEdited,
        RepositoryForked,
        RepositoryModified,
        RepositoryRefsChanged,
        RepositorySecretDetected,
    )
}
"""The event classes by event key."""


def __dir__() -> list[str]:
    return __all__
