"""The events of Bitbucket Data Center, one class a key; what the server sends beside is in `raw`."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final

from attrs import define

from bbasync.datacenter.models.comments import Comment
from bbasync.datacenter.models.commits import Commit
from bbasync.datacenter.models.projects import Project
from bbasync.datacenter.models.pull_requests import Participant, ParticipantStatus, PullRequest
from bbasync.datacenter.models.refs import BaseRef
from bbasync.datacenter.models.repositories import Repository
from bbasync.datacenter.models.users import User
from bbasync.model import Model, OpenEnum

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

# -- what only payloads hold ------------------------------------------------------------------------------------------


class RefChangeType(OpenEnum):
    """What happened to a ref."""

    ADD = "ADD"
    UPDATE = "UPDATE"
    DELETE = "DELETE"


@define(kw_only=True)
class RefChange(Model):
    """What a push did to one branch or tag."""

    ref: BaseRef
    """The branch or tag."""
    ref_id: str
    """Its whole name, such as `refs/heads/main`."""
    from_hash: str
    """The commit before; zeros when the ref was made."""
    to_hash: str
    """The commit afterwards; zeros when the ref was deleted."""
    type: RefChangeType
    """What happened to it."""


@define(kw_only=True)
class PreviousTarget(BaseRef):
    """The branch a pull request was to be merged into before."""

    latest_commit: str
    """The commit at its head."""


@define(kw_only=True)
class MirrorServer(Model):
    """A mirror."""

    id: str
    """The identifier."""
    name: str
    """The name shown."""


@define(kw_only=True)
class SecretLocation(Model):
    """Where a secret was found."""

    repository: Repository
    """The repository."""
    commit_id: str
    """The commit that brought it."""
    path: str
    """The file's path."""
    line: int
    """The line, counted from 1."""
    rule_name: str
    """The rule that found it."""


# -- repositories and projects ----------------------------------------------------------------------------------------


@define(kw_only=True)
class DataCenterEvent(Event):
    """The base of what somebody does."""

    date: datetime
    """When it happened."""
    actor: User | None = None
    """Who did it; older versions do not tell it of mirrors."""


@define(kw_only=True)
class RepositoryEvent(DataCenterEvent):
    """The base of what happens in a repository."""

    repository: Repository
    """Where it happened."""


@define(kw_only=True)
class RepositoryRefsChanged(RepositoryEvent):
    """Somebody pushed, or made or deleted a branch or a tag."""

    key: ClassVar = "repo:refs_changed"
    changes: list[RefChange]
    """The branches and tags, one entry each."""
    commits: list[Commit] | None = None
    """The newest of the commits that came; old versions do not tell."""
    to_commit: Commit | None = None
    """The commit afterwards; old versions do not tell."""


@define(kw_only=True)
class RepositoryForked(RepositoryEvent):
    """A repository was forked; `repository` is the new one, its `origin` the old."""

    key: ClassVar = "repo:forked"


@define(kw_only=True)
class RepositoryModified(DataCenterEvent):
    """A repository was renamed or moved."""

    key: ClassVar = "repo:modified"
    old: Repository
    """The repository before."""
    new: Repository
    """The repository afterwards."""


@define(kw_only=True)
class RepositoryCommentEvent(RepositoryEvent):
    """The base of what happens to a comment on a commit."""

    comment: Comment
    """The comment."""
    commit: str
    """The commit's hash."""
    comment_parent_id: int | None = None
    """The comment it answers."""


@define(kw_only=True)
class RepositoryCommentAdded(RepositoryCommentEvent):
    """Somebody wrote a comment on a commit."""

    key: ClassVar = "repo:comment:added"


@define(kw_only=True)
class RepositoryCommentEdited(RepositoryCommentEvent):
    """Somebody changed a comment on a commit."""

    key: ClassVar = "repo:comment:edited"
    previous_comment: str
    """The text before."""


@define(kw_only=True)
class RepositoryCommentDeleted(RepositoryCommentEvent):
    """Somebody deleted a comment on a commit."""

    key: ClassVar = "repo:comment:deleted"


@define(kw_only=True)
class RepositorySecretDetected(DataCenterEvent):
    """Somebody pushed a secret."""

    key: ClassVar = "repo:secret_detected"
    secret_locations: list[SecretLocation]
    """Where it was found."""


@define(kw_only=True)
class MirrorRepositorySynchronized(RepositoryEvent):
    """A mirror has caught up with a repository."""

    key: ClassVar = "mirror:repo_synchronized"
    mirror_server: MirrorServer
    """The mirror."""
    sync_type: str
    """How: `INCREMENTAL` or `SNAPSHOT`, in mirrors before 6.7 `smartMirror`."""
    ref_limit_exceeded: bool
    """Whether there were so many changes that `changes` is empty."""
    changes: list[RefChange]
    """The branches and tags that changed."""


@define(kw_only=True)
class ProjectModified(DataCenterEvent):
    """A project was renamed."""

    key: ClassVar = "project:modified"
    old: Project
    """The project before."""
    new: Project
    """The project afterwards."""


# -- pull requests ----------------------------------------------------------------------------------------------------


@define(kw_only=True)
class PullRequestEvent(DataCenterEvent):
    """The base of what happens to a pull request."""

    pull_request: PullRequest
    """The pull request, as it is now."""


@define(kw_only=True)
class PullRequestOpened(PullRequestEvent):
    """A pull request was opened."""

    key: ClassVar = "pr:opened"


@define(kw_only=True)
class PullRequestFromRefUpdated(PullRequestEvent):
    """The source branch of a pull request was pushed to."""

    key: ClassVar = "pr:from_ref_updated"
    previous_from_hash: str | None = None
    """The source's commit before; old versions do not tell."""


@define(kw_only=True)
class PullRequestToRefUpdated(PullRequestEvent):
    """The target branch of a pull request was pushed to; documented, but no webhook can be made for it."""

    key: ClassVar = "pr:to_ref_updated"
    previous_to_hash: str | None = None
    """The target's commit before, where the server tells."""


@define(kw_only=True)
class PullRequestModified(PullRequestEvent):
    """The title, description or target of a pull request was changed."""

    key: ClassVar = "pr:modified"
    previous_title: str | None = None
    """The title before; old versions do not tell."""
    previous_description: str | None = None
    """The description before; None for none."""
    previous_target: PreviousTarget | None = None
    """The target before; old versions do not tell."""


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
    """Others are asked to review a pull request."""

    key: ClassVar = "pr:reviewer:updated"
    added_reviewers: list[User]
    """Who is asked now."""
    removed_reviewers: list[User]
    """Who is asked no more."""


@define(kw_only=True)
class PullRequestReviewEvent(PullRequestEvent):
    """The base of what a reviewer says."""

    participant: Participant
    """Who says what."""
    previous_status: ParticipantStatus
    """What they had said before."""


@define(kw_only=True)
class PullRequestReviewerApproved(PullRequestReviewEvent):
    """Somebody approved a pull request."""

    key: ClassVar = "pr:reviewer:approved"


@define(kw_only=True)
class PullRequestReviewerUnapproved(PullRequestReviewEvent):
    """Somebody took an approval, or the wish for changes, back."""

    key: ClassVar = "pr:reviewer:unapproved"


@define(kw_only=True)
class PullRequestReviewerNeedsWork(PullRequestReviewEvent):
    """Somebody asked for changes."""

    key: ClassVar = "pr:reviewer:needs_work"


@define(kw_only=True)
class PullRequestReviewerChangesRequested(PullRequestReviewEvent):
    """Somebody asked for changes; the name that the vendor documents for `pr:reviewer:needs_work`."""

    key: ClassVar = "pr:reviewer:changes_requested"


@define(kw_only=True)
class PullRequestCommentEvent(PullRequestEvent):
    """The base of what happens to a comment on a pull request."""

    comment: Comment
    """The comment."""
    comment_parent_id: int | None = None
    """The comment it answers."""


@define(kw_only=True)
class PullRequestCommentAdded(PullRequestCommentEvent):
    """Somebody wrote a comment."""

    key: ClassVar = "pr:comment:added"


@define(kw_only=True)
class PullRequestCommentEdited(PullRequestCommentEvent):
    """Somebody changed a comment."""

    key: ClassVar = "pr:comment:edited"
    previous_comment: str
    """The text before."""


@define(kw_only=True)
class PullRequestCommentDeleted(PullRequestCommentEvent):
    """Somebody deleted a comment."""

    key: ClassVar = "pr:comment:deleted"


@define(kw_only=True)
class DiagnosticsPing(Event):
    """Somebody pressed `Test connection`."""

    key: ClassVar = "diagnostics:ping"
    test: bool | None = None
    """True."""


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
"""The class of each key."""


def __dir__() -> list[str]:
    return __all__
