"""Merges of pull requests, and the checks before them."""

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
    """How far a merge is that the server does on its own; a failed one answers with an error instead."""

    PENDING = "PENDING"
    SUCCESS = "SUCCESS"


@define(kw_only=True)
class MergeTask(Model):
    """A merge that the server does on its own."""

    task_status: MergeTaskStatus
    """How far it is; an unknown task is pending for ever."""
    merge_result: PullRequest | None = None
    """The pull request once it is merged."""


class MergeabilityCheckType(OpenEnum):
    """What a check looks at."""

    STATE = "pullrequest_state_check"
    PERMISSION = "current_user_permission_check"
    GIT = "git_mergeability_check"
    STANDARD = "standard_merge_check"
    CUSTOM = "custom_merge_check"
    CUSTOM_PRE_MERGE = "custom_pre_merge_check"
    CUSTOM_ON_MERGE = "custom_on_merge_check"
    MERGE_QUEUE = "merge_queue_check"


class MergeabilityStatus(OpenEnum):
    """How a check came out."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    PENDING = "PENDING"
    SKIPPED = "SKIPPED"
    UNKNOWN = "UNKNOWN"


@define(kw_only=True)
class MergeCheck(Model):
    """The setting that a standard or custom check comes from."""

    type: str
    """What kind of object it is."""
    kind: str | None = None
    """Which rule it is, such as `minimum_approvals`."""


@define(kw_only=True)
class MergeQueue(Model):
    """The destination branch's queue of merges."""

    uuid: str
    """The lasting identifier, in braces."""
    name: str | None = None
    """The name shown."""
    state: str | None = None
    """Whether it takes pull requests, such as `ACTIVE`."""


@define(kw_only=True)
class MergeabilityCheck(Model):
    """One check of a pull request before its merge."""

    type: MergeabilityCheckType
    """What it looks at."""
    status: MergeabilityStatus
    """How it came out."""
    required: bool | None = None
    """Whether a merge needs it."""
    blocking: bool | None = None
    """Whether it stops the merge now."""
    reason: str | None = None
    """Of the git check: `clean`, `conflicts` or `merge_impossible`."""
    state: str | None = None
    """Of the state check: the pull request's state."""
    queued: bool | None = None
    """Of the merge queue check: whether the pull request waits in the queue."""
    check: MergeCheck | None = None
    """Of standard and custom checks: the rule."""
    merge_queue: MergeQueue | None = None
    """Of the merge queue check: the queue."""


@define(kw_only=True)
class MergeabilityChecks(Model):
    """All checks of a pull request before its merge."""

    values: list[MergeabilityCheck]
    """The checks."""
    size: int | None = None
    """How many they are."""
