"""A credential whose token cannot be renewed, for a while or for good."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bbasync import (
    AccessToken,
    AuthorizationExpiredError,
    CloudSession,
    ConcurrencyLimiter,
    OAuthCredential,
    OAuthToken,
    ServerError,
    TransportError,
)
from bbasync.auth import CredentialLike
from bbasync.testing.recording import RecordingTransport, answer
from tests.granting import (
    Doorkeeper,
    due,
    issue,
    quiet,
)
from tests.virtual import settle, virtual


def session(credential: CredentialLike, transport: Any, **options: Any) -> CloudSession:
    return CloudSession(credential, transport=transport, **options)


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

    loop = asyncio.get_running_loop()
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
