"""Commit statuses: the results of builds."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.cloud.models.commits import BaseCommit
from bbasync.cloud.models.repositories import BaseRepository
from bbasync.model import Model, OpenEnum

__all__ = ["CommitStatus", "CommitStatusState"]


class CommitStatusState(OpenEnum):
    """How a build went."""

    SUCCESSFUL = "SUCCESSFUL"
    FAILED = "FAILED"
    INPROGRESS = "INPROGRESS"
    STOPPED = "STOPPED"


@define(kw_only=True)
class CommitStatus(Model):
    """What a build system says about a commit."""

    key: str
    """What tells it from the commit's other statuses."""
    state: CommitStatusState
    """How it went."""
    created_on: datetime
    """When it was first reported."""
    updated_on: datetime
    """When it was last reported."""
    uuid: str | None = None
    """The lasting identifier, in braces, where the vendor tells."""
    name: str | None = None
    """The name of the build."""
    description: str | None = None
    """What the build says of itself."""
    url: str | None = None
    """The page of the build."""
    refname: str | None = None
    """The branch it was built for; None where it does not matter."""
    commit: BaseCommit | None = None
    """The commit it is about."""
    repository: BaseRepository | None = None
    """The repository of the commit."""
