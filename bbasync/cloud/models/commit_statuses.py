"""Commit statuses: build results."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.cloud.models.commits import BaseCommit
from bbasync.cloud.models.repositories import BaseRepository
from bbasync.model import Model, OpenEnum

__all__ = ["CommitStatus", "CommitStatusState"]


class CommitStatusState(OpenEnum):
    """State of a build."""

    SUCCESSFUL = "SUCCESSFUL"
    FAILED = "FAILED"
    INPROGRESS = "INPROGRESS"
    STOPPED = "STOPPED"


@define(kw_only=True)
class CommitStatus(Model):
    """A build result reported for a commit."""

    key: str
    """The key, unique among the statuses of the commit."""
    state: CommitStatusState
    """State of the build."""
    created_on: datetime
    """When it was first reported."""
    updated_on: datetime
    """When it was last reported."""
    uuid: str | None = None
    """The UUID, in braces; None if not sent."""
    name: str | None = None
    """The build name."""
    description: str | None = None
    """The description of the build."""
    url: str | None = None
    """URL of the build."""
    refname: str | None = None
    """The branch that was built; None if the build does not depend on a branch."""
    commit: BaseCommit | None = None
    """The commit."""
    repository: BaseRepository | None = None
    """The repository of the commit."""
