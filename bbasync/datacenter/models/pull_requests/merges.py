"""Merges of pull requests: checks, automatic merges and rebases."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.datacenter.models.pull_requests import MergeOutcome, PullRequest
from bbasync.datacenter.models.refs import RefChange
from bbasync.model import Model, OpenEnum

__all__ = [
    "AutoMergeRequest",
    "AutoMergeResult",
    "AutoMergeStatus",
    "CommitMessageSuggestion",
    "Mergeability",
    "RebaseResult",
    "Rebaseability",
    "Veto",
]


class AutoMergeStatus(OpenEnum):
    """Status of an attempt at an automatic merge."""

    CANCELLED = "CANCELLED"
    LOCK_FAILURE = "LOCK_FAILURE"
    MERGED = "MERGED"
    STALE = "STALE"
    UNKNOWN = "UNKNOWN"
    VETOED = "VETOED"


@define(kw_only=True)
class Veto(Model):
    """The veto of a merge check."""

    summary_message: str
    """A short explanation."""
    detailed_message: str | None = None
    """The full explanation; None if there is none."""


@define(kw_only=True)
class Mergeability(Model):
    """Whether a pull request can currently be merged."""

    conflicted: bool
    """Whether there are merge conflicts."""
    vetoes: list[Veto]
    """The vetoes of merge checks."""
    can_merge: bool | None = None
    """Whether there is neither a conflict nor a veto; None if not sent."""
    outcome: MergeOutcome | None = None
    """Outcome of the test merge; None on older servers."""


@define(kw_only=True)
class AutoMergeRequest(Model):
    """The request to merge a pull request once all merge checks pass."""

    created_date: datetime
    """When it was requested."""
    from_hash: str
    """Hash of the head of the from ref at that time; the request is stale if there are new commits."""
    to_ref_id: str
    """Full name of the branch to merge into."""
    auto_subject: bool | None = None
    """Whether a generated subject is prepended to the message; None if not set."""
    message: str | None = None
    """Message of the merge commit; None for a generated one."""
    strategy_id: str | None = None
    """The merge strategy, such as `squash`; None for the default one."""


@define(kw_only=True)
class AutoMergeResult(Model):
    """Result of an attempt at an automatic merge."""

    auto_merge_processing_status: AutoMergeStatus
    """Status of the attempt."""
    pull_request: PullRequest | None = None
    """The pull request after the attempt; None if not sent."""


@define(kw_only=True)
class CommitMessageSuggestion(Model):
    """A suggested message of a merge commit."""

    title: str
    """The subject."""
    body: str
    """The text below the subject."""


@define(kw_only=True)
class Rebaseability(Model):
    """Whether the authenticated user can rebase a pull request."""

    vetoes: list[Veto]
    """Why it cannot be rebased; empty if it can."""


@define(kw_only=True)
class RebaseResult(Model):
    """Result of a rebase."""

    ref_change: RefChange
    """The change of the from ref."""
