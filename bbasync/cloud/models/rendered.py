"""Text in a markup language, with the HTML that it is rendered to."""

from __future__ import annotations

from attrs import define, field

from bbasync.model import Model, wire

__all__ = ["Rendered"]


@define(kw_only=True)
class Rendered(Model):
    """A text as it was written and as it is shown."""

    text: str | None = field(default=None, metadata=wire("raw"))
    """The text as it was written."""
    markup: str | None = None
    """The language of the text: `markdown`, `creole` or `plaintext`."""
    html: str | None = None
    """The text as it is shown."""
