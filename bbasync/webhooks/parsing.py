"""Parsing the headers and the body of a delivery into a typed event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import orjson

from bbasync.convert import CAMEL, SNAKE
from bbasync.errors import BROKEN, PayloadError, PayloadTooLargeError

from . import cloud, datacenter
from .binding import check
from .events import Delivery, Event, Product, UnknownEvent, printable
from .signature import keys_of, verify

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .signature import Keys, SecretLike

__all__ = ["lowered", "parse", "read"]

_CLOUD_HEADERS: Final = frozenset({"x-hook-uuid", "x-request-uuid", "x-attempt-number"})
"""Headers that only Cloud sends; Data Center's `X-Request-Id` proves nothing, since proxies add it to any request."""


def parse(headers: Mapping[str, str], body: bytes, *, secret: SecretLike | None, max_size: int | None = None) -> Event:
    """Return the event in a delivery from Bitbucket Cloud or Data Center.

    `body` is the raw body, before any decoding. `secret` is the secret of the webhook, or several secrets while one
    replaces another; None disables the signature check. The signature is checked before the body is parsed.

    Raises PayloadTooLargeError if the body has more than `max_size` bytes, SignatureError if the signature is missing
    or wrong, and PayloadError if the delivery is not an event or its body belongs to another key. An unknown key is not
    an error but an `UnknownEvent`.
    """
    keys = None if secret is None else keys_of(secret)
    del secret  # tracebacks with local variables would show it
    return read(lowered(headers), body, keys, max_size)


def lowered(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers by lower-case name; the first of repeated headers counts."""
    by_name: dict[str, str] = {}
    for name, value in headers.items():
        by_name.setdefault(name.lower(), value)
    return by_name


def read(headers: Mapping[str, str], body: bytes, keys: Keys | None, max_size: int | None) -> Event:
    """Return the event in a delivery, as `parse` does; names in `headers` are in lower case."""
    if max_size is not None and len(body) > max_size:
        raise PayloadTooLargeError(f"the body has {len(body)} bytes, more than the {max_size} allowed")
    if keys is not None:
        verify(body, headers.get("x-hub-signature"), keys)
    delivery = _delivery_of(headers)
    event = _structure(_load(body), delivery)
    check(event, delivery)
    event._delivery = delivery  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - set only here
    return event


def _delivery_of(headers: Mapping[str, str]) -> Delivery:
    """Return the content of the headers; PayloadError if the event key is missing."""
    key = headers.get("x-event-key")
    if not key:
        raise PayloadError("the delivery has no event key: the X-Event-Key header is missing")
    if not _CLOUD_HEADERS.isdisjoint(headers) or key in cloud.EVENTS:
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
        raise PayloadError("the body is not valid JSON") from error
    if not isinstance(payload, dict):
        raise PayloadError("the body is not a JSON object")
    return cast("dict[str, Any]", payload)


def _structure(payload: dict[str, Any], delivery: Delivery) -> Event:
    is_cloud = delivery.product is Product.CLOUD
    events, converter = (cloud.EVENTS, SNAKE) if is_cloud else (datacenter.EVENTS, CAMEL)
    try:
        return converter.structure(payload, events.get(delivery.event_key, UnknownEvent))
    except BROKEN as error:
        raise PayloadError(f"the body does not have the shape of {printable(delivery.event_key)}") from error
