"""Activities of pull requests."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.datacenter.models.comments import Comment, CommentAnchor
from bbasync.datacenter.models.commits import Commit
from bbasync.datacenter.models.users import User
from bbasync.model import Model, OpenEnum

__all__ = ["Activity", "ActivityAction", "ActivityType", "CommentAction", "RescopedCommits"]


class ActivityAction(OpenEnum):
    """Type of an activity."""

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
    """What the `from_id` of `list_activities` identifies."""

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
    """The commits that an update of a ref added to or removed from a pull request."""

    commits: list[Commit]
    """The most recent of these commits."""
    total: int
    """Total number of these commits."""


@define(kw_only=True)
class Activity(Model):
    """An activity of a pull request; a field marked with an action is None for all others."""

    id: int
    """The ID."""
    action: ActivityAction
    """Type of the activity."""
    created_date: datetime
    """When it happened."""
    user: User
    """The user who did it."""
    comment: Comment | None = None
    """The comment (COMMENTED), with its replies."""
    comment_action: CommentAction | None = None
    """What happened to the comment (COMMENTED)."""
    comment_anchor: CommentAnchor | None = None
    """The position of the comment in a file (COMMENTED); None for a comment on the whole pull request."""
    commit: Commit | None = None
    """The merge commit (MERGED)."""
    from_hash: str | None = None
    """Hash of the head of the from ref after the update (RESCOPED)."""
    previous_from_hash: str | None = None
    """Hash of the head of the from ref before the update (RESCOPED)."""
    to_hash: str | None = None
    """Hash of the head of the to ref after the update (RESCOPED)."""
    previous_to_hash: str | None = None
    """Hash of the head of the to ref before the update (RESCOPED)."""
    added: RescopedCommits | None = None
    """The commits that were added (RESCOPED)."""
    removed: RescopedCommits | None = None
    """The commits that were removed (RESCOPED)."""
    added_reviewers: list[User] | None = None
    """The reviewers who were added (UPDATED)."""
    removed_reviewers: list[User] | None = None
    """The reviewers who were removed (UPDATED)."""
