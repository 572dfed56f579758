"""What all events have in common: the payload and the delivery."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from attrs import define, frozen

from bbasync.errors import clip
from bbasync.model import Model

__all__ = ["Delivery", "Event", "Product", "UnknownEvent", "printable"]


def printable(text: str) -> str:
    """Return text of a header for messages and logs: cut, and with control and bidirectional characters escaped."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in clip(text))


class Product(StrEnum):
    """The product that sent an event."""

    CLOUD = "cloud"
    DATA_CENTER = "datacenter"


@frozen(kw_only=True)
class Delivery:
    """The headers of a delivery; they are not signed, only the body is."""

    product: Product
    """The product that sent it."""
    event_key: str
    """The event key, such as `repo:push`."""
    hook_id: str | None = None
    """UUID of the webhook, without the braces that it has in the API; None on Data Center, which does not send it."""
    request_id: str | None = None
    """ID of the delivery request; None if not sent."""
    attempt: int | None = None
    """Number of the attempt, counted from 1; None on Data Center, which does not send it."""


class Event(Model):
    """Base class of all events: `raw` is the unchanged payload, `delivery` the content of the headers.

    Only events created by `parse` have a delivery.
    """

    __slots__ = ("_delivery",)
    key: ClassVar[str] = ""
    """The event key, such as `repo:push`; empty for unknown events, whose key is in `delivery`."""
    _delivery: Delivery

    @property
    def delivery(self) -> Delivery:
        """The delivery."""
        return self._delivery


@define(kw_only=True, eq=False)
class UnknownEvent(Event):
    """An event with a key that this version does not know; its only fields are `raw` and `delivery`."""
