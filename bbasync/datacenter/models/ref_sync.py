"""Ref synchronization: forks whose branches follow those of their origin."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.datacenter.models.refs import BaseRef
from bbasync.model import Model, OpenEnum

__all__ = ["RefSyncAction", "RefSyncState", "RefSyncStatus", "RejectedRef"]


class RefSyncState(OpenEnum):
    """State of a ref: it has commits of its own (AHEAD), both sides have (DIVERGED), or the origin's was deleted."""

    AHEAD = "AHEAD"
    DIVERGED = "DIVERGED"
    ORPHANED = "ORPHANED"


class RefSyncAction(OpenEnum):
    """How to synchronize a ref: discard its commits, or merge or rebase them."""

    DISCARD = "DISCARD"
    MERGE = "MERGE"
    REBASE = "REBASE"


@define(kw_only=True)
class RejectedRef(BaseRef):
    """A ref that is not synchronized."""

    state: RefSyncState
    """State of the ref."""
    tag: bool
    """Whether it is a tag."""


@define(kw_only=True)
class RefSyncStatus(Model):
    """Whether and how a fork is synchronized."""

    available: bool
    """Whether synchronization is possible: the repository is a fork, and its owner can read the origin."""
    enabled: bool
    """Whether synchronization is enabled."""
    last_sync: datetime | None = None
    """When refs were last synchronized; None if they never were."""
    ahead_refs: list[RejectedRef] | None = None
    """Refs with commits that the origin lacks; None if not sent."""
    diverged_refs: list[RejectedRef] | None = None
    """Refs that have and lack commits; None if not sent."""
    orphaned_refs: list[RejectedRef] | None = None
    """Refs that were deleted in the origin; None if not sent."""
