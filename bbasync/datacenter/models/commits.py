"""Commits."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.datacenter.models.users import Author
from bbasync.model import Model, OpenEnum

__all__ = ["BaseCommit", "Commit", "MergeFilter"]


class MergeFilter(OpenEnum):
    """Which commits a list returns."""

    INCLUDE = "include"
    EXCLUDE = "exclude"
    ONLY = "only"


@define(kw_only=True)
class BaseCommit(Model):
    """A commit as other objects hold it."""

    id: str
    """The hash, whole."""
    display_id: str
    """The hash, abbreviated."""


@define(kw_only=True)
class Commit(BaseCommit):
    """A commit."""

    author: Author
    """Who wrote it."""
    author_timestamp: datetime
    """When it was written."""
    message: str
    """The whole message."""
    parents: list[BaseCommit]
    """The commits it follows; two or more for a merge."""
    committer: Author | None = None
    """Who committed it; old versions do not tell."""
    committer_timestamp: datetime | None = None
    """When it was committed; old versions do not tell."""
    properties: dict[str, object] | None = None
    """What plugins tell, such as the issues under `jira-key`."""
