"""Configuration of pipelines: settings, SSH keys, known hosts, and documents for OpenID Connect."""

from __future__ import annotations

from attrs import define

from bbasync.cloud.models.repositories import BaseRepository
from bbasync.model import Model

__all__ = [
    "KnownHost",
    "KnownHostKey",
    "OidcConfiguration",
    "OidcKey",
    "OidcKeys",
    "PipelineBuildNumber",
    "PipelineSshKeyPair",
    "PipelinesConfiguration",
]


@define(kw_only=True)
class PipelinesConfiguration(Model):
    """The configuration of a repository's pipelines."""

    enabled: bool
    """Whether pipelines are enabled."""
    repository: BaseRepository | None = None
    """The repository."""


@define(kw_only=True)
class PipelineBuildNumber(Model):
    """The next build number of a repository."""

    next: int
    """The number of the next pipeline."""


@define(kw_only=True)
class PipelineSshKeyPair(Model):
    """The SSH key pair of a repository's pipelines; the private key is never returned."""

    public_key: str
    """The public key, in OpenSSH format."""


@define(kw_only=True)
class KnownHostKey(Model):
    """The public key of a known host."""

    key_type: str
    """Type of the key, such as `ssh-ed25519`."""
    key: str
    """The key, as Base64."""
    md5_fingerprint: str | None = None
    """The MD5 fingerprint."""
    sha256_fingerprint: str | None = None
    """The SHA-256 fingerprint."""


@define(kw_only=True)
class KnownHost(Model):
    """A host whose SSH key pipelines trust."""

    uuid: str
    """The UUID, in braces."""
    hostname: str
    """The name of the host."""
    public_key: KnownHostKey
    """Its public key."""


@define(kw_only=True)
class OidcConfiguration(Model):
    """The OpenID Connect discovery document of a workspace's pipelines."""

    issuer: str
    """The issuer, as tokens name it."""
    jwks_uri: str
    """URL of the keys that sign tokens."""
    response_types_supported: list[str] | None = None
    """Supported response types."""
    subject_types_supported: list[str] | None = None
    """Supported subject types."""
    id_token_signing_alg_values_supported: list[str] | None = None
    """Supported signature algorithms."""
    claims_supported: list[str] | None = None
    """Claims that tokens may contain."""


@define(kw_only=True)
class OidcKey(Model):
    """A public key that signs tokens, a JSON Web Key; parts of other key types are in `raw`."""

    kty: str
    """Type of the key."""
    kid: str | None = None
    """The ID of the key."""
    use: str | None = None
    """What it is used for."""
    alg: str | None = None
    """The signature algorithm."""
    n: str | None = None
    """The modulus of an RSA key."""
    e: str | None = None
    """The exponent of an RSA key."""


@define(kw_only=True)
class OidcKeys(Model):
    """The public keys that sign the tokens of a workspace's pipelines, a JSON Web Key Set."""

    keys: list[OidcKey]
    """The keys."""
