"""One attempt over aiohttp: send and read whole, or stream. No retries, no redirects, no credentials of its own."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Protocol

import aiohttp
from attrs import frozen
from yarl import URL

from .errors import TransportError, clip
from .request import Multipart, Part, RawResponse, Request

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Mapping

__all__ = ["AiohttpTransport", "RawStream", "Timeouts", "Transport"]

MAX_BODY: Final = 64 * 1024 * 1024
_ERROR_BODY: Final = 1024 * 1024
_UNSENT: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


@frozen(kw_only=True)
class Timeouts:
    """How long to wait, in seconds."""

    connect: float = 10.0
    """For a connection, the wait for one of the pool included."""
    read: float = 60.0
    """For the next bytes of an answer."""


class RawStream(Protocol):
    """An answer whose body is read piece by piece."""

    @property
    def status(self) -> int:
        """The status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The header fields, names in lower case."""
        ...

    @property
    def url(self) -> str:
        """The URL that answered."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body in pieces as they arrive; TransportError if it is cut short."""
        ...


async def beginning_of(stream: RawStream) -> bytes:
    """Return the beginning of a body, enough for an error to be read."""
    body = b""
    async for chunk in stream.chunks():
        body += chunk
        if len(body) > _ERROR_BODY:
            break
    return body


class Transport(Protocol):
    """Sends one request; recorders and replayers may stand in for aiohttp."""

    async def send(self, request: Request) -> RawResponse:
        """Send the request and read the whole body; TransportError if no whole answer arrives."""
        ...

    def stream(self, request: Request) -> AbstractAsyncContextManager[RawStream]:
        """Send the request and return once the headers have arrived."""
        ...

    async def close(self) -> None:
        """Close what it owns."""
        ...


class _OneAttempt:
    """Makes aiohttp send exactly what we hand over, exactly once.

    aiohttp repeats idempotent requests by itself when a kept-alive connection was dropped, and adds the borrowed
    session's cookies, default Authorization and default headers. A middleware of the request replaces those of the
    session.
    https://docs.aiohttp.org/en/stable/client_advanced.html#client-middleware
    """

    def __init__(self, authorization: str | None, unwanted: Collection[str]) -> None:
        self._authorization = authorization
        self._unwanted = unwanted
        self._sent = False

    async def __call__(
        self,
        request: aiohttp.ClientRequest,
        handler: Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]],
    ) -> aiohttp.ClientResponse:
        if self._sent:
            raise aiohttp.ServerDisconnectedError
        self._sent = True
        for name in self._unwanted:
            request.headers.pop(name, None)
        request.headers.pop("Cookie", None)
        if self._authorization is None:
            request.headers.pop("Authorization", None)
        else:
            request.headers["Authorization"] = self._authorization
        return await handler(request)


class AiohttpTransport:
    """The transport of a session; owns its aiohttp session, or borrows the caller's."""

    def __init__(
        self, http: aiohttp.ClientSession | None = None, *, timeouts: Timeouts | None = None, max_body: int = MAX_BODY
    ) -> None:
        timeouts = timeouts or Timeouts()
        if http is not None:
            _refuse_a_shared_cache(http)
        self._http = http
        self._owned = http is None
        self._max_body = max_body
        self._reading: set[aiohttp.ClientResponse] = set()
        self._timeout = aiohttp.ClientTimeout(
            total=None, connect=timeouts.connect, sock_connect=timeouts.connect, sock_read=timeouts.read
        )

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            # The session's ConcurrencyLimiter is the limit; a second one in the pool would only hide it.
            self._http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar(), requote_redirect_url=False
            )
        return self._http

    async def close(self) -> None:
        """Close the aiohttp session if it is ours."""
        if self._owned and self._http is not None:
            for response in self._reading:  # aiohttp would leave them waiting for ever
                response.content.set_exception(aiohttp.ClientConnectionError("the session was closed"))
            await self._http.close()

    async def send(self, request: Request) -> RawResponse:
        """Send the request and read the whole body, at most `max_body` bytes of it."""
        response = await self._open(request)
        try:
            body = await self._read(request, response)
            return RawResponse(
                status=response.status,
                headers=_headers(response),
                body=body,
                url=request.url,
                from_cache=getattr(response, "from_cache", False),  # of aiohttp-client-cache
            )
        finally:
            self._release(response)

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncGenerator[RawStream, None]:
        """Send the request; the body is read by the caller, without a limit of size."""
        response = await self._open(request)
        try:
            yield _AiohttpStream(request, response)
        finally:
            self._release(response)

    async def _open(self, request: Request) -> aiohttp.ClientResponse:
        http = self._session()
        headers, authorization = request.headers, request.headers.get("Authorization")
        if http.auth is not None or http.trust_env:  # aiohttp refuses the header beside a default of its own
            headers = {name: value for name, value in headers.items() if name != "Authorization"}
        unwanted: Collection[str] = ()
        if http.headers:
            unwanted = [name for name in http.headers if name not in request.headers and name != "Host"]
        data = _writer(request.body) if isinstance(request.body, tuple) else request.body
        try:
            response = await http.request(
                request.method,
                URL(request.url, encoded=True),
                headers=headers,
                skip_auto_headers=("Content-Type",) if request.body == b"" else None,
                data=data,
                allow_redirects=False,
                raise_for_status=False,
                timeout=self._timeout,
                middlewares=(_OneAttempt(authorization, unwanted),),
            )
        except _BROKEN as error:
            raise _translated(request, error) from error
        if self._owned:
            self._reading.add(response)
        return response

    def _release(self, response: aiohttp.ClientResponse) -> None:
        """Keep the connection if the body was read to its end, else drop it."""
        if self._owned:
            self._reading.discard(response)
        if response.content.at_eof():
            response.release()
        else:
            response.close()

    async def _read(self, request: Request, response: aiohttp.ClientResponse) -> bytes:
        content = response.content
        pieces: list[bytes] = []
        announced, size = response.content_length or 0, 0
        try:
            while max(announced, size) <= self._max_body and not content.at_eof():
                pieces.append(await content.readany())
                size += len(pieces[-1])
            if max(announced, size) > self._max_body:
                raise TransportError(
                    f"the answer is larger than {self._max_body} bytes; stream it, or ask for smaller pages",
                    method=request.method,
                    template=request.template,
                    final=True,
                )
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)
        except _BROKEN as error:
            raise _translated(request, error) from error
        finally:
            pieces.clear()  # a traceback with local variables does not show a body that was cut short


class _AiohttpStream:
    def __init__(self, request: Request, response: aiohttp.ClientResponse) -> None:
        self._request = request
        self._response = response
        self.status = response.status
        self.headers = _headers(response)
        self.url = request.url

    async def chunks(self) -> AsyncIterator[bytes]:
        content = self._response.content
        while True:
            try:
                piece = await content.readany()
            except _BROKEN as error:
                raise _translated(self._request, error) from error
            if not piece:
                return
            yield piece


_BROKEN: Final = (asyncio.TimeoutError, aiohttp.ClientError, OSError)


def _translated(request: Request, error: BaseException) -> TransportError:
    """Return what went wrong in our own words."""
    match error:
        case aiohttp.ConnectionTimeoutError():
            what = "timed out while connecting, or waiting for a free connection of the pool"
        case asyncio.TimeoutError():
            what = "timed out"
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            what = (
                f"the certificate of {error.host}:{error.port} is refused: {clip(_reason(error))}; "
                "for a CA of your own pass http= with a connector that trusts it"
            )
        case aiohttp.ClientConnectorError():
            what = f"cannot connect to {error.host}:{error.port}: {clip(error.strerror or str(error.os_error))}"
        case _:
            what = f"the connection broke: {type(error).__name__}"
    return TransportError(
        what,
        method=request.method,
        template=request.template,
        sent=not isinstance(error, _UNSENT),
        final=isinstance(error, aiohttp.ClientSSLError),
    )


def _refuse_a_shared_cache(http: aiohttp.ClientSession) -> None:
    """Raise ValueError if one credential would get what aiohttp-client-cache holds for another."""
    cache: Any = getattr(http, "cache", None)
    if cache is None:
        return
    apart = cache.include_headers and "authorization" not in {name.lower() for name in cache.ignored_params}
    if not apart or http.auth is not None or http.trust_env:
        raise ValueError(
            "this cache would mix the answers of credentials: make it with include_headers=True, without "
            "'Authorization' in ignored_params, and the session without auth= and trust_env="
        )


def _reason(error: aiohttp.ClientSSLError) -> str:
    return str(
        error.certificate_error if isinstance(error, aiohttp.ClientConnectorCertificateError) else error.os_error
    )


def _headers(response: aiohttp.ClientResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _writer(parts: Multipart) -> aiohttp.MultipartWriter:
    writer = aiohttp.MultipartWriter("form-data")
    for part in parts:
        payload = writer.append(_content(part), {"Content-Type": part.content_type or "application/octet-stream"})
        disposition = {"name": part.name}
        if part.filename is not None:
            disposition["filename"] = part.filename
        if part.attributes is not None:
            disposition["x-attributes"] = part.attributes
        payload.set_content_disposition("form-data", quote_fields=False, **disposition)
    return writer


def _content(part: Part) -> IO[bytes]:
    match part.content:
        case bytes() as content:
            return BytesIO(content)
        case str() as content:
            return BytesIO(content.encode())
        case Path() as path:
            return path.open("rb")
        case open_content:
            return open_content()
