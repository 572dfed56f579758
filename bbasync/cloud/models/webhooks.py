"""Webhooks, and the events they can subscribe to."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.cloud.models.repositories import BaseRepository
from bbasync.cloud.models.workspaces import BaseWorkspace
from bbasync.model import Model, OpenEnum

__all__ = ["EventKey", "HookEvent", "HookSubject", "SubjectType", "SubjectTypes", "Webhook"]


class EventKey(OpenEnum):
    """What a webhook can be called for; the issue events ended with the issue tracker in August 2026."""

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
    """What a webhook can stand on."""

    REPOSITORY = "repository"
    WORKSPACE = "workspace"


@define(kw_only=True)
class Webhook(Model):
    """A webhook: an address that the vendor calls when something happens."""

    uuid: str
    """The lasting identifier, in braces."""
    url: str
    """The address that is called."""
    active: bool
    """Whether it is called at all."""
    events: list[EventKey]
    """What it is called for."""
    description: str | None = None
    """What it is for."""
    subject_type: SubjectType | None = None
    """Whether it stands on a repository or a workspace."""
    subject: BaseRepository | BaseWorkspace | None = None
    """The repository or workspace it stands on."""
    created_at: datetime | None = None
    """When it was made."""
    secret_set: bool | None = None
    """Whether deliveries are signed; the secret itself is never told."""
    skip_cert_verification: bool | None = None
    """Whether the certificate of the address goes unchecked."""
    history_enabled: bool | None = None
    """Whether the vendor keeps a record of deliveries."""


@define(kw_only=True)
class HookEvent(Model):
    """An event that webhooks can be called for."""

    event: EventKey
    """The key, as in `Webhook.events`."""
    category: str
    """The group it is shown in."""
    label: str
    """The name shown."""
    description: str
    """When it happens."""


@define(kw_only=True)
class HookSubject(Model):
    """A kind of thing that webhooks stand on; `links["events"]` leads to its events."""


@define(kw_only=True)
class SubjectTypes(Model):
    """The kinds of things that webhooks stand on."""

    repository: HookSubject | None = None
    """Repositories."""
    workspace: HookSubject | None = None
    """Workspaces."""
