"""The transport over aiohttp: single requests, read completely or streamed; no retries, redirects or credentials."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Protocol

import aiohttp
from attrs import evolve
from yarl import URL

from .errors import TransportError, clip
from .request import Multipart, Part, RawResponse, Request, Timeouts

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Mapping

__all__ = ["AiohttpTransport", "RawStream", "Stream", "Timeouts", "Transport"]

MAX_BODY: Final = 64 * 1024 * 1024
_MAX_ERROR_BODY: Final = 1024 * 1024
_NEVER_SENT: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class RawStream(Protocol):
    """A response whose body is read in chunks."""

    @property
    def status(self) -> int:
        """The status code."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The header fields, with names in lower case."""
        ...

    @property
    def url(self) -> str:
        """The URL of the request."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body in chunks as they arrive; TransportError if it is truncated."""
        ...


async def beginning_of(stream: RawStream) -> bytes:
    """Return the beginning of a body, enough to read an error from it."""
    body = b""
    async for chunk in stream.chunks():
        body += chunk
        if len(body) > _MAX_ERROR_BODY:
            break
    return body


class Transport(Protocol):
    """Sends single requests; can be implemented for recording and replaying."""

    async def send(self, request: Request) -> RawResponse:
        """Send the request and read the whole body; TransportError if no complete response arrives."""
        ...

    def stream(self, request: Request) -> AbstractAsyncContextManager[RawStream]:
        """Send the request and return once the headers have arrived."""
        ...


class _OneAttempt:
    """Makes aiohttp send exactly the given request, exactly once.

    aiohttp retries idempotent requests by itself if a keep-alive connection was dropped, and adds the cookies, default
    Authorization and default headers of the caller's session. A middleware of the request replaces those of the
    session.
    https://docs.aiohttp.org/en/stable/client_advanced.html#client-middleware
    """

    def __init__(self, authorization: str | None, unwanted: Collection[str]) -> None:
        self._authorization = authorization
        self._unwanted = unwanted
        """Names of the session's default headers that we do not send, in lower case."""
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
        response = await handler(request)
        # aiohttp would keep the server's cookies in the caller's jar, and has no public way to prevent it.
        response._raw_cookie_headers = ()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # as said above
        return response


class Stream:
    """A response body read in chunks, once: `async for chunk in stream`."""

    def __init__(self, raw: RawStream) -> None:
        self._raw = raw
        self.status = raw.status
        self.headers = raw.headers

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._raw.chunks()

    async def read(self) -> bytes:
        """Return what is left of the body."""
        return b"".join([chunk async for chunk in self._raw.chunks()])


class AiohttpTransport:
    """The transport of a session, over its own aiohttp session or the caller's."""

    def __init__(
        self, http: aiohttp.ClientSession | None = None, *, timeouts: Timeouts | None = None, max_body: int = MAX_BODY
    ) -> None:
        if http is not None:
            _check_borrowed(http)
        self._http = http
        self._owned = http is None
        self._max_body = max_body
        self._reading: set[aiohttp.ClientResponse] = set()
        self._timeouts = timeouts or Timeouts()

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            # The session's ConcurrencyLimiter is the limit; a second one in the pool would only obscure it.
            self._http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar(), requote_redirect_url=False
            )
        return self._http

    async def close(self) -> None:
        """Close the aiohttp session unless it is the caller's."""
        if self._owned and self._http is not None:
            for response in self._reading:  # aiohttp would leave the readers waiting indefinitely
                response.content.set_exception(aiohttp.ClientConnectionError("the session was closed"))
            await self._http.close()

    async def send(self, request: Request) -> RawResponse:
        """Send the request and read the whole body; TransportError if it is larger than `max_body` bytes."""
        response = await self._open(request, _client_timeout(request.timeouts or self._timeouts))
        try:
            body = await self._read(request, response)
            return RawResponse(
                status=response.status,
                headers=_headers(response),
                body=body,
                url=request.url,
                from_cache=getattr(response, "from_cache", False),  # set by aiohttp-client-cache
            )
        finally:
            self._release(response)

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncGenerator[RawStream, None]:
        """Send the request; the caller reads the body, which may be of any size."""
        timeouts = request.timeouts or self._timeouts
        try:
            async with asyncio.timeout(timeouts.total):
                response = await self._open(request, _client_timeout(evolve(timeouts, total=None)))
        except TimeoutError as error:
            raise _transport_error(request, error) from error
        try:
            yield _AiohttpStream(request, response, timeouts)
        finally:
            self._release(response)

    async def _open(self, request: Request, timeout: aiohttp.ClientTimeout) -> aiohttp.ClientResponse:
        http = self._session()
        headers, authorization = request.headers, request.headers.get("Authorization")
        if http.auth is not None or http.trust_env:  # aiohttp refuses an Authorization header in addition to these
            headers = {name: value for name, value in headers.items() if name != "Authorization"}
        data: aiohttp.MultipartWriter | bytes | None
        if isinstance(request.body, tuple):
            data = _open_multipart(request, request.body)
            headers = {**headers, "Content-Type": data.content_type}  # else a default of the session would win
        else:
            data = request.body
        unwanted: Collection[str] = ()
        if http.headers:
            ours = {name.lower() for name in headers}
            unwanted = [name for name in http.headers if name.lower() not in ours]
        try:
            response = await http.request(
                request.method,
                URL(request.url, encoded=True),
                headers=headers,
                skip_auto_headers=("Content-Type",) if request.body == b"" else None,
                data=data,
                allow_redirects=False,
                raise_for_status=False,
                timeout=timeout,
                middlewares=(_OneAttempt(authorization, unwanted),),
            )
        except _NETWORK_ERRORS as error:
            raise _transport_error(request, error) from error
        if self._owned:
            self._reading.add(response)
        return response

    def _release(self, response: aiohttp.ClientResponse) -> None:
        """Return the connection to the pool if the body was read completely, else close it."""
        if self._owned:
            self._reading.discard(response)
        if response.content.at_eof():
            response.release()
        else:
            response.close()

    async def _read(self, request: Request, response: aiohttp.ClientResponse) -> bytes:
        content = response.content
        chunks: list[bytes] = []
        content_length, size = response.content_length or 0, 0
        try:
            while max(content_length, size) <= self._max_body and not content.at_eof():
                chunks.append(await content.readany())
                size += len(chunks[-1])
            if max(content_length, size) > self._max_body:
                raise TransportError(
                    f"the response is larger than {self._max_body} bytes; stream it, or request smaller pages",
                    **request.labels,
                    final=True,
                )
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)
        except _NETWORK_ERRORS as error:
            raise _transport_error(request, error) from error
        finally:
            chunks.clear()  # so that tracebacks with local variables do not show a truncated body


class _AiohttpStream:
    def __init__(self, request: Request, response: aiohttp.ClientResponse, timeouts: Timeouts) -> None:
        self._request = request
        self._response = response
        self._timeouts = timeouts
        self.status = response.status
        self.headers = _headers(response)
        self.url = request.url

    async def chunks(self) -> AsyncIterator[bytes]:
        content, loop = self._response.content, asyncio.get_running_loop()
        waited, size = 0.0, 0
        while True:
            began = loop.time()
            try:
                chunk = await content.readany()
            except _NETWORK_ERRORS as error:
                raise _transport_error(self._request, error) from error
            if not chunk:
                return
            waited, size = waited + loop.time() - began, size + len(chunk)
            if waited >= self._timeouts.read:
                if size < waited * self._timeouts.least_rate:
                    raise TransportError(
                        f"the stream delivered {size} bytes in {waited:.0f} s, less than the "
                        f"{self._timeouts.least_rate:g} bytes per second of Timeouts(least_rate=)",
                        **self._request.labels,
                    )
                waited, size = 0.0, 0
            yield chunk


_NETWORK_ERRORS: Final = (asyncio.TimeoutError, aiohttp.ClientError, OSError)


def _transport_error(request: Request, error: BaseException) -> TransportError:
    """Return the TransportError that describes an error of aiohttp or of the network."""
    match error:
        case aiohttp.ConnectionTimeoutError():
            message = "timed out while connecting or waiting for a free connection in the pool"
        case aiohttp.SocketTimeoutError():
            message = "timed out: the server sent nothing for as long as Timeouts(read=) allows"
        case asyncio.TimeoutError():
            message = "timed out; Timeouts(total=) allows more time for a whole response"
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            message = (
                f"the certificate of {error.host}:{error.port} was rejected: {clip(_ssl_reason(error))}; "
                "to use your own CA, pass http= with a connector that trusts it"
            )
        case aiohttp.ClientConnectorError():
            message = f"cannot connect to {error.host}:{error.port}: {clip(error.strerror or str(error.os_error))}"
        case _:
            message = f"the connection broke: {type(error).__name__}"
    return TransportError(
        message,
        **request.labels,
        sent=not isinstance(error, _NEVER_SENT),
        final=isinstance(error, aiohttp.ClientSSLError),
    )


@lru_cache(maxsize=64)
def _client_timeout(timeouts: Timeouts) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(
        total=timeouts.total, connect=timeouts.connect, sock_connect=timeouts.connect, sock_read=timeouts.read
    )


def _check_borrowed(http: aiohttp.ClientSession) -> None:
    """Raise ValueError for a session of the caller with which requests would go wrong."""
    if "Host" in http.headers:
        raise ValueError(
            "the default header Host of http= would send the credential to another virtual host; remove it"
        )
    if not http.auto_decompress:
        raise ValueError("http= must be created with auto_decompress=True, since responses are compressed")
    _refuse_shared_cache(http)


def _refuse_shared_cache(http: aiohttp.ClientSession) -> None:
    """Raise ValueError if a credential could get responses that aiohttp-client-cache has stored for another."""
    cache: Any = getattr(http, "cache", None)
    if cache is None:
        return
    is_keyed = cache.include_headers and "authorization" not in {name.lower() for name in cache.ignored_params}
    if not is_keyed or http.auth is not None or http.trust_env:
        raise ValueError(
            "this cache would share responses between credentials: create it with include_headers=True and without "
            "'Authorization' in ignored_params, and the session without auth= and trust_env="
        )


def _ssl_reason(error: aiohttp.ClientSSLError) -> str:
    return str(
        error.certificate_error if isinstance(error, aiohttp.ClientConnectorCertificateError) else error.os_error
    )


def _headers(response: aiohttp.ClientResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _open_multipart(request: Request, parts: Multipart) -> aiohttp.MultipartWriter:
    """Open the files of a body; TransportError if one cannot be opened any more."""
    try:
        return _multipart_writer(parts)
    except OSError as error:
        raise TransportError(
            f"the file to upload cannot be read: {error}", **request.labels, sent=False, final=True
        ) from error


def _multipart_writer(parts: Multipart) -> aiohttp.MultipartWriter:
    writer = aiohttp.MultipartWriter("form-data")
    for part in parts:
        payload = writer.append(_open_content(part), {"Content-Type": part.content_type or "application/octet-stream"})
        disposition = {"name": part.name}
        if part.filename is not None:
            disposition["filename"] = part.filename
        if part.attributes is not None:
            disposition["x-attributes"] = part.attributes
        payload.set_content_disposition("form-data", quote_fields=False, **disposition)
    return writer


def _open_content(part: Part) -> IO[bytes]:
    match part.content:
        case bytes() as content:
            return BytesIO(content)
        case str() as content:
            return BytesIO(content.encode())
        case Path() as path:
            return path.open("rb")
        case opener:
            return opener()
