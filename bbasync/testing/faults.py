"""Faults to inject into the responses of the fake servers."""

from __future__ import annotations

import asyncio
import fnmatch
import random
import re
import zlib
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import attrs
import orjson
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Kind: TypeAlias = Literal[
    "disconnect",
    "disconnect_body",
    "slow_headers",
    "slow_body",
    "status",
    "rate_limited",
    "truncated_json",
    "html",
    "content_type",
    "repeated_cursor",
    "foreign_next",
    "shifted_page",
    "empty_page",
    "redirect_loop",
    "gzip_bomb",
    "oversized",
]
KINDS: frozenset[Kind] = frozenset(get_args(Kind))

# What a client is expected to survive by asking again.
PASSING: tuple[Kind, ...] = (
    "disconnect",
    "disconnect_body",
    "slow_headers",
    "slow_body",
    "status",
    "truncated_json",
    "html",
)

Body: TypeAlias = Literal["json", "html", "text", "empty"]
Page: TypeAlias = dict[str, Any]

LOGIN_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>Log in</title>"
    b'<meta name="csrf-token" content="fake-csrf-5b1f0c2e9d7a4386"></head>'
    b'<body data-user=\'{"email":"someone@example.org"}\'><form method="post" action="/login"></form></body></html>\n'
)
ERROR_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>Error</title></head><body><h1>Something went wrong</h1></body></html>\n"
)
RATE_LIMIT_TEXT = "Rate limit for this resource has been exceeded"
CHUNK = 64 * 1024


@attrs.define
class Fault:
    """One fault, for the requests that its method and path match.

    `path` is a glob on the whole decoded path (`"*/pullrequests"`) or a compiled pattern that is searched in it.
    `times` counts the requests it strikes (None: all of them), after the first `after` matching ones went through.
    With `handled`, a `disconnect`, `status` or `html` strikes only after the operation was carried out.
    """

    kind: Kind = attrs.field(validator=attrs.validators.in_(KINDS))
    method: str = attrs.field(default="*", kw_only=True)
    path: str | re.Pattern[str] = attrs.field(default="*", kw_only=True)
    times: int | None = attrs.field(default=1, kw_only=True)
    after: int = attrs.field(default=0, kw_only=True)
    handled: bool = attrs.field(default=False, kw_only=True)
    seconds: float = attrs.field(default=0.1, kw_only=True)
    """How long slow headers and slow bodies wait."""
    status: int = attrs.field(default=500, kw_only=True)
    body: Body = attrs.field(default="json", kw_only=True)
    """What a `status` fault carries."""
    retry_after: str | None = attrs.field(default=None, kw_only=True)
    """The Retry-After header of `status` and `rate_limited`; none unless given."""
    next: str = attrs.field(default="http://127.0.0.2:9/2.0/elsewhere", kw_only=True)
    """Where `foreign_next` points."""
    content_type: str = attrs.field(default="application/octet-stream", kw_only=True)
    size: int = attrs.field(default=256 * 1024 * 1024, kw_only=True)
    """Bytes in the (unpacked) body of `gzip_bomb` and `oversized`."""
    carried: dict[str, Any] = attrs.field(factory=dict[str, Any], init=False, repr=False, eq=False)
    """By a page's URL, the item that `shifted_page` pushes on to it; so a page asked for again comes the same."""

    def matches(self, request: web.BaseRequest) -> bool:
        """Tell whether the fault concerns a request."""
        if self.method not in ("*", request.method):
            return False
        if isinstance(self.path, re.Pattern):
            return self.path.search(request.path) is not None
        return fnmatch.fnmatchcase(request.path, self.path)

    @property
    def before(self) -> bool:
        """Whether it strikes instead of the operation, not on its answer."""
        if self.kind in ("disconnect", "status", "html"):
            return not self.handled
        return self.kind in ("rate_limited", "redirect_loop", "gzip_bomb", "oversized")


class Faults:
    """The faults of one server, tried in the order in which they were added; the first that matches strikes."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._faults = list(faults)
        self._draw: Callable[[web.BaseRequest], Fault | None] = lambda _request: None
        self.struck = 0

    @classmethod
    def random(
        cls,
        *,
        rate: float,
        seed: int = 0,
        kinds: Iterable[Kind] = PASSING,
        seconds: float = 0.02,
        size: int = 256 * 1024 * 1024,
    ) -> Faults:
        """Strike a share (`rate`, 0 to 1) of all requests with faults drawn from `kinds`.

        Slow ones take `seconds`, large ones have `size` bytes. A list that has shifted once stays shifted, so that
        items come twice but none is lost.
        """
        generator, choices, faults = random.Random(seed), sorted(kinds), cls()  # noqa: S311  # a test must repeat
        shifting = Fault("shifted_page")

        def draw(request: web.BaseRequest) -> Fault | None:
            if str(request.url) in shifting.carried:
                return shifting
            if generator.random() >= rate:
                return None
            status = generator.choice((500, 502, 503, 504, 555))
            body: Body = generator.choice(("json", "html", "text", "empty"))
            kind = generator.choice(choices)
            return (
                shifting
                if kind == "shifted_page"
                else Fault(kind, status=status, body=body, seconds=seconds, size=size)
            )

        faults._draw = draw
        return faults

    def add(self, fault: Fault) -> Fault:
        """Add a fault and return it."""
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Forget all faults, the random ones too."""
        self._faults.clear()
        self._draw = lambda _request: None

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._faults)

    def pick(self, request: web.BaseRequest) -> Fault | None:
        """Choose the fault that strikes this request, and count it."""
        for fault in self._faults:
            if not fault.matches(request):
                continue
            if fault.after > 0:
                fault.after -= 1
            elif fault.times is None or fault.times > 0:
                fault.times = None if fault.times is None else fault.times - 1
                self.struck += 1
                return fault
        drawn = self._draw(request)
        self.struck += drawn is not None
        return drawn


async def instead(fault: Fault, request: web.Request, error: Callable[[int, str], web.Response]) -> web.StreamResponse:
    """Answer with the fault alone; `error` builds the product's own error body."""
    match fault.kind:
        case "disconnect":
            return _aborted(request)
        case "rate_limited":
            answer = web.Response(status=429, text=RATE_LIMIT_TEXT)
        case "html":
            return web.Response(body=LOGIN_PAGE, content_type="text/html", charset="utf-8")
        case "redirect_loop":
            return web.Response(status=302, headers={"Location": str(request.url)})
        case "gzip_bomb" | "oversized":
            return await _large(fault, request)
        case _:
            answer = _failure(fault, error)
    if fault.retry_after is not None:
        answer.headers["Retry-After"] = fault.retry_after
    return answer


async def afterwards(
    fault: Fault, request: web.Request, response: web.StreamResponse, error: Callable[[int, str], web.Response]
) -> web.StreamResponse:
    """Spoil the response of an operation that was carried out."""
    if fault.kind in ("disconnect", "status", "html"):
        return await instead(fault, request, error)
    if fault.kind == "slow_headers":
        await asyncio.sleep(fault.seconds)
        return response
    if not isinstance(response, web.Response) or not isinstance(response.body, bytes):
        return response
    if fault.kind == "content_type":
        response.content_type = fault.content_type
    elif fault.kind == "truncated_json":
        response.body = response.body[: len(response.body) // 2]
    elif fault.kind in ("slow_body", "disconnect_body"):
        return await _in_two_halves(fault, request, response, response.body)
    elif response.content_type == "application/json":
        page: Page | list[Any] = orjson.loads(response.body)
        if isinstance(page, dict) and "values" in page:
            _spoil_page(fault, request, page)
            response.body = orjson.dumps(page)
    return response


def _aborted(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _failure(fault: Fault, error: Callable[[int, str], web.Response]) -> web.Response:
    match fault.body:
        case "json":
            return error(fault.status, "The server failed, as it was configured to")
        case "html":
            return web.Response(status=fault.status, body=ERROR_PAGE, content_type="text/html", charset="utf-8")
        case "text":
            return web.Response(status=fault.status, text="upstream request failed")
        case "empty":
            return web.Response(status=fault.status)


def _spoil_page(fault: Fault, request: web.Request, page: Page) -> None:
    match fault.kind:
        case "foreign_next":
            page["next"] = fault.next
        case "shifted_page":
            page["values"] = _shifted(fault, request, page)
        case "repeated_cursor" if "isLastPage" in page:  # Data Center names the start of the next page
            page |= {"isLastPage": False, "nextPageStart": page["start"]}
        case "repeated_cursor":  # Cloud links to it
            page["next"] = str(request.url)
        case "empty_page" if "isLastPage" in page:  # as if this user might see none of its items
            end = page["nextPageStart"] if page.get("nextPageStart") else page["start"] + len(page["values"])
            page |= {"values": [], "size": 0, "isLastPage": False, "nextPageStart": end}
        case "empty_page":  # the items follow on a page of another URL
            page |= {"values": [], "next": f"{request.url}{'&' if request.query_string else '?'}after=nothing"}
        case _:
            pass


def _shifted(fault: Fault, request: web.Request, page: Page) -> list[Any]:
    """Move all items one place on from the second page, as if one had been inserted after the first was read."""
    here = str(request.url)
    following: str | None = page.get("next")
    if page.get("nextPageStart") is not None:
        following = str(request.url.update_query(start=page["nextPageStart"]))
    values: list[Any] = page["values"]
    if here in fault.carried:
        values = [fault.carried[here], *values]
    if following is not None and values:
        fault.carried[following] = values[-1]
        return values[:-1] if here in fault.carried else values
    return values


async def _in_two_halves(fault: Fault, request: web.Request, response: web.Response, body: bytes) -> web.StreamResponse:
    """Send the body with a wait, or the end of the connection, in the middle."""
    answer = web.StreamResponse(status=response.status, headers=response.headers)
    answer.content_length = len(body) if fault.kind == "slow_body" else len(body) + 1
    await answer.prepare(request)
    middle = len(body) // 2
    await answer.write(body[:middle])
    if fault.kind == "disconnect_body":
        if request.transport is not None:
            await asyncio.sleep(0)  # lets the half leave before the reset overtakes it
            request.transport.abort()
        return answer
    await asyncio.sleep(fault.seconds)
    await answer.write(body[middle:])
    await answer.write_eof()
    return answer


async def _large(fault: Fault, request: web.Request) -> web.StreamResponse:
    """Stream a valid JSON page that is mostly white space: packed with gzip, or with its length declared."""
    head, tail = b'{"values":[', b"]}"
    padding = max(fault.size - len(head) - len(tail), 0)
    answer = web.StreamResponse(headers={"Content-Type": "application/json; charset=utf-8"})
    if fault.kind == "oversized":
        answer.content_length = len(head) + padding + len(tail)
        packer = None
    else:
        answer.headers["Content-Encoding"] = "gzip"
        packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    await answer.prepare(request)

    async def write(data: bytes) -> None:
        await answer.write(data if packer is None else packer.compress(data))

    await write(head)
    blank = b" " * CHUNK
    for _ in range(padding // CHUNK):
        await write(blank)
        await asyncio.sleep(0)
    await write(blank[: padding % CHUNK] + tail)
    if packer is not None:
        await answer.write(packer.flush())
    await answer.write_eof()
    return answer
