"""Tasks of a pull request."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.cloud.models.comments import BaseComment
from bbasync.cloud.models.rendered import Rendered
from bbasync.cloud.models.users import Account
from bbasync.model import Model, OpenEnum

__all__ = ["Task", "TaskState"]


class TaskState(OpenEnum):
    """State of a task."""

    RESOLVED = "RESOLVED"
    UNRESOLVED = "UNRESOLVED"


@define(kw_only=True)
class Task(Model):
    """A task to be completed before a pull request is merged."""

    id: int
    """The ID."""
    state: TaskState
    """State of the task."""
    content: Rendered
    """The text."""
    creator: Account | None
    """The user who created it; None if the account was deleted."""
    created_on: datetime
    """When it was created."""
    updated_on: datetime
    """When it was last changed."""
    resolved_on: datetime | None = None
    """When it was resolved; None while unresolved."""
    resolved_by: Account | None = None
    """The user who resolved it; None while unresolved."""
    comment: BaseComment | None = None
    """The comment it belongs to; None for a task on the pull request as a whole."""
    pending: bool | None = None
    """Whether it belongs to a review that its author has not published yet."""
