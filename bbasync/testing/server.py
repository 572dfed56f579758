"""What the fake servers share: a loopback socket, the request log, faults, and the order of the checks."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections import deque
from collections.abc import Mapping
from contextlib import contextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING, TypeAlias

import attrs
from aiohttp import web
from aiohttp.http import HttpProcessingError
from yarl import URL

from bbasync.testing import faults as spoil
from bbasync.testing.faults import Faults

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Iterable, Iterator
    from types import TracebackType
    from typing import Self

Handler: TypeAlias = "Callable[[web.Request], Awaitable[web.StreamResponse]]"
Route: TypeAlias = tuple[str, str, Handler]

LOG_SIZE = 20_000
"""Requests that the log keeps; older ones are dropped."""
BODY_SIZE = 64 * 1024 * 1024
SECRET_HEADERS = ("Authorization", "Cookie", "Proxy-Authorization")
WITH_SLASHES = re.compile(r"\{(name|path|revision|revspec|spec)\}$")
"""Last arguments of a path that may contain slashes."""


@attrs.define
class LoggedRequest:
    """A request as the server saw it, without its secrets."""

    method: str
    path_qs: str
    headers: Mapping[str, str]
    credential: str = "none"
    """The kind of credential, such as `api_token`."""
    principal: str = ""
    """Who asked, if the credential says so."""
    status: int | None = None
    """The status of the response; None while there is none, and where the connection was dropped instead."""


@attrs.frozen
class Caller:
    """Whom the credential of a request stands for."""

    credential: str
    principal: str


class Refusal(Exception):  # noqa: N818  # a response, not a failure of the program
    """Carries the response to a request that cannot be served."""

    def __init__(self, response: web.Response) -> None:
        super().__init__(response.status)
        self.response = response


LOGGED = web.RequestKey("logged", LoggedRequest)
CALLER = web.RequestKey("caller", Caller)


class FakeServer:
    """A server on a loopback socket, open from `start` to `stop`, or inside `async with`.

    A subclass gives the `routes`, and overrides `authenticate`, `admit` and `error` with its product's manners. Every
    request passes in this order: log, latency, faults, credential, rate limit, operation. Templates are the vendor's
    (`/projects/{projectKey}`); a last argument that may contain slashes (`path`, `name`, `spec`) includes them.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        latency: float = 0.0,
        faults: Faults | None = None,
        guarded: bool = False,
    ) -> None:
        self.requests: deque[LoggedRequest] = deque(maxlen=LOG_SIZE)
        self.faults = Faults() if faults is None else faults
        self.latency = latency
        self.guarded = guarded
        """Whether real source is behind it: its secrets are random then, and requests must name it as their host."""
        self.in_flight = 0
        self.begun = 0
        """Requests that have come since the server was made."""
        self.peak_in_flight = 0
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    def routes(self) -> Iterable[Route]:
        """Give (method, template, handler) of every operation, the most frequent first."""
        return ()

    def authenticate(self, request: web.Request) -> Caller:
        """Tell who asks, or raise `Refusal`."""
        del request
        return Caller("none", "anonymous")

    def admit(self, request: web.Request, caller: Caller) -> web.Response | None:
        """Count the request against its budget; return the response that refuses it, if it is spent."""
        del request, caller
        return None

    def error(self, status: int, message: str) -> web.Response:
        """Build an error in the envelope of the product."""
        return web.Response(status=status, text=message)

    def finish(self, request: web.Request, response: web.StreamResponse) -> None:
        """Add the headers that every answer carries."""

    def secret(self, name: str) -> str:
        """Return a credential to accept: its name, with a random end if the server is guarded."""
        return f"{name}-{secrets.token_hex(16)}" if self.guarded else name

    @property
    def origin(self) -> str:
        """Scheme, host and port, such as `http://127.0.0.1:41233`."""
        if self._runner is None:
            raise RuntimeError("the fake server is not started: use `async with`, or await start()")
        return str(URL.build(scheme="http", host=self._host, port=self._port))

    async def start(self) -> None:
        """Open the socket; with port 0 the system chooses a free one."""
        if self._runner is not None:
            raise RuntimeError("the fake server is started already")
        application = web.Application(client_max_size=BODY_SIZE, middlewares=[self._serve])
        for method, template, handler in self.routes():
            pattern = WITH_SLASHES.sub(r"{\1:.+}", template)
            application.router.add_route(method, re.sub(r"\{(\w+)\}", r"{\1:[^/]+}", pattern), handler)
        runner = web.AppRunner(application, access_log=None, handler_cancellation=True, shutdown_timeout=0.05)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host, self._port).start()
        except BaseException:
            await runner.cleanup()
            raise
        self._port = runner.addresses[0][1]
        self._runner = runner

    async def stop(self) -> None:
        """Close the socket and every connection; answers still under way are cut off."""
        runner, self._runner = self._runner, None
        if runner is None:
            return
        for site in list(runner.sites):
            await site.stop()
        # asyncio makes a connection known some steps after it was accepted, and closes its socket a step after the end
        await loop_steps(3)
        await runner.cleanup()
        await loop_steps(3)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _is_addressed(self, request: web.Request) -> bool:
        """Tell whether a request names this server, as one through a name that was bound to its address does not."""
        try:
            host = URL(f"http://{request.headers.get('Host', '')}").host
        except ValueError:
            return False
        return host == self._host.lower() or (is_loopback(self._host) and is_loopback(host))

    @web.middleware
    async def _serve(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        headers = request.headers.copy()
        for name in SECRET_HEADERS:
            headers.popall(name, None)
        logged = request[LOGGED] = LoggedRequest(request.method, request.path_qs, headers)
        self.requests.append(logged)
        self.begun += 1
        self.in_flight += 1
        self._idle.clear()
        self.peak_in_flight = max(self.peak_in_flight, self.in_flight)
        try:
            if self.latency:
                await asyncio.sleep(self.latency)
            response = await self._answer(request, handler)
            if request.transport is not None and not request.transport.is_closing():
                logged.status = response.status
            return response
        finally:
            self.in_flight -= 1
            if not self.in_flight:
                self._idle.set()

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self.guarded and not self._is_addressed(request):
            return web.Response(status=403, text="The Host header names another server\n")
        fault = self.faults.pick(request)
        if fault is not None and fault.kind == "rate_limited":  # a refused request spends nothing of the budget
            return await spoil.instead(fault, request, self.error)
        try:
            caller = request[CALLER] = self.authenticate(request)
            request[LOGGED].credential, request[LOGGED].principal = caller.credential, caller.principal
            refused = self.admit(request, caller)
            if refused is not None:
                return refused
            if fault is not None and fault.before:
                return await spoil.instead(fault, request, self.error)
            response = await handler(request)
        except Refusal as refusal:
            response = refusal.response
        except web.HTTPException as refusal:
            response = self.error(refusal.status, refusal.reason)
        self.finish(request, response)
        return response if fault is None else await spoil.afterwards(fault, request, response, self.error)


def with_trailing_slash(routes: Iterable[Route]) -> Iterator[Route]:
    """Yield the routes, then each with a slash at its end, as the servers of both products accept it.

    Where the last argument may contain slashes, the slash is part of the argument, such as in `/commits/{revision}`.
    The second half is matched last, so that it costs other requests nothing.
    """
    routes = list(routes)
    yield from routes
    yield from ((method, f"{path}/", handler) for method, path, handler in routes if not WITH_SLASHES.search(path))


def is_loopback(host: str | None) -> bool:
    """Tell whether a host of a URL is this machine; names other than localhost may lead anywhere."""
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False


@contextmanager
def reading_body() -> Generator[None]:
    """Refuse with 400 a body that is not what its headers say: its compression, its parts, or its characters."""
    try:
        yield
    except (web.RequestPayloadError, HttpProcessingError, ValueError, LookupError) as error:
        raise web.HTTPBadRequest(reason="The body is not what its headers say") from error


async def loop_steps(count: int) -> None:
    """Let the event loop take so many steps."""
    for _ in range(count):
        await asyncio.sleep(0)
