"""Commits."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.datacenter.models.refs import RefChange
from bbasync.datacenter.models.repositories import Repository
from bbasync.datacenter.models.users import Author, User
from bbasync.model import Model, OpenEnum

__all__ = ["BaseCommit", "Commit", "MergeFilter", "RefChangeActivity"]


class MergeFilter(OpenEnum):
    """How a list of commits treats merge commits."""

    INCLUDE = "include"
    EXCLUDE = "exclude"
    ONLY = "only"


@define(kw_only=True)
class BaseCommit(Model):
    """A commit as embedded in other objects."""

    id: str
    """The full hash."""
    display_id: str
    """The abbreviated hash."""


@define(kw_only=True)
class Commit(BaseCommit):
    """A commit."""

    author: Author
    """The author."""
    author_timestamp: datetime
    """When it was authored."""
    message: str
    """The full message."""
    parents: list[BaseCommit]
    """The parent commits; two or more for a merge commit."""
    committer: Author | None = None
    """The committer; None on older servers."""
    committer_timestamp: datetime | None = None
    """When it was committed; None on older servers."""
    properties: dict[str, object] | None = None
    """Data of plugins, such as Jira issues under `jira-key`; None if not sent."""


@define(kw_only=True)
class RefChangeActivity(Model):
    """A change of a branch or tag, such as a push."""

    id: int
    """The ID."""
    created_date: datetime
    """When it happened."""
    user: User
    """The user who changed the ref."""
    repository: Repository
    """The repository."""
    ref_change: RefChange
    """The change."""
    trigger: str
    """What changed the ref, such as `push`."""
