"""The signature of a delivery: `X-Hub-Signature: sha256=` and the HMAC-SHA256 of the raw body, in hexadecimal."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Final

from attrs import field, frozen

from bbasync.errors import SignatureError

__all__ = ["Keys", "SecretLike", "keys_of", "sign", "verify"]

SecretLike = str | bytes | Sequence[str | bytes]
"""The secret of a webhook, or several secrets while one replaces another."""
_SCHEME: Final = "sha256="


@frozen
class Keys:
    """Secrets as bytes, excluded from the repr."""

    values: tuple[bytes, ...] = field(repr=False)


def keys_of(secret: SecretLike) -> Keys:
    """Return the secrets as bytes; ValueError if one is empty, with which anyone could sign."""
    secrets = (secret,) if isinstance(secret, (str, bytes)) else tuple(secret)
    keys = tuple(item.encode() if isinstance(item, str) else item for item in secrets)
    if not keys or not all(keys):
        raise ValueError("the secret of a webhook is empty")
    return Keys(keys)


def _signature(body: bytes, key: bytes) -> bytes:
    return f"{_SCHEME}{hmac.digest(key, body, 'sha256').hex()}".encode()


def sign(body: bytes, secret: str | bytes) -> str:
    """Return the value of `X-Hub-Signature` for a body, as Bitbucket computes it."""
    return _signature(body, keys_of(secret).values[0]).decode()


def verify(body: bytes, signature: str | None, secret: SecretLike | Keys) -> None:
    """Raise SignatureError unless `signature`, the value of `X-Hub-Signature`, matches the body and one of the secrets.

    The time it takes reveals neither the secrets nor which of them matches.
    """
    keys = secret if isinstance(secret, Keys) else keys_of(secret)
    del secret  # tracebacks with local variables would show it
    if not signature:
        raise SignatureError("the delivery is not signed: set a secret in the webhook")
    if not signature.startswith(_SCHEME):
        raise SignatureError("the signature does not have the form sha256=…")
    given = signature.encode("utf-8", "surrogatepass")
    if not any([hmac.compare_digest(_signature(body, key), given) for key in keys.values]):  # noqa: C419 - no early exit
        raise SignatureError("the signature matches none of the secrets: the secret is wrong, or the body was changed")
