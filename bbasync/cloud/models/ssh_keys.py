"""SSH keys of users."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.cloud.models.users import Account
from bbasync.model import Model

__all__ = ["SshKey"]


@define(kw_only=True)
class SshKey(Model):
    """An SSH key of a user."""

    uuid: str
    """The UUID, in braces."""
    key: str
    """The public key, without its comment."""
    label: str
    """The display name; empty if not set."""
    comment: str | None = None
    """The comment of the public key."""
    fingerprint: str | None = None
    """The SHA-256 fingerprint."""
    owner: Account | None = None
    """The user."""
    created_on: datetime | None = None
    """When it was added."""
    expires_on: datetime | None = None
    """When it expires; None if never."""
    last_used: datetime | None = None
    """When it was last used; None if never."""
