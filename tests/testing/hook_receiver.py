"""The bot's end of a webhook: keeps what comes, and answers as told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import attrs
import orjson
from aiohttp import web
from aiohttp.test_utils import TestServer

from bbasync.testing.cloud.query import is_object
from bbasync.webhooks import Event, WebhookRouter, parse

SECRET: Final = "Gr8*hush/hush=Qz3"
DROP: Final = 0
"""Instead of a status: the connection is closed without an answer."""


@attrs.define
class Receiver:
    """`statuses` are answered one after another, then 200; while `open` is not set nothing is answered."""

    statuses: list[int]
    open: asyncio.Event
    url: str = ""
    requests: list[tuple[Mapping[str, str], bytes]] = attrs.field(factory=list[tuple[Mapping[str, str], bytes]])

    async def handle(self, request: web.Request) -> web.Response:
        self.requests.append((request.headers, await request.read()))
        await self.open.wait()
        status = self.statuses.pop(0) if self.statuses else 200
        if status == DROP and request.transport is not None:
            request.transport.abort()
        return web.Response(status=status or 200, headers={"Location": "/elsewhere"} if status == 302 else {})

    @property
    def keys(self) -> list[str]:
        return [headers["X-Event-Key"] for headers, _ in self.requests]

    def take(self, secret: str | None = SECRET) -> dict[str, Any]:
        """Return what came since the last time: the typed event by key, each checked against the secret."""
        came, self.requests = self.requests, []
        events: dict[str, Event] = {}
        for headers, body in came:
            event = parse(headers, body, secret=secret)
            assert type(event).key == headers["X-Event-Key"]
            assert event.raw == orjson.loads(body)
            events[type(event).key] = event
        assert len(events) == len(came), "a key came twice"
        return events


@asynccontextmanager
async def receiving(*statuses: int, hold: bool = False) -> AsyncGenerator[Receiver]:
    receiver = Receiver(list(statuses), asyncio.Event())
    if not hold:
        receiver.open.set()
    application = web.Application()
    application.router.add_post("/hook", receiver.handle)
    server = TestServer(application)
    await server.start_server(shutdown_timeout=0.05)
    receiver.url = str(server.make_url("/hook"))
    try:
        yield receiver
    finally:
        await server.close()


@asynccontextmanager
async def attached(router: WebhookRouter) -> AsyncGenerator[str]:
    """Serve a router, and yield the URL for its webhooks."""
    application = web.Application()
    router.attach(application, "/hook")
    async with TestServer(application) as server:
        yield str(server.make_url("/hook"))


def shape(value: object) -> set[str]:
    """Return the names at the top of a payload, and one below."""
    outer = value if is_object(value) else {}
    return {*outer, *(f"{name}.{below}" for name, inner in outer.items() if is_object(inner) for below in inner)}
