from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path

import aiohttp
import orjson
import pytest
from aiohttp import web
from yarl import URL

from bbasync import AccessToken, CloudSession, NotFoundError, Part, Timeouts, TransportError
from bbasync.request import Request
from bbasync.transport import AiohttpTransport
from tests.virtual import forward, passing, settle
from tests.waiting import PATIENCE, raw_server

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncGenerator[str, None]:
    """Serve every path with one handler and return the base URL."""
    app = web.Application(client_max_size=2**30)
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/2.0"
    finally:
        await runner.cleanup()


def drop(request: web.Request) -> None:
    assert request.transport is not None
    request.transport.abort()


def get(url: str) -> Request:
    return Request(method="GET", template="/x", url=url + "/x", repeatable=True)


@asynccontextmanager
async def transport_of(transport: AiohttpTransport) -> AsyncGenerator[AiohttpTransport, None]:
    try:
        yield transport
    finally:
        await transport.close()


async def test_what_is_sent_is_what_was_built() -> None:
    seen: list[web.Request] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request)
        return web.json_response({}, headers={"X-Thing": "a"})

    async with serving(handler) as url, CloudSession(AccessToken("t"), base_url=url) as bb:
        request = bb._build("GET /src/{path}", ("a/b%2F..x é",), query={"q": "a+b"})
        response = await bb._send(request)
        await bb.request("POST", "/empty")
    assert seen[0].raw_path == "/2.0/src/a%2Fb%252F..x%20%C3%A9?q=a%2Bb"
    assert seen[0].headers["Authorization"] == "Bearer t"
    assert seen[0].headers["User-Agent"].startswith("bbasync/")
    assert response.headers["x-thing"] == "a"
    assert (seen[1].headers["Content-Length"], "Content-Type" in seen[1].headers) == ("0", False)


@pytest.mark.parametrize("how", ["before", "within"])
async def test_a_dropped_connection_is_one_attempt_and_is_retried_by_us(how: str) -> None:
    calls = 0

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal calls
        calls += 1
        if calls == 2:
            if how == "within":
                response = web.StreamResponse(headers={"Content-Length": "100"})
                await response.prepare(request)
                await response.write(b"[1,")
            drop(request)
        return web.json_response({"call": calls})

    events: list[int | None] = []
    async with (
        serving(handler) as url,
        CloudSession(AccessToken("t"), base_url=url, on_response=lambda event: events.append(event.status)) as bb,
    ):
        assert await bb.request("GET", "/x") == {"call": 1}
        assert await passing(bb.request("GET", "/x")) == {"call": 3}
    assert calls == len(events) == 3, "aiohttp repeats nothing behind our back"
    assert events == [200, None, 200]


async def test_nothing_sent_is_told_apart() -> None:
    async def handler(_request: web.Request) -> web.Response:
        return web.Response()

    async with serving(handler) as url:
        pass
    async with transport_of(AiohttpTransport()) as transport:
        with pytest.raises(TransportError, match=r"cannot connect to 127\.0\.0\.1") as caught:
            await transport.send(get(url))
        assert not caught.value.sent
        with pytest.raises(TransportError, match=r"cannot connect to no-such-host\.invalid") as caught:
            await transport.send(get("http://no-such-host.invalid"))
        assert not caught.value.sent


async def test_a_silent_server_times_out() -> None:
    reached = asyncio.Event()

    async def handler(_request: web.Request) -> web.Response:
        reached.set()
        await asyncio.Event().wait()
        return web.Response()

    async with serving(handler) as url, transport_of(AiohttpTransport(timeouts=Timeouts(read=5))) as transport:
        call = asyncio.create_task(transport.send(get(url)))
        await asyncio.wait_for(reached.wait(), PATIENCE)
        await settle()
        assert not call.done()
        forward(6)
        with pytest.raises(TransportError, match="timed out") as caught:
            await call
        assert caught.value.sent


async def test_a_body_beyond_the_limit_is_refused_even_when_it_was_compressed() -> None:
    bomb = gzip.compress(b"0" * 10_000_000)

    async def handler(_request: web.Request) -> web.Response:
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    async with serving(handler) as url, transport_of(AiohttpTransport(max_body=1_000_000)) as transport:
        with pytest.raises(TransportError, match="larger than 1000000 bytes"):
            await transport.send(get(url))


async def test_compressed_bodies_are_read() -> None:
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(body=gzip.compress(b'{"a": 1}'), headers={"Content-Encoding": "gzip"})

    async with serving(handler) as url, CloudSession(base_url=url) as bb:
        assert await bb.request("GET", "/x") == {"a": 1}


async def test_a_borrowed_session_leaks_nothing_of_its_own_and_stays_open() -> None:
    seen: list[dict[str, str]] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(dict(request.headers))
        return web.json_response(
            {"type": "error", "error": {"message": "no"}}, status=404, headers={"Set-Cookie": "a=b"}
        )

    async with serving(handler) as url:
        jar = aiohttp.CookieJar(unsafe=True)
        jar.update_cookies({"session": "leak"}, response_url=URL(url))
        async with aiohttp.ClientSession(
            "http://127.0.0.1:1/elsewhere/",
            headers={"Authorization": "Basic leak"},
            cookie_jar=jar,
            raise_for_status=True,
        ) as http:
            for credential in (AccessToken("ours"), None):
                async with CloudSession(credential, base_url=url, http=http) as bb:
                    with pytest.raises(NotFoundError):
                        await bb.request("GET", "/x")
            assert not http.closed
    assert [headers.get("Authorization") for headers in seen] == ["Bearer ours", None]
    assert not any("Cookie" in headers for headers in seen)


async def test_a_netrc_file_does_not_replace_the_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login someone password leak\n")
    monkeypatch.setenv("NETRC", str(netrc))
    seen: list[str | None] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization"))
        return web.json_response({})

    async with serving(handler) as url, aiohttp.ClientSession(trust_env=True) as http:
        for credential in (AccessToken("ours"), None):
            await CloudSession(credential, base_url=url, http=http).request("GET", "/x")
    assert seen == ["Bearer ours", None]


async def test_multipart_parts_are_opened_anew_for_every_attempt(tmp_path: Path) -> None:
    file = tmp_path / "data.bin"
    file.write_bytes(b"\x00\xff" * 1000)
    bodies: list[bytes] = []

    async def handler(request: web.Request) -> web.Response:
        bodies.append(await request.read())
        return web.json_response({}, status=503 if len(bodies) == 1 else 201)

    parts = (
        Part(name="message", content="héllo"),
        Part(name="/dir/ä b.bin", content=file, filename="ä b.bin", attributes="executable"),
        Part(name="/x", content=b"bytes", filename="x", content_type="text/plain"),
        Part(name="/y", content=lambda: BytesIO(b"opened"), filename="y"),
    )
    async with serving(handler) as url, CloudSession(base_url=url) as bb:
        await passing(bb._send(bb._build("PUT /src", parts=parts)))
    assert len(bodies) == 2
    first, second = (re.sub(rb"[0-9a-f]{32}", b"boundary", body) for body in bodies)
    assert first == second
    assert b'name="message"' in first
    assert "héllo".encode() in first
    assert file.read_bytes() in first
    assert b'x-attributes="executable"' in first
    assert b"opened" in first


async def test_a_stream_is_read_piece_by_piece_and_left_early_without_a_trace() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(1000):
            await response.write(b"x" * 65536)
        return response

    async with serving(handler) as url, CloudSession(base_url=url) as bb:
        async with bb._stream(bb._build("GET /x", accept="*/*")) as stream:
            async for chunk in stream:
                assert chunk
                break
        assert (bb.limiter.in_flight, bb.limiter.streams) == (0, 0)


async def test_a_stream_that_is_cut_short_is_an_error() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"half")
        drop(request)
        return response

    async with serving(handler) as url, CloudSession(base_url=url) as bb:
        with pytest.raises(TransportError, match="the connection broke"):
            async with bb._stream(bb._build("GET /x", accept="*/*")) as stream:
                await stream.read()


async def test_a_cancelled_call_leaves_no_connection_behind() -> None:
    reached, gone = asyncio.Event(), asyncio.Event()

    async def handler(_request: web.Request) -> web.Response:
        reached.set()
        try:
            await asyncio.Event().wait()
        finally:
            gone.set()
        return web.Response()

    async with serving(handler) as url, CloudSession(base_url=url) as bb:
        call = asyncio.create_task(bb.request("GET", "/x"))
        await asyncio.wait_for(reached.wait(), PATIENCE)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert bb.limiter.in_flight == 0
        await asyncio.wait_for(gone.wait(), PATIENCE)


async def test_leaving_a_listing_after_one_item_leaves_nothing_behind(mock_answer: Callable[..., None]) -> None:
    page = {"values": [{"name": str(number)} for number in range(5000)], "next": None}
    url = "https://api.bitbucket.org/2.0/repositories/a/b/refs/branches?pagelen=100"
    mock_answer(url, "GET", body=orjson.dumps(page), headers={"Content-Type": "application/json"})
    async with CloudSession() as bb:
        async for branch in bb.refs.list_branches("a", "b"):
            assert branch.name == "0"
            break
        assert bb.limiter.in_flight == 0


async def dripping(request: web.Request) -> web.StreamResponse:
    """Answer with a byte whenever the client has had time to wait for it, without end."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(1)


async def test_a_body_that_drips_ends_at_the_total_timeout() -> None:
    timeouts = Timeouts(read=60, total=20)
    async with serving(dripping) as url, transport_of(AiohttpTransport(timeouts=timeouts)) as transport:
        started = asyncio.get_running_loop().time()
        with pytest.raises(TransportError, match=r"timed out; .*Timeouts\(total=\)") as caught:
            await passing(transport.send(get(url)), step=0.5)
        assert asyncio.get_running_loop().time() - started < 60
        assert caught.value.sent


async def test_a_stream_that_drips_ends_at_the_least_rate_and_a_slow_reader_is_not_blamed() -> None:
    async def enough(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(100):
            await response.write(b"x" * 1000)
            await asyncio.sleep(1)
        return response

    async def read(transport: AiohttpTransport, url: str, *, pause: float = 0) -> int:
        size = 0
        async with transport.stream(get(url)) as stream:
            async for chunk in stream.chunks():
                size += len(chunk)
                await asyncio.sleep(pause)
        return size

    timeouts = Timeouts(read=10, least_rate=100)
    async with serving(dripping) as url, transport_of(AiohttpTransport(timeouts=timeouts)) as transport:
        with pytest.raises(TransportError, match=r"delivered \d+ bytes in 1\d s, less than the 100 bytes per second"):
            await passing(read(transport, url), step=0.5)
    async with serving(enough) as url, transport_of(AiohttpTransport(timeouts=timeouts)) as transport:
        assert await passing(read(transport, url, pause=3), step=0.5) == 100_000


@pytest.mark.parametrize("how", ["headers", "100 Continue"])
async def test_headers_that_drip_end_at_the_total_timeout_of_a_stream_too(how: str) -> None:
    drops = b"X-More: 1\r\n" if how == "headers" else b"HTTP/1.1 100 Continue\r\n\r\n"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n" if how == "headers" else b"")
        while True:
            writer.write(drops)
            await writer.drain()
            await asyncio.sleep(1)

    timeouts = Timeouts(total=20)
    async with raw_server(answer) as port, transport_of(AiohttpTransport(timeouts=timeouts)) as transport:
        url = f"http://127.0.0.1:{port}/2.0"

        async def stream() -> None:
            async with transport.stream(get(url)):
                pass

        for call in (stream, lambda: transport.send(get(url))):
            with pytest.raises(TransportError, match="timed out"):
                await passing(call(), step=0.5)
