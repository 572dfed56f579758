"""What all events have: the payload, and how it was delivered."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from attrs import define, frozen

from bbasync.model import Model

__all__ = ["Delivery", "Event", "Product", "UnknownEvent"]


class Product(StrEnum):
    """Who sent an event."""

    CLOUD = "cloud"
    DATA_CENTER = "datacenter"


@frozen(kw_only=True)
class Delivery:
    """How an event came: what the headers say. They are not signed; only the body is."""

    product: Product
    """Who sent it."""
    event_key: str
    """What happened, such as `repo:push`."""
    hook_id: str | None = None
    """The webhook's identifier, without the braces that the API writes around it; Data Center does not tell."""
    request_id: str | None = None
    """The identifier of the request."""
    attempt: int | None = None
    """The number of the attempt, from 1; Data Center does not tell."""


class Event(Model):
    """The base of all events: `raw` is the payload as it came, `delivery` what the headers say.

    `parse` makes events. One that was made otherwise has no delivery.
    """

    __slots__ = ("_delivery",)
    key: ClassVar[str] = ""
    """What happened, such as `repo:push`; an unknown event's is in its `delivery`."""
    _delivery: Delivery

    @property
    def delivery(self) -> Delivery:
        """How it came."""
        return self._delivery


@define(kw_only=True, eq=False)
class UnknownEvent(Event):
    """An event whose key this version does not know; all there is of it is in `raw` and `delivery`."""
