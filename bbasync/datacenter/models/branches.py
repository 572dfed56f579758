"""Branches."""

from __future__ import annotations

from attrs import define

from bbasync.datacenter.models.refs import BaseRef

__all__ = ["Branch"]


@define(kw_only=True)
class Branch(BaseRef):
    """A branch."""

    latest_commit: str
    """Hash of the head commit."""
    is_default: bool
    """Whether it is the default branch of the repository."""
    latest_changeset: str | None = None
    """The same as `latest_commit`, under its former name; None if not sent."""
    metadata: dict[str, object] | None = None
    """Data of plugins (such as commits ahead and behind) by plugin key; None unless requested with `details`."""
