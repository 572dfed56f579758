"""Default reviewers: the users who are asked to review every new pull request."""

from __future__ import annotations

from attrs import define

from bbasync.cloud.models.users import Account
from bbasync.model import Model, OpenEnum

__all__ = ["DefaultReviewer", "DefaultReviewerType"]


class DefaultReviewerType(OpenEnum):
    """Where a default reviewer was set."""

    PROJECT = "project"
    REPOSITORY = "repository"


@define(kw_only=True)
class DefaultReviewer(Model):
    """A default reviewer and where that was set."""

    user: Account
    """Who is asked."""
    reviewer_type: DefaultReviewerType
    """Whether the project or the repository asks."""
