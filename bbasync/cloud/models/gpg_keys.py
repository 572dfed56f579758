"""GPG keys of users."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.cloud.models.users import Account
from bbasync.model import Model

__all__ = ["GpgKey"]


@define(kw_only=True)
class GpgKey(Model):
    """A GPG key of a user."""

    fingerprint: str
    """The fingerprint, which identifies it in URLs."""
    key_id: str
    """The key ID, the last digits of the fingerprint."""
    name: str | None = None
    """The display name."""
    owner: Account | None = None
    """The user."""
    key: str | None = None
    """The public key; None unless requested with `fields`."""
    parent_fingerprint: str | None = None
    """The fingerprint of the primary key; None unless it is a subkey."""
    subkeys: list[GpgKey] | None = None
    """The subkeys; None unless requested with `fields`."""
    created_on: datetime | None = None
    """When it was generated."""
    added_on: datetime | None = None
    """When it was added to the account."""
    expires_on: datetime | None = None
    """When it expires; None if never."""
    last_used: datetime | None = None
    """When it was last used; None if never."""
