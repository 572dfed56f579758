"""Mergeability of pull requests."""

from __future__ import annotations

from attrs import define

from bbasync.datacenter.models.pull_requests import MergeOutcome
from bbasync.model import Model

__all__ = ["Mergeability", "Veto"]


@define(kw_only=True)
class Veto(Model):
    """The veto of a merge check."""

    summary_message: str
    """A short explanation."""
    detailed_message: str | None = None
    """The full explanation; None if there is none."""


@define(kw_only=True)
class Mergeability(Model):
    """Whether a pull request can currently be merged."""

    conflicted: bool
    """Whether there are merge conflicts."""
    vetoes: list[Veto]
    """The vetoes of merge checks."""
    can_merge: bool | None = None
    """Whether there is neither a conflict nor a veto; None if not sent."""
    outcome: MergeOutcome | None = None
    """Outcome of the test merge; None on older servers."""
