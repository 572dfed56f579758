"""Merges of pull requests and the checks before them."""

from __future__ import annotations

from attrs import define

from bbasync.cloud.models.pull_requests import PullRequest
from bbasync.model import Model, OpenEnum

__all__ = [
    "MergeCheck",
    "MergeQueue",
    "MergeTask",
    "MergeTaskStatus",
    "MergeabilityCheck",
    "MergeabilityCheckType",
    "MergeabilityChecks",
    "MergeabilityStatus",
]


class MergeTaskStatus(OpenEnum):
    """Status of an asynchronous merge; for a failed one the server responds with an error instead."""

    PENDING = "PENDING"
    SUCCESS = "SUCCESS"


@define(kw_only=True)
class MergeTask(Model):
    """An asynchronous merge."""

    task_status: MergeTaskStatus
    """Status of the merge; an unknown task stays PENDING indefinitely."""
    merge_result: PullRequest | None = None
    """The merged pull request; None while the merge is pending."""


class MergeabilityCheckType(OpenEnum):
    """Type of a mergeability check."""

    STATE = "pullrequest_state_check"
    PERMISSION = "current_user_permission_check"
    GIT = "git_mergeability_check"
    STANDARD = "standard_merge_check"
    CUSTOM = "custom_merge_check"
    CUSTOM_PRE_MERGE = "custom_pre_merge_check"
    CUSTOM_ON_MERGE = "custom_on_merge_check"
    MERGE_QUEUE = "merge_queue_check"


class MergeabilityStatus(OpenEnum):
    """Status of a mergeability check."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    PENDING = "PENDING"
    SKIPPED = "SKIPPED"
    UNKNOWN = "UNKNOWN"


@define(kw_only=True)
class MergeCheck(Model):
    """The rule behind a standard or custom mergeability check."""

    type: str
    """Type of the object."""
    kind: str | None = None
    """The kind of rule, such as `minimum_approvals`."""


@define(kw_only=True)
class MergeQueue(Model):
    """The merge queue of the destination branch."""

    uuid: str
    """The UUID, in braces."""
    name: str | None = None
    """The display name."""
    state: str | None = None
    """State of the queue, such as `ACTIVE` when it accepts pull requests."""


@define(kw_only=True)
class MergeabilityCheck(Model):
    """A check of a pull request before it is merged."""

    type: MergeabilityCheckType
    """Type of the check."""
    status: MergeabilityStatus
    """Status of the check."""
    required: bool | None = None
    """Whether the check must pass before the merge."""
    blocking: bool | None = None
    """Whether the check currently blocks the merge."""
    reason: str | None = None
    """`clean`, `conflicts` or `merge_impossible`; None except for the git check."""
    state: str | None = None
    """State of the pull request; None except for the state check."""
    queued: bool | None = None
    """Whether the pull request is waiting in the queue; None except for the merge queue check."""
    check: MergeCheck | None = None
    """The rule; None except for standard and custom checks."""
    merge_queue: MergeQueue | None = None
    """The queue; None except for the merge queue check."""


@define(kw_only=True)
class MergeabilityChecks(Model):
    """All mergeability checks of a pull request."""

    values: list[MergeabilityCheck]
    """The checks."""
    size: int | None = None
    """Number of checks."""
