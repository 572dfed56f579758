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
    """Whether a task is done."""

    RESOLVED = "RESOLVED"
    UNRESOLVED = "UNRESOLVED"


@define(kw_only=True)
class Task(Model):
    """Something to be done before a pull request is merged."""

    id: int
    """The identifier."""
    state: TaskState
    """Whether it is done."""
    content: Rendered
    """What is to be done."""
    creator: Account | None
    """Who set it; None when the account is gone."""
    created_on: datetime
    """When it was set."""
    updated_on: datetime
    """When it was last changed."""
    resolved_on: datetime | None = None
    """When it was done."""
    resolved_by: Account | None = None
    """Who marked it as done."""
    comment: BaseComment | None = None
    """The comment it belongs to; None for one on the pull request as a whole."""
    pending: bool | None = None
    """Whether it waits for its author to publish the review."""
