"""Webhooks: the signature check, typed events, and a router.

::

    router = WebhookRouter(secret=secret)

    @router.on(cloud.PullRequestCreated)
    async def greet(event: cloud.PullRequestCreated) -> None:
        print(event.pullrequest.title)

    router.attach(app, "/hook")  # an aiohttp.web.Application; `router.accept` serves any other framework
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bbasync.errors import PayloadError as PayloadError
    from bbasync.errors import PayloadTooLargeError as PayloadTooLargeError
    from bbasync.errors import SignatureError as SignatureError
    from bbasync.errors import WebhookError as WebhookError

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

_MODULES = {
    "bbasync.errors": ["PayloadError", "PayloadTooLargeError", "SignatureError", "WebhookError"],
    "bbasync.webhooks.cloud": ["cloud"],
    "bbasync.webhooks.datacenter": ["datacenter"],
    "bbasync.webhooks.events": ["Delivery", "Event", "Product", "UnknownEvent"],
    "bbasync.webhooks.parsing": ["parse"],
    "bbasync.webhooks.router": ["WebhookRouter"],
    "bbasync.webhooks.signature": ["sign", "verify"],
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}

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


def __getattr__(name: str) -> object:
    module = _HOME.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    loaded = import_module(module)
    value = loaded if module == f"{__name__}.{name}" else getattr(loaded, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
