from __future__ import annotations

import asyncio
import logging
import os
from typing import Any, cast

import pytest

from bbasync import (
    AccessToken,
    ApiToken,
    AuthenticationError,
    BadRequestError,
    BitbucketError,
    CloudSession,
    ConcurrencyLimiter,
    ConflictError,
    DataCenterSession,
    DecodeError,
    GoneError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    RateTracker,
    ResponseEvent,
    Rolling,
    ServerError,
    TransportError,
)
from bbasync.auth import Credential
from bbasync.request import RawResponse, Request
from bbasync.testing.recording import RecordingTransport, answer
from tests.virtual import virtual

TOKEN = "ATATT3xSecretOfMine"
CREDENTIAL = ApiToken("me@example.org", TOKEN)
HTML = {"content-type": "text/html; charset=utf-8"}
LOGIN_PAGE = "<html><script>token='leak-me-not'</script></html>"


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


# -- retries ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "failure",
    [
        TransportError("timed out"),
        answer("<html>", 503, HTML),
        answer(b"", 555),
        answer(b'{"values": [', 200),
        answer(LOGIN_PAGE, 200, HTML),
        answer(b"", 408),
    ],
)
def test_a_read_is_tried_four_times(failure: RawResponse | Exception) -> None:
    @virtual
    async def check() -> None:
        bb, transport = session(failure, failure, failure, answer(b'{"ok": 1}'))
        assert await bb.request("GET", "/user") == {"ok": 1}
        assert len(transport.requests) == 4
        assert 0 < now() <= 1 + 2 + 4

        bb, transport = session(*[failure] * 5)
        with pytest.raises(BitbucketError) as caught:
            await bb.request("GET", "/user")
        assert len(transport.requests) == 4
        assert "leak-me-not" not in str(caught.value)
        assert bb.limiter.in_flight == 0
        assert bb.rates.snapshot()[0].spent == 4, "every attempt takes a token"

    check()


@virtual
async def test_a_post_is_repeated_only_if_it_was_never_sent() -> None:
    bb, transport = session(TransportError("refused", sent=False), answer())
    await bb.request("POST", "/x", json={})
    assert len(transport.requests) == 2

    for failure in (TransportError("broke"), answer(b"", 555), answer(b"{", 200)):
        bb, transport = session(failure)
        with pytest.raises((TransportError, ServerError, DecodeError), match="whether it took effect is unknown"):
            await bb.request("POST", "/x", json={})
        assert len(transport.requests) == 1


@virtual
async def test_a_delete_that_the_try_before_has_done_counts_as_done() -> None:
    bb, _ = session(TransportError("broke"), answer(b"", 404))
    await bb.refs.delete_branch("a", "b", "c")
    bb, _ = session(TransportError("refused", sent=False), answer(b"", 404))
    with pytest.raises(NotFoundError):
        await bb.refs.delete_branch("a", "b", "c")
    bb, _ = session(answer(b"", 404))
    with pytest.raises(NotFoundError):
        await bb.refs.delete_branch("a", "b", "c")


@virtual
async def test_a_retry_after_is_slept_in_full_or_refused_at_once() -> None:
    bb, _ = session(answer(b"", 503, {"Retry-After": "50"}), answer())
    await bb.request("GET", "/x")
    assert 50 <= now() <= 55, "a little longer, so that callers do not come back as one"
    bb, _ = session(answer(b"", 503, {"Retry-After": "50"}), answer(b"", 503, {"Retry-After": "11"}))
    with pytest.raises(RateLimitError, match="11 s"):
        await bb.request("GET", "/x")
    assert 100 <= now() <= 110, "50 of its 60 seconds were spent on the first"


@virtual
async def test_a_failing_server_sees_no_storm_of_retries() -> None:
    transport = RecordingTransport(lambda _request: answer(b"", 500))
    bb = CloudSession(CREDENTIAL, transport=transport)
    for _ in range(200):
        with pytest.raises(ServerError):
            await bb.request("GET", "/x")
    assert len(transport.requests) == 300, "100 retries, then one attempt a call"


@virtual
async def test_a_429_uses_up_no_try_and_pauses_every_call() -> None:
    refused = answer("Rate limit for this resource has been exceeded", 429, {"content-type": "text/plain"})
    bb, transport = session(*[refused] * 6, answer(), max_wait=None)
    await bb.request("POST", "/x", json={})
    assert len(transport.requests) == 7
    assert now() >= 30 + 60 + 120 + 240 + 480 + 600, "30 seconds, doubled each time, at most ten minutes"


@virtual
async def test_a_429_beyond_max_wait_is_an_error() -> None:
    bb, transport = session(answer(b"", 429, {"Retry-After": "61"}))
    with pytest.raises(RateLimitError, match="the server refused") as caught:
        await bb.request("GET", "/x")
    assert (caught.value.retry_after, len(transport.requests)) == (61, 1)
    assert caught.value.template == "/x"


@virtual
async def test_a_spent_budget_is_an_error_and_never_an_endless_nap() -> None:
    bb, transport = session(answer(), rates=RateTracker({"api": Rolling(1)}))
    await bb.request("GET", "/x")
    with pytest.raises(RateLimitError, match="the budget is spent"):
        await bb.request("GET", "/x")
    assert len(transport.requests) == 1


# -- credentials ------------------------------------------------------------------------------------------------------


@virtual
async def test_a_401_asks_the_credential_once_more() -> None:
    headers = iter(["Bearer old", "Bearer new", "Bearer new"])

    async def source() -> str:
        return next(headers)

    transport = RecordingTransport([answer(b"", 401), answer()])
    await CloudSession(source, transport=transport).request("POST", "/x", json={})
    assert [request.headers["Authorization"] for request in transport.requests] == ["Bearer old", "Bearer new"]


@virtual
async def test_a_401_with_the_same_credential_is_final_and_says_what_to_do() -> None:
    bb, transport = session(answer(b'{"error": {"message": "Bad"}}', 401))
    with pytest.raises(AuthenticationError, match="email address"):
        await bb.request("GET", "/user")
    assert len(transport.requests) == 1
    with pytest.raises(AuthenticationError, match="revoked or expired"):
        await CloudSession(AccessToken("x"), transport=RecordingTransport([answer(b"", 401)])).request("GET", "/user")


def test_credentials_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("BITBUCKET_")]:
        monkeypatch.delenv(name)
    with pytest.raises(ValueError, match="set BITBUCKET_EMAIL and BITBUCKET_API_TOKEN"):
        CloudSession.from_env()
    with pytest.raises(ValueError, match="BITBUCKET_DC_URL"):
        DataCenterSession.from_env()
    monkeypatch.setenv("BITBUCKET_ACCESS_TOKEN", TOKEN)
    assert "token-" in repr(CloudSession.from_env())
    monkeypatch.setenv("BITBUCKET_API_TOKEN", TOKEN)
    with pytest.raises(ValueError, match="needs BITBUCKET_EMAIL"):
        CloudSession.from_env()
    monkeypatch.setenv("BITBUCKET_EMAIL", "me@example.org")
    assert repr(CloudSession.from_env()) == "<CloudSession https://api.bitbucket.org/2.0 as me@example.org>"
    for empty in ("", None):
        monkeypatch.setenv("BITBUCKET_BASE_URL", "")
        assert CloudSession.from_env(base_url=empty).base_url == "https://api.bitbucket.org/2.0"
    monkeypatch.setenv("BITBUCKET_BASE_URL", "https://gateway.example/bitbucket/")
    assert CloudSession.from_env().base_url == "https://gateway.example/bitbucket"
    assert CloudSession.from_env(base_url="https://other.example").base_url == "https://other.example"
    monkeypatch.setenv("BITBUCKET_BASE_URL", "http://gateway.example")
    with pytest.raises(ValueError, match="allow_http"):
        CloudSession.from_env()
    assert CloudSession.from_env(allow_http=True).base_url == "http://gateway.example"
    monkeypatch.setenv("BITBUCKET_DC_URL", "https://git.example.org/bitbucket/")
    monkeypatch.setenv("BITBUCKET_DC_TOKEN", "other")
    assert DataCenterSession.from_env().base_url == "https://git.example.org/bitbucket/rest"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://bitbucket.example", "unencrypted"),
        ("https://me:secret@host/2.0", "user name"),
        ("bitbucket.org", "absolute"),
        ("https://host/?x=1", "must not have a query"),
        ("https://host/#x", "must not have a query"),
    ],
)
def test_a_base_url_that_would_leak_is_refused(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        CloudSession(CREDENTIAL, base_url=url)
    assert "secret" not in str(caught.value)


def test_plain_http_is_for_loopback_or_those_who_ask() -> None:
    CloudSession(CREDENTIAL, base_url="http://localhost:1/2.0")
    CloudSession(CREDENTIAL, base_url="http://[::1]:1/2.0")
    CloudSession(CREDENTIAL, base_url="http://proxy.internal/2.0", allow_http=True)


# -- errors -----------------------------------------------------------------------------------------------------------


@virtual
async def test_a_400_tells_its_fields() -> None:
    body = (
        b'{"type":"error","error":{"message":"Bad request","fields":{"source":["branch not found: x"],"title":"no"}}}'
    )
    bb, _ = session(answer(body, 400, {"X-Request-Id": "abc"}))
    with pytest.raises(BadRequestError, match="Bad request") as caught:
        await bb.request("GET", "/repositories/{a}/b?q=1")
    error = caught.value
    assert error.fields == {"source": ("branch not found: x",), "title": ("no",)}
    assert (error.status, error.request_id, error.template) == (400, "abc", "/repositories/{a}/b")
    assert error.url == "https://api.bitbucket.org/2.0/repositories/%7Ba%7D/b?q=1"


@virtual
async def test_a_403_tells_the_scopes() -> None:
    detail = '{"error":{"message":"lack","detail":{"granted":["account"],"required":["repository"]}}}'
    bb, _ = session(answer(detail, 403))
    with pytest.raises(PermissionDeniedError, match="required scopes: repository") as caught:
        await bb.request("GET", "/x")
    assert (caught.value.scopes_granted, caught.value.scopes_required) == (("account",), ("repository",))
    headers = {"X-OAuth-Scopes": "account, webhook", "X-Accepted-OAuth-Scopes": "repository:write"}
    bb, _ = session(answer(b'{"error": "text"}', 403, headers))
    with pytest.raises(PermissionDeniedError, match="403: text") as caught:
        await bb.request("GET", "/x")
    assert caught.value.scopes_granted == ("account", "webhook")


@virtual
async def test_details_come_first_and_others_say_what_to_do() -> None:
    bb, _ = session(answer(b'{"error":{"message":"Not found","detail":"no such pipeline"}}', 404))
    with pytest.raises(NotFoundError, match="404: no such pipeline") as caught:
        await bb.request("GET", "/x")
    assert caught.value.detail == "no such pipeline"
    anonymous = CloudSession(transport=RecordingTransport([answer(b"", 404)]))
    with pytest.raises(NotFoundError, match="without a credential"):
        await anonymous.request("GET", "/x")
    bb, _ = session(answer(b'{"error":{"message":"CHANGE-2770","data":{"announcement_url":"https://a"}}}', 410))
    with pytest.raises(GoneError, match="removed") as gone:
        await bb.request("GET", "/x")
    assert gone.value.announcement_url == "https://a"
    bb, _ = session(answer(b"no json", 409, {"content-type": "text/plain"}))
    with pytest.raises(ConflictError, match="gave no reason"):
        await bb.request("GET", "/x")


@virtual
async def test_html_is_never_echoed() -> None:
    bb, _ = session(answer(LOGIN_PAGE, 404, HTML))
    with pytest.raises(NotFoundError) as caught:
        await bb.request("GET", "/x")
    assert "leak" not in repr(caught.value) + str(caught.value)


@virtual
async def test_a_body_of_another_shape_is_a_decode_error_that_keeps_it() -> None:
    bb, _ = session(answer(b'["unexpected"]'))
    with pytest.raises(DecodeError, match="not a Branch") as caught:
        await bb.refs.get_branch("a", "b", "c")
    assert caught.value.body == b'["unexpected"]'


# -- redirects --------------------------------------------------------------------------------------------------------


def redirect(location: str, status: int = 302) -> RawResponse:
    return answer(b"", status, {"Location": location})


@virtual
async def test_a_redirect_on_the_same_host_keeps_the_credential_and_costs_a_token() -> None:
    bb, transport = session(redirect("/2.0/other?x=%2F"), answer())
    await bb.request("GET", "/x")
    assert transport.requests[1].url == "https://api.bitbucket.org/2.0/other?x=%2F"
    assert "Authorization" in transport.requests[1].headers
    assert bb.rates.snapshot()[0].spent == 2


@virtual
async def test_another_host_gets_no_header_of_ours_and_only_where_the_operation_redirects() -> None:
    bb, transport = session(redirect("https://media.example/file?sig=1"))
    with pytest.raises(TransportError, match="another host"):
        await bb.request("GET", "/x")
    assert len(transport.requests) == 1

    bb, transport = session(redirect("https://media.example/file?sig=1"), answer(b"data"))
    request = bb._build("GET /x", accept="*/*", leaves_origin=True)
    assert (await bb._send(request)).body == b"data"
    assert set(transport.requests[1].headers) == {"User-Agent", "Accept"}
    assert bb.rates.snapshot()[0].spent == 1

    bb, _ = session(redirect("https://media.example/file?sig=secret"), answer(b"gone", 403))
    with pytest.raises(PermissionDeniedError) as caught:
        await bb._send(request)
    assert "secret" not in caught.value.url


@pytest.mark.parametrize(
    ("answers", "method", "why"),
    [
        ([redirect("/x")] * 6, "GET", "more than 5 times"),
        ([redirect("https://me:pw@api.bitbucket.org/x")], "GET", "refused"),
        ([redirect("https://ho st/x")], "GET", "refused"),
        ([answer(b"", 302)], "GET", "without a Location"),
        ([redirect("/2.0/moved", 307)], "POST", "POST is not sent to another address"),
        ([redirect("http://api.bitbucket.org/2.0/x")], "GET", "another host"),
    ],
)
def test_redirects_that_are_not_followed(answers: list[RawResponse], method: str, why: str) -> None:
    @virtual
    async def check() -> None:
        bb, transport = session(*answers)
        with pytest.raises(TransportError, match=why):
            await bb.request(method, "/x")
        assert len(transport.requests) == len(answers)

    check()


# -- streams ----------------------------------------------------------------------------------------------------------


@virtual
async def test_a_stream_frees_its_slot_at_the_headers_so_it_cannot_lock_itself_out() -> None:
    bb, _ = session(answer(b"one"), answer(b"two"), limiter=ConcurrencyLimiter(1, max_streams=2))
    request = bb._build("GET /x", accept="*/*")
    async with bb._stream(request) as outer:
        assert (bb.limiter.in_flight, bb.limiter.streams) == (0, 1)
        async with bb._stream(request) as inner:
            assert [chunk async for chunk in inner] == [b"two"]
            assert bb.limiter.streams == 2
        assert await outer.read() == b"one"
    assert (bb.limiter.in_flight, bb.limiter.streams) == (0, 0)


@virtual
async def test_a_stream_is_retried_and_redirected_until_its_headers_and_its_errors_are_read() -> None:
    bb, transport = session(answer(b"", 503), redirect("/2.0/y"), answer(b"data"))
    async with bb._stream(bb._build("GET /x", accept="*/*")) as stream:
        assert await stream.read() == b"data"
        assert (stream.status, stream.headers["content-type"]) == (200, "application/json")
    assert len(transport.requests) == 3
    bb, _ = session(answer(b'{"error":{"message":"no such file"}}', 404))
    with pytest.raises(NotFoundError, match="no such file"):
        async with bb._stream(bb._build("GET /x", accept="*/*")):
            pass
    assert (bb.limiter.in_flight, bb.limiter.streams) == (0, 0)


# -- cancellation, sharing, telling -----------------------------------------------------------------------------------


class Slow(RecordingTransport):
    """Answers after a second; counts how many are under way."""

    def __init__(self, seconds: float = 1.0) -> None:
        super().__init__(lambda _request: answer())
        self.seconds, self.under_way, self.most = seconds, 0, 0
        self.started: list[str] = []

    async def send(self, request: Request) -> RawResponse:
        self.started.append(request.template)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await asyncio.sleep(self.seconds)
            return await super().send(request)
        finally:
            self.under_way -= 1


@virtual
async def test_a_thousand_tasks_share_sixteen_slots_and_cancelling_half_leaves_nothing_behind() -> None:
    transport = Slow()
    async with CloudSession(
        CREDENTIAL, transport=transport, rates=RateTracker({"api": Rolling(700)}), max_wait=None
    ) as bb:
        tasks = [asyncio.create_task(bb.request("GET", f"/{number}")) for number in range(1000)]
        await asyncio.sleep(10.5)
        for task in tasks[::2]:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert transport.most == 16
        order = [int(template[1:]) for template in transport.started]
        assert order == sorted(order), "first come, first served"
        assert sum(result == {} for result in results) == len(transport.requests)
        assert all(result == {} or isinstance(result, asyncio.CancelledError) for result in results)
        assert (bb.limiter.in_flight, bb.limiter.waiting, transport.under_way) == (0, 0, 0)
        state = bb.rates.snapshot()[0]
        assert state.waiting == 0
        assert state.spent == len(order), "what was cancelled before it was sent costs nothing"
    assert asyncio.all_tasks() == {asyncio.current_task()}


@virtual
async def test_sessions_share_slots_and_budgets_but_users_do_not() -> None:
    limiter, rates, transport = ConcurrencyLimiter(3), RateTracker(), Slow()
    credentials: list[Credential] = [CREDENTIAL, CREDENTIAL, AccessToken("a"), AccessToken("b")]
    sessions = [CloudSession(each, transport=transport, limiter=limiter, rates=rates) for each in credentials]
    await asyncio.gather(*(bb.request("GET", "/x") for bb in sessions for _ in range(5)))
    assert transport.most == 3
    assert sorted(state.spent for state in rates.snapshot()) == [5, 5, 10]


@virtual
async def test_each_attempt_is_told_without_secrets(caplog: pytest.LogCaptureFixture) -> None:
    events: list[ResponseEvent] = []
    caplog.set_level(logging.DEBUG, "bbasync")
    bb, _ = session(TransportError("broke"), answer(), on_response=events.append)
    await bb.request("GET", "/repositories/acme?q=private")
    assert [(event.template, event.status) for event in events] == [
        ("/repositories/acme", None),
        ("/repositories/acme", 200),
    ]
    assert len(caplog.records) == 2
    assert TOKEN not in caplog.text
    assert "q=private" not in caplog.text


def test_a_session_that_is_closed_or_wrongly_made_says_so() -> None:
    @virtual
    async def check() -> None:
        bb, _ = session()
        await bb.close()
        with pytest.raises(RuntimeError, match="closed"):
            await bb.request("GET", "/x")

    check()
    with pytest.raises(ValueError, match="not both"):
        CloudSession(http=cast("Any", object()), transport=RecordingTransport())


@virtual
async def test_request_and_paginate_take_what_has_no_method() -> None:
    bb, transport = session(answer(b""), answer(b'{"values": [{"a": 1}]}'))
    assert await bb.request("put", "/x/{1}", query={"q": "a b"}, json={"n": None, "m": 1}) is None
    sent = transport.requests[0]
    assert (sent.method, sent.url) == ("PUT", "https://api.bitbucket.org/2.0/x/%7B1%7D?q=a%20b")
    assert (sent.body, sent.headers["Content-Type"]) == (b'{"m":1}', "application/json")
    assert [item async for item in bb.paginate("/y?sort=n")] == [{"a": 1}]
    assert transport.requests[1].url == "https://api.bitbucket.org/2.0/y?sort=n&pagelen=50"
    bb, transport = session(answer(b'{"values": []}'), answer(b'{"values": []}'))
    assert [item async for item in bb.paginate("/y?pagelen=2")] == []
    assert [item async for item in bb.paginate("/y", query={"pagelen": 3})] == []
    assert [request.url.partition("?")[2] for request in transport.requests] == ["pagelen=2", "pagelen=3"]


class RefusingAtFirst(RecordingTransport):
    async def send(self, request: Request) -> RawResponse:
        self.requests.append(request)
        is_early = asyncio.get_running_loop().time() < 1005
        await asyncio.sleep(1)
        return answer(status=429, headers={"Retry-After": "10"}) if is_early else answer("{}")


@virtual
async def test_a_request_that_waits_for_a_slot_while_a_pause_begins_is_held_back_too() -> None:
    transport = RefusingAtFirst()
    async with CloudSession(transport=transport, limiter=ConcurrencyLimiter(1)) as bb:
        await asyncio.gather(*(bb.request("GET", "/user") for _ in range(3)))
    assert len(transport.requests) == 1 + 3


def test_a_misspelt_option_is_named_with_those_there_are() -> None:
    misspelt: Any = {"max_wiat": 1.0}
    with pytest.raises(
        TypeError, match=r"CloudSession has no option max_wiat; its options are allow_http, background, .*max_wait"
    ):
        CloudSession(AccessToken("t"), **misspelt)
    with pytest.raises(TypeError, match="DataCenterSession has no option max_wiat"):
        DataCenterSession(AccessToken("t"), base_url="https://host", **misspelt)


async def test_open_reads_any_operation_in_chunks() -> None:
    bb, transport = session(answer(b"\x00\x01", 200, {"content-type": "application/octet-stream"}))
    async with bb, bb.open("GET", "/repositories/acme/api/downloads/x.bin", query={"a": "b"}) as stream:
        assert await stream.read() == b"\x00\x01"
    (request,) = transport.requests
    assert (request.method, request.template) == ("GET", "/repositories/acme/api/downloads/x.bin")
    assert request.url.endswith("/2.0/repositories/acme/api/downloads/x.bin?a=b")
    assert request.headers["Accept"] == "*/*"
    assert request.leaves_origin


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/repositories/acme", {"fields": "values.slug"}),
        ("/repositories/acme?fields=values.slug", None),
        ("/repositories/acme", {"fields": ["values.slug"]}),
    ],
)
async def test_paginate_keeps_next_in_fields(path: str, query: dict[str, Any] | None) -> None:
    bb, transport = session(answer(b'{"values": []}'))
    async with bb:
        assert [item async for item in bb.paginate(path, query=query)] == []
    assert "fields=values.slug%2Cnext" in transport.requests[0].url
