"""The path of one call, where several things happen to it."""

from __future__ import annotations

import asyncio
import logging
import threading
import traceback
from contextlib import AsyncExitStack
from itertools import pairwise
from typing import Any

import pytest
from attrs import evolve

from bbasync import (
    AccessToken,
    ApiToken,
    AuthenticationError,
    CloudSession,
    ConcurrencyLimiter,
    CustomCredential,
    DataCenterSession,
    DecodeError,
    RateLimitError,
    RateTracker,
    ResponseEvent,
    RetryPolicy,
    Rolling,
    ServerError,
    Timeouts,
    TransportError,
)
from bbasync.request import RawResponse, Request
from bbasync.testing.recording import RecordingTransport, answer
from tests.virtual import VirtualLoop, settle, virtual

CREDENTIAL = ApiToken("me@example.org", "ATATT3xSecretOfMine")


def session(*answers: RawResponse | Exception, **options: Any) -> tuple[CloudSession, RecordingTransport]:
    """Return a session that gets these answers, one for each attempt."""
    remaining = list(answers)

    def reply(_request: Request) -> RawResponse:
        following = remaining.pop(0)
        if isinstance(following, Exception):
            raise following
        return following

    transport = RecordingTransport(reply)
    return CloudSession(CREDENTIAL, transport=transport, **options), transport


def now() -> float:
    return asyncio.get_running_loop().time() - 1000


class Slow(RecordingTransport):
    """Answers after a second."""

    async def send(self, request: Request) -> RawResponse:
        await asyncio.sleep(1)
        self.requests.append(request)
        return answer()


class Hanging(RecordingTransport):
    """Never answers."""

    async def send(self, request: Request) -> RawResponse:
        self.requests.append(request)
        await asyncio.Event().wait()
        raise AssertionError


# -- tries ------------------------------------------------------------------------------------------------------------


@virtual
async def test_refusals_and_failures_of_one_call_are_counted_apart() -> None:
    refused = answer(b"", 429, {"Retry-After": "5"})
    bb, transport = session(refused, refused, answer(b"", 503), answer(b"", 503), answer(b"{}"))
    assert await bb.request("GET", "/x") == {}
    assert len(transport.requests) == 5
    bb, transport = session(*[refused] * 3, *[answer(b"", 503)] * 4)
    with pytest.raises(ServerError):
        await bb.request("GET", "/x")
    assert len(transport.requests) == 7, "three refusals, and four tries"


@virtual
async def test_a_call_waits_for_its_budget_for_a_minute_unless_told_otherwise() -> None:
    bb, _ = session(answer(b"", 429, {"Retry-After": "59.5"}), answer(b"{}"))
    assert await bb.request("GET", "/x") == {}
    bb, _ = session(answer(b"", 429, {"Retry-After": "60.5"}))
    with pytest.raises(RateLimitError):
        await bb.request("GET", "/x")
    assert now() == 59.5


@virtual
async def test_the_log_numbers_tries_from_one(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "bbasync")
    bb, _ = session(answer(b"", 429, {"Retry-After": "5"}), answer(b"", 503), answer(b"{}"))
    await bb.request("GET", "/x")
    assert [record.getMessage().rpartition(", ")[2] for record in caplog.records] == ["try 1", "try 1", "try 2"]


@virtual
async def test_a_body_that_is_missing_where_one_is_needed_is_tried_again() -> None:
    user = b'{"type": "user", "display_name": "A"}'
    bb, transport = session(answer(b""), answer(user))
    assert (await bb.users.get_current()).display_name == "A"
    assert len(transport.requests) == 2
    truncated = answer(b"", 200, {"content-encoding": "gzip", "content-length": "12"})
    nothing = answer(b"", 200, {"content-encoding": "gzip", "content-length": "0"})
    bb, transport = session(truncated, answer(b"{}"), nothing, answer(b""))
    assert await bb.request("GET", "/x") == {}
    assert await bb.request("GET", "/x") is None
    assert await bb.request("GET", "/x") is None, "an operation that is called by its path may have no content"
    assert len(transport.requests) == 4
    bb, transport = session(*[answer(b"")] * 4)
    with pytest.raises(DecodeError, match="the body is empty"):
        await bb.users.get_current()


@virtual
async def test_a_policy_of_one_try_retries_nothing_and_a_longer_one_outlasts_an_outage() -> None:
    bb, transport = session(answer(b"", 502))
    with pytest.raises(ServerError):
        await bb.with_options(retry=RetryPolicy(tries=1)).request("GET", "/x")
    assert len(transport.requests) == 1
    patient = RetryPolicy(tries=10, base=1, longest=2, jitter=lambda delay: delay)
    bb, transport = session(*[answer(b"", 502)] * 6, answer(b"{}"), retry=patient)
    assert await bb.request("GET", "/x") == {}
    assert now() == 1 + 2 * 5


def test_the_traceback_of_a_500_is_short_and_has_no_other_exception() -> None:
    @virtual
    async def check() -> None:
        bb, _ = session(*[answer(b"", 500)] * 4)
        with pytest.raises(ServerError) as caught:
            await bb.users.get_current()
        error = caught.value
        assert error.__context__ is error.__cause__ is None
        assert len("".join(traceback.format_exception(error)).splitlines()) <= 30

    check()


@virtual
async def test_an_error_names_the_object_and_the_operation() -> None:
    bb, _ = session(answer(b'{"error": {"message": "gone"}}', 404), TransportError("broke", sent=True))
    with pytest.raises(Exception, match=r"GET /repositories/acme/api/pullrequests/7: 404: gone") as caught:
        await bb.pull_requests.get("acme", "api", 7)
    assert getattr(caught.value, "template", "").startswith("/repositories/{workspace}")


# -- who goes first ---------------------------------------------------------------------------------------------------


@virtual
async def test_a_handler_passes_a_crawl_of_thousands_and_neither_starves() -> None:
    async with CloudSession(CREDENTIAL, transport=Slow(), limiter=ConcurrencyLimiter(1), max_wait=None) as bb:
        crawl = bb.with_options(background=True)
        order: list[str] = []

        async def call(which: CloudSession, name: str) -> None:
            await which.request("GET", "/x")
            order.append(name)

        tasks = [asyncio.create_task(call(crawl, "crawl")) for _ in range(1500)]
        await settle()
        tasks += [asyncio.create_task(call(bb, "handler")) for _ in range(30)]
        await asyncio.sleep(40)
        assert order.count("handler") == 30
        assert 1 <= order[1:].count("crawl") <= 39 - 30, "one turn in ten is theirs"
        assert order[2:12].count("crawl") == 1
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@virtual
async def test_background_calls_give_way_in_the_queue_of_a_budget_too() -> None:
    rates = RateTracker({"api": Rolling(1, 10)})
    async with CloudSession(CREDENTIAL, transport=RecordingTransport(lambda _: answer()), rates=rates) as bb:
        await bb.request("GET", "/first")
        crawl = bb.with_options(background=True, max_wait=None)
        behind = [asyncio.create_task(crawl.request("GET", "/crawl")) for _ in range(5)]
        await settle()
        await bb.request("GET", "/handler")
        assert now() == pytest.approx(10.01)
        assert not any(task.done() for task in behind)
        for task in behind:
            task.cancel()
        await asyncio.gather(*behind, return_exceptions=True)


@virtual
async def test_a_refused_call_keeps_its_place() -> None:
    refusals = iter([True, False, False, False])

    def reply(_request: Request) -> RawResponse:
        return answer(b"", 429, {"Retry-After": "5"}) if next(refusals) else answer()

    transport = RecordingTransport(reply)
    rates = RateTracker({"api": Rolling(1, 10)})
    async with CloudSession(CREDENTIAL, transport=transport, rates=rates, max_wait=None) as bb:
        tasks = [asyncio.create_task(bb.request("GET", f"/{number}")) for number in range(3)]
        await asyncio.gather(*tasks)
    assert [request.path for request in transport.requests] == ["/0", "/0", "/1", "/2"]


@virtual
async def test_callers_that_leave_the_queue_one_by_one_cost_little_and_leave_nothing() -> None:
    rates = RateTracker({"api": Rolling(1, 1000)})
    async with CloudSession(CREDENTIAL, transport=RecordingTransport(), rates=rates, max_wait=None) as bb:
        await bb.request("GET", "/x")
        tasks = [asyncio.create_task(bb.request("GET", "/x")) for _ in range(300)]
        await settle()
        for task in tasks[::-1]:
            task.cancel()
            await asyncio.sleep(0)
        await asyncio.gather(*tasks, return_exceptions=True)
        line = bb._pipeline.bucket("api").line
        assert len(line) == 0
        assert sum(map(len, line._lanes)) <= 16, "those who left are forgotten"


# -- streams ----------------------------------------------------------------------------------------------------------


@virtual
async def test_streams_are_limited_and_one_within_another_ends_in_an_error() -> None:
    bb, transport = session(*[answer(b"data")] * 9, limiter=ConcurrencyLimiter(8, max_streams=2), max_wait=30)
    async with AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(bb.open("GET", "/x"))
        with pytest.raises(RateLimitError, match=r"2 streams are open.*30\.0 s of max_wait") as caught:
            async with bb.open("GET", "/third"):
                pass
        assert (caught.value.path, caught.value.retry_after, now()) == ("/third", 30, 30)
        waiting = asyncio.create_task(stack.enter_async_context(bb.open("GET", "/x")))
        await settle()
        assert (len(transport.requests), bb.limiter.streams) == (2, 2)
        waiting.cancel()
        await asyncio.wait([waiting])
    assert (bb.limiter.streams, bb.limiter.in_flight) == (0, 0)
    async with bb.open("GET", "/x") as stream:
        assert await stream.read() == b"data"


@virtual
@pytest.mark.parametrize(("held", "ends"), [(20, True), (40, False)])
async def test_the_wait_for_a_stream_counts_against_max_wait(held: float, *, ends: bool) -> None:
    refused = answer(b"", 429, {"Retry-After": "30"})
    bb, transport = session(answer(b"a"), refused, answer(b"b"), limiter=ConcurrencyLimiter(8, max_streams=1))

    async def read() -> bytes:
        async with bb.open("GET", "/x") as stream:
            return await stream.read()

    async with bb.open("GET", "/x"):
        reading = asyncio.create_task(read())
        await asyncio.sleep(held)
    if ends:
        assert await reading == b"b"
    else:
        with pytest.raises(RateLimitError):
            await reading
    assert len(transport.requests) == 2 + ends


@virtual
async def test_delays_that_no_server_asked_for_do_not_count_against_max_wait() -> None:
    policy = RetryPolicy(base=5, jitter=lambda delay: delay)
    busy = [answer(b"", 503), answer(b"", 503), answer(b"", 503, {"Retry-After": "2"})]
    bb, _ = session(*busy, answer(b"{}"), retry=policy, max_wait=2)
    assert await bb.request("GET", "/x") == {}
    assert 17 <= now() <= 17.2


# -- views ------------------------------------------------------------------------------------------------------------


@virtual
async def test_a_view_has_its_own_options_and_shares_the_rest() -> None:
    seen: list[ResponseEvent] = []
    bb, transport = session(*[answer(b'{"type": "user"}')] * 3)
    timeouts = Timeouts(total=1)
    async with bb.with_options(on_response=seen.append, timeouts=timeouts, max_wait=None) as view:
        await view.users.get_current()
        assert view.users is view.users is not bb.users
        assert (view.limiter, view.rates, view.base_url) == (bb.limiter, bb.rates, bb.base_url)
        again = view.with_options(max_wait=1)
        await again.users.get_current()
    await bb.users.get_current()
    assert len(seen) == 2, "a view of a view has its options too"
    assert [request.timeouts for request in transport.requests] == [timeouts, timeouts, None]
    wrong: Any = {"transport": None}
    with pytest.raises(TypeError, match="no option transport; its options are background, max_wait"):
        bb.with_options(**wrong)


# -- closing ----------------------------------------------------------------------------------------------------------


@virtual
async def test_whatever_waits_ends_at_once_when_its_session_is_closed() -> None:
    limiter, rates = ConcurrencyLimiter(1, max_streams=1), RateTracker({"api": Rolling(2, 3600)})
    options: dict[str, Any] = {"limiter": limiter, "rates": rates, "max_wait": None}
    other = CloudSession(CREDENTIAL, transport=Hanging(), **options)
    holder = asyncio.create_task(other.request("GET", "/holds-the-slot"))
    await settle()
    bb, _ = session(*[answer(b"", 503)] * 9, **options)
    slot = asyncio.create_task(bb.request("GET", "/waits-for-the-slot"))
    await settle()
    token = asyncio.create_task(bb.request("GET", "/waits-for-a-token"))
    await settle()
    await bb.close()
    for task in (slot, token):
        with pytest.raises(RuntimeError, match="the session is closed"):
            await task
    assert now() == 0
    assert (limiter.waiting, limiter.in_flight, rates.snapshot()[0].waiting) == (0, 1, 0)
    holder.cancel()
    await asyncio.wait([holder])

    bb, _ = session(*[answer(b"", 503)] * 9)
    retrying = asyncio.create_task(bb.request("GET", "/waits-for-its-next-try"))
    await settle()
    await bb.close()
    with pytest.raises(RuntimeError, match="the session is closed"):
        await retrying
    assert now() == 0


@virtual
async def test_a_session_does_not_close_what_it_was_given() -> None:
    transport = RecordingTransport(lambda _: answer())
    async with CloudSession(CREDENTIAL, transport=transport) as first:
        async with CloudSession(CREDENTIAL, transport=transport) as second:
            await second.request("GET", "/x")
        await first.request("GET", "/x")
    assert len(transport.requests) == 2


# -- observers --------------------------------------------------------------------------------------------------------


@virtual
async def test_an_observer_that_fails_is_logged_and_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def observe(_event: ResponseEvent) -> None:
        raise ZeroDivisionError

    bb, _ = session(answer(b'{"a": 1}'), on_response=observe)
    assert await bb.request("GET", "/x") == {"a": 1}
    assert "on_response failed" in caplog.text
    bb = CloudSession(CREDENTIAL, transport=Hanging(), on_response=observe)
    task = asyncio.create_task(bb.request("GET", "/x"))
    await settle()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


@virtual
async def test_a_cached_response_is_no_attempt() -> None:
    seen: list[ResponseEvent] = []
    bb, _ = session(evolve(answer(b"{}"), from_cache=True), on_response=seen.append)
    assert await bb.request("GET", "/x") == {}
    assert seen == []
    assert bb.rates.snapshot()[0].spent == 0


def test_budgets_can_be_read_in_another_thread_and_after_the_loop() -> None:
    rates = RateTracker({"api": Rolling(5)})
    found: list[int | None] = []

    async def main() -> None:
        bb, _ = session(answer(b"{}"), rates=rates)
        await bb.request("GET", "/x")
        thread = threading.Thread(target=lambda: found.append(rates.snapshot()[0].left))
        thread.start()
        thread.join()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main())
    (state,) = rates.snapshot()
    assert (found, state.left, state.source, state.rate) == ([4], 4, "configured", Rolling(5))
    exported: Any = rates.export()
    assert len(exported["buckets"][0][-1]) == 1


@virtual
async def test_a_snapshot_tells_what_the_next_call_would_wait() -> None:
    bb, _ = session(answer(b"{}"), rates=RateTracker({"api": Rolling(1, 10)}))
    await bb.request("GET", "/x")
    await asyncio.sleep(4)
    assert bb.rates.snapshot()[0].wait == pytest.approx(6.01)


@virtual
async def test_a_call_whose_max_wait_ends_in_the_queue_tells_the_wait_that_was_left() -> None:
    transport = Hanging()
    rates = RateTracker({"api": Rolling(1, 10)})
    bb = CloudSession(CREDENTIAL, transport=transport, rates=rates, max_wait=15)
    holder = asyncio.create_task(bb.request("GET", "/x"))
    await settle()
    with pytest.raises(RateLimitError) as caught:
        await bb.request("GET", "/y")
    assert now() == 15, "the holder's token may come back at any time"
    assert (caught.value.path, caught.value.retry_after) == ("/y", 15)
    holder.cancel()
    await asyncio.wait([holder])


# -- credentials ------------------------------------------------------------------------------------------------------


@virtual
async def test_an_api_that_refuses_every_new_value_is_not_asked_for_one_by_each_call() -> None:
    values = iter(range(1000))
    asked: list[int] = []

    async def source() -> str:
        asked.append(next(values))
        return f"Bearer {asked[-1]}"

    class Renewed(CustomCredential):
        """A credential whose value changes with each renewal only."""

        async def authorization(self) -> Any:
            return f"Bearer {len(renewals)}"

        async def renew(self, refused: str) -> bool:
            renewals.append(now())
            return True

    renewals: list[float] = []
    transport = RecordingTransport(lambda _request: answer(b"", 401))
    async with CloudSession(Renewed(source), transport=transport, rates=RateTracker({"api": None})) as bb:
        for _ in range(20):
            with pytest.raises(AuthenticationError):
                await bb.request("GET", "/x")
        assert len(renewals) == 1
        while now() < 300:
            await asyncio.sleep(0.5)
            with pytest.raises(AuthenticationError):
                await bb.request("GET", "/x")
    gaps = [later - earlier for earlier, later in pairwise(renewals)]
    assert gaps == [1, 2, 4, 8, 16, 32, 60, 60, 60]


@pytest.mark.parametrize(
    ("credential", "advice"),
    [(AccessToken("ATATT3x"), r"use ApiToken\(email, token\)"), (AccessToken("ATCTT3x"), "revoked or expired")],
)
def test_a_401_says_which_kind_of_token_it_is(credential: AccessToken, advice: str) -> None:
    @virtual
    async def check() -> None:
        async with CloudSession(credential, transport=RecordingTransport([answer(b"", 401)])) as bb:
            with pytest.raises(AuthenticationError, match=advice):
                await bb.request("GET", "/user")

    check()


# -- what has no method -----------------------------------------------------------------------------------------------


@virtual
async def test_request_sends_forms_and_returns_bytes() -> None:
    bb, transport = session(answer(b"{}"), answer(b"\x00log"), answer(b'{"a": 1}'))
    await bb.request("POST", "/x", form={"a": "b c", "n": [1, 2], "none": None})
    assert transport.requests[0].body == b"a=b%20c&n=1&n=2"
    assert transport.requests[0].headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert await bb.request("GET", "/log", accept="application/octet-stream") == b"\x00log"
    assert transport.requests[1].headers["Accept"] == "application/octet-stream"
    assert await bb.request("GET", "/x", accept="application/json") == b'{"a": 1}', "bytes, since it was asked for"


@virtual
async def test_get_follows_links_of_the_session_and_its_aliases_only() -> None:
    bb, transport = session(answer(b'{"a": 1}'), answer(b"text"))
    assert await bb.get("https://bitbucket.org/!api/2.0/repositories/acme/api?x=%2F") == {"a": 1}
    assert await bb.get("https://api.bitbucket.org/2.0/x/diff", accept="text/plain") == b"text"
    assert [request.url for request in transport.requests] == [
        "https://api.bitbucket.org/2.0/repositories/acme/api?x=%2F",
        "https://api.bitbucket.org/2.0/x/diff",
    ]
    for link in ("https://evil.example/2.0/x", "/2.0/x", "https://api.bitbucket.org/2.0/../etc"):
        with pytest.raises(ValueError, match=r"another place|absolute|'\.\.'"):
            await bb.get(link)
    assert len(transport.requests) == 2


@virtual
async def test_a_file_that_cannot_be_uploaded_is_refused_before_anything_is_sent(tmp_path: Any) -> None:
    bb, transport = session()
    with pytest.raises(FileNotFoundError, match=r"cannot upload /a: .*missing\.txt"):
        await bb.source.create_commit("acme", "api", files={"a": tmp_path / "missing.txt"}, message="m")
    assert transport.requests == []
    assert bb.rates.snapshot() == []


@virtual
async def test_a_redirect_stays_within_the_context_path() -> None:
    def reply(request: Request) -> RawResponse:
        target = {"/bitbucket/rest/in": "/bitbucket/rest/there", "/bitbucket/rest/out": "/etc"}
        for path, location in target.items():
            if request.url.endswith(path):
                return answer(b"", 307, {"Location": location})
        return answer(b"{}")

    transport = RecordingTransport(reply)
    async with DataCenterSession(AccessToken("t"), base_url="https://host/bitbucket", transport=transport) as bb:
        assert await bb.request("GET", "/in") == {}
        with pytest.raises(TransportError, match="outside of the API of the same host"):
            await bb.request("GET", "/out")
    assert [request.url.removeprefix("https://host") for request in transport.requests] == [
        "/bitbucket/rest/in",
        "/bitbucket/rest/there",
        "/bitbucket/rest/out",
    ]


@virtual
async def test_a_410_names_what_replaces_the_operation() -> None:
    for path, advice in (
        ("/repositories", r"use bb.workspaces.list\(\), then bb.repositories.list\(\)"),
        ("/repositories/acme/api/issues/7", "removed on 2026-08-20 with the issue tracker"),
        ("/repositories/acme", "the workspace was moved or disabled"),
    ):
        bb, _ = session(answer(b"", 410))
        with pytest.raises(Exception, match=advice):
            await bb.request("GET", path)
