"""Tools that draw tracebacks with local variables, at their defaults: none shows a part of a credential."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import traceback
from collections.abc import Callable
from typing import Any

import loguru
import pytest
import rich.console
import rich.traceback
import sentry_sdk
import sentry_sdk.transport
import sentry_sdk.utils
import structlog
from aiohttp import web
from aiohttp.test_utils import TestServer

from bbasync import AccessToken, ApiToken, BasicAuth, BitbucketError, CloudSession, CustomCredential
from bbasync.auth import Credential, Secret

pytestmark = pytest.mark.usefixtures("quick_retries")

USER = "me@example.org"
TOKEN = "ATATT3xFf" + "".join(f"GF0{number:03}kQ" for number in range(22)) + "=3A1F9C"
"""As long as real ones."""
SHORTEST = 12
"""Characters in a row of a credential that would be a leak."""


async def custom() -> str:
    return f"Bearer {TOKEN}"


CREDENTIALS: dict[str, Credential] = {
    "api-token": ApiToken(USER, TOKEN),
    "access-token": AccessToken(TOKEN),
    "password": BasicAuth("me", TOKEN),
    "custom": CustomCredential(custom),
}


def leaks(text: str) -> list[str]:
    """Return what a text shows of the token, in clear or as base64 behind either name."""
    joined = "".join(text.split())  # tools wrap lines
    secrets = [TOKEN, *(base64.b64encode(f"{name}:{TOKEN}".encode()).decode()[24:] for name in (USER, "me"))]
    parts = {secret[at : at + SHORTEST] for secret in secrets for at in range(len(secret) - SHORTEST)}
    return sorted(part for part in parts if part in joined)


def by_standard_library(error: BaseException) -> str:
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def by_rich(error: BaseException) -> str:
    console = rich.console.Console(file=io.StringIO(), width=300)
    drawn = rich.traceback.Traceback.from_exception(type(error), error, error.__traceback__, show_locals=True)
    console.print(drawn)
    return str(console.file.getvalue())  # type: ignore[attr-defined]  # it is the StringIO from above


def by_structlog(error: BaseException) -> str:
    transform = structlog.tracebacks.ExceptionDictTransformer(show_locals=True)
    frames = transform((type(error), error, error.__traceback__))
    drawn = io.StringIO()
    structlog.dev.RichTracebackFormatter()(drawn, (type(error), error, error.__traceback__))
    return json.dumps(frames, default=repr) + drawn.getvalue()


def by_loguru(error: BaseException) -> str:
    text = io.StringIO()
    sink = loguru.logger.add(text)
    try:
        loguru.logger.opt(exception=error).error("failed")
    finally:
        loguru.logger.remove(sink)
    return text.getvalue()


def by_sentry(error: BaseException) -> str:
    events: list[str] = []

    class Keep(sentry_sdk.transport.Transport):
        def capture_envelope(self, envelope: Any) -> None:
            events.append(envelope.serialize().decode())

    client = sentry_sdk.Client("https://key@sentry.invalid/1", transport=Keep, default_integrations=False)
    event, hint = sentry_sdk.utils.event_from_exception(error, client_options=client.options)
    client.capture_event(event, hint)
    client.close()
    return events[0]


TOOLS: dict[str, tuple[Callable[[BaseException], str], str]] = {
    "traceback": (by_standard_library, "credential = "),
    "rich": (by_rich, "locals"),
    "structlog": (by_structlog, '"locals"'),
    "loguru": (by_loguru, "bbasync/pipeline.py"),
    "sentry": (by_sentry, '"vars"'),
}
"""What draws, and a text that shows that it has drawn local variables."""


async def hang_up(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def cut(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "100", "Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"values": [')
    assert request.transport is not None
    request.transport.abort()
    return response


async def refuse(_request: web.Request) -> web.Response:
    return web.json_response({"error": {"message": "no"}}, status=404)


async def garble(_request: web.Request) -> web.Response:
    return web.Response(text="{", content_type="application/json")


OUTCOMES = {"no-response": hang_up, "in-the-body": cut, "404": refuse, "no-json": garble}


async def failure(credential: Credential, url: str) -> BaseException:
    """Return the error of a call whose caller holds the token too, as applications do."""
    token = Secret(TOKEN)
    authorization, beginning = "Bearer " + token, token[:80]
    try:
        async with CloudSession(credential, base_url=url) as bb:
            await bb.users.get_current()
    except BitbucketError as error:
        assert beginning in authorization
        return error
    raise AssertionError("it succeeded")


@pytest.mark.parametrize("outcome", OUTCOMES)
async def test_no_tool_shows_a_part_of_a_credential(
    outcome: str, record_property: Callable[[str, object], None]
) -> None:
    asyncio.get_running_loop().set_debug(True)
    looked_at = 0
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", OUTCOMES[outcome])
    async with TestServer(app) as server:
        for name, credential in CREDENTIALS.items():
            error = await failure(credential, str(server.make_url("/2.0")))
            chain = [one for one in (error, error.__cause__, error.__context__) if one is not None]
            looked_at += sum(len(list(traceback.walk_tb(one.__traceback__))) for one in chain)
            for tool, (draw, sign) in TOOLS.items():
                text = draw(error)
                assert sign in text, tool
                assert leaks(text) == [], (tool, name)
    record_property("frames", looked_at)
    print(f"{outcome}: {looked_at} frames under {len(TOOLS)} tools ({', '.join(TOOLS)})")  # noqa: T201 - for `pytest -rP`
    assert looked_at >= 4 * len(CREDENTIALS)


def test_leaks_are_found() -> None:
    assert leaks(f"token={TOKEN[20:40]!r}")
    assert leaks(base64.b64encode(f"{USER}:{TOKEN}".encode()).decode())
    assert not leaks("ATATT3xFf and nothing more")


DERIVED: list[Callable[[Secret], str | list[str] | tuple[str, ...]]] = [
    lambda secret: secret[:80],
    lambda secret: secret[::-1],
    lambda secret: secret + "x",
    lambda secret: "Bearer " + secret,
    lambda secret: secret * 2,
    lambda secret: secret.strip(),
    lambda secret: secret.lower(),
    lambda secret: secret.replace("A", "B"),
    lambda secret: secret.removeprefix("AT"),
    lambda secret: secret.zfill(999),
    lambda secret: secret.split("G"),
    lambda secret: secret.partition("G"),
]


@pytest.mark.parametrize("derive", DERIVED)
def test_what_is_made_of_a_secret_is_a_secret(derive: Callable[[Secret], str | list[str] | tuple[str, ...]]) -> None:
    made = derive(Secret(TOKEN))
    assert leaks(repr(made)) == []
    assert "***" in repr(made)
    assert len("".join(made)) >= 80, "and the text itself is still there"


def test_a_secret_serves_where_text_does() -> None:
    assert f"{Secret('a')}" == str(Secret("a")) == "a"
    assert json.loads(json.dumps({"a": Secret("b")})) == {"a": "b"}
    assert Secret("b").encode() == b"b"
    assert Secret("a") == "a"
    assert Secret("a") in {"a", "b"}
