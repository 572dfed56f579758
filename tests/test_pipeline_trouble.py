"""What holds when servers, networks and callers misbehave in the middle of a call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from attrs import evolve

from bbasync import (
    CloudSession,
    DecodeError,
    NotFoundError,
    ResponseError,
    ResponseEvent,
    RetryPolicy,
    ServerError,
    Timeouts,
    TransportError,
)
from bbasync.request import RawResponse, Request
from bbasync.testing.recording import RecordingTransport, answer
from tests.test_pipeline import CREDENTIAL, now, session
from tests.virtual import settle, virtual


@virtual
async def test_an_outage_of_the_network_spends_no_budget() -> None:
    def reply(_request: Request) -> RawResponse:
        raise TransportError("cannot connect", sent=False)

    async with CloudSession(CREDENTIAL, transport=RecordingTransport(reply)) as bb:
        for _ in range(50):
            with pytest.raises(TransportError):
                await bb.with_options(retry=RetryPolicy(tries=1)).request("GET", "/x")
        assert bb.rates.snapshot()[0].spent == 0


@virtual
async def test_one_failing_endpoint_after_a_pause_does_not_hold_up_the_others() -> None:
    refusals = iter([True])

    def reply(request: Request) -> RawResponse:
        if next(refusals, False):
            return answer(b"", 429, {"Retry-After": "20"})
        return answer(b"", 500) if request.path == "/broken" else answer(b"{}")

    async with CloudSession(CREDENTIAL, transport=RecordingTransport(reply)) as bb:
        broken = asyncio.create_task(bb.request("GET", "/broken"))
        await settle()
        others = [asyncio.create_task(bb.request("GET", "/x")) for _ in range(20)]
        assert await asyncio.gather(*others) == [{}] * 20
        assert now() < 30, "a second or two after the pause"
        with pytest.raises(ServerError):
            await broken


@virtual
async def test_a_probe_that_takes_long_is_not_waited_for_for_ever() -> None:
    class Slow(RecordingTransport):
        async def send(self, request: Request) -> RawResponse:
            self.requests.append(request)
            if len(self.requests) == 1:
                return answer(b"", 429, {"Retry-After": "5"})
            if request.path == "/slow":
                await asyncio.sleep(200)
            return answer(b"{}")

    async with CloudSession(CREDENTIAL, transport=Slow()) as bb:
        slow = asyncio.create_task(bb.request("GET", "/slow"))
        await settle()
        assert await asyncio.gather(*(bb.request("GET", "/x") for _ in range(5))) == [{}] * 5
        assert now() == pytest.approx(15)
        await slow


@virtual
async def test_a_cached_refusal_is_an_error_and_no_endless_loop() -> None:
    bb, _ = session(*[evolve(answer(b"", 429), from_cache=True)] * 4)
    with pytest.raises(Exception, match="429"):
        await bb.request("GET", "/x")


@virtual
async def test_a_deletion_whose_repetition_finds_nothing_is_done_whatever_failed_in_between() -> None:
    bb, transport = session(answer(b"", 503), TransportError("reset"), answer(b"{}", 404))
    assert await bb.request("DELETE", "/x") is None
    assert len(transport.requests) == 3
    bb, _ = session(TransportError("cannot connect", sent=False), answer(b"{}", 404))
    with pytest.raises(NotFoundError):
        await bb.request("DELETE", "/x")


@virtual
async def test_another_host_gets_no_header_of_the_request_and_its_refusal_is_a_failure_like_others() -> None:
    elsewhere = answer(b"", 302, {"Location": "https://files.example/x"})
    events: list[ResponseEvent] = []
    bb, transport = session(elsewhere, answer(b"", 429), answer(b"content"), on_response=events.append)
    assert await bb.request("GET", "/x", accept="text/plain") == b"content"
    _, refused, final = transport.requests
    assert refused.headers == final.headers == {"User-Agent": bb._pipeline.headers["User-Agent"], "Accept": "*/*"}
    assert [(event.status, event.waited) for event in events] == [(302, 0), (429, 0), (200, 0)]
    assert 0 < now() <= 1, "the delay of a second try"
    assert bb.rates.snapshot()[0].spent == 1


@virtual
async def test_a_stream_of_several_choices_is_an_error_with_its_message() -> None:
    bb, _ = session(answer(b'{"type": "error", "error": {"message": "choose one"}}', 300))
    with pytest.raises(ResponseError, match="choose one"):
        async with bb.open("GET", "/x"):
            pass


@virtual
async def test_head_and_accepted_writes_may_have_no_body_though_it_would_be_compressed() -> None:
    headers = {"content-encoding": "gzip"}
    bb, transport = session(answer(b"", 200, headers), answer(b"", 202, headers))
    assert await bb.request("HEAD", "/x") is None
    assert await bb.request("POST", "/x") is None
    assert len(transport.requests) == 2


@virtual
async def test_an_error_that_never_ends_does_not_hold_the_slot_of_a_stream() -> None:
    class Endless:
        status, headers, url = 404, {"content-type": "application/json"}, "https://x"

        async def chunks(self) -> AsyncGenerator[bytes, None]:
            while True:
                await asyncio.sleep(1)
                yield b" "

    class Dripping(RecordingTransport):
        @asynccontextmanager
        async def stream(self, request: Request) -> AsyncGenerator[Any, None]:
            yield Endless()

    async with CloudSession(CREDENTIAL, transport=Dripping(), timeouts=Timeouts(read=5)) as bb:
        with pytest.raises(NotFoundError):
            async with bb.open("GET", "/x"):
                pass
        assert now() == 5


@virtual
async def test_a_body_of_another_shape_names_the_object() -> None:
    bb, _ = session(answer(b"[1]"))
    with pytest.raises(DecodeError, match=r"GET /repositories/acme/api: .*not a Repository"):
        await bb.repositories.get("acme", "api")


def test_an_async_observer_is_refused() -> None:
    async def observe(_event: ResponseEvent) -> None:
        pass

    with pytest.raises(TypeError, match="not an async one"):
        CloudSession(CREDENTIAL, on_response=observe)
