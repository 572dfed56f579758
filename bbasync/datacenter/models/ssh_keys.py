"""SSH keys, and the settings of SSH."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.model import Model

__all__ = [
    "SshFingerprint",
    "SshKey",
    "SshKeySettings",
    "SshKeyType",
    "SshKeyTypeRestriction",
    "SshSettings",
]


@define(kw_only=True)
class SshKey(Model):
    """An SSH key."""

    id: int
    """The ID."""
    text: str
    """The public key, with its comment."""
    label: str | None = None
    """The label, by default the comment of the key; None if there is none."""
    algorithm_type: str | None = None
    """The algorithm, such as `RSA`; None if not sent."""
    bit_length: int | None = None
    """The length in bits; None if not sent."""
    fingerprint: str | None = None
    """The fingerprint; None if not sent."""
    created_date: datetime | None = None
    """When it was added; None if not sent."""
    expiry_days: int | None = None
    """Days from `created_date` until it expires; None if it does not."""
    last_authenticated: datetime | None = None
    """When it was last used; None if it was not."""
    warning: str | None = None
    """A weakness of the key, such as `RSA_UNSAFE_MODULUS`; None if none is known."""


@define(kw_only=True)
class SshFingerprint(Model):
    """The fingerprint of the server's own key."""

    algorithm: str
    """The hash algorithm."""
    value: str
    """The fingerprint."""


@define(kw_only=True)
class SshSettings(Model):
    """How the server is reached by SSH."""

    enabled: bool
    """Whether SSH is enabled."""
    base_url: str | None = None
    """The base URL of clone URLs; None if not sent."""
    port: int | None = None
    """The port; None if not sent."""
    access_keys_enabled: bool | None = None
    """Whether access keys of projects and repositories are enabled; None if not sent."""
    fingerprint: SshFingerprint | None = None
    """The fingerprint of the server's key; None if not sent."""


@define(kw_only=True)
class SshKeyTypeRestriction(Model):
    """A restriction of the SSH keys of one algorithm."""

    algorithm: str
    """The algorithm, such as `RSA`."""
    allowed: bool
    """Whether keys of the algorithm are accepted."""
    min_key_length: int | None = None
    """The least accepted length in bits; None for any."""

    def body(self) -> dict[str, object]:
        """Return the request payload."""
        return {"algorithm": self.algorithm, "allowed": self.allowed, "minKeyLength": self.min_key_length}


@define(kw_only=True)
class SshKeySettings(Model):
    """Restrictions of all SSH keys."""

    key_type_restrictions: list[SshKeyTypeRestriction] | None = None
    """Restrictions by algorithm; None if not sent."""
    max_expiry_days: int | None = None
    """Days after which keys expire at the latest; None if they need not expire."""


@define(kw_only=True)
class SshKeyType(Model):
    """A type of SSH keys that the server supports; what else the server sends is in `raw`."""

    algorithm: str | None = None
    """The algorithm, such as `RSA`; None if not sent."""
