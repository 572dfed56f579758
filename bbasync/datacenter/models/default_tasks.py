"""Default tasks of pull requests."""

from __future__ import annotations

from attrs import define

from bbasync.model import Model

__all__ = ["DefaultTask"]


@define(kw_only=True)
class DefaultTask(Model):
    """A task that new pull requests begin with."""

    id: int
    """The ID."""
    description: str
    """The text, in Markdown."""
    html: str | None = None
    """The text rendered as HTML; None unless requested with `markup`."""
