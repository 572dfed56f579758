"""Users, and people who are known from commits only."""

from __future__ import annotations

from typing import ClassVar

from attrs import define

from bbasync.model import Model, OpenEnum

__all__ = ["Author", "Person", "User", "UserType"]


class UserType(OpenEnum):
    """What a user is."""

    NORMAL = "NORMAL"
    SERVICE = "SERVICE"


@define(kw_only=True)
class User(Model):
    """A user of the server."""

    types: ClassVar = (UserType.NORMAL, UserType.SERVICE)
    name: str
    """The name to log in with; not always what addresses carry."""
    slug: str
    """The name in addresses."""
    id: int
    """The lasting identifier."""
    display_name: str
    """The name shown."""
    active: bool
    """Whether the user may log in."""
    type: UserType
    """A person, or the technical user behind a project's or repository's token."""
    email_address: str | None = None
    """The address."""
    avatar_url: str | None = None
    """The picture, where the request asked for one with `avatar_size`."""


@define(kw_only=True)
class Person(Model):
    """An author or committer whose address belongs to no user."""

    name: str
    """The name as git has it."""
    email_address: str | None = None
    """The address as git has it."""
    avatar_url: str | None = None
    """The picture, where the request asked for one with `avatar_size`."""


Author = Person | User
"""Who wrote a commit: tell them apart with `isinstance`; a user's own name is `display_name`."""
