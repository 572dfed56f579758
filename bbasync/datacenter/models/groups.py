"""Groups of users."""

from __future__ import annotations

from attrs import define

from bbasync.model import Model

__all__ = ["Group"]


@define(kw_only=True)
class Group(Model):
    """A group of users."""

    name: str
    """The name."""
    deletable: bool | None = None
    """Whether it can be deleted, which groups of read-only directories cannot; None if not sent."""
