"""Sessions of aiohttp that belong to the caller: what they add by themselves must not change our requests."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bbasync import AccessToken, CloudSession, Part, RetryPolicy


@asynccontextmanager
async def server() -> AsyncGenerator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """Serve JSON, and yield the base URL and the headers and bodies that came, names in lower case."""
    seen: list[tuple[dict[str, str], bytes]] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        return web.json_response({}, headers={"Set-Cookie": "session=theirs"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app) as served:
        yield str(served.make_url("/2.0")), seen


@pytest.mark.parametrize("spelled", [str.lower, str.upper, str.title])
async def test_our_headers_win_over_defaults_however_those_are_spelled(spelled: Any) -> None:
    defaults = {"user-agent": "theirs", "content-type": "text/plain", "accept": "text/html", "x-other": "theirs"}
    async with (
        server() as (url, seen),
        aiohttp.ClientSession(headers={spelled(name): value for name, value in defaults.items()}) as http,
        CloudSession(AccessToken("t"), base_url=url, http=http) as bb,
    ):
        await bb.request("PUT", "/x", json={"a": 1})
        await bb.request("GET", "/x")
    assert seen[0][0]["user-agent"].startswith("bbasync/")
    assert (seen[0][0]["content-type"], seen[0][0]["accept"]) == ("application/json", "application/json")
    assert "content-type" not in seen[1][0]
    assert not any("x-other" in headers for headers, _ in seen)


async def test_a_default_content_type_does_not_break_multipart() -> None:
    async with (
        server() as (url, seen),
        aiohttp.ClientSession(headers={"Content-Type": "application/json"}) as http,
        CloudSession(AccessToken("t"), base_url=url, http=http) as bb,
    ):
        await bb._send(bb._build("POST /x", parts=(Part(name="message", content="text"),)))
    headers, body = seen[0]
    kind, _, boundary = headers["content-type"].partition("; boundary=")
    assert kind == "multipart/form-data"
    assert body.startswith(f"--{boundary.strip(chr(34))}".encode())


@pytest.mark.parametrize(
    ("options", "why"), [({"headers": {"host": "evil"}}, "Host"), ({"auto_decompress": False}, "auto_decompress")]
)
async def test_sessions_that_requests_would_go_wrong_with_are_refused_at_once(options: Any, why: str) -> None:
    async with aiohttp.ClientSession(**options) as http:
        with pytest.raises(ValueError, match=why):
            CloudSession(AccessToken("t"), http=http)


async def test_a_borrowed_jar_gets_no_cookies_of_the_server() -> None:
    jar = aiohttp.CookieJar(unsafe=True)
    async with (
        server() as (url, seen),
        aiohttp.ClientSession(cookie_jar=jar) as http,
        CloudSession(AccessToken("t"), base_url=url, http=http, retry=RetryPolicy(tries=1)) as bb,
    ):
        await bb.request("GET", "/x")
        await bb.request("GET", "/x")
    assert len(jar) == 0
    assert not any("cookie" in headers for headers, _ in seen)
