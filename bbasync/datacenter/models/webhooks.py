"""Webhooks and their deliveries, which the server calls invocations."""

from __future__ import annotations

from datetime import datetime

from attrs import define, field

from bbasync.model import Model, OpenEnum

__all__ = [
    "EventScope",
    "Invocation",
    "InvocationHistory",
    "InvocationOutcome",
    "Webhook",
    "WebhookCredentials",
    "WebhookEvent",
    "WebhookScope",
]


class WebhookEvent(OpenEnum):
    """Events that a webhook can be created for."""

    MIRROR_REPO_SYNCHRONIZED = "mirror:repo_synchronized"
    PR_COMMENT_ADDED = "pr:comment:added"
    PR_COMMENT_DELETED = "pr:comment:deleted"
    PR_COMMENT_EDITED = "pr:comment:edited"
    PR_DECLINED = "pr:declined"
    PR_DELETED = "pr:deleted"
    PR_FROM_REF_UPDATED = "pr:from_ref_updated"
    PR_MERGED = "pr:merged"
    PR_MODIFIED = "pr:modified"
    PR_OPENED = "pr:opened"
    PR_REVIEWER_APPROVED = "pr:reviewer:approved"
    PR_REVIEWER_NEEDS_WORK = "pr:reviewer:needs_work"
    PR_REVIEWER_UNAPPROVED = "pr:reviewer:unapproved"
    PR_REVIEWER_UPDATED = "pr:reviewer:updated"
    PROJECT_MODIFIED = "project:modified"
    REPO_COMMENT_ADDED = "repo:comment:added"
    REPO_COMMENT_DELETED = "repo:comment:deleted"
    REPO_COMMENT_EDITED = "repo:comment:edited"
    REPO_FORKED = "repo:forked"
    REPO_MODIFIED = "repo:modified"
    REPO_REFS_CHANGED = "repo:refs_changed"
    REPO_SECRET_DETECTED = "repo:secret_detected"  # noqa: S105 - an event


class WebhookScope(OpenEnum):
    """What a webhook is registered on."""

    PROJECT = "project"
    REPOSITORY = "repository"


class InvocationOutcome(OpenEnum):
    """Outcome of an invocation: ERROR if there was no response, FAILURE if the response was not a success."""

    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    ERROR = "ERROR"


@define(kw_only=True)
class EventScope(Model):
    """The project or repository that an event happened in."""

    id: str
    """The ID."""
    type: WebhookScope
    """Whether it is a project or a repository."""


@define(kw_only=True)
class Invocation(Model):
    """A delivery of an event to the URL of a webhook."""

    id: int
    """The ID."""
    event: str
    """The event."""
    start: datetime
    """When the request was sent."""
    finish: datetime
    """When the delivery ended."""
    duration: int
    """Duration in milliseconds."""
    event_scope: EventScope | None = None
    """Where the event happened; None if not sent."""
    request: dict[str, object] | None = None
    """The request: URL, method, headers and body; None if not sent."""
    result: dict[str, object] | None = None
    """The outcome, with the response if there was one; None if not sent."""


@define(kw_only=True)
class InvocationHistory(Model):
    """The latest invocations of a webhook, and their numbers."""

    counts: dict[str, object] | None = None
    """Numbers of invocations by outcome, and the time that they are of; None if not sent."""
    last_success: Invocation | None = None
    """The latest success; None if there was none."""
    last_failure: Invocation | None = None
    """The latest failure; None if there was none."""
    last_error: Invocation | None = None
    """The latest error; None if there was none."""


@define(kw_only=True)
class WebhookCredentials(Model):
    """A username and password for HTTP Basic authentication at the URL of a webhook."""

    username: str
    """The username."""
    password: str | None = field(default=None, repr=False)
    """The password; None in responses."""

    def body(self) -> dict[str, object]:
        """Return the request payload."""
        return {"username": self.username, "password": self.password}


@define(kw_only=True)
class Webhook(Model):
    """A webhook."""

    id: int
    """The ID."""
    name: str
    """The name."""
    url: str
    """The URL that events are delivered to."""
    active: bool
    """Whether events are delivered."""
    events: list[WebhookEvent]
    """The events that are delivered."""
    configuration: dict[str, object] = field(repr=False)
    """The configuration; on some servers it has the `secret` that deliveries are signed with."""
    created_date: datetime | None = None
    """When it was created; None if not sent."""
    updated_date: datetime | None = None
    """When it was last updated; None if not sent."""
    ssl_verification_required: bool | None = None
    """Whether the URL's TLS certificate is verified; None on older servers."""
    scope_type: WebhookScope | None = None
    """What it is registered on; None on older servers."""
    credentials: WebhookCredentials | None = None
    """Credentials for the URL; None if there are none."""
    statistics: dict[str, object] | None = None
    """Statistics of its invocations; None unless requested with `statistics`."""
