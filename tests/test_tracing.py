"""The context of a caller reaches what runs for it, and the spans of the guide show a call and its attempts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from contextvars import ContextVar
from typing import Any, Final

import pytest
from attrs import define, field
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bbasync import (
    CloudSession,
    ConcurrencyLimiter,
    NotFoundError,
    OAuthCredential,
    Paging,
    RateTracker,
    Refill,
    ResponseEvent,
    RetryPolicy,
    TransportError,
    aio,
)
from bbasync.request import RawResponse, Request
from bbasync.testing.recording import RecordingTransport, answer
from tests.chapters.reading import load
from tests.granting import Issuer
from tests.loops import is_eager
from tests.virtual import virtual

VISITOR: Final = ContextVar("VISITOR", default="nobody")
PAGE: Final = '{"values": [{"name": "main"}], "next": "https://api.bitbucket.org/2.0/repositories/a/b/refs?page=%d"}'


@define
class Seen:
    """Whom each place saw in the context."""

    credential: list[str] = field(factory=list[str])
    transport: list[str] = field(factory=list[str])
    observer: list[str] = field(factory=list[str])

    async def authorization(self) -> str:
        self.credential.append(VISITOR.get())
        return "Bearer token"

    def answers(self, request: Request) -> RawResponse:
        self.transport.append(VISITOR.get())
        page = int(request.url.rpartition("page=")[2] or 1) if "page=" in request.url else 1
        return answer(PAGE % (page + 1) if page < 4 else '{"values": []}')

    def on_response(self, event: ResponseEvent) -> None:
        self.observer.append(VISITOR.get())


@asynccontextmanager
async def seeing(**options: Any) -> AsyncGenerator[tuple[CloudSession, Seen]]:
    seen = Seen()
    options.setdefault("credential", seen.authorization)
    options |= {"transport": RecordingTransport(seen.answers), "on_response": seen.on_response}
    async with CloudSession(**options) as bb:
        yield bb, seen


# -- the context ------------------------------------------------------------------------------------------------------


async def test_each_call_runs_in_the_context_of_its_caller_though_it_waits_for_others() -> None:
    async with seeing(limiter=ConcurrencyLimiter(1)) as (bb, seen):

        async def visit(name: str) -> None:
            VISITOR.set(name)
            await bb.request("GET", "/user")

        names = ["ada", "bo", "cy"]
        await asyncio.gather(*map(visit, names))
    assert seen.credential == seen.transport == seen.observer == names


async def test_a_stream_is_opened_in_the_context_of_its_caller() -> None:
    async with seeing() as (bb, seen):
        VISITOR.set("ada")
        async with bb.open("GET", "/user") as stream:
            await stream.read()
    assert seen == Seen(["ada"], ["ada"], ["ada"])


async def test_pages_are_fetched_ahead_in_the_context_of_their_reader() -> None:
    async with seeing() as (bb, seen):
        VISITOR.set("ada")
        async with aclosing(bb.refs.list("a", "b", paging=Paging(ahead=2))) as refs:
            assert len([ref async for ref in refs]) == 3
    assert seen == Seen(["ada"] * (5 if is_eager() else 4), ["ada"] * 4, ["ada"] * 4)  # a dropped page has asked too


async def test_merged_lists_are_read_in_the_context_of_who_merged_them() -> None:
    async with seeing() as (bb, seen):
        VISITOR.set("ada")
        sources = ((name, bb.refs.list("a", name)) for name in "bcd")
        async with aio.merge(sources, concurrency=2) as refs:
            assert len([ref async for ref in refs]) == 9
    assert seen == Seen(["ada"] * 12, ["ada"] * 12, ["ada"] * 12)


async def test_a_token_is_renewed_and_stored_in_the_context_of_the_call_that_needed_it() -> None:
    stored: list[str] = []

    async def store(_token: object) -> None:
        stored.append(VISITOR.get())

    issuer = Issuer()
    issuer.gate.set()
    async with seeing(credential=OAuthCredential(issuer, principal="me", on_renew=store)) as (bb, seen):
        VISITOR.set("ada")
        await bb.request("GET", "/user")
    assert stored == seen.transport == ["ada"]


# -- spans ------------------------------------------------------------------------------------------------------------


@define
class Tracing:
    """What the guide's tracing.py defines, and the spans that it ended."""

    names: dict[str, Any]
    exporter: InMemorySpanExporter

    def spans(self) -> list[ReadableSpan]:
        """Return the spans in the order in which they ended: attempts before their call."""
        return list(self.exporter.get_finished_spans())


@pytest.fixture
def tracing() -> Tracing:
    names, exporter, provider = load("tracing.py"), InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    names["tracer"] = provider.get_tracer("test")
    return Tracing(names, exporter)


def id_of(span: ReadableSpan) -> int:
    assert span.context is not None
    return int(span.context.span_id)


def parent_of(span: ReadableSpan) -> int | None:
    return span.parent and span.parent.span_id


@virtual
async def _retried_call(tracing: Tracing) -> None:
    pull = answer('{"title": "Fix"}')
    transport = RecordingTransport([pull, answer(status=500), pull])
    rates = RateTracker({"api": Refill(capacity=1, fill_rate=0.1)})
    async with CloudSession(None, transport=transport, rates=rates) as bb:
        await bb.pull_requests.get("acme", "api", 7)
        assert await tracing.names["title"](bb, 7) == "Fix"


def test_a_call_has_a_span_around_those_of_its_attempts_with_template_and_wait(tracing: Tracing) -> None:
    _retried_call(tracing)
    *attempts, call = tracing.spans()
    template = "/repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}"
    assert call.name == f"GET {template}"
    assert [parent_of(span) for span in (call, *attempts)] == [None, id_of(call), id_of(call)]
    waits: list[Any] = []
    for attempt, status in zip(attempts, (500, 200), strict=True):
        attributes = dict(attempt.attributes or {})
        waits.append(attributes.pop("bitbucket.waited"))
        assert attributes == {"url.template": template, "http.response.status_code": status}
        assert (call.start_time or 0) <= (attempt.start_time or 0) <= (attempt.end_time or 0) <= (call.end_time or 0)
    assert waits[0] == pytest.approx(10, abs=0.1)
    assert waits[1] > 0
    assert dict(call.attributes or {}) == {"url.template": template, "bitbucket.waited": sum(waits)}


async def test_the_span_of_a_list_holds_its_pages_and_belongs_to_that_of_the_service(tracing: Tracing) -> None:
    async with seeing() as (bb, _):
        with tracing.names["tracer"].start_as_current_span("visit"), tracing.names["traced"](bb) as calls:
            refs = calls.refs.list("a", "b", paging=Paging(ahead=2))
            assert len(await aio.collect(refs)) == 3
    *attempts, call, visit = tracing.spans()
    assert parent_of(call) == id_of(visit)
    assert [parent_of(span) for span in attempts] == [id_of(call)] * 4


async def test_a_failed_call_has_its_error_in_its_span(tracing: Tracing) -> None:
    async with CloudSession(None, transport=RecordingTransport([answer(status=404)])) as bb:
        with pytest.raises(NotFoundError):
            await tracing.names["title"](bb, 7)
    attempt, call = tracing.spans()
    assert not call.status.is_ok
    assert call.events[0].name == "exception"
    assert dict(attempt.attributes or {})["http.response.status_code"] == 404


async def test_an_attempt_without_a_response_has_no_status(tracing: Tracing) -> None:
    def broken(_request: Request) -> RawResponse:
        raise TransportError("the connection broke")

    options: Any = {"transport": RecordingTransport(broken), "retry": RetryPolicy(tries=1)}
    async with CloudSession(None, **options) as bb:
        with pytest.raises(TransportError):
            await tracing.names["title"](bb, 7)
    attempt, _ = tracing.spans()
    assert "http.response.status_code" not in dict(attempt.attributes or {})
