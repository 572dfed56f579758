"""Rendered markup."""

from __future__ import annotations

from attrs import define

from bbasync.model import Model, OpenEnum

__all__ = ["Markup", "MarkupUrlMode"]


class MarkupUrlMode(OpenEnum):
    """Form of URLs in rendered markup; CONFIGURED begins with the base URL in the server's settings."""

    ABSOLUTE = "ABSOLUTE"
    CONFIGURED = "CONFIGURED"
    RELATIVE = "RELATIVE"


@define(kw_only=True)
class Markup(Model):
    """Rendered markup."""

    html: str
    """The HTML."""
