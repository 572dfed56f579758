"""Branch restrictions: who may change a branch, and what a merge into it requires."""

from __future__ import annotations

from attrs import define

from bbasync.cloud.models.groups import Group
from bbasync.cloud.models.users import Account
from bbasync.model import Model, OpenEnum

__all__ = ["BranchMatchKind", "BranchRestriction", "BranchType", "RestrictionKind"]


class RestrictionKind(OpenEnum):
    """What a branch restriction restricts."""

    PUSH = "push"
    DELETE = "delete"
    FORCE = "force"
    RESTRICT_MERGES = "restrict_merges"
    REQUIRE_TASKS_TO_BE_COMPLETED = "require_tasks_to_be_completed"
    REQUIRE_APPROVALS_TO_MERGE = "require_approvals_to_merge"
    REQUIRE_REVIEW_GROUP_APPROVALS_TO_MERGE = "require_review_group_approvals_to_merge"
    REQUIRE_DEFAULT_REVIEWER_APPROVALS_TO_MERGE = "require_default_reviewer_approvals_to_merge"
    REQUIRE_NO_CHANGES_REQUESTED = "require_no_changes_requested"
    REQUIRE_PASSING_BUILDS_TO_MERGE = "require_passing_builds_to_merge"
    REQUIRE_COMMITS_BEHIND = "require_commits_behind"
    RESET_PULLREQUEST_APPROVALS_ON_CHANGE = "reset_pullrequest_approvals_on_change"
    SMART_RESET_PULLREQUEST_APPROVALS = "smart_reset_pullrequest_approvals"
    RESET_PULLREQUEST_CHANGES_REQUESTED_ON_CHANGE = "reset_pullrequest_changes_requested_on_change"
    REQUIRE_ALL_DEPENDENCIES_MERGED = "require_all_dependencies_merged"
    ENFORCE_MERGE_CHECKS = "enforce_merge_checks"
    ALLOW_AUTO_MERGE_WHEN_BUILDS_PASS = "allow_auto_merge_when_builds_pass"  # noqa: S105 - a kind, no password
    REQUIRE_ALL_COMMENTS_RESOLVED = "require_all_comments_resolved"


class BranchMatchKind(OpenEnum):
    """How a restriction selects branches."""

    GLOB = "glob"
    BRANCHING_MODEL = "branching_model"


class BranchType(OpenEnum):
    """Type of a branch in a branching model."""

    FEATURE = "feature"
    BUGFIX = "bugfix"
    RELEASE = "release"
    HOTFIX = "hotfix"
    DEVELOPMENT = "development"
    PRODUCTION = "production"


@define(kw_only=True)
class BranchRestriction(Model):
    """A restriction on the branches that match it."""

    id: int
    """The ID."""
    kind: RestrictionKind
    """What it restricts."""
    branch_match_kind: BranchMatchKind
    """Whether branches are selected by `pattern` or by `branch_type`."""
    pattern: str
    """The names of branches, with `*` for any characters; empty if they are selected by type."""
    branch_type: BranchType | None = None
    """The type of branches in the branching model; None if they are selected by pattern."""
    value: int | None = None
    """The number of approvals, of passing builds, or of commits behind, for kinds that need one."""
    users: list[Account] | None = None
    """Users exempt from it."""
    groups: list[Group] | None = None
    """Groups exempt from it."""
