"""The events of Bitbucket Cloud, one class a key; what the vendor sends beside is in `raw`."""

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

# -- what only payloads hold ------------------------------------------------------------------------------------------


@define(kw_only=True)
class EventRepository(BaseRepository):
    """A repository as events hold it: less than the API returns."""

    is_private: bool | None = None
    """Whether only those with access see it."""
    scm: str | None = None
    """`git`."""
    owner: Account | None = None
    """The owning team or user."""
    workspace: BaseWorkspace | None = None
    """The workspace it belongs to."""
    project: BaseProject | None = None
    """The project it belongs to."""
    parent: BaseRepository | None = None
    """What it was forked from."""
    website: str | None = None
    """The address of its own site."""


@define(kw_only=True)
class Change(Model):
    """What a field was and is; of lists, what came and went."""

    old: Any = None
    """The value before."""
    new: Any = None
    """The value after."""
    added: Any = None
    """What came to a list."""
    removed: Any = None
    """What went from a list."""


@define(kw_only=True)
class PushChange(Model):
    """What a push did to one branch or tag."""

    new: Ref | None = None
    """The ref afterwards; None when it was deleted."""
    old: Ref | None = None
    """The ref before; None when it was made."""
    created: bool | None = None
    """Whether it was made."""
    closed: bool | None = None
    """Whether it was deleted."""
    forced: bool | None = None
    """Whether commits were lost."""
    truncated: bool | None = None
    """Whether there are more commits than `commits` holds."""
    commits: list[Commit] | None = None
    """The newest of the commits that came."""


@define(kw_only=True)
class Push(Model):
    """What was pushed."""

    changes: list[PushChange]
    """The branches and tags, one entry each."""


@define(kw_only=True)
class Issue(Model):
    """An issue; the vendor's issue tracker ended in August 2026."""

    id: int
    """The number in its repository."""
    title: str
    """The title."""
    content: Rendered | None = None
    """The description."""
    state: str | None = None
    """How far it is."""
    kind: str | None = None
    """Such as `bug`."""
    priority: str | None = None
    """Such as `major`."""
    reporter: Account | None = None
    """Who wrote it."""
    assignee: Account | None = None
    """Who is to solve it."""
    created_on: datetime | None = None
    """When it was written."""
    updated_on: datetime | None = None
    """When it was last changed."""


@define(kw_only=True)
class SpanAttribute(Model):
    """An attribute of a span, as OpenTelemetry writes it."""

    key: str
    """The name, such as `pipeline_run.uuid`."""
    value: dict[str, Any]
    """The value by its type, such as `{"stringValue": "x"}`; 64-bit numbers are text."""


@define(kw_only=True)
class Span(Model):
    """A span of OpenTelemetry: a pipeline, or a part of its run."""

    name: str
    """What it is about, such as `bbc.pipeline_run`."""
    trace_id: str | None = field(default=None, metadata=wire("traceId"))
    """What all spans of a run share."""
    span_id: str | None = field(default=None, metadata=wire("spanId"))
    """The identifier."""
    parent_span_id: str | None = field(default=None, metadata=wire("parentSpanId"))
    """The span it is a part of."""
    start_time_unix_nano: str | None = field(default=None, metadata=wire("startTimeUnixNano"))
    """When it began, in nanoseconds since 1970."""
    end_time_unix_nano: str | None = field(default=None, metadata=wire("endTimeUnixNano"))
    """When it ended, in nanoseconds since 1970."""
    attributes: list[SpanAttribute] | None = None
    """What it says."""


@define(kw_only=True)
class ScopeSpans(Model):
    """The spans of one source."""

    spans: list[Span]
    """The spans."""


@define(kw_only=True)
class ResourceSpans(Model):
    """The spans of one resource."""

    scope_spans: list[ScopeSpans] = field(metadata=wire("scopeSpans"))
    """The spans by source."""


# -- repositories -----------------------------------------------------------------------------------------------------


@define(kw_only=True)
class RepositoryEvent(Event):
    """The base of what happens in a repository."""

    repository: EventRepository
    """Where it happened."""
    actor: Account | None = None
    """Who did it, where the vendor tells."""


@define(kw_only=True)
class RepositoryPush(RepositoryEvent):
    """Somebody pushed."""

    key: ClassVar = "repo:push"
    push: Push
    """What was pushed."""


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
    """What changed, by field."""


@define(kw_only=True)
class RepositoryTransfer(RepositoryEvent):
    """The repository has another owner now."""

    key: ClassVar = "repo:transfer"
    previous_owner: Account | None = None
    """The former owner."""


@define(kw_only=True)
class RepositoryCreated(RepositoryEvent):
    """The repository was made."""

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
    """Somebody wrote a comment on a commit."""

    key: ClassVar = "repo:commit_comment_created"
    comment: Comment
    """The comment."""
    commit: BaseCommit | None = None
    """The commit."""


@define(kw_only=True)
class RepositoryCommitStatusEvent(RepositoryEvent):
    """The base of what build systems say."""

    commit_status: CommitStatus
    """How the build goes."""


@define(kw_only=True)
class RepositoryCommitStatusCreated(RepositoryCommitStatusEvent):
    """A build of a commit was reported for the first time."""

    key: ClassVar = "repo:commit_status_created"


@define(kw_only=True)
class RepositoryCommitStatusUpdated(RepositoryCommitStatusEvent):
    """The status of a build has changed."""

    key: ClassVar = "repo:commit_status_updated"


# -- pull requests ----------------------------------------------------------------------------------------------------


@define(kw_only=True)
class PullRequestEvent(RepositoryEvent):
    """The base of what happens to a pull request."""

    pullrequest: PullRequest
    """The pull request, as it is now."""


@define(kw_only=True)
class PullRequestCreated(PullRequestEvent):
    """A pull request was opened."""

    key: ClassVar = "pullrequest:created"


@define(kw_only=True)
class PullRequestUpdated(PullRequestEvent):
    """A pull request was changed: its texts, reviewers, target or commits."""

    key: ClassVar = "pullrequest:updated"


@define(kw_only=True)
class PullRequestPush(PullRequestEvent):
    """The source branch of a pull request was pushed to."""

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
    """Somebody approved a pull request."""

    key: ClassVar = "pullrequest:approved"
    approval: PullRequestReview
    """Who approved, and when."""


@define(kw_only=True)
class PullRequestUnapproved(PullRequestEvent):
    """Somebody took an approval back."""

    key: ClassVar = "pullrequest:unapproved"
    approval: PullRequestReview
    """Whose approval it was."""


@define(kw_only=True)
class PullRequestChangesRequestCreated(PullRequestEvent):
    """Somebody asked for changes."""

    key: ClassVar = "pullrequest:changes_request_created"
    changes_request: PullRequestReview
    """Who asked, and when."""


@define(kw_only=True)
class PullRequestChangesRequestRemoved(PullRequestEvent):
    """Somebody asks for changes no more."""

    key: ClassVar = "pullrequest:changes_request_removed"
    changes_request: PullRequestReview
    """Who had asked."""


@define(kw_only=True)
class PullRequestCommentEvent(PullRequestEvent):
    """The base of what happens to a comment on a pull request."""

    comment: Comment
    """The comment."""


@define(kw_only=True)
class PullRequestCommentCreated(PullRequestCommentEvent):
    """Somebody wrote a comment."""

    key: ClassVar = "pullrequest:comment_created"


@define(kw_only=True)
class PullRequestCommentUpdated(PullRequestCommentEvent):
    """Somebody changed a comment."""

    key: ClassVar = "pullrequest:comment_updated"


@define(kw_only=True)
class PullRequestCommentDeleted(PullRequestCommentEvent):
    """Somebody deleted a comment."""

    key: ClassVar = "pullrequest:comment_deleted"


@define(kw_only=True)
class PullRequestCommentResolved(PullRequestCommentEvent):
    """Somebody resolved the thread of a comment."""

    key: ClassVar = "pullrequest:comment_resolved"


@define(kw_only=True)
class PullRequestCommentReopened(PullRequestCommentEvent):
    """Somebody opened a resolved thread again."""

    key: ClassVar = "pullrequest:comment_reopened"


# -- issues, projects, pipelines --------------------------------------------------------------------------------------


@define(kw_only=True)
class IssueEvent(RepositoryEvent):
    """The base of what happened to issues, until their end in August 2026."""

    issue: Issue
    """The issue."""


@define(kw_only=True)
class IssueCreated(IssueEvent):
    """An issue was written."""

    key: ClassVar = "issue:created"


@define(kw_only=True)
class IssueUpdated(IssueEvent):
    """An issue was changed."""

    key: ClassVar = "issue:updated"
    comment: Comment | None = None
    """What was said to it."""
    changes: dict[str, Change] | None = None
    """What changed, by field."""


@define(kw_only=True)
class IssueCommentCreated(IssueEvent):
    """Somebody wrote a comment on an issue."""

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
    """Who did it, where the vendor tells."""
    changes: dict[str, Change] | None = None
    """What changed, by field, where the vendor tells."""


@define(kw_only=True)
class PipelineSpanCreated(Event):
    """A pipeline, or a part of it, has ended: traces of OpenTelemetry, with no actor and no repository."""

    key: ClassVar = "pipeline:span_created"
    resource_spans: list[ResourceSpans] = field(metadata=wire("resourceSpans"))
    """The spans by resource and source."""

    @property
    def spans(self) -> list[Span]:
        """All spans."""
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
"""The class of each key."""


def __dir__() -> list[str]:
    return __all__
