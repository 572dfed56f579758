"""Users, and people known only from commits."""

from __future__ import annotations

from typing import ClassVar

from attrs import define

from bbasync.model import Model, OpenEnum

__all__ = ["Author", "Avatar", "Person", "User", "UserType", "user_reference"]


class UserType(OpenEnum):
    """Type of a user."""

    NORMAL = "NORMAL"
    SERVICE = "SERVICE"


@define(kw_only=True)
class User(Model):
    """A user of the server."""

    types: ClassVar = (UserType.NORMAL, UserType.SERVICE)
    name: str
    """The login name; can differ from the slug."""
    slug: str
    """The name in URLs."""
    id: int
    """The ID; it survives renames."""
    display_name: str
    """The display name."""
    active: bool
    """Whether the user can log in."""
    type: UserType
    """NORMAL for a person, SERVICE for the user behind an access token of a project or repository."""
    email_address: str | None = None
    """The email address; None if not sent."""
    avatar_url: str | None = None
    """The picture, where the request asked for one with `avatar_size`."""


@define(kw_only=True)
class Person(Model):
    """An author or committer whose email address does not belong to a user."""

    name: str
    """The name recorded in the commit."""
    email_address: str | None = None
    """The email address recorded in the commit; None if not sent."""
    avatar_url: str | None = None
    """The picture, where the request asked for one with `avatar_size`."""


Author = Person | User
"""An author or committer: a `User` if the email address belongs to one (check with `isinstance`), else a `Person`.

A user's full name is `display_name`, not `name`.
"""


def user_reference(user: User) -> dict[str, object]:
    """Return a user in the form that requests take; the server finds the user by the ID or the name."""
    return {
        "id": user.id,
        "name": user.name,
        "slug": user.slug,
        "displayName": user.display_name,
        "type": user.type,
    }


@define(kw_only=True)
class Avatar(Model):
    """The picture of a user."""

    href: str
    """URL of the picture."""
    name: str | None = None
    """The name of the link; None if not sent."""
