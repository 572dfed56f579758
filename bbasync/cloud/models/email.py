"""E-mail addresses of the credential's own user."""

from __future__ import annotations

from attrs import define

from bbasync.model import Model

__all__ = ["Email"]


@define(kw_only=True)
class Email(Model):
    """An e-mail address."""

    email: str
    """The address."""
    is_primary: bool
    """Whether mail goes there first."""
    is_confirmed: bool | None = None
    """Whether the user has proved to own it."""
