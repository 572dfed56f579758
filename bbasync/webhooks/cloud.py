"""The events of Bitbucket Cloud, one class per event key; fields that the classes do not have are in `raw`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Final

from attrs import define, field

from bbasync.cloud.models.comments import Comment
from bbasync.cloud.models.commit_statuses import CommitStatus
from bbasync.cloud.models.commits import BaseCommit, Commit
from bbasync.cloud.models.projects import BaseProject, Project
from bbasync.cloud.models.pull_requests import PullRequest
from bbasync.cloud.models.pull_requests.activity import PullRequestReview
from bbasync.cloud.models.refs import Ref
from bbasync.cloud.models.rendered import Rendered
from bbasync.cloud.models.repositories import BaseRepository
from bbasync.cloud.models.users import Account
from bbasync.cloud.models.workspaces import BaseWorkspace
from bbasync.model import Model, wire

from .events import Event

__all__ = [
    "EVENTS",
    "Change",
    "EventRepository",
    "Issue",
    "IssueCommentCreated",
    "IssueCreated",
    "IssueEvent",
    "IssueUpdated",
    "PipelineSpanCreated",
    "ProjectUpdated",
    "PullRequestApproved",
    "PullRequestChangesRequestCreated",
    "PullRequestChangesRequestRemoved",
    "PullRequestCommentCreated",
    "PullRequestCommentDeleted",
    "PullRequestCommentEvent",
    "PullRequestCommentReopened",
    "PullRequestCommentResolved",
    "PullRequestCommentUpdated",
    "PullRequestCreated",
    "PullRequestEvent",
    "PullRequestFulfilled",
    "PullRequestPush",
    "PullRequestRejected",
    "PullRequestUnapproved",
    "PullRequestUpdated",
    "Push",
    "PushChange",
    "RepositoryCommitCommentCreated",
    "RepositoryCommitStatusCreated",
    "RepositoryCommitStatusEvent",
    "RepositoryCommitStatusUpdated",
    "RepositoryCreated",
    "RepositoryDeleted",
    "RepositoryEvent",
    "RepositoryFork",
    "RepositoryImported",
    "RepositoryPush",
    "RepositoryTransfer",
    "RepositoryUpdated",
    "ResourceSpans",
    "ScopeSpans",
    "Span",
    "SpanAttribute",
]

# -- models that only events contain ----------------------------------------------------------------------------------


@define(kw_only=True)
class EventRepository(BaseRepository):
    """A repository as embedded in events, with fewer fields than in the API."""

    is_private: bool | None = None
    """Whether only users with access can see it; None if not sent."""
    scm: str | None = None
    """The version control system: `git`; None if not sent."""
    owner: Account | None = None
    """The owning user or team; None if not sent."""
    workspace: BaseWorkspace | None = None
    """The workspace that contains it; None if not sent."""
    project: BaseProject | None = None
    """The project that contains it; None if not sent."""
    parent: BaseRepository | None = None
    """The repository it was forked from; None if not sent."""
    website: str | None = None
    """URL of its website; None if not sent."""


@define(kw_only=True)
class Change(Model):
    """The change of a field; only the values that apply are set."""

    old: Any = None
    """The value before the change; None if not sent."""
    new: Any = None
    """The value after the change; None if not sent."""
    added: Any = None
    """The items added to a list; None for other fields."""
    removed: Any = None
    """The items removed from a list; None for other fields."""


@define(kw_only=True)
class PushChange(Model):
    """The change of one branch or tag by a push."""

    new: Ref | None = None
    """The ref after the push; None if it was deleted."""
    old: Ref | None = None
    """The ref before the push; None if it was created."""
    created: bool | None = None
    """Whether the push created it; None if not sent."""
    closed: bool | None = None
    """Whether the push deleted it; None if not sent."""
    forced: bool | None = None
    """Whether the push removed commits from it; None if not sent."""
    truncated: bool | None = None
    """Whether more commits were pushed than `commits` contains; None if not sent."""
    commits: list[Commit] | None = None
    """The newest of the pushed commits; None if not sent."""


@define(kw_only=True)
class Push(Model):
    """A push."""

    changes: list[PushChange]
    """The changes, one for each branch or tag."""


@define(kw_only=True)
class Issue(Model):
    """An issue; Bitbucket removed its issue tracker in August 2026."""

    id: int
    """The number, unique within the repository."""
    title: str
    """The title."""
    content: Rendered | None = None
    """The description; None if not sent."""
    state: str | None = None
    """State of the issue; None if not sent."""
    kind: str | None = None
    """The kind, such as `bug`; None if not sent."""
    priority: str | None = None
    """The priority, such as `major`; None if not sent."""
    reporter: Account | None = None
    """The user who reported it; None if not sent."""
    assignee: Account | None = None
    """The user it is assigned to; None if unassigned."""
    created_on: datetime | None = None
    """When it was created; None if not sent."""
    updated_on: datetime | None = None
    """When it was last changed; None if not sent."""


@define(kw_only=True)
class SpanAttribute(Model):
    """An OpenTelemetry attribute of a span."""

    key: str
    """The name, such as `pipeline_run.uuid`."""
    value: dict[str, Any]
    """The value by type, such as `{"stringValue": "x"}`; 64-bit integers are strings."""


@define(kw_only=True)
class Span(Model):
    """An OpenTelemetry span: a run of a pipeline, or a part of it."""

    name: str
    """The name, such as `bbc.pipeline_run`."""
    trace_id: str | None = field(default=None, metadata=wire("traceId"))
    """ID of the trace, shared by all spans of a run; None if not sent."""
    span_id: str | None = field(default=None, metadata=wire("spanId"))
    """ID of the span; None if not sent."""
    parent_span_id: str | None = field(default=None, metadata=wire("parentSpanId"))
    """ID of the span that contains it; None if there is none."""
    start_time_unix_nano: str | None = field(default=None, metadata=wire("startTimeUnixNano"))
    """When it started, in nanoseconds since 1970; None if not sent."""
    end_time_unix_nano: str | None = field(default=None, metadata=wire("endTimeUnixNano"))
    """When it ended, in nanoseconds since 1970; None if not sent."""
    attributes: list[SpanAttribute] | None = None
    """The attributes; None if not sent."""


@define(kw_only=True)
class ScopeSpans(Model):
    """The spans of one instrumentation scope."""

    spans: list[Span]
    """The spans."""


@define(kw_only=True)
class ResourceSpans(Model):
    """The spans of one resource."""

    scope_spans: list[ScopeSpans] = field(metadata=wire("scopeSpans"))
    """The spans by instrumentation scope."""


# -- repositories -----------------------------------------------------------------------------------------------------


@define(kw_only=True)
class RepositoryEvent(Event):
    """Base class of the events of a repository."""

    repository: EventRepository
    """The repository."""
    actor: Account | None = None
    """The user who caused the event; None if not sent."""


@define(kw_only=True)
class RepositoryPush(RepositoryEvent):
    """Commits were pushed, or branches or tags created or deleted."""

    key: ClassVar = "repo:push"
    push: Push
    """The push."""


@define(kw_only=True)
class RepositoryFork(RepositoryEvent):
    """The repository was forked."""

    key: ClassVar = "repo:fork"
    fork: EventRepository
    """The new repository."""


@define(kw_only=True)
class RepositoryUpdated(RepositoryEvent):
    """Settings of the repository were changed."""

    key: ClassVar = "repo:updated"
    changes: dict[str, Change] | None = None
    """The changes by field; None if not sent."""


@define(kw_only=True)
class RepositoryTransfer(RepositoryEvent):
    """The repository was transferred to another owner."""

    key: ClassVar = "repo:transfer"
    previous_owner: Account | None = None
    """The previous owner; None if not sent."""


@define(kw_only=True)
class RepositoryCreated(RepositoryEvent):
    """The repository was created."""

    key: ClassVar = "repo:created"


@define(kw_only=True)
class RepositoryDeleted(RepositoryEvent):
    """The repository was deleted."""

    key: ClassVar = "repo:deleted"


@define(kw_only=True)
class RepositoryImported(RepositoryEvent):
    """The repository was imported."""

    key: ClassVar = "repo:imported"


@define(kw_only=True)
class RepositoryCommitCommentCreated(RepositoryEvent):
    """A comment on a commit was created."""

    key: ClassVar = "repo:commit_comment_created"
    comment: Comment
    """The comment."""
    commit: BaseCommit | None = None
    """The commit; None if not sent."""


@define(kw_only=True)
class RepositoryCommitStatusEvent(RepositoryEvent):
    """Base class of the events of a commit status."""

    commit_status: CommitStatus
    """The commit status."""


@define(kw_only=True)
class RepositoryCommitStatusCreated(RepositoryCommitStatusEvent):
    """A commit status was created: the first report of a build."""

    key: ClassVar = "repo:commit_status_created"


@define(kw_only=True)
class RepositoryCommitStatusUpdated(RepositoryCommitStatusEvent):
    """A commit status was updated."""

    key: ClassVar = "repo:commit_status_updated"


# -- pull requests ----------------------------------------------------------------------------------------------------


@define(kw_only=True)
class PullRequestEvent(RepositoryEvent):
    """Base class of the events of a pull request."""

    pullrequest: PullRequest
    """The pull request, after the event."""


@define(kw_only=True)
class PullRequestCreated(PullRequestEvent):
    """A pull request was opened."""

    key: ClassVar = "pullrequest:created"


@define(kw_only=True)
class PullRequestUpdated(PullRequestEvent):
    """A pull request was changed: its texts, reviewers, destination or commits."""

    key: ClassVar = "pullrequest:updated"


@define(kw_only=True)
class PullRequestPush(PullRequestEvent):
    """Commits were pushed to the source branch of a pull request."""

    key: ClassVar = "pullrequest:push"


@define(kw_only=True)
class PullRequestFulfilled(PullRequestEvent):
    """A pull request was merged."""

    key: ClassVar = "pullrequest:fulfilled"


@define(kw_only=True)
class PullRequestRejected(PullRequestEvent):
    """A pull request was declined."""

    key: ClassVar = "pullrequest:rejected"


@define(kw_only=True)
class PullRequestApproved(PullRequestEvent):
    """A pull request was approved."""

    key: ClassVar = "pullrequest:approved"
    approval: PullRequestReview
    """The approval."""


@define(kw_only=True)
class PullRequestUnapproved(PullRequestEvent):
    """An approval of a pull request was withdrawn."""

    key: ClassVar = "pullrequest:unapproved"
    approval: PullRequestReview
    """The withdrawn approval."""


@define(kw_only=True)
class PullRequestChangesRequestCreated(PullRequestEvent):
    """Changes to a pull request were requested."""

    key: ClassVar = "pullrequest:changes_request_created"
    changes_request: PullRequestReview
    """The request for changes."""


@define(kw_only=True)
class PullRequestChangesRequestRemoved(PullRequestEvent):
    """A request for changes was withdrawn."""

    key: ClassVar = "pullrequest:changes_request_removed"
    changes_request: PullRequestReview
    """The withdrawn request for changes."""


@define(kw_only=True)
class PullRequestCommentEvent(PullRequestEvent):
    """Base class of the events of a comment on a pull request."""

    comment: Comment
    """The comment."""


@define(kw_only=True)
class PullRequestCommentCreated(PullRequestCommentEvent):
    """A comment on a pull request was created."""

    key: ClassVar = "pullrequest:comment_created"


@define(kw_only=True)
class PullRequestCommentUpdated(PullRequestCommentEvent):
    """A comment on a pull request was edited."""

    key: ClassVar = "pullrequest:comment_updated"


@define(kw_only=True)
class PullRequestCommentDeleted(PullRequestCommentEvent):
    """A comment on a pull request was deleted."""

    key: ClassVar = "pullrequest:comment_deleted"


@define(kw_only=True)
class PullRequestCommentResolved(PullRequestCommentEvent):
    """A comment thread was resolved."""

    key: ClassVar = "pullrequest:comment_resolved"


@define(kw_only=True)
class PullRequestCommentReopened(PullRequestCommentEvent):
    """A resolved comment thread was reopened."""

    key: ClassVar = "pullrequest:comment_reopened"


# -- issues, projects, pipelines --------------------------------------------------------------------------------------


@define(kw_only=True)
class IssueEvent(RepositoryEvent):
    """Base class of the events of an issue; not sent since issue trackers were removed in August 2026."""

    issue: Issue
    """The issue."""


@define(kw_only=True)
class IssueCreated(IssueEvent):
    """An issue was created."""

    key: ClassVar = "issue:created"


@define(kw_only=True)
class IssueUpdated(IssueEvent):
    """An issue was changed."""

    key: ClassVar = "issue:updated"
    comment: Comment | None = None
    """The comment on the change; None if there is none."""
    changes: dict[str, Change] | None = None
    """The changes by field; None if not sent."""


@define(kw_only=True)
class IssueCommentCreated(IssueEvent):
    """A comment on an issue was created."""

    key: ClassVar = "issue:comment_created"
    comment: Comment
    """The comment."""


@define(kw_only=True)
class ProjectUpdated(Event):
    """A project was changed."""

    key: ClassVar = "project:updated"
    project: Project
    """The project."""
    actor: Account | None = None
    """The user who caused the event; None if not sent."""
    changes: dict[str, Change] | None = None
    """The changes by field; None if not sent."""


@define(kw_only=True)
class PipelineSpanCreated(Event):
    """A run of a pipeline, or a part of it, has ended: OpenTelemetry traces, without an actor or a repository."""

    key: ClassVar = "pipeline:span_created"
    resource_spans: list[ResourceSpans] = field(metadata=wire("resourceSpans"))
    """The spans by resource and instrumentation scope."""

    @property
    def spans(self) -> list[Span]:
        """All spans, as one list."""
        return [span for resource in self.resource_spans for scope in resource.scope_spans for span in scope.spans]


EVENTS: Final[dict[str, type[Event]]] = {
    cls.key: cls
    for cls in (
        IssueCommentCreated,
        IssueCreated,
        IssueUpdated,
        PipelineSpanCreated,
        ProjectUpdated,
        PullRequestApproved,
        PullRequestChangesRequestCreated,
        PullRequestChangesRequestRemoved,
        PullRequestCommentCreated,
        PullRequestCommentDeleted,
        PullRequestCommentReopened,
        PullRequestCommentResolved,
        PullRequestCommentUpdated,
        PullRequestCreated,
        PullRequestFulfilled,
        PullRequestPush,
        PullRequestRejected,
        PullRequestUnapproved,
        PullRequestUpdated,
        RepositoryCommitCommentCreated,
        RepositoryCommitStatusCreated,
        RepositoryCommitStatusUpdated,
        RepositoryCreated,
        RepositoryDeleted,
        RepositoryFork,
        RepositoryImported,
        RepositoryPush,
        RepositoryTransfer,
        RepositoryUpdated,
    )
}
"""The event classes by event key."""


def __dir__() -> list[str]:
    return __all__
