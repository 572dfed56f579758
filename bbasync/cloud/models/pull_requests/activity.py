"""The activity of a pull request: updates, reviews and comments."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from attrs import define

from bbasync.cloud.models.comments import Comment
from bbasync.cloud.models.pull_requests import BasePullRequest, PullRequestEndpoint, PullRequestState
from bbasync.cloud.models.users import Account
from bbasync.model import Model

__all__ = ["PullRequestActivity", "PullRequestReview", "PullRequestUpdate"]


@define(kw_only=True)
class PullRequestReview(Model):
    """An approval or a request for changes."""

    date: datetime
    """When it was given."""
    user: Account | None
    """The reviewer; None if the account was deleted."""
    pullrequest: BasePullRequest | None = None
    """The pull request."""


@define(kw_only=True)
class PullRequestUpdate(Model):
    """A change of a pull request (opened, edited, merged or declined) and its fields after the change."""

    date: datetime
    """When it happened."""
    author: Account | None
    """The user who made the change; None if the account was deleted."""
    state: PullRequestState
    """State of the pull request."""
    title: str
    """The title."""
    source: PullRequestEndpoint
    """The source, with its head at that time."""
    destination: PullRequestEndpoint
    """The destination, with its head at that time."""
    description: str | None = None
    """The description, as written."""
    reason: str | None = None
    """The reason for declining; empty if not declined."""
    draft: bool | None = None
    """Whether it was a draft."""
    reviewers: list[Account] | None = None
    """The reviewers."""
    changes: dict[str, Any] | None = None
    """The changes by field, as `old` and `new`, for lists as `added` and `removed`; not documented by Bitbucket."""


@define(kw_only=True)
class PullRequestActivity(Model):
    """An activity entry; one of `comment`, `update`, `approval` and `changes_requested` is set."""

    pull_request: BasePullRequest
    """The pull request."""
    comment: Comment | None = None
    """The comment."""
    update: PullRequestUpdate | None = None
    """The update."""
    approval: PullRequestReview | None = None
    """The approval."""
    changes_requested: PullRequestReview | None = None
    """The request for changes."""
