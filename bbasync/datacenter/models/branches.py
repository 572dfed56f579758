"""Branches."""

from __future__ import annotations

from attrs import define

from bbasync.datacenter.models.refs import BaseRef
from bbasync.model import OpenEnum

__all__ = ["Branch", "BranchOrder"]


class BranchOrder(OpenEnum):
    """How a list of branches is sorted."""

    ALPHABETICAL = "ALPHABETICAL"
    MODIFICATION = "MODIFICATION"


@define(kw_only=True)
class Branch(BaseRef):
    """A branch."""

    latest_commit: str
    """The commit at its head."""
    is_default: bool
    """Whether it is the repository's default branch."""
    latest_changeset: str | None = None
    """The commit at its head, under its former name."""
    metadata: dict[str, object] | None = None
    """What plugins tell (such as commits ahead and behind), by their keys; only when asked for with `details`."""
