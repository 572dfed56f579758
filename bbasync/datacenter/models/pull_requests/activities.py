"""The activities of a pull request."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.datacenter.models.comments import Comment, CommentAnchor
from bbasync.datacenter.models.commits import Commit
from bbasync.datacenter.models.users import User
from bbasync.model import Model, OpenEnum

__all__ = ["Activity", "ActivityAction", "ActivityType", "CommentAction", "RescopedCommits"]


class ActivityAction(OpenEnum):
    """What happened."""

    APPROVED = "APPROVED"
    AUTO_MERGE_CANCELLED = "AUTO_MERGE_CANCELLED"
    AUTO_MERGE_REQUESTED = "AUTO_MERGE_REQUESTED"
    COMMENTED = "COMMENTED"
    DECLINED = "DECLINED"
    DELETED = "DELETED"
    MERGED = "MERGED"
    MERGE_QUEUE_ADDED = "MERGE_QUEUE_ADDED"
    MERGE_QUEUE_EJECTED = "MERGE_QUEUE_EJECTED"
    OPENED = "OPENED"
    REOPENED = "REOPENED"
    RESCOPED = "RESCOPED"
    REVIEWED = "REVIEWED"
    REVIEW_COMMENTED = "REVIEW_COMMENTED"
    REVIEW_DISCARDED = "REVIEW_DISCARDED"
    REVIEW_FINISHED = "REVIEW_FINISHED"
    UNAPPROVED = "UNAPPROVED"
    UPDATED = "UPDATED"


class ActivityType(OpenEnum):
    """What the `from_id` of a list identifies."""

    ACTIVITY = "ACTIVITY"
    COMMENT = "COMMENT"


class CommentAction(OpenEnum):
    """What happened to a comment."""

    ADDED = "ADDED"
    DELETED = "DELETED"
    EDITED = "EDITED"
    REPLIED = "REPLIED"


@define(kw_only=True)
class RescopedCommits(Model):
    """The commits that came or went when a side of a pull request moved."""

    commits: list[Commit]
    """The latest of them."""
    total: int
    """How many there are in all."""


@define(kw_only=True)
class Activity(Model):
    """One thing that happened; which fields it has depends on `action`."""

    id: int
    """The identifier."""
    action: ActivityAction
    """What happened."""
    created_date: datetime
    """When."""
    user: User
    """Who did it."""
    comment: Comment | None = None
    """The comment (COMMENTED), with its replies."""
    comment_action: CommentAction | None = None
    """What happened to the comment (COMMENTED)."""
    comment_anchor: CommentAnchor | None = None
    """Where in a file the comment stands (COMMENTED)."""
    commit: Commit | None = None
    """The commit that merged it (MERGED)."""
    from_hash: str | None = None
    """The source's commit afterwards (RESCOPED)."""
    previous_from_hash: str | None = None
    """The source's commit before (RESCOPED)."""
    to_hash: str | None = None
    """The target's commit afterwards (RESCOPED)."""
    previous_to_hash: str | None = None
    """The target's commit before (RESCOPED)."""
    added: RescopedCommits | None = None
    """The commits that came (RESCOPED)."""
    removed: RescopedCommits | None = None
    """The commits that went (RESCOPED)."""
    added_reviewers: list[User] | None = None
    """Who was asked to review (UPDATED)."""
    removed_reviewers: list[User] | None = None
    """Whose review was asked for no more (UPDATED)."""
