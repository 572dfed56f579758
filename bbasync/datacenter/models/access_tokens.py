"""HTTP access tokens of users, projects and repositories."""

from __future__ import annotations

from datetime import datetime

from attrs import define, field

from bbasync.datacenter.models.permissions import Permission
from bbasync.datacenter.models.users import User
from bbasync.model import Model

__all__ = ["HttpAccessToken", "NewHttpAccessToken"]


@define(kw_only=True)
class HttpAccessToken(Model):
    """An HTTP access token, without its value."""

    id: str
    """The ID."""
    name: str
    """The name."""
    created_date: datetime
    """When it was created."""
    permissions: list[Permission]
    """What it gives access to, at most one permission on projects and one on repositories."""
    user: User | None = None
    """The user that it belongs to, of type SERVICE for a token of a project or repository; None if not sent."""
    expiry_days: int | None = None
    """Days from `created_date` until it expires, as sent by some servers; None if not sent."""
    expiry_date: datetime | None = None
    """When it expires; None if it does not, or if not sent."""
    last_authenticated: datetime | None = None
    """When it was last used; None if it was not."""


@define(kw_only=True)
class NewHttpAccessToken(HttpAccessToken):
    """An HTTP access token with its value, which the server returns only once; `raw` holds it in clear too."""

    token: str = field(repr=False)
    """The value, whose repr is masked."""
