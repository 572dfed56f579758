"""No secret of OAuth shows in a repr, an error, a log line, or a traceback with local variables."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable

import attrs
import pytest
from aiohttp import web

from bbasync import BitbucketError, CloudSession, OAuthClient, OAuthCredential, OAuthToken
from bbasync.oauth import new_code_verifier
from tests.security.witness import witness

pytestmark = pytest.mark.usefixtures("quick_retries")

CLIENT, CODE, VERIFIER, ACCESS, REFRESH, NEXT_ACCESS, NEXT_REFRESH = SECRETS = tuple(
    f"Hush{name}Zr7" for name in ("Client", "Code", "Verifier", "Access", "Refresh", "NextAccess", "NextRefresh")
)


def shown(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


def told(error: BaseException) -> str:
    """Return all that a traceback can show: with local variables of ours and aiohttp's, and every error behind it."""
    found, pending = list[str](), list[BaseException | None]([error])
    while pending:
        one = pending.pop()
        if one is None:
            continue
        found += [repr(one), str(one), repr(vars(one))]
        pending += [one.__cause__, one.__context__]
        for frame, line in traceback.walk_tb(one.__traceback__):
            if "bbasync/" in frame.f_code.co_filename or "aiohttp/" in frame.f_code.co_filename:
                found += [f"{frame.f_code.co_filename}:{line} {item!r}" for item in frame.f_locals.items()]
    return "\n".join(found)


def grant(_request: web.Request) -> web.StreamResponse:
    return web.json_response({"access_token": NEXT_ACCESS, "expires_in": 3600, "refresh_token": NEXT_REFRESH})


def hang_up(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def refuse(status: int, error: str) -> Callable[[web.Request], web.StreamResponse]:
    return lambda _request: web.json_response({"error": error, "error_description": "no"}, status=status)


OUTCOMES: dict[str, Callable[[web.Request], web.StreamResponse]] = {
    "hang-up": hang_up,
    "503": refuse(503, "down"),
    "invalid-grant": refuse(400, "invalid_grant"),
    "invalid-client": refuse(401, "invalid_client"),
    "html": lambda _: web.Response(text=f"<p>{NEXT_ACCESS}", content_type="text/html"),
    "cut": lambda _: web.Response(text=f'{{"access_token": "{NEXT_ACCESS}"', content_type="application/json"),
    "mac": lambda _: web.json_response(
        {"access_token": NEXT_ACCESS, "refresh_token": NEXT_REFRESH, "token_type": "mac"}
    ),
    "no-token": lambda _: web.json_response({"refresh_token": NEXT_REFRESH, "expires_in": 3600}),
}


def client(origin: str, product: str) -> OAuthClient:
    if product == "cloud":
        return OAuthClient.cloud("client", CLIENT, base_url=origin)
    return OAuthClient.data_center(origin, "client", CLIENT)


def token() -> OAuthToken:
    return OAuthToken(access_token=ACCESS, refresh_token=REFRESH, expires_at=0, lifetime=3600)


async def failures(origin: str, product: str) -> list[BitbucketError]:
    """Let a code be exchanged, and a token be refreshed, by itself and on behalf of a call."""
    asks = client(origin, product)
    found: list[BitbucketError] = []
    async with CloudSession(asks.credential(token()), base_url=origin) as bb:
        for call in (
            asks.exchange(CODE, redirect_uri="http://127.0.0.1/callback", code_verifier=VERIFIER),
            asks.refresh(token()),
            bb.request("GET", "/user"),
        ):
            with pytest.raises(BitbucketError) as caught:
                await call
            found.append(caught.value)
    return found


@pytest.mark.parametrize("product", ["cloud", "data-center"])
@pytest.mark.parametrize("outcome", OUTCOMES)
async def test_no_failure_of_the_token_endpoint_shows_a_secret(
    outcome: str, product: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with witness(OUTCOMES[outcome]) as server:
        errors = await failures(server.origin, product)
    assert len(server.requests) >= 3
    for error in errors:
        text = told(error)
        assert shown(text) == [], [line for line in text.splitlines() if shown(line)]
        assert "bbasync/oauth.py" in text, "the frames were looked at"
    assert "POST" in caplog.text
    assert shown(caplog.text) == []


async def test_no_failure_to_connect_shows_a_secret() -> None:
    async with witness() as server:
        pass
    for product in ("cloud", "data-center"):
        for error in await failures(server.origin, product):
            text = told(error)
            assert shown(text) == [], [line for line in text.splitlines() if shown(line)]


async def test_no_failure_to_store_shows_a_secret() -> None:
    async def store(renewed: OAuthToken) -> None:
        raise OSError("disk full")

    async with witness(grant) as server:
        credential = client(server.origin, "cloud").credential(token(), on_renew=store)
        async with CloudSession(credential, base_url=server.origin) as bb:
            for _ in range(2):
                with pytest.raises(OSError, match="disk full") as caught:
                    await bb.request("GET", "/user")
                assert shown(told(caught.value)) == []


async def test_no_repr_shows_a_secret() -> None:
    asks = client("https://host", "cloud")
    credential = asks.credential(token())
    session = CloudSession(credential)
    verifier = new_code_verifier()
    texts = [repr(one) for one in (asks, credential, session, token(), attrs.asdict(token()))]
    assert shown("".join(texts)) == []
    assert "client" in texts[0]
    assert repr(verifier) == "'***'"
    assert str(verifier) not in asks.authorization_url(state="s", code_verifier=verifier)


async def test_a_task_that_is_cancelled_while_it_renews_shows_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    gate = asyncio.Event()

    async def obtain(last: OAuthToken | None) -> OAuthToken:
        await gate.wait()
        raise RuntimeError("a bug")

    credential = OAuthCredential(obtain, principal="bot", token=token())
    task = asyncio.create_task(credential.authorization())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    assert shown(told(caught.value)) == []
    gate.set()
    await credential.close()
    assert caplog.text == "", "a renewal that nobody waits for any more is no news"
