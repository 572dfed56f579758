"""From the headers and the body of a request to a typed event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import orjson

from bbasync.convert import CAMEL, SNAKE
from bbasync.errors import BROKEN, PayloadError, PayloadTooLargeError, clip

from . import cloud, datacenter
from .events import Delivery, Event, Product, UnknownEvent
from .signature import keys_of, verify

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .signature import Keys, SecretLike

__all__ = ["lowered", "parse", "read"]

_OF_CLOUD: Final = frozenset({"x-hook-uuid", "x-request-uuid", "x-attempt-number"})
"""Headers that only Cloud sends; Data Center's `X-Request-Id` is one that proxies add to anything."""


def parse(headers: Mapping[str, str], body: bytes, *, secret: SecretLike | None, max_size: int | None = None) -> Event:
    """Return the event that a request of Bitbucket brings, Cloud or Data Center.

    `body` is the body as it came, before anybody decoded it. `secret` is that of the webhook, or several while one
    replaces another; None leaves the signature unchecked. The signature is checked before the body is read.

    Raises PayloadTooLargeError for a body of more than `max_size` bytes, SignatureError, and PayloadError where there
    is no event. A key this version does not know is no error but an `UnknownEvent`.
    """
    keys = None if secret is None else keys_of(secret)
    del secret  # tracebacks with local variables show it
    return read(lowered(headers), body, keys, max_size)


def lowered(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers by lower-case names; the first of several counts."""
    found: dict[str, str] = {}
    for name, value in headers.items():
        found.setdefault(name.lower(), value)
    return found


def read(headers: Mapping[str, str], body: bytes, keys: Keys | None, max_size: int | None) -> Event:
    """Return the event; `parse` says the rest."""
    if max_size is not None and len(body) > max_size:
        raise PayloadTooLargeError(f"the body has {len(body)} bytes, more than the {max_size} allowed")
    if keys is not None:
        verify(body, headers.get("x-hub-signature"), keys)
    delivery = _delivery_of(headers)
    event = _structure(_load(body), delivery)
    event._delivery = delivery  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - set once, here
    return event


def _delivery_of(headers: Mapping[str, str]) -> Delivery:
    """Return what the headers say; PayloadError where they name no event."""
    key = headers.get("x-event-key")
    if not key:
        raise PayloadError("the request names no event: it has no X-Event-Key header")
    if not _OF_CLOUD.isdisjoint(headers) or key in cloud.EVENTS:
        return Delivery(
            product=Product.CLOUD,
            event_key=key,
            hook_id=headers.get("x-hook-uuid"),
            request_id=headers.get("x-request-uuid"),
            attempt=_number(headers.get("x-attempt-number", "")),
        )
    return Delivery(product=Product.DATA_CENTER, event_key=key, request_id=headers.get("x-request-id"))


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _load(body: bytes) -> dict[str, Any]:
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise PayloadError("the body is no JSON") from error
    if not isinstance(payload, dict):
        raise PayloadError("the body is no JSON object")
    return cast("dict[str, Any]", payload)


def _structure(payload: dict[str, Any], delivery: Delivery) -> Event:
    of_cloud = delivery.product is Product.CLOUD
    events, converter = (cloud.EVENTS, SNAKE) if of_cloud else (datacenter.EVENTS, CAMEL)
    try:
        return converter.structure(payload, events.get(delivery.event_key, UnknownEvent))
    except BROKEN as error:
        raise PayloadError(f"the body is not of the shape of {clip(delivery.event_key)}") from error
