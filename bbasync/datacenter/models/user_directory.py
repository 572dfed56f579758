"""The user directory: users as administrators see them."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.datacenter.models.users import User
from bbasync.model import Model

__all__ = ["DetailedUser", "ErasedUser", "UserDirectory"]


@define(kw_only=True)
class DetailedUser(User):
    """A user as administrators see them."""

    directory_name: str | None = None
    """Name of the directory that holds the user; None if not sent."""
    deletable: bool | None = None
    """Whether the user can be deleted; None if not sent."""
    mutable_details: bool | None = None
    """Whether name and address can be changed; None if not sent."""
    mutable_groups: bool | None = None
    """Whether the groups of the user can be changed; None if not sent."""
    created_timestamp: datetime | None = None
    """When the user was created; None if not sent."""
    last_authentication_timestamp: datetime | None = None
    """When the user last logged in; None if never, or if not sent."""


@define(kw_only=True)
class ErasedUser(Model):
    """The result of erasing a user."""

    new_identifier: str
    """The name that replaces the user name everywhere."""


@define(kw_only=True)
class UserDirectory(Model):
    """A directory of users and groups."""

    name: str
    """The name."""
    type: str
    """The type, such as `Crowd`."""
    active: bool
    """Whether it is in use."""
    description: str | None = None
    """The description; None if there is none."""
