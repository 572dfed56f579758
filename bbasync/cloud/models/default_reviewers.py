"""Default reviewers: users who are added as reviewers to every new pull request."""

from __future__ import annotations

from attrs import define

from bbasync.cloud.models.users import Account
from bbasync.model import Model, OpenEnum

__all__ = ["DefaultReviewer", "DefaultReviewerType"]


class DefaultReviewerType(OpenEnum):
    """Where a default reviewer is configured."""

    PROJECT = "project"
    REPOSITORY = "repository"


@define(kw_only=True)
class DefaultReviewer(Model):
    """A default reviewer, configured on the project or the repository."""

    user: Account
    """The reviewer."""
    reviewer_type: DefaultReviewerType
    """Whether the reviewer is configured on the project or on the repository."""
