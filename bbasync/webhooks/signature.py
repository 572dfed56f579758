"""The signature of a delivery: `X-Hub-Signature: sha256=` and the HMAC-SHA256 of the body as it came, in hex."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Final

from attrs import field, frozen

from bbasync.errors import SignatureError

__all__ = ["Keys", "SecretLike", "keys_of", "sign", "verify"]

SecretLike = str | bytes | Sequence[str | bytes]
"""The secret of a webhook, or several while one replaces another."""
_SCHEME: Final = "sha256="


@frozen
class Keys:
    """Secrets as bytes, kept out of reprs."""

    values: tuple[bytes, ...] = field(repr=False)


def keys_of(secret: SecretLike) -> Keys:
    """Return the secrets as bytes; an empty one would let anybody sign, and raises ValueError."""
    several = (secret,) if isinstance(secret, (str, bytes)) else tuple(secret)
    keys = tuple(one.encode() if isinstance(one, str) else one for one in several)
    if not keys or not all(keys):
        raise ValueError("the secret of a webhook is empty")
    return Keys(keys)


def _hmac(body: bytes, key: bytes) -> bytes:
    return f"{_SCHEME}{hmac.digest(key, body, 'sha256').hex()}".encode()


def sign(body: bytes, secret: str | bytes) -> str:
    """Return the value of `X-Hub-Signature` for a body, as the vendor computes it."""
    return _hmac(body, keys_of(secret).values[0]).decode()


def verify(body: bytes, signature: str | None, secret: SecretLike | Keys) -> None:
    """Raise SignatureError unless the value of `X-Hub-Signature` was made of this body with one of the secrets.

    The time it takes tells nothing of the secrets, nor which of them fits.
    """
    keys = secret if isinstance(secret, Keys) else keys_of(secret)
    del secret  # tracebacks with local variables show it
    if not signature:
        raise SignatureError("the delivery is not signed: set the secret of the webhook")
    if not signature.startswith(_SCHEME):
        raise SignatureError("the signature is not of the form sha256=…")
    given = signature.encode("utf-8", "surrogatepass")
    if not any([hmac.compare_digest(_hmac(body, key), given) for key in keys.values]):  # noqa: C419 - all, always
        raise SignatureError("the signature fits none of the secrets: another secret, or the body was changed")
