"""Text in a markup language and the HTML rendered from it."""

from __future__ import annotations

from attrs import define, field

from bbasync.model import Model, wire

__all__ = ["Rendered"]


@define(kw_only=True)
class Rendered(Model):
    """A text as written and as rendered."""

    text: str | None = field(default=None, metadata=wire("raw"))
    """The text as written."""
    markup: str | None = None
    """The markup language of the text: `markdown`, `creole` or `plaintext`."""
    html: str | None = None
    """The text rendered as HTML."""
