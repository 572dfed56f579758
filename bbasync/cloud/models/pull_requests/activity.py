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
    """That somebody approved, or asked for changes."""

    date: datetime
    """When."""
    user: Account | None
    """Who; None when the account is gone."""
    pullrequest: BasePullRequest | None = None
    """What was reviewed."""


@define(kw_only=True)
class PullRequestUpdate(Model):
    """That a pull request was opened, changed, merged or declined, and how it was afterwards."""

    date: datetime
    """When."""
    author: Account | None
    """Who did it; None when the account is gone."""
    state: PullRequestState
    """How far the pull request was."""
    title: str
    """The title."""
    source: PullRequestEndpoint
    """What is to be merged, with its head at that time."""
    destination: PullRequestEndpoint
    """Into what it is to be merged, with its head at that time."""
    description: str | None = None
    """What it is about, as it was written."""
    reason: str | None = None
    """Why it was declined, empty for the others."""
    draft: bool | None = None
    """Whether it was not ready for review."""
    reviewers: list[Account] | None = None
    """Who was asked to review it."""
    changes: dict[str, Any] | None = None
    """What changed, by field: `old` and `new`, for lists `added` and `removed`; the vendor describes it nowhere."""


@define(kw_only=True)
class PullRequestActivity(Model):
    """One entry: one of `comment`, `update`, `approval` and `changes_requested` is set."""

    pull_request: BasePullRequest
    """What it happened to."""
    comment: Comment | None = None
    """The comment that was written."""
    update: PullRequestUpdate | None = None
    """The change that was made."""
    approval: PullRequestReview | None = None
    """The approval that was given."""
    changes_requested: PullRequestReview | None = None
    """The request for changes that was made."""
