"""Webhooks and the events they can subscribe to."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.cloud.models.repositories import BaseRepository
from bbasync.cloud.models.workspaces import BaseWorkspace
from bbasync.model import Model, OpenEnum

__all__ = ["EventKey", "HookEvent", "HookSubject", "SubjectType", "SubjectTypes", "Webhook"]


class EventKey(OpenEnum):
    """Event that a webhook can subscribe to; issue events ended with the issue tracker in August 2026."""

    ISSUE_COMMENT_CREATED = "issue:comment_created"
    ISSUE_CREATED = "issue:created"
    ISSUE_UPDATED = "issue:updated"
    PIPELINE_SPAN_CREATED = "pipeline:span_created"
    PROJECT_UPDATED = "project:updated"
    PULLREQUEST_APPROVED = "pullrequest:approved"
    PULLREQUEST_CHANGES_REQUEST_CREATED = "pullrequest:changes_request_created"
    PULLREQUEST_CHANGES_REQUEST_REMOVED = "pullrequest:changes_request_removed"
    PULLREQUEST_COMMENT_CREATED = "pullrequest:comment_created"
    PULLREQUEST_COMMENT_DELETED = "pullrequest:comment_deleted"
    PULLREQUEST_COMMENT_REOPENED = "pullrequest:comment_reopened"
    PULLREQUEST_COMMENT_RESOLVED = "pullrequest:comment_resolved"
    PULLREQUEST_COMMENT_UPDATED = "pullrequest:comment_updated"
    PULLREQUEST_CREATED = "pullrequest:created"
    PULLREQUEST_FULFILLED = "pullrequest:fulfilled"
    PULLREQUEST_PUSH = "pullrequest:push"
    PULLREQUEST_REJECTED = "pullrequest:rejected"
    PULLREQUEST_UNAPPROVED = "pullrequest:unapproved"
    PULLREQUEST_UPDATED = "pullrequest:updated"
    REPO_COMMIT_COMMENT_CREATED = "repo:commit_comment_created"
    REPO_COMMIT_STATUS_CREATED = "repo:commit_status_created"
    REPO_COMMIT_STATUS_UPDATED = "repo:commit_status_updated"
    REPO_CREATED = "repo:created"
    REPO_DELETED = "repo:deleted"
    REPO_FORK = "repo:fork"
    REPO_IMPORTED = "repo:imported"
    REPO_PUSH = "repo:push"
    REPO_TRANSFER = "repo:transfer"
    REPO_UPDATED = "repo:updated"


class SubjectType(OpenEnum):
    """Type of object that a webhook can be registered on."""

    REPOSITORY = "repository"
    WORKSPACE = "workspace"


@define(kw_only=True)
class Webhook(Model):
    """A webhook: a URL that Bitbucket calls when an event occurs."""

    uuid: str
    """The UUID, in braces."""
    url: str
    """The URL that is called."""
    active: bool
    """Whether events are delivered."""
    events: list[EventKey]
    """The events it is subscribed to."""
    description: str | None = None
    """The description."""
    subject_type: SubjectType | None = None
    """Whether it is registered on a repository or a workspace."""
    subject: BaseRepository | BaseWorkspace | None = None
    """The repository or workspace it is registered on."""
    created_at: datetime | None = None
    """When it was created."""
    secret_set: bool | None = None
    """Whether deliveries are signed; the secret itself is never returned."""
    skip_cert_verification: bool | None = None
    """Whether verification of the URL's TLS certificate is skipped."""
    history_enabled: bool | None = None
    """Whether Bitbucket keeps a history of deliveries."""


@define(kw_only=True)
class HookEvent(Model):
    """An event that webhooks can subscribe to."""

    event: EventKey
    """The key, as in `Webhook.events`."""
    category: str
    """The category it belongs to."""
    label: str
    """The display name."""
    description: str
    """When the event occurs."""


@define(kw_only=True)
class HookSubject(Model):
    """A type of object that webhooks can be registered on; `links["events"]` is the URL of its events."""


@define(kw_only=True)
class SubjectTypes(Model):
    """The types of object that webhooks can be registered on."""

    repository: HookSubject | None = None
    """Repositories."""
    workspace: HookSubject | None = None
    """Workspaces."""
