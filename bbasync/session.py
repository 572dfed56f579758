"""The session of both products: the path of a request from a service's call to the response or the error."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, TypedDict, TypeVar, cast
from urllib.parse import parse_qs, urljoin

import backoff
from attrs import define, evolve, field, frozen

from . import __version__
from .auth import Credential, CredentialLike, credential_of
from .concurrency import ConcurrencyLimiter, Turnstile
from .errors import (
    BROKEN,
    AuthenticationError,
    BitbucketError,
    DecodeError,
    ErrorDetails,
    RateLimitError,
    ResponseError,
    TransportError,
    class_for,
    clip,
)
from .paging import Cursor, Paging, lists
from .rate import Bucket, Rate, RateTracker, Token
from .request import (
    UNSET,
    JsonValue,
    Multipart,
    PathArgument,
    Query,
    RawResponse,
    Request,
    add_query,
    decode_error,
    encode_json,
    encode_query,
    expand,
    origin_of,
    quote_path,
)
from .retry import Again, RetryBudget, classify, named_delay, named_wait
from .transport import AiohttpTransport, RawStream, Stream, Timeouts, Transport, beginning_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType
    from typing import Unpack

    import aiohttp
    from cattrs import Converter

    from .paging import Pager

__all__ = ["ResponseEvent", "Session", "SessionOptions", "Stream"]

T = TypeVar("T")
log = logging.getLogger("bbasync")

MAX_WAIT: Final = 60.0
_NO_LIMIT: Final = float("inf")
_MAX_HOPS: Final = 5
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_IDEMPOTENT: Final = _SAFE | {"PUT", "DELETE"}
_LARGE: Final = 64 * 1024
"""Bytes from which a body is parsed one an iteration of the loop."""
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@frozen(kw_only=True)
class ResponseEvent:
    """One attempt, as passed to `on_response`."""

    method: str
    template: str
    status: int | None
    """None if no response arrived."""
    seconds: float
    """Seconds from getting a slot to the last byte of the body."""
    waited: float
    """Seconds spent waiting for the budget."""


@define(eq=False)
class _Call:
    """The state of one call over all its attempts and redirects."""

    request: Request
    max_wait: float
    stack: AsyncExitStack | None
    """Keeps the response of a stream open; None if the body is read at once."""
    tries: int = 0
    waited: float = 0.0
    authorization: str = field(default="", repr=False)
    """The Authorization header of the last attempt."""
    renewed: bool = False
    sent: bool = False
    """Whether the last attempt was sent."""
    uncertain: bool = False
    """Whether a failed attempt may have taken effect."""
    again: Again | None = None
    """Raised by the first attempt."""
    stream: RawStream | None = None

    @property
    def remaining(self) -> float:
        return max(0.0, self.max_wait - self.waited)


class SessionOptions(TypedDict, total=False):
    """Options of a session, in addition to the credential and the base URL."""

    http: aiohttp.ClientSession | None
    """An aiohttp session to use; it is never closed, and its Authorization, cookies and base URL are ignored."""
    transport: Transport | None
    """Sends the requests instead of aiohttp, for recording and replaying."""
    limiter: ConcurrencyLimiter | None
    """Limits the requests in flight; pass the same one to several sessions to share it."""
    rates: RateTracker | None
    """Keeps the rate limits; pass the same one to several sessions to share it."""
    max_wait: float | None
    """Seconds that a call may wait for its budget in total, 60 by default; None for no limit."""
    timeouts: Timeouts | None
    """Timeouts of the network."""
    allow_http: bool
    """Whether the credential may be sent unencrypted to another machine."""
    user_agent: str | None
    """The User-Agent header, by default `bbasync/VERSION`."""
    on_response: Callable[[ResponseEvent], object] | None
    """Called after every attempt, for metrics."""


class Session:
    """What `CloudSession` and `DataCenterSession` share.

    A call raises BitbucketError for every way in which it can fail. A session belongs to one event loop.
    """

    _converter: ClassVar[Converter]
    _write_headers: ClassVar[Mapping[str, str]] = {}
    """Header fields of every request that is not GET, HEAD or OPTIONS."""
    _pager: Pager

    def __init__(self, credential: CredentialLike | None, *, base_url: str, **options: Unpack[SessionOptions]) -> None:
        if unknown := sorted(options.keys() - SessionOptions.__optional_keys__):
            known = ", ".join(sorted(SessionOptions.__optional_keys__))
            raise TypeError(f"{type(self).__name__} has no option {', '.join(unknown)}; its options are {known}")
        http, transport = options.get("http"), options.get("transport")
        if http is not None and transport is not None:
            raise ValueError("pass http= or transport=, not both")
        self._credential: Credential = credential_of(credential)
        self._base_url = base_url.rstrip("/")
        self._prefix = f"{self._base_url}/"
        self._origin = origin_of(self._base_url)
        scheme, host, port = self._origin
        if scheme == "http" and host not in _LOOPBACK and not options.get("allow_http", False):
            raise ValueError(f"http://{host} would carry the credential unencrypted; use https, or allow_http=True")
        if "?" in base_url or "#" in base_url:
            raise ValueError("base_url must not have a query or a fragment")
        self._origin_url = f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
        self.limiter = options.get("limiter") or ConcurrencyLimiter()
        self.rates = options.get("rates") or RateTracker()
        max_wait = options.get("max_wait", MAX_WAIT)
        self._max_wait = _NO_LIMIT if max_wait is None else max_wait
        self._transport = transport or AiohttpTransport(http, timeouts=options.get("timeouts"))
        self._user_agent = options.get("user_agent") or f"bbasync/{__version__}"
        if not self._user_agent.isprintable() or not self._user_agent.isascii():
            raise ValueError(f"user_agent must be ASCII without control characters, got {self._user_agent!r}")
        self._on_response = options.get("on_response")
        self._retry_budget = RetryBudget()
        self._turnstile = Turnstile()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._buckets: dict[str, Bucket] = {}
        self._closed = False
        self._repeat = backoff.on_exception(backoff.runtime, Again, value=named_delay, jitter=None, logger=None)(
            self._attempt_again
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._base_url} as {self._credential.principal}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Cancel the session's tasks and close its connections, unless `http` or `transport` was passed."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        try:
            if self._tasks:
                await asyncio.wait(self._tasks)
            await self._credential.close()
        finally:
            await self._transport.close()

    # -- what a product defines -----------------------------------------------------------------------------------

    def _rate_of(self, group: str) -> Rate:
        """Return the default limit of a rate group."""
        raise NotImplementedError

    def _page_size(self, template: str) -> int:
        """Return the largest page size known to be accepted by a list."""
        raise NotImplementedError

    def _page_query(self, query: Query) -> Query:
        """Return the query of a list, completed with what paging needs."""
        return query

    def _read_error(self, response: RawResponse) -> ErrorDetails:
        """Read the body of an error response."""
        raise NotImplementedError

    def _error_class(self, status: int, details: ErrorDetails) -> type[ResponseError]:
        """Return the exception class of an error response."""
        del details
        return class_for(status)

    def _advice(self, status: int, details: ErrorDetails) -> str:
        """Return what the user can do about an error, an empty string if that is unknown."""
        del status, details
        return ""

    # -- what services call ---------------------------------------------------------------------------------------

    @property
    def base_url(self) -> str:
        """The URL that paths are appended to."""
        return self._base_url

    def _build(
        self,
        operation: str,
        arguments: Sequence[PathArgument] = (),
        *,
        query: Query | None = None,
        json: object = UNSET,
        form: Query | None = None,
        parts: Multipart | None = None,
        group: str = "api",
        accept: str = "application/json",
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
        leaves_origin: bool = False,
    ) -> Request:
        """Return the request of an operation; ValueError for an invalid path argument."""
        method, _, template = operation.partition(" ")
        url = self._base_url + expand(template, arguments)
        fields = {"Accept": accept} if headers is None else {"Accept": accept, **headers}
        body: bytes | Multipart | None = parts
        if json is not UNSET:
            fields["Content-Type"] = "application/json"
            body = encode_json(json)
        elif form is not None:
            fields["Content-Type"] = "application/x-www-form-urlencoded"
            body = encode_query(form).encode()
        elif body is None and method in {"POST", "PUT", "PATCH"}:
            body = b""  # an empty body has a Content-Length of 0, without which Cloud answers 411
        return Request(
            method=method,
            template=template,
            url=add_query(url, query) if query else url,
            headers=fields,
            body=body,
            group=group,
            repeatable=method in _IDEMPOTENT if repeatable is None else repeatable,
            json=accept == "application/json",
            leaves_origin=leaves_origin,
        )

    def _cursor(self, request: Request, decode: Callable[[list[Any]], list[T]], paging: Paging | None) -> Cursor[T]:
        """Return the cursor over the pages of a list."""
        paging = paging or Paging()
        size = paging.size or self._page_size(request.template)
        if paging.size is None and paging.limit is not None:
            size = min(size, paging.limit)
        return Cursor(self._json, request, self._pager, decode, size, paging, self._spawn)

    async def _json(self, request: Request) -> JsonValue:
        return (await self._send(request)).json()

    async def request(
        self, method: str, path: str, *, query: Query | None = None, json: object = UNSET, form: Query | None = None
    ) -> JsonValue:
        """Call an operation that has no method and return its JSON, None for an empty response.

        `path` starts with a slash and is appended to the base URL; `%xx` in it is kept. Credential, budget, slots and
        retries are those of all other calls; a POST is not retried once it may have been handled.
        """
        return await self._json(self._by_path(method, path, query=query, json=json, form=form))

    @lists
    def paginate(
        self, path: str, *, query: Query | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[dict[str, Any]]:
        """List the items at a path as plain dicts, page by page."""
        path, _, own = path.partition("?")
        request = self._by_path(
            "GET", path, query=self._page_query({**parse_qs(own, keep_blank_values=True), **(query or {})})
        )
        return cast("AsyncGenerator[dict[str, Any]]", self._cursor(request, list, paging))

    def open(
        self, method: str, path: str, *, query: Query | None = None, json: object = UNSET, form: Query | None = None
    ) -> AbstractAsyncContextManager[Stream]:
        """Call an operation that has no method and read its response in chunks, whatever its type.

        Used as `async with bb.open("GET", path) as stream`. A GET follows redirects to other hosts, without the
        credential. `path` is as in `request`.
        """
        return self._stream(self._by_path(method, path, query=query, json=json, form=form, accept="*/*"))

    def _by_path(
        self,
        method: str,
        path: str,
        *,
        query: Query | None,
        json: object = UNSET,
        form: Query | None = None,
        accept: str = "application/json",
    ) -> Request:
        url = self._base_url + quote_path(path)
        leaves_origin = accept == "*/*"  # what is not JSON may be stored elsewhere: downloads, logs
        request = self._build(f"{method.upper()} /", json=json, form=form, accept=accept, leaves_origin=leaves_origin)
        return evolve(request, template=path.partition("?")[0], url=add_query(url, query or {}))

    def _structure(self, model: type[T], operation: str, response: RawResponse) -> T:
        """Return the response as a model; DecodeError, which keeps the body, if it has another shape."""
        try:
            return self._converter.structure(response.json(), model)
        except BROKEN as error:
            name = getattr(model, "__name__", model)
            raise decode_error(operation, response, f"the body is not a {name}: {clip(str(error))}") from error

    def _spawn(self, coroutine: Any) -> asyncio.Task[Any]:
        """Run a coroutine in a task that `close` cancels."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # nobody waits for a page ahead that failed: mark its exception as retrieved

    def _send(self, request: Request) -> Coroutine[Any, Any, RawResponse]:
        """Send a request and return the response of a success with its body."""
        return self._follow(_Call(request, self._max_wait, None))

    @asynccontextmanager
    async def _stream(self, request: Request) -> AsyncGenerator[Stream, None]:
        """Send a request and read the body of a success in chunks.

        The slot is returned when the headers have arrived; open streams are counted in `limiter.streams`.
        """
        async with AsyncExitStack() as stack:
            call = _Call(request, self._max_wait, stack)
            await self._follow(call)
            assert call.stream is not None  # noqa: S101 - a call with a stack ends with a stream
            self.limiter.streams += 1
            try:
                yield Stream(call.stream)
            finally:
                self.limiter.streams -= 1

    # -- the path -------------------------------------------------------------------------------------------------

    async def _follow(self, call: _Call) -> RawResponse:
        self._check_open()
        for _ in range(_MAX_HOPS + 1):
            try:
                response = await self._attempt(call)
            except Again as again:
                call.again = again
                response = await self._repeat(call)
            if response.status not in _REDIRECTS:
                return response
            call.request = self._redirected(call.request, response)
            call.tries = 0
        raise self._transport_error(call.request, f"redirected more than {_MAX_HOPS} times")

    def _redirected(self, request: Request, response: RawResponse) -> Request:
        location = response.headers.get("location")
        if not location:
            raise self._transport_error(request, f"redirected with status {response.status}, but without a Location")
        try:
            url = urljoin(request.url, location)
            scheme, host, port = origin = origin_of(url)
        except ValueError as error:
            raise self._transport_error(request, f"redirected to a URL that is refused: {error}") from None
        target = f"{scheme}://{clip(host)}:{port}"
        if request.method not in {"GET", "HEAD"}:
            raise self._transport_error(
                request, f"redirected with status {response.status}; a {request.method} is not sent to another address"
            )
        if origin != self._origin and not request.leaves_origin:
            raise self._transport_error(
                request, f"redirected to another host, {target}, unexpectedly for this operation"
            )
        if origin == self._origin and not self._is_at_origin(request.url):
            raise self._transport_error(request, "redirected back to the API by another host; that is refused")
        if scheme == "http" and self._origin[0] == "https":
            raise self._transport_error(request, f"redirected from https to {target}, which is unencrypted")
        return evolve(request, url=url)

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("the session is closed")

    async def _attempt_again(self, call: _Call) -> RawResponse:
        """Raise the `Again` of the first attempt, so that backoff waits; attempt again when called once more.

        The first attempt is made outside of backoff, whose overhead most calls would pay for nothing.
        """
        again, call.again = call.again, None
        if again is not None:
            raise again
        return await self._attempt(call)

    async def _attempt(self, call: _Call) -> RawResponse:
        """Send the request once; raises `Again` if it must be retried."""
        call.tries += 1
        response: RawResponse | None = None
        try:
            response = await self._exchange(call)
            if len(response.body) > _LARGE:
                await self._turnstile.wait()
            self._check(call.request, response)
        except (TransportError, DecodeError, ResponseError) as error:
            if not call.sent:
                raise  # the credential could not be renewed, which was retried already
            return await self._failed(call, error, response)
        self._retry_budget.earn()
        return response

    async def _failed(self, call: _Call, error: BitbucketError, response: RawResponse | None) -> RawResponse:
        """Retry a failed attempt, or raise; a DELETE whose retry answers 404 has succeeded."""
        named: float | None = None
        if response is not None:
            named = named_wait(response.headers, self.rates.clock.wall())
            if response.status == 404 and call.request.method == "DELETE" and call.uncertain:
                return evolve(response, status=204, body=b"")
            at_origin = self._is_at_origin(call.request.url)  # a 401 of another host does not concern the credential
            if at_origin and isinstance(error, AuthenticationError) and not call.renewed:
                call.renewed = True
                if await self._credential.renew(call.authorization):
                    raise Again(error, 0.0) from error
        if self._closed:
            raise error
        again = classify(call.request, error, tries=call.tries, named_wait=named, max_wait=call.remaining)
        if not self._retry_budget.spend():
            raise error
        call.waited += named or 0.0
        call.uncertain = call.uncertain or not isinstance(error, TransportError) or error.sent
        raise again from error

    async def _exchange(self, call: _Call) -> RawResponse:
        """Take a token, then a slot, then the Authorization header, and send; token and slot are always returned."""
        request = call.request
        at_origin = self._is_at_origin(request.url)
        token = await self._take(call) if at_origin else None
        call.sent, started = False, 0.0
        response: RawResponse | None = None
        try:
            async with self.limiter:
                self._check_open()
                if token is not None and token.bucket.is_stale(token):
                    call.tries -= 1
                    raise Again(None, 0.0)
                attempt = request.with_headers(await self._headers(call, at_origin=at_origin))
                call.sent, started = True, time.perf_counter()
                response = await (
                    self._transport.send(attempt) if call.stack is None else self._open(call, call.stack, attempt)
                )
            if response.from_cache:
                call.sent = False
                return response
            if token is None or response.status != 429:
                if token is not None:
                    token.bucket.accepted(token, response.headers)
                return response
            # Refused before it was handled: this uses up no try, and the bucket decides how long to wait.
            call.tries -= 1
            token.bucket.refused(token, response.headers, named_wait(response.headers, self.rates.clock.wall()))
            raise Again(None, 0.0)
        finally:
            if token is not None:
                token.bucket.spend(token) if call.sent else token.bucket.give_back(token)
            if call.sent and (self._on_response is not None or log.isEnabledFor(logging.DEBUG)):
                self._report(call, response, time.perf_counter() - started, token)

    async def _take(self, call: _Call) -> Token:
        bucket = self._bucket(call.request.group)
        try:
            token = await bucket.acquire(call.remaining if call.max_wait != _NO_LIMIT else None)
        except RateLimitError as error:
            error.method, error.template = call.request.method, call.request.template
            raise
        call.waited += token.waited
        return token

    def _bucket(self, group: str) -> Bucket:
        bucket = self._buckets.get(group)
        if bucket is None:
            bucket = self.rates.bucket(self._origin_url, self._credential.principal, group, self._rate_of(group))
            self._buckets[group] = bucket
        return bucket

    async def _headers(self, call: _Call, *, at_origin: bool) -> dict[str, str]:
        if not at_origin:
            return {"User-Agent": self._user_agent, "Accept": "*/*"}  # the session's headers never leave its origin
        headers = {"User-Agent": self._user_agent, **call.request.headers}
        if call.request.method not in _SAFE:
            headers.update(self._write_headers)
        authorization = call.authorization = await self._credential.authorization()
        if authorization:
            headers["Authorization"] = authorization
        return headers

    def _report(self, call: _Call, response: RawResponse | None, seconds: float, token: Token | None) -> None:
        method, template = call.request.method, call.request.template
        status = None if response is None else response.status
        waited = 0.0 if token is None else token.waited
        log.debug("%s %s: %s in %.3f s, waited %.3f s, try %d", method, template, status, seconds, waited, call.tries)
        if self._on_response is not None:
            self._on_response(
                ResponseEvent(method=method, template=template, status=status, seconds=seconds, waited=waited)
            )

    async def _open(self, call: _Call, stack: AsyncExitStack, request: Request) -> RawResponse:
        """Send a request; the body of a success stays open in the call's stack."""
        async with AsyncExitStack() as opened:
            stream = await opened.enter_async_context(self._transport.stream(request))
            body = b""
            if stream.status < 300:
                call.stream = stream
                stack.push_async_exit(opened.pop_all())
            else:
                body = await beginning_of(stream)
            return RawResponse(status=stream.status, headers=stream.headers, body=body, url=request.url)

    # -- what a response means ------------------------------------------------------------------------------------

    def _check(self, request: Request, response: RawResponse) -> None:
        """Raise if the response is an error or its body is broken."""
        if response.status in _REDIRECTS:
            return
        if response.status >= 300:
            raise self._response_error(request, response)
        if not request.json:
            return
        if "text/html" in response.headers.get("content-type", "") and response.body.strip():
            raise decode_error(request.operation, response, "the body is an HTML page, perhaps a login page")
        try:
            response.json()
        except ValueError:
            raise decode_error(request.operation, response, "the body is not valid JSON") from None

    def _response_error(self, request: Request, response: RawResponse) -> ResponseError:
        details = ErrorDetails()
        if "html" not in response.headers.get("content-type", ""):
            with contextlib.suppress(ValueError, TypeError, AttributeError):
                details = self._read_error(response)
        reason = clip(details.detail or details.message) or "the server gave no reason"
        advice = self._advice(response.status, details)
        return self._error_class(response.status, details)(
            f"{response.status}: {reason}{f' ({advice})' if advice else ''}",
            method=request.method,
            template=request.template,
            status=response.status,
            url=request.url if self._is_at_origin(request.url) else request.url.partition("?")[0],
            request_id=response.headers.get("x-request-id") or response.headers.get("x-arequestid"),
            details=details,
        )

    def _is_at_origin(self, url: str) -> bool:
        return url.startswith(self._prefix) or origin_of(url) == self._origin

    @staticmethod
    def _transport_error(request: Request, message: str) -> TransportError:
        return TransportError(message, method=request.method, template=request.template)
