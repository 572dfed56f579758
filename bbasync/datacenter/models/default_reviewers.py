"""Conditions of default reviewers."""

from __future__ import annotations

from attrs import define

from bbasync.datacenter.models.ref_matchers import RefMatcher
from bbasync.datacenter.models.reviewer_groups import ReviewerGroup
from bbasync.datacenter.models.scopes import Scope
from bbasync.datacenter.models.users import User
from bbasync.model import Model

__all__ = ["DefaultReviewerCondition"]


@define(kw_only=True)
class DefaultReviewerCondition(Model):
    """The reviewers of new pull requests between certain branches."""

    id: int
    """The ID."""
    source_ref_matcher: RefMatcher
    """The from refs that it applies to."""
    target_ref_matcher: RefMatcher
    """The to refs that it applies to."""
    reviewers: list[User]
    """The reviewers."""
    required_approvals: int
    """Number of these reviewers who must approve before a merge."""
    reviewer_groups: list[ReviewerGroup] | None = None
    """The groups of reviewers; None on older servers."""
    scope: Scope | None = None
    """The project or repository that it belongs to; None if not sent."""
