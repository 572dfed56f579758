"""Webhooks: signature verification, typed events, and a router.

::

    router = WebhookRouter(secret=secret)

    @router.on(cloud.PullRequestCreated)
    async def greet(event: cloud.PullRequestCreated) -> None:
        print(event.pullrequest.title)

    router.attach(app, "/hook")  # an aiohttp.web.Application; for other frameworks, use `router.accept`
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync._lazy import attach
from bbasync.errors import PayloadError, PayloadTooLargeError, SignatureError, WebhookError

if TYPE_CHECKING:
    from . import cloud as cloud
    from . import datacenter as datacenter
    from .events import Delivery as Delivery
    from .events import Event as Event
    from .events import Product as Product
    from .events import UnknownEvent as UnknownEvent
    from .parsing import parse as parse
    from .router import WebhookRouter as WebhookRouter
    from .signature import sign as sign
    from .signature import verify as verify

__all__ = [
    "Delivery",
    "Event",
    "PayloadError",
    "PayloadTooLargeError",
    "Product",
    "SignatureError",
    "UnknownEvent",
    "WebhookError",
    "WebhookRouter",
    "cloud",
    "datacenter",
    "parse",
    "sign",
    "verify",
]

if not TYPE_CHECKING:  # type checkers would take any name for an object
    __getattr__, __dir__ = attach(
        __name__,
        {
            "cloud": "cloud",
            "datacenter": "datacenter",
            "events": "Delivery Event Product UnknownEvent",
            "parsing": "parse",
            "router": "WebhookRouter",
            "signature": "sign verify",
        },
    )
