"""A credential that renews itself: once for everybody, and stored before it is used."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from bbasync import (
    AccessToken,
    AuthenticationError,
    AuthorizationExpiredError,
    CloudSession,
    ConcurrencyLimiter,
    DataCenterSession,
    OAuthCredential,
    OAuthToken,
    PermissionDeniedError,
    RateLimitError,
    RateTracker,
    Rolling,
    ServerError,
    TransportError,
)
from bbasync.auth import CredentialLike
from bbasync.testing import FakeCloud, FakeDataCenter
from bbasync.testing.recording import RecordingTransport, answer
from tests.granting import (
    REDIRECT,
    Doorkeeper,
    Issuer,
    agreed,
    asked,
    cloud_client,
    datacenter_client,
    due,
    issue,
    quiet,
)
from tests.virtual import settle, virtual
from tests.waiting import PATIENCE

TASKS = 1000
SESSIONS = 4


async def call_at_once(credential: CredentialLike, **options: Any) -> list[object]:
    """Let 1,000 tasks of four sessions, each with a budget of its own, call at once."""
    async with AsyncExitStack() as stack:
        sessions = [await stack.enter_async_context(CloudSession(credential, **options)) for _ in range(SESSIONS)]
        return await asyncio.gather(*(sessions[n % SESSIONS].request("GET", "/user") for n in range(TASKS)))


def session(credential: CredentialLike, transport: Any, **options: Any) -> CloudSession:
    return CloudSession(credential, transport=transport, **options)


class Stored:
    """Where `on_renew` stores pairs; it fails as often as it is told to, and waits for its gate."""

    def __init__(self, failures: int = 0) -> None:
        self.pairs: list[OAuthToken] = []
        self.tried: list[OAuthToken] = []
        self.failures = failures
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, token: OAuthToken) -> None:
        self.tried.append(token)
        await self.gate.wait()
        if len(self.tried) <= self.failures:
            raise OSError("disk full")
        self.pairs.append(token)


# -- one renewal for everybody ----------------------------------------------------------------------------------------


async def test_a_thousand_tasks_meet_a_token_that_is_due_and_one_refresh_serves_them(fake: FakeCloud) -> None:
    stored, token = Stored(), due(await agreed(fake))
    fake.oauth.access_tokens.clear()
    fake.requests.clear()
    answers = await call_at_once(cloud_client(fake).credential(token, on_renew=stored), base_url=fake.url)
    assert len(answers) == TASKS
    assert asked(fake) == 1
    assert [request.status for request in fake.requests] == [200] * (TASKS + 1), "the old token was never sent"
    (pair,) = stored.pairs
    assert pair.refresh_token not in {None, token.refresh_token}
    assert fake.oauth.refresh_tokens == {pair.refresh_token}


async def test_a_thousand_tasks_meet_a_token_that_was_revoked_and_one_refresh_serves_them(fake: FakeCloud) -> None:
    stored, token = Stored(), await agreed(fake)
    fake.oauth.access_tokens.clear()
    fake.requests.clear()
    answers = await call_at_once(cloud_client(fake).credential(token, on_renew=stored), base_url=fake.url)
    assert len(answers) == TASKS
    assert asked(fake) == len(stored.pairs) == 1
    refused = sum(request.status == 401 for request in fake.requests)
    assert 1 <= refused <= 2 * 16 * SESSIONS, "whoever has not been sent waits for the renewal"
    assert sum(request.status == 200 for request in fake.requests) == TASKS + 1


@virtual
async def test_a_thousand_refusals_are_one_renewal() -> None:
    door, issuer = Doorkeeper("access-2", crowd=TASKS), Issuer()
    issuer.gate.set()
    credential = OAuthCredential(issuer, principal="bot", token=issue(1))
    answers = await call_at_once(credential, transport=door, limiter=ConcurrencyLimiter(TASKS))
    assert len(answers) == TASKS
    assert door.sent == ["access-1"] * TASKS + ["access-2"] * TASKS
    assert issuer.asked == [issue(1)]


@virtual
async def test_a_refusal_that_comes_late_finds_the_new_token() -> None:
    issuer = Issuer()
    issuer.gate.set()
    credential = OAuthCredential(issuer, principal="bot", token=issue(1))
    refused = await credential.authorization()
    assert await credential.renew(refused)
    assert await credential.renew(refused), "there is another value by now"
    assert await credential.authorization() == "Bearer access-2"
    assert len(issuer.asked) == 1
    assert await credential.renew("Bearer access-2")
    assert await credential.authorization() == "Bearer access-3"
    assert issuer.asked == [issue(1), issue(2)], "each is asked for with the one before"


@virtual
async def test_a_renewal_is_over_for_all_when_it_fails_and_a_second_later_a_call_begins_another() -> None:
    door, failures = Doorkeeper("access-2"), [AuthenticationError("the client is unknown", status=401)]

    async def obtain(_last: OAuthToken | None) -> OAuthToken:
        await asyncio.sleep(1)
        if failures:
            raise failures.pop()
        return issue(2)

    wall = asyncio.get_running_loop().time
    bb = session(OAuthCredential(obtain, principal="bot", token=due(issue(1)), wall=wall), door)
    async with bb, quiet():
        outcomes = await asyncio.gather(*(bb.request("GET", "/user") for _ in range(10)), return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {AuthenticationError}
        with pytest.raises(AuthenticationError):
            await bb.request("GET", "/user")
        assert door.sent == []
        assert not failures, "it was asked for once"
        await asyncio.sleep(1)
        assert await bb.request("GET", "/user") == {"type": "user"}


# -- cancellation and closing -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [due(issue(1)), issue(1)], ids=["due", "refused"])
def test_the_task_that_began_the_renewal_is_cancelled_and_the_others_get_its_token(token: OAuthToken) -> None:
    @virtual
    async def check() -> None:
        door, issuer, stored = Doorkeeper("access-2"), Issuer(), Stored()
        bb = session(OAuthCredential(issuer, principal="bot", token=token, on_renew=stored), door)
        async with bb, quiet():
            first, *others = [asyncio.create_task(bb.request("GET", "/user")) for _ in range(5)]
            await settle()
            assert len(issuer.asked) == 1
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
            issuer.gate.set()
            assert await asyncio.gather(*others) == [{"type": "user"}] * 4
        assert len(issuer.asked) == len(stored.pairs) == 1
        assert bb.limiter.in_flight == 0

    check()


@virtual
async def test_all_tasks_are_cancelled_and_the_pair_is_stored_all_the_same() -> None:
    door, issuer, stored = Doorkeeper("access-2"), Issuer(), Stored()
    bb = session(OAuthCredential(issuer, principal="bot", token=due(issue(1)), on_renew=stored), door)
    async with bb, quiet():
        tasks = [asyncio.create_task(bb.request("GET", "/user")) for _ in range(20)]
        await settle()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert bb.limiter.in_flight == bb.limiter.waiting == 0
        assert bb.rates.snapshot()[0].spent == 0
        issuer.gate.set()
        await settle()
        assert stored.pairs == [issue(2)]
        assert await bb.request("GET", "/user") == {"type": "user"}
    assert len(issuer.asked) == 1


@virtual
async def test_a_session_that_is_closed_waits_until_the_pair_is_stored() -> None:
    door, issuer, stored = Doorkeeper("access-2"), Issuer(), Stored()
    stored.gate.clear()
    bb = session(OAuthCredential(issuer, principal="bot", token=due(issue(1)), on_renew=stored), door)
    async with quiet():
        task = asyncio.create_task(bb.request("GET", "/user"))
        await settle()
        task.cancel()
        closing = asyncio.create_task(bb.close())
        await settle()
        issuer.gate.set()
        await settle()
        assert stored.tried == [issue(2)]
        assert not closing.done()
        stored.gate.set()
        await closing
        assert stored.pairs == [issue(2)]
    assert door.sent == []


@virtual
async def test_a_session_that_is_closed_leaves_the_credential_to_the_others() -> None:
    door, issuer = Doorkeeper("access-2"), Issuer()
    issuer.gate.set()
    credential = OAuthCredential(issuer, principal="bot", token=due(issue(1)))
    async with session(credential, door) as other:
        async with session(credential, door) as bb:
            await bb.request("GET", "/user")
        await other.request("GET", "/user")
    assert len(issuer.asked) == 1


# -- stored before it is used -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [due(issue(1)), issue(1)], ids=["due", "refused"])
def test_nothing_is_sent_with_a_pair_that_is_not_stored(token: OAuthToken) -> None:
    @virtual
    async def check() -> None:
        door, issuer, stored = Doorkeeper("access-2"), Issuer(), Stored()
        stored.gate.clear()
        issuer.gate.set()
        bb = session(OAuthCredential(issuer, principal="bot", token=token, on_renew=stored), door)
        async with bb:
            tasks = [asyncio.create_task(bb.request("GET", "/user")) for _ in range(5)]
            await settle()
            assert stored.tried == [issue(2)]
            assert "access-2" not in door.sent
            stored.gate.set()
            await asyncio.gather(*tasks)
        assert door.sent.count("access-2") == 5

    check()


@pytest.mark.parametrize("token", [due(issue(1)), issue(1)], ids=["due", "refused"])
def test_a_pair_that_could_not_be_stored_is_stored_at_the_next_call(token: OAuthToken) -> None:
    @virtual
    async def check() -> None:
        door, issuer, stored = Doorkeeper("access-2"), Issuer(), Stored(failures=2)
        issuer.gate.set()
        bb = session(OAuthCredential(issuer, principal="bot", token=token, on_renew=stored), door)
        async with bb, quiet():
            for _ in range(2):
                with pytest.raises(OSError, match="disk full"):
                    await bb.request("GET", "/user")
            assert "access-2" not in door.sent
            await bb.request("GET", "/user")
        assert stored.tried == [issue(2)] * 3
        assert stored.pairs == [issue(2)]
        assert issuer.asked == [token], "there is no second refresh"
        assert bb.limiter.in_flight == 0

    check()


# -- when it is renewed, and when not ---------------------------------------------------------------------------------


@virtual
async def test_it_is_renewed_shortly_before_its_end_by_the_clock_that_was_passed() -> None:
    now, door, issuer = [0.0], Doorkeeper("access-1"), Issuer()
    issuer.gate.set()
    token = issue(1, expires_at=3600.0)
    bb = session(OAuthCredential(issuer, principal="bot", token=token, wall=lambda: now[0]), door)
    async with bb:
        for now[0] in (0.0, 3539.9):
            await bb.request("GET", "/user")
        assert issuer.asked == []
        now[0] = 3540.0
        await bb.request("GET", "/user")  # renews it meanwhile
        await settle()
        door.accepted = "access-2"
        await bb.request("GET", "/user")
    assert door.sent == ["access-1", "access-1", "access-1", "access-2"]


@virtual
async def test_it_is_not_used_at_the_instant_of_its_end() -> None:
    issuer = Issuer()
    issuer.gate.set()
    credential = OAuthCredential(issuer, principal="bot", token=issue(1, expires_at=3600.0), wall=lambda: 3600.0)
    assert await credential.authorization() == "Bearer access-2"


@virtual
async def test_a_refusal_that_stays_is_an_authentication_error_after_one_renewal() -> None:
    door, issuer = Doorkeeper("nobody's"), Issuer()
    issuer.gate.set()
    bb = session(OAuthCredential(issuer, principal="bot", token=issue(1)), door)
    async with bb:
        with pytest.raises(AuthenticationError, match="Token is invalid or expired") as caught:
            await bb.request("GET", "/user")
    assert not isinstance(caught.value, AuthorizationExpiredError)
    assert door.sent == ["access-1", "access-2"]
    assert len(issuer.asked) == 1


async def test_a_missing_permission_on_data_center_renews_nothing() -> None:
    async with FakeDataCenter(repositories=1, commits=5, pull_requests=1) as fake:
        client = datacenter_client(fake)
        token = await client.exchange(fake.oauth.authorize({"redirect_uri": REDIRECT}), redirect_uri=REDIRECT)
        fake.oauth.access_tokens[token.access_token] = (fake.reader, 2.0**40)
        async with DataCenterSession(client.credential(token), base_url=fake.url) as bb:
            with pytest.raises(PermissionDeniedError):
                await bb.request("POST", "/api/latest/projects", json={"key": "NEW", "name": "new"})
    assert fake.requests[-1].status == 401
    assert (asked(fake), len(fake.requests)) == (1, 2)


# -- budgets and slots ------------------------------------------------------------------------------------------------


@virtual
async def test_the_budget_stays_the_same_over_renewals() -> None:
    door, issuer = Doorkeeper("access-1"), Issuer()
    issuer.gate.set()
    credential = OAuthCredential(issuer, principal="bot", token=issue(1))
    async with session(credential, door) as bb:
        for number in (1, 2, 3):
            door.accepted = f"access-{number}"
            await bb.request("GET", "/user")
        (bucket,) = bb.rates.snapshot()
    assert bucket.principal == "bot"
    assert bucket.spent == len(door.sent) == 5, "two were refused, and refusals are spent too"


@pytest.mark.parametrize("is_shared", [False, True])
async def test_a_renewal_takes_no_slot_and_no_budget(fake: FakeCloud, *, is_shared: bool) -> None:
    limiter, rates = ConcurrencyLimiter(1), RateTracker()
    options: dict[str, Any] = {"limiter": limiter, "rates": rates} if is_shared else {}
    credential = cloud_client(fake, **options).credential(due(await agreed(fake)))
    bb = CloudSession(credential, base_url=fake.url, limiter=limiter, rates=rates, max_wait=1)
    rates.bucket(bb._pipeline.origin_url, credential.principal, "api", Rolling(3, 3600))
    async with bb, asyncio.timeout(PATIENCE):
        await asyncio.gather(bb.request("GET", "/user"), bb.request("GET", "/user"))
        fake.oauth.access_tokens.clear()
        with pytest.raises(RateLimitError):  # the third was refused, and there is no fourth
            await bb.request("GET", "/user")
    assert asked(fake) == 3
    assert [one.spent for one in rates.snapshot()] == [3]


# -- a token endpoint that is down ------------------------------------------------------------------------------------


def _down(failure: Callable[[], Exception]) -> tuple[Callable[[OAuthToken | None], Awaitable[OAuthToken]], list[int]]:
    asked_at: list[int] = []

    async def obtain(_last: OAuthToken | None) -> OAuthToken:
        asked_at.append(1)
        await asyncio.sleep(0)
        raise failure()

    return obtain, asked_at


FAILURES: tuple[Callable[[], Exception], ...] = (
    lambda: TransportError("timed out", method="POST", template="/site/oauth2/access_token"),
    lambda: ServerError("503: down", method="POST", template="/site/oauth2/access_token", status=503),
)


@pytest.mark.parametrize("failure", FAILURES, ids=["no-answer", "503"])
def test_a_renewal_that_failed_for_good_is_not_begun_again_by_the_call(failure: Callable[[], Exception]) -> None:
    @virtual
    async def check() -> None:
        obtain, asked_at = _down(failure)
        async with session(OAuthCredential(obtain, principal="bot"), RecordingTransport()) as bb:
            with pytest.raises((TransportError, ServerError)):
                await bb.request("GET", "/user")
        assert len(asked_at) == 1, "the token endpoint's own four tries are enough"

    check()


@virtual
async def test_a_write_that_was_never_sent_is_not_said_to_have_had_perhaps_an_effect() -> None:
    obtain, _ = _down(FAILURES[0])
    transport = RecordingTransport([answer()])
    async with session(OAuthCredential(obtain, principal="bot"), transport) as bb:
        writes = (bb.request("POST", "/x", json={}) for _ in range(3))
        outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert transport.requests == []
    assert {str(outcome) for outcome in outcomes} == {"POST /site/oauth2/access_token: timed out"}


# -- renewals that fail -----------------------------------------------------------------------------------------------


@virtual
async def test_a_token_that_is_valid_is_used_while_it_cannot_be_renewed(caplog: pytest.LogCaptureFixture) -> None:
    loop, asked_at = asyncio.get_running_loop(), list[float]()

    async def obtain(_last: OAuthToken | None) -> OAuthToken:
        asked_at.append(loop.time())
        raise TransportError("the token endpoint is down")

    token = issue(1, expires_at=loop.time() + 50)  # due, but good for 50 s
    credential = OAuthCredential(obtain, principal="bot", token=token, wall=loop.time)
    async with session(credential, Doorkeeper("access-1")) as bb, quiet():
        for _ in range(30):
            assert await bb.request("GET", "/user") == {"type": "user"}
        assert len(asked_at) == 1, "the next renewal is tried a second later"
        assert "is valid, but could not be renewed" in caplog.text
        assert "access-1" not in caplog.text
        await asyncio.sleep(1)
        await bb.request("GET", "/user")
        assert len(asked_at) == 2
        await asyncio.sleep(60)
        with pytest.raises(TransportError, match="endpoint is down"):
            await bb.request("GET", "/user")


@virtual
async def test_a_renewal_that_fails_is_tried_again_after_longer_and_longer_times() -> None:
    loop, asked_at, works = asyncio.get_running_loop(), list[float](), [False]

    async def obtain(_last: OAuthToken | None) -> OAuthToken:
        asked_at.append(loop.time())
        if works[0]:
            return issue(2, expires_at=loop.time())
        raise TransportError("the token endpoint is down")

    credential = OAuthCredential(obtain, principal="bot", token=due(issue(1)), wall=loop.time)

    async def gaps(seconds: float) -> list[float]:
        asked_at.clear()
        until = loop.time() + seconds
        while loop.time() < until:
            with contextlib.suppress(TransportError):
                await credential.authorization()
            await asyncio.sleep(0.5)
        return [later - earlier for earlier, later in itertools.pairwise(asked_at)]

    assert await gaps(36) == [1, 2, 4, 8, 10, 10]
    await asyncio.sleep(10)
    works[0] = True
    assert await gaps(2) == [0.5, 0.5, 0.5]
    works[0] = False
    assert await gaps(4) == [1, 2], "a success was the last word"


@virtual
async def test_a_grant_that_is_dead_is_asked_for_once(caplog: pytest.LogCaptureFixture) -> None:
    asked_for: list[OAuthToken | None] = []

    async def obtain(last: OAuthToken | None) -> OAuthToken:
        asked_for.append(last)
        raise AuthorizationExpiredError("authorise again", status=400)

    wall = asyncio.get_running_loop().time
    credential = OAuthCredential(obtain, principal="bot", token=due(issue(1)), wall=wall)
    async with session(credential, Doorkeeper()) as bb, quiet():
        for _ in range(30):
            with pytest.raises(AuthorizationExpiredError, match="authorise again"):
                await bb.request("GET", "/user")
            await asyncio.sleep(100)
    assert len(asked_for) == 1
    assert "could not be renewed" not in caplog.text, "the calls have said it"


@virtual
async def test_closing_does_not_wait_for_a_token_endpoint_that_hangs(caplog: pytest.LogCaptureFixture) -> None:
    async def obtain(_last: OAuthToken | None) -> OAuthToken:
        await asyncio.Event().wait()
        raise AssertionError

    loop, errors = asyncio.get_running_loop(), list[dict[str, Any]]()
    loop.set_exception_handler(lambda _loop, context: errors.append(context))
    bb = session(OAuthCredential(obtain, principal="bot", token=due(issue(1))), Doorkeeper())
    async with quiet():
        call = asyncio.create_task(bb.request("GET", "/user"))
        await settle()
        began = loop.time()
        await bb.close()
        assert loop.time() - began == 10
        with pytest.raises(RuntimeError, match="the session is closed"):
            await call
    assert "still being renewed" in caplog.text
    assert errors == []


@virtual
async def test_closing_one_session_does_not_end_the_calls_of_another() -> None:
    gate = asyncio.Event()

    async def obtain(_last: OAuthToken | None) -> OAuthToken:
        await gate.wait()
        return issue(2)

    credential = OAuthCredential(obtain, principal="bot", token=due(issue(1)))
    first, second = session(credential, Doorkeeper("access-2")), session(credential, Doorkeeper("access-2"))
    async with second, quiet():
        ended, waiting = (asyncio.create_task(bb.request("GET", "/user")) for bb in (first, second))
        await settle()
        await first.close()
        with pytest.raises(RuntimeError, match="the session is closed"):
            await ended
        gate.set()
        assert await waiting == {"type": "user"}


@virtual
async def test_a_renewal_holds_no_slot() -> None:
    gate = asyncio.Event()

    async def obtain(_last: OAuthToken | None) -> OAuthToken:
        await gate.wait()
        return issue(2)

    limiter = ConcurrencyLimiter(1)
    credential = OAuthCredential(obtain, principal="bot", token=due(issue(1)))
    renewing = CloudSession(credential, transport=Doorkeeper("access-2"), limiter=limiter)
    other = CloudSession(AccessToken("fixed"), transport=Doorkeeper("fixed"), limiter=limiter)
    async with renewing, other, quiet():
        waiting = asyncio.create_task(renewing.request("GET", "/user"))
        await settle()
        assert await other.request("GET", "/user") == {"type": "user"}
        gate.set()
        await waiting


@virtual
async def test_a_grant_of_the_application_itself_is_asked_for_again() -> None:
    failures = [AuthorizationExpiredError("the clock is wrong", status=400)]

    async def obtain(_last: OAuthToken | None) -> OAuthToken:
        if failures:
            raise failures.pop()
        return issue(2)

    async with session(OAuthCredential(obtain, principal="app"), Doorkeeper("access-2")) as bb:
        with pytest.raises(AuthorizationExpiredError):
            await bb.request("GET", "/user")
        await asyncio.sleep(1)
        assert await bb.request("GET", "/user") == {"type": "user"}
