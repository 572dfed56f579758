"""GPG keys."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.model import Model

__all__ = ["GpgKey", "GpgSubKey"]


@define(kw_only=True)
class GpgSubKey(Model):
    """A subkey of a GPG key."""

    fingerprint: str
    """The fingerprint."""
    expiry_date: datetime | None = None
    """When it expires; None if it does not."""


@define(kw_only=True)
class GpgKey(Model):
    """A GPG key."""

    id: str
    """The ID, 16 hexadecimal digits."""
    fingerprint: str
    """The fingerprint."""
    text: str
    """The public key, ASCII-armored."""
    email_address: str | None = None
    """The email address of the key; None if there is none."""
    expiry_date: datetime | None = None
    """When it expires; None if it does not."""
    sub_keys: list[GpgSubKey] | None = None
    """The subkeys; None if not sent."""
