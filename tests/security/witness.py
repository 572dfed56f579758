"""A server on loopback that notes every request it gets, headers included."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import web
from attrs import define, field

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, Callable

MARK = "Xq9+hush/hush=Zr7"
"""A secret with characters that a URL and base64 write otherwise."""


@define(eq=False)
class Witness:
    """What came, and what it is answered with."""

    answer: Callable[[web.Request], web.StreamResponse] = lambda _request: web.json_response({})
    origin: str = ""
    requests: list[web.Request] = field(factory=list[web.Request])

    @property
    def url(self) -> str:
        return f"{self.origin}/2.0"

    @property
    def host(self) -> str:
        """Return host and port."""
        return self.origin.partition("//")[2]

    def sent(self, name: str) -> list[str]:
        """Return all values of a header that came."""
        return [value for request in self.requests for value in request.headers.getall(name, [])]


@asynccontextmanager
async def witness(
    answer: Callable[[web.Request], web.StreamResponse] | None = None, tls: ssl.SSLContext | None = None
) -> AsyncGenerator[Witness]:
    found = Witness(answer) if answer else Witness()

    async def handle(request: web.Request) -> web.StreamResponse:
        await request.read()
        found.requests.append(request)
        return found.answer(request)

    application = web.Application(client_max_size=2**26)
    application.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.05)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        found.origin = f"http{'s' if tls else ''}://127.0.0.1:{runner.addresses[0][1]}"
        yield found
    finally:
        await runner.cleanup()


def redirect(location: str, status: int = 302) -> web.Response:
    return web.Response(status=status, headers={"Location": location})


def redirecting(location: str, status: int = 302) -> Callable[[web.Request], web.StreamResponse]:
    return lambda _request: redirect(location, status)
