"""Reactions to comments."""

from __future__ import annotations

from attrs import define

from bbasync.datacenter.models.comments import Comment
from bbasync.datacenter.models.users import User
from bbasync.model import Model

__all__ = ["Emoticon", "Reaction"]


@define(kw_only=True)
class Emoticon(Model):
    """An emoticon."""

    shortcut: str
    """The name, such as `thumbsup`."""
    value: str | None = None
    """The character; None if it is a picture."""
    url: str | None = None
    """URL of the picture; None if not sent."""


@define(kw_only=True)
class Reaction(Model):
    """The reaction of a user to a comment."""

    comment: Comment
    """The comment."""
    emoticon: Emoticon
    """The emoticon."""
    user: User
    """The user."""
