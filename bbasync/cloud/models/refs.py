"""Branches and tags."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from attrs import define

from bbasync.cloud.models.commits import Commit
from bbasync.cloud.models.users import Author
from bbasync.model import Model, OpenEnum

__all__ = ["Branch", "MergeStrategy", "Ref", "Tag"]


class MergeStrategy(OpenEnum):
    """How the commits of a pull request are merged into the destination branch."""

    MERGE_COMMIT = "merge_commit"
    SQUASH = "squash"
    FAST_FORWARD = "fast_forward"
    SQUASH_FAST_FORWARD = "squash_fast_forward"
    REBASE_FAST_FORWARD = "rebase_fast_forward"
    REBASE_MERGE = "rebase_merge"


@define(kw_only=True)
class Branch(Model):
    """A branch."""

    types: ClassVar = ("branch", "named_branch")
    name: str
    """The name, without `refs/heads/`."""
    target: Commit | None
    """The head of the branch; None in an empty repository."""
    merge_strategies: list[MergeStrategy] | None = None
    """The merge strategies allowed for pull requests into it; None in lists unless requested with `fields`."""
    default_merge_strategy: MergeStrategy | None = None
    """The default merge strategy; None in lists unless requested with `fields`."""


@define(kw_only=True)
class Tag(Model):
    """A tag."""

    types: ClassVar = ("tag",)
    name: str
    """The name, without `refs/tags/`."""
    target: Commit
    """The tagged commit."""
    message: str | None = None
    """The message; None for a lightweight tag."""
    date: datetime | None = None
    """When it was created; None for a lightweight tag."""
    tagger: Author | None = None
    """The creator; None for a lightweight tag."""


Ref = Branch | Tag
