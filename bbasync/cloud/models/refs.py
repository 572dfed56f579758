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
    """How the commits of a pull request reach the destination branch."""

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
    """The commit at its head; None in an empty repository."""
    merge_strategies: list[MergeStrategy] | None = None
    """How pull requests into it may be merged; only of a single branch, or when asked for with `fields`."""
    default_merge_strategy: MergeStrategy | None = None
    """How they are merged when nothing is said."""


@define(kw_only=True)
class Tag(Model):
    """A tag."""

    types: ClassVar = ("tag",)
    name: str
    """The name, without `refs/tags/`."""
    target: Commit
    """The commit it names."""
    message: str | None = None
    """The message of an annotated tag."""
    date: datetime | None = None
    """When an annotated tag was made."""
    tagger: Author | None = None
    """Who made an annotated tag."""


Ref = Branch | Tag
