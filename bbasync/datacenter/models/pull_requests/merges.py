"""Whether a pull request can be merged."""

from __future__ import annotations

from attrs import define

from bbasync.datacenter.models.pull_requests import MergeOutcome
from bbasync.model import Model

__all__ = ["Mergeability", "Veto"]


@define(kw_only=True)
class Veto(Model):
    """Why a merge check refuses."""

    summary_message: str
    """In a few words."""
    detailed_message: str | None = None
    """At length."""


@define(kw_only=True)
class Mergeability(Model):
    """Whether a pull request can be merged now."""

    conflicted: bool
    """Whether the two sides collide."""
    vetoes: list[Veto]
    """What refuses the merge."""
    can_merge: bool | None = None
    """Whether neither a conflict nor a veto is in the way."""
    outcome: MergeOutcome | None = None
    """Whether the two sides fit; old versions do not tell."""
