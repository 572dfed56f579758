from __future__ import annotations

import tracemalloc
import zlib
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any

import orjson
import pytest
from aiohttp import web

from bbasync import (
    BitbucketError,
    CloudSession,
    DataCenterSession,
    DecodeError,
    RateLimitError,
    ResponseError,
    ResponseEvent,
    TransportError,
    aio,
)
from bbasync.testing import RecordingTransport, answer
from bbasync.transport import AiohttpTransport
from tests.security.witness import witness

pytestmark = pytest.mark.usefixtures("quick_retries")

MIB = 1024 * 1024


def bomb(mebibytes: int) -> bytes:
    """Return gzip data that unpack to as many MiB of blanks: one packed block, over and over."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    block = packer.compress(b" " * MIB) + packer.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + block * mebibytes


def packed(_request: web.Request) -> web.Response:
    return web.Response(body=BOMB, headers={"Content-Encoding": "gzip", "Content-Type": "application/json"})


BOMB = bomb(1024)


@contextmanager
def peak() -> Generator[list[int]]:
    """Measure the most memory that was taken inside."""
    found: list[int] = []
    tracemalloc.start()
    try:
        yield found
        found.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()


async def test_a_gibibyte_packed_into_a_mebibyte_is_left_at_the_limit() -> None:
    async with witness(packed) as server, CloudSession(base_url=server.url) as bb:
        with peak() as most, pytest.raises(TransportError, match=r"larger than 67108864 bytes; stream it"):
            await bb.request("POST", "/x")
    assert len(BOMB) < 2 * MIB
    assert most[0] < 96 * MIB


async def test_an_answer_that_is_too_large_is_not_asked_for_again() -> None:
    events: list[ResponseEvent] = []
    transport = AiohttpTransport(max_body=MIB)
    async with (
        witness(packed) as server,
        CloudSession(base_url=server.url, transport=transport, on_response=events.append) as bb,
    ):
        with pytest.raises(TransportError, match="larger than"):
            await bb.request("GET", "/x")
    await transport.close()
    assert len(events) == 1


async def test_a_stream_has_no_limit_and_comes_in_pieces() -> None:
    async with witness(packed) as server, CloudSession(base_url=server.url) as bb:
        with peak() as most:
            async with bb.source.open("a", "b", "main", "x") as stream:
                size = 0
                async for chunk in stream:
                    size += len(chunk)
                    if size > 128 * MIB:
                        break
    assert size > 128 * MIB
    assert most[0] < 8 * MIB


async def test_the_error_of_a_stream_is_read_no_further_than_its_beginning() -> None:
    def refuse(request: web.Request) -> web.Response:
        response = packed(request)
        response.set_status(404)
        return response

    async with witness(refuse) as server, CloudSession(base_url=server.url) as bb:
        with peak() as most, pytest.raises(ResponseError):
            async with bb.source.open("a", "b", "main", "x"):
                pass
    assert most[0] < 8 * MIB


# -- what a server may say --------------------------------------------------------------------------------------------


async def of(body: bytes, headers: dict[str, str] | None = None, status: int = 200, **options: Any) -> BitbucketError:
    """Return the error of a call that is answered so."""
    transport = RecordingTransport(lambda _: answer(body, status, headers))
    async with CloudSession(transport=transport, **options) as bb:
        with pytest.raises(BitbucketError) as caught:
            await aio.collect(bb.pull_requests.list("a", "b"))
    return caught.value


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}"), (b'{"values":[{"parent":', b"}]}")])
async def test_json_of_any_depth_is_an_error_of_ours(opening: bytes, closing: bytes) -> None:
    for body in (opening * 100_000, opening * 50_000 + b"1" + closing * 50_000):
        assert isinstance(await of(body), DecodeError)


async def test_comments_of_any_depth_are_read_or_an_error_of_ours() -> None:
    body = b'{"id":1,"parent":' * 1000 + b"null" + b"}" * 1000
    transport = RecordingTransport(lambda _: answer(body))
    with suppress(DecodeError):
        bb = DataCenterSession(base_url="https://bitbucket.example", transport=transport)
        await bb.pull_requests.get_comment("A", "b", 1, 1)


@pytest.mark.parametrize("date", ['"yesterday"', "[]", '"0000-00-00"'])
async def test_a_date_that_is_none_is_a_decode_error(date: str) -> None:
    assert isinstance(await of(b'{"values":[{"created_on":%b}]}' % date.encode()), DecodeError)


@pytest.mark.parametrize("date", ["99999999999999999999", '"99999999999999999999"', "-1e30"])
async def test_a_date_that_no_clock_can_hold_is_a_decode_error(date: str) -> None:
    assert isinstance(await of(b'{"values":[{"created_on":%b}]}' % date.encode()), DecodeError)


@pytest.mark.parametrize("value", ["99999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
async def test_a_wait_of_any_length_that_a_server_asks_for_is_an_error_of_ours(value: str) -> None:
    for status in (429, 503):
        assert isinstance(await of(b"", {"Retry-After": value}, status), RateLimitError)


@pytest.mark.parametrize("value", ["9" * 400, "Thu, 01 Jan 1970 00:00:00 +99999999999999999999"], ids=["long", "zone"])
async def test_a_wait_that_no_float_can_hold_is_an_error_of_ours(value: str) -> None:
    await of(b"", {"Retry-After": value}, 503, max_wait=5)


@pytest.mark.parametrize("value", ["", "many", "0", "-1", "nan", "inf", "1e400"])
async def test_a_limit_that_is_none_is_not_learnt(value: str) -> None:
    transport = RecordingTransport(lambda _: answer(headers={"X-RateLimit-Limit": value}))
    async with CloudSession(transport=transport) as bb:
        await bb.request("GET", "/x")
        assert bb.rates.snapshot()[0].limit == 60


async def test_a_limit_below_one_is_not_learnt() -> None:
    transport = RecordingTransport(lambda _: answer(headers={"X-RateLimit-Limit": "0.5"}))
    await CloudSession(transport=transport).request("GET", "/x")


async def test_a_huge_limit_that_is_nearly_spent_takes_no_memory_for_each_request_of_it() -> None:
    headers = {"X-RateLimit-Limit": "4000000", "X-RateLimit-NearLimit": "true"}
    transport = RecordingTransport(lambda _: answer(headers=headers))
    with peak() as most:
        await CloudSession(transport=transport).request("GET", "/x")
    assert most[0] < 8 * MIB


@pytest.mark.parametrize(
    "answered",
    [
        answer(orjson.dumps({"error": {"message": "x" * 100_000, "detail": "y" * 100_000}}), 400),
        answer(b"", 302, {"Location": f"http://{'x' * 100_000}/"}),
    ],
    ids=["message", "location"],
)
async def test_a_long_text_of_a_server_is_cut_in_an_error(answered: Any) -> None:
    error = await of(answered.body, dict(answered.headers), answered.status)
    assert len(str(error)) < 500


@pytest.mark.parametrize(
    "page",
    [{"values": [], "next": f"http://{'x' * 100_000}/"}, {"values": [{"created_on": "x" * 100_000}]}],
    ids=["next", "date"],
)
async def test_a_long_text_of_a_page_is_cut_in_an_error(page: object) -> None:
    assert len(str(await of(orjson.dumps(page)))) < 500


async def test_headers_without_end_are_a_transport_error() -> None:
    def talk(_request: web.Request) -> web.Response:
        return web.json_response({}, headers={f"X-{number}": "x" * 8000 for number in range(100)} | {"Y": "y" * 70_000})

    async with witness(talk) as server, CloudSession(base_url=server.url) as bb:
        with pytest.raises(TransportError, match="the connection broke"):
            await bb.request("GET", "/x")
