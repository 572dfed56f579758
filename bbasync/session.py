"""The session of both products: options, life cycle, and what services call."""

from __future__ import annotations

import asyncio
import inspect
import math
from contextlib import asynccontextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, TypedDict, TypeVar, cast, overload
from urllib.parse import parse_qs

from attrs import evolve

from . import __version__
from .auth import Credential, CredentialLike, Secret, credential_of
from .concurrency import ConcurrencyLimiter
from .errors import BROKEN, ErrorDetails, ResponseError, class_for, clip
from .paging import Cursor, Fetcher, Paging, lists
from .pipeline import CallSettings, Pipeline, ResponseEvent
from .rate import Rate, RateTracker
from .request import (
    UNSET,
    Home,
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
    path_of,
    quote_path,
)
from .response import Dialect
from .transport import AiohttpTransport, Stream, Timeouts, Transport

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager
    from ssl import SSLContext
    from types import TracebackType
    from typing import Unpack

    import aiohttp
    from cattrs import Converter

    from .paging import Pager
    from .retry import RetryPolicy

__all__ = ["CallOptions", "ResponseEvent", "Session", "SessionOptions", "Stream"]

T = TypeVar("T")

_IDEMPOTENT: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_JSON: Final = "application/json"


class CallOptions(TypedDict, total=False):
    """Options that `with_options` can change."""

    max_wait: float | None
    """Seconds that a call may wait for its budget in total, 60 by default; None for no limit."""
    retry: RetryPolicy
    """How failed attempts are retried."""
    timeouts: Timeouts | None
    """Timeouts of the network."""
    background: bool
    """Whether calls give way to others on the same budget and slots, as those of a crawl should."""
    on_response: Callable[[ResponseEvent], object] | None
    """Called after every attempt, for metrics; what it raises is logged."""


class SessionOptions(CallOptions, total=False):
    """Options of a session, in addition to the credential and the base URL."""

    http: aiohttp.ClientSession | None
    """An aiohttp session to use; it is never closed, and its Authorization, cookies and base URL are ignored."""
    proxy: str | None
    """The URL of an HTTP proxy, in place of the environment's `HTTPS_PROXY` and `NO_PROXY`; it may have a password."""
    ssl: SSLContext | None
    """Trusted authorities and client certificates, in place of the system's and `SSL_CERT_FILE`."""
    transport: Transport | None
    """Sends the requests instead of aiohttp, for recording and replaying; it is never closed."""
    limiter: ConcurrencyLimiter | None
    """Limits the requests in flight; pass the same one to several sessions to share it."""
    rates: RateTracker | None
    """Keeps the rate limits; pass the same one to several sessions to share it."""
    allow_http: bool
    """Whether the credential may be sent unencrypted to another machine."""
    user_agent: str | None
    """The User-Agent header, by default `bbasync/VERSION`."""


def _check_names(owner: str, options: Mapping[str, object], known: frozenset[str]) -> None:
    if unknown := sorted(options.keys() - known):
        raise TypeError(f"{owner} has no option {', '.join(unknown)}; its options are {', '.join(sorted(known))}")


def _settings(base: CallSettings, options: CallOptions) -> CallSettings:
    """Return the settings with what the options change."""
    changes: dict[str, Any] = {name: options[name] for name in CallOptions.__optional_keys__ & options.keys()}  # type: ignore[literal-required]  # the names are those of the TypedDict
    if inspect.iscoroutinefunction(changes.get("on_response")):
        raise TypeError("on_response must be a function, not an async one: it is not awaited")
    if changes.get("max_wait", 0.0) is None:
        changes["max_wait"] = math.inf
    return evolve(base, **changes)


class Session:
    """What `CloudSession` and `DataCenterSession` share.

    A call raises BitbucketError for every way in which it can fail. A session belongs to one event loop.
    """

    _converter: ClassVar[Converter]
    _aliases: ClassVar[Sequence[str]] = ()
    """Other base URLs of the API, which responses may name."""
    _web_url: ClassVar[str] = ""
    """The web site, empty if nothing is read from it."""
    _write_headers: ClassVar[Mapping[str, str]] = {}
    """Header fields of every request that is not GET, HEAD or OPTIONS."""

    def __init__(self, credential: CredentialLike | None, *, base_url: str, **options: Unpack[SessionOptions]) -> None:
        _check_names(type(self).__name__, options, SessionOptions.__optional_keys__)
        http, transport = options.get("http"), options.get("transport")
        proxy, ssl = options.get("proxy"), options.get("ssl")
        if transport is not None and (http or proxy or ssl):
            raise ValueError("pass http=, proxy= and ssl=, or transport=, not both")
        self._credential: Credential = credential_of(credential)
        self._base_url = base_url.rstrip("/")
        self._home = _home(self._base_url, self._aliases, self._web_url, allow_http=options.get("allow_http", False))
        self._own_transport = AiohttpTransport(http, proxy=proxy, ssl=ssl) if transport is None else None
        self._settings = _settings(CallSettings(), cast("CallOptions", options))
        scheme, host, port = self._home.origin
        self._pipeline = Pipeline(
            home=self._home,
            origin_url=f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}",
            credential=self._credential,
            transport=transport or cast("Transport", self._own_transport),
            limiter=options.get("limiter") or ConcurrencyLimiter(),
            rates=options.get("rates") or RateTracker(),
            rate_of=self._rate_of,
            dialect=Dialect(self._read_error, self._error_class, self._advice),
            headers={"User-Agent": _checked_user_agent(options.get("user_agent"))},
            write_headers=self._write_headers,
        )
        self._tasks: set[asyncio.Task[Any]] = set()
        self._is_view = False

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._base_url} as {self._credential.principal}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def with_options(self, **options: Unpack[CallOptions]) -> Self:
        """Return a view of the session whose calls have other options.

        It shares everything else, and costs little: use one for a single call if that is convenient. Closing it does
        nothing.
        """
        _check_names("with_options()", options, CallOptions.__optional_keys__)
        view = object.__new__(type(self))
        # Services are public names: a view makes its own, which call through it.
        view.__dict__.update({name: value for name, value in vars(self).items() if name.startswith("_")})
        view.__dict__.pop("_fetcher", None)
        view._settings = _settings(self._settings, options)
        view._is_view = True
        return view

    async def close(self) -> None:
        """End what waits and runs in the session, and close its connections, unless they are the caller's.

        Calls that wait fail at once with RuntimeError. A renewal of the credential is waited for, for ten seconds.
        """
        if self._is_view:
            return
        self._pipeline.closing.close()
        for task in self._tasks:
            task.cancel()
        try:
            if self._tasks:
                await asyncio.wait(self._tasks)
            await self._credential.close()
        finally:
            if self._own_transport is not None:
                await self._own_transport.close()

    # -- what a product defines -----------------------------------------------------------------------------------

    def _rate_of(self, group: str) -> Rate:
        """Return the default limit of a rate group."""
        raise NotImplementedError

    def _url_of(self, path: str) -> str:
        """Return the URL of a path of the vendor's, with its arguments filled in."""
        return self._base_url + path

    def _page_size(self, template: str) -> int:
        """Return the largest page size known to be accepted by a list."""
        raise NotImplementedError

    def _pager_of(self, template: str) -> Pager:
        """Return how the pages of a list are linked."""
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

    def _advice(self, request: Request, status: int, details: ErrorDetails) -> str:
        """Return what the user can do about an error, an empty string if that is unknown."""
        del request, status, details
        return ""

    # -- what users call ------------------------------------------------------------------------------------------

    @property
    def base_url(self) -> str:
        """The URL that paths are appended to."""
        return self._base_url

    @property
    def limiter(self) -> ConcurrencyLimiter:
        """Limits the requests in flight."""
        return self._pipeline.limiter

    @property
    def rates(self) -> RateTracker:
        """Keeps the rate limits."""
        return self._pipeline.rates

    @overload
    async def request(
        self, method: str, path: str, *, query: Query | None = None, json: object = UNSET, form: Query | None = None
    ) -> JsonValue: ...
    @overload
    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        json: object = UNSET,
        form: Query | None = None,
        accept: str,
    ) -> bytes: ...
    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        json: object = UNSET,
        form: Query | None = None,
        accept: str | None = None,
    ) -> JsonValue | bytes:
        """Call an operation that has no method and return its JSON, None for an empty response.

        With `accept`, a media type such as `"*/*"`, its bytes are returned, whatever they are. `path` starts with a
        slash and is appended to the base URL; `%xx` in it is kept. Credential, budget, slots and retries are those of
        all other calls; a POST is not retried once it may have been handled.
        """
        return await self._answer(self._by_path(method, path, query=query, json=json, form=form, accept=accept))

    @overload
    async def get(self, link: str) -> JsonValue: ...
    @overload
    async def get(self, link: str, *, accept: str) -> bytes: ...
    async def get(self, link: str, *, accept: str | None = None) -> JsonValue | bytes:
        """Follow a link of a payload, such as `pr.links["diffstat"]`, and return what is there, as `request` does.

        ValueError if it does not lead to the API of this session.
        """
        url = self._home.resolve(link)
        if url is None:
            raise ValueError(f"the link leads to another place than {self._base_url}")
        path = (url.removeprefix(self._base_url) if url.startswith(self._base_url) else path_of(url)).partition("?")[0]
        request = self._build("GET /", accept=accept or _JSON, leaves_origin=accept is not None)
        return await self._answer(evolve(request, template=path, path=path, url=url))

    async def _answer(self, request: Request) -> JsonValue | bytes:
        response = await self._send(request)
        return response.json() if request.json else response.body

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
        accept: str | None = None,
    ) -> Request:
        url = self._url_of(quote_path(path))
        # What is not JSON may be stored elsewhere: downloads, logs.
        request = self._build(
            f"{method.upper()} /", json=json, form=form, accept=accept or _JSON, leaves_origin=accept is not None
        )
        path = path.partition("?")[0]
        return evolve(request, json=accept is None, template=path, path=path, url=add_query(url, query or {}))

    # -- what services call ---------------------------------------------------------------------------------------

    def _build(
        self,
        operation: str,
        arguments: Sequence[PathArgument] = (),
        *,
        query: Query | None = None,
        json: object = UNSET,
        form: Query | str | None = None,
        text: str | None = None,
        parts: Multipart | None = None,
        group: str = "api",
        accept: str = _JSON,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
        leaves_origin: bool = False,
        needs_body: bool = False,
    ) -> Request:
        """Return the request of an operation.

        ValueError for an invalid argument, OSError for a file to upload that cannot be opened.
        """
        method, _, template = operation.partition(" ")
        path = expand(template, arguments)
        url = self._url_of(path)
        if query:
            url = add_query(url, query)
            if any(isinstance(value, Secret) for value in query.values()):
                url = Secret(url)
        fields = {"Accept": accept} if headers is None else {"Accept": accept, **headers}
        body: bytes | Multipart | None = parts
        if json is not UNSET:
            fields.setdefault("Content-Type", _JSON)
            body = encode_json(json)
        elif form is not None:
            fields["Content-Type"] = "application/x-www-form-urlencoded"
            body = (form if isinstance(form, str) else encode_query(form)).encode()
        elif text is not None:
            fields.setdefault("Content-Type", "text/plain; charset=utf-8")
            body = text.encode()
        elif parts is not None:
            _check_parts(parts)
        elif method in {"POST", "PUT", "PATCH"}:
            body = b""  # an empty body has a Content-Length of 0, without which Cloud answers 411
        return Request(
            method=method,
            template=template,
            path=path,
            url=url,
            headers=fields,
            body=body,
            group=group,
            repeatable=method in _IDEMPOTENT if repeatable is None else repeatable,
            json=accept == _JSON,
            leaves_origin=leaves_origin,
            needs_body=needs_body,
        )

    def _cursor(self, request: Request, decode: Callable[[list[Any]], list[T]], paging: Paging | None) -> Cursor[T]:
        """Return the cursor over the pages of a list."""
        paging = paging or Paging()
        size = paging.size or self._page_size(request.template)
        if paging.size is None and paging.limit is not None:
            size = min(size, paging.limit)
        pager, request = self._pager_of(request.template), evolve(request, needs_body=True)
        return Cursor(self._fetcher, request, pager, decode, size, paging)

    @cached_property
    def _fetcher(self) -> Fetcher:
        return Fetcher(self._json, self._send_ahead, self._spawn, self._pipeline.can_spare)

    def _send_ahead(self, request: Request) -> Coroutine[Any, Any, RawResponse]:
        """Send a request that gives way to others; its JSON is parsed when it is needed."""
        return self._pipeline.send(evolve(request, json=False), evolve(self._settings, background=True))

    async def _json(self, request: Request) -> JsonValue:
        return (await self._send(request)).json()

    def _structure(self, model: type[T], operation: str, response: RawResponse, path: str = "") -> T:
        """Return the response as a model; DecodeError, which keeps the body, if it has another shape."""
        try:
            return self._converter.structure(response.json(), model)
        except BROKEN as error:
            name = getattr(model, "__name__", model)
            why = f"the body is not a {name}: {clip(str(error))}"
            raise decode_error(operation, response, why, path=path) from error

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
        return self._pipeline.send(request, self._settings)

    @asynccontextmanager
    async def _stream(self, request: Request) -> AsyncGenerator[Stream, None]:
        """Send a request and read the body of a success in chunks."""
        async with self._pipeline.stream(request, self._settings) as stream:
            yield Stream(stream)


def _home(base_url: str, aliases: Sequence[str], web_url: str, *, allow_http: bool) -> Home:
    if "?" in base_url or "#" in base_url:
        raise ValueError("base_url must not have a query or a fragment")
    home = Home(base_url, aliases, web_url)
    scheme, host, _ = home.origin
    if scheme == "http" and host not in _LOOPBACK and not allow_http:
        raise ValueError(f"http://{host} would carry the credential unencrypted; use https, or allow_http=True")
    return home


def _checked_user_agent(user_agent: str | None) -> str:
    user_agent = user_agent or f"bbasync/{__version__}"
    if not user_agent.isprintable() or not user_agent.isascii():
        raise ValueError(f"user_agent must be ASCII without control characters, got {user_agent!r}")
    return user_agent


def _check_parts(parts: Multipart) -> None:
    """Raise OSError or ValueError for a file that cannot be opened or a text that cannot be sent, before sending."""
    for part in parts:
        if not (part.content_type or "").isprintable():
            raise ValueError(f"content_type must not contain control characters, got {part.content_type!r}")
        if isinstance(part.content, str):
            part.content.encode()
        elif isinstance(part.content, Path):
            try:
                part.content.open("rb").close()
            except OSError as error:
                raise OSError(error.errno, f"cannot upload {part.name}: {error.strerror}", str(part.content)) from None
