from __future__ import annotations

import asyncio
import base64
import logging
import pickle
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, cast
from urllib.parse import quote, quote_plus

import attrs
import pytest
from aiohttp import web

from bbasync import (
    AccessToken,
    ApiToken,
    BasicAuth,
    BitbucketError,
    CloudSession,
    CustomCredential,
    RateTracker,
    ResponseEvent,
    Rolling,
    Timeouts,
    TransportError,
    aio,
)
from bbasync.auth import Credential
from bbasync.cloud.session import credential_from_env
from bbasync.crawl import Credentials, Store, read_config
from bbasync.testing import FakeCloud
from bbasync.testing.faults import LOGIN_PAGE
from tests.cli.running import bbasync
from tests.crawl.crawling import run
from tests.security.witness import MARK, redirect, witness
from tests.waiting import PATIENCE

pytestmark = pytest.mark.usefixtures("quick_retries")

USER = "me@example.org"


async def custom() -> str:
    return f"Bearer {MARK}"


CREDENTIALS: dict[str, Credential] = {
    "api-token": ApiToken(USER, MARK),
    "access-token": AccessToken(MARK),
    "password": BasicAuth("me", MARK),
    "custom": CustomCredential(custom),
}
by_credential = pytest.mark.parametrize("credential", CREDENTIALS.values(), ids=CREDENTIALS)


def forms(secret: str) -> set[bytes]:
    """Return a secret as it may be written: plain, for a URL, and the part of base64 that no neighbour changes."""
    found = {secret, quote(secret), quote_plus(secret), secret.encode().hex(), repr(secret)[1:-1]}
    for offset in range(3):
        packed = base64.b64encode(b"x" * offset + secret.encode()).decode()
        found.add(packed[4 if offset else 0 :].rstrip("=")[:-1])
    return {form.encode() for form in found}


FORMS = forms(MARK)


def shows(*texts: str | bytes) -> bool:
    joined = b"\n".join(text.encode(errors="replace") if isinstance(text, str) else text for text in texts)
    return any(form in joined for form in FORMS)


def told(error: BaseException) -> str:
    """Return all that a traceback can show: with local variables, and with every error behind it."""
    kept = {name: value for name, value in vars(error).items() if name != "body"}  # there for those who ask for it
    found = [repr(error), str(error), repr(kept)]
    plain = traceback.TracebackException.from_exception(error, capture_locals=True)
    found.extend(plain.format())
    pending: list[BaseException | None] = [error]
    while pending:
        one = pending.pop()
        if one is not None:
            pending += [one.__cause__, one.__context__]
            for frame, _ in traceback.walk_tb(one.__traceback__):
                if "bbasync" in frame.f_code.co_filename or "aiohttp" in frame.f_code.co_filename:
                    found.append(repr(frame.f_locals))
    return "\n".join(found)


def test_the_forms_of_a_secret_are_found() -> None:
    for user in ("a", "ab", "abc", USER):
        assert shows(base64.b64encode(f"{user}:{MARK}".encode()))
    assert shows(f"https://host/?token={quote(MARK, safe='')}")
    assert not shows("nothing of it")


# -- calls ------------------------------------------------------------------------------------------------------------


def answered(status: int, **more: Any) -> Callable[[web.Request], web.Response]:
    return lambda _: web.json_response({"type": "error", "error": {"message": "no"}}, status=status, **more)


def hang_up(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


OUTCOMES: dict[str, Callable[[web.Request], web.StreamResponse]] = {
    "success": lambda _: web.json_response({"values": [{"name": "a"}]}),
    **{str(status): answered(status) for status in (400, 401, 402, 403, 404, 409, 410, 418, 500, 555)},
    "429": answered(429, headers={"Retry-After": "7"}),
    "503": answered(503, headers={"Retry-After": "7"}),
    "html": lambda _: web.Response(body=LOGIN_PAGE, content_type="text/html"),
    "no-json": lambda _: web.Response(text="{", content_type="application/json"),
    "no-page": lambda _: web.json_response({"values": [1]}),
    "foreign-next": lambda _: web.json_response({"values": [], "next": "https://evil.example/x"}),
    "same-next": lambda request: web.json_response({"values": [], "next": str(request.url)}),
    "foreign-redirect": lambda _: redirect("https://evil.example/x"),
    "endless-redirect": lambda request: redirect(str(request.url)),
    "wrong-redirect": lambda _: redirect("http://me:pw@host/x"),
    "hang-up": hang_up,
    "long-header": lambda _: web.Response(headers={"X-Long": "x" * 20_000}),
    "cut": lambda _: web.Response(body=b"x", headers={"Content-Encoding": "gzip"}),
}


async def fail(call: Awaitable[object]) -> BaseException | None:
    try:
        await call
    except (BitbucketError, ValueError, asyncio.CancelledError) as error:
        return error
    return None


@by_credential
async def test_no_outcome_of_a_call_shows_the_credential(
    credential: Credential, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    events: list[ResponseEvent] = []
    texts: list[str] = []
    outcomes: dict[str, str] = {}
    async with witness() as server:
        for name, outcome in OUTCOMES.items():
            server.answer = outcome
            rates = RateTracker({"api": Rolling(10_000, 10)})
            bb = CloudSession(credential, base_url=server.url, rates=rates, max_wait=2, on_response=events.append)
            async with bb:
                for call in (aio.collect(bb.refs.list_branches("a", "b")), bb.request("POST", "/x", json={})):
                    error = await fail(call)
                    outcomes[name] = type(error).__name__
                    if error is not None:
                        texts.append(told(error))
                texts += [repr(bb), repr(vars(bb)), repr(rates.snapshot()), repr(rates.export())]
        assert server.sent("Authorization")
    texts += [repr(event) + str(attrs.asdict(event)) for event in events]
    assert len(set(outcomes.values())) > 12, outcomes
    assert len(caplog.records) > len(OUTCOMES)
    assert not shows(caplog.text, *texts, pickle.dumps(events))


@by_credential
async def test_no_failure_before_or_during_sending_shows_the_credential(credential: Credential) -> None:
    async with witness() as server:
        spent = RateTracker({"api": Rolling(1)})
        made: list[Callable[[CloudSession], Awaitable[object]]] = [
            lambda bb: bb.refs.get_branch("a", "b", ".."),
            lambda bb: bb.request("GET", "no-slash"),
            lambda bb: bb.request("GET", "/x"),
            lambda bb: asyncio.wait_for(_cancelled(bb), PATIENCE),
        ]
        sessions: list[dict[str, Any]] = [
            {"base_url": server.url, "rates": spent, "max_wait": 0},
            {"base_url": "http://127.0.0.1:9/2.0"},
            {"base_url": "https://no-such-host.invalid/2.0"},
            {"base_url": server.url.replace("http", "https")},
            {"base_url": server.url, "timeouts": Timeouts(read=0.000001)},
        ]
        errors: list[BaseException] = []
        for options in sessions:
            for call in made:
                async with CloudSession(credential, **options) as bb:
                    error = await fail(call(bb))
                    if error is not None:
                        errors.append(error)
    assert len(errors) >= 18
    assert not shows(*map(told, errors))


async def _cancelled(bb: CloudSession) -> None:
    task = asyncio.ensure_future(bb.request("GET", "/x"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    await task


PAGE = f"<html><script>token='{MARK}'</script>".encode()


def page(status: int, kind: str) -> Callable[[web.Request], web.Response]:
    return lambda _: web.Response(body=PAGE, status=status, headers={"Content-Type": kind} if kind else {})


async def test_a_page_for_people_stands_in_no_error_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    texts: list[str] = []
    async with witness() as server:
        for status in (200, 201, 400, 401, 404, 500, 503):
            for kind in ("text/html", "text/html; charset=utf-8", "application/xhtml+xml", "application/json", ""):
                server.answer = page(status, kind)
                async with CloudSession(AccessToken("t"), base_url=server.url) as bb:
                    for call in (bb.users.get_current(), aio.collect(bb.workspaces.list_members("a"))):
                        error = await fail(call)
                        assert error is not None
                        texts.append(told(error))
    assert not shows(caplog.text, *texts)


async def test_a_page_for_people_that_is_cut_short_stands_in_no_error() -> None:
    answered = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9999\r\n\r\n" + PAGE

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answered)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with CloudSession(AccessToken("t"), base_url=f"http://127.0.0.1:{port}/2.0") as bb:
            error = await fail(bb.users.get_current())
    assert isinstance(error, TransportError)
    assert not shows(told(error))


# -- making a credential ----------------------------------------------------------------------------------------------


MAKERS: dict[str, Callable[[], object]] = {
    "no-email": lambda: ApiToken("me", MARK),
    "line-break": lambda: ApiToken(USER, f"{MARK}\n"),
    "blank": lambda: AccessToken(f" {MARK}"),
    "no-user": lambda: BasicAuth("", MARK),
}
by_refusal = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


@by_refusal
def test_a_credential_that_is_refused_is_not_told(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        make()
    assert not shows(str(caught.value), *traceback.format_exception(caught.value))


ENVIRON = {"BITBUCKET_API_TOKEN": MARK, "ACME": MARK, "BITBUCKET_ACCESS_TOKEN": MARK}


def _of_a_file() -> object:
    with NamedTemporaryFile(suffix=".toml") as file:
        file.write(b'[workspaces.acme]\naccess_token = "MISSING"\n')
        file.flush()
        return read_config(Path(file.name), ENVIRON)


def ours(error: BaseException) -> list[str]:
    """Return the local variables of the library's frames, those that attrs has written too."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return [repr(frame.f_locals) for frame in frames if "test_" not in frame.f_code.co_filename]


@by_refusal
def test_a_constructor_that_refuses_a_credential_does_not_hold_it_in_a_local_variable(
    make: Callable[[], object],
) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        make()
    assert not shows(*ours(caught.value))


@pytest.mark.parametrize("make", [lambda: credential_from_env(ENVIRON), _of_a_file], ids=["environment", "file"])
def test_what_reads_the_environment_does_not_hold_it_when_it_refuses(make: Callable[[], object]) -> None:
    with pytest.raises((ValueError, BitbucketError)) as caught:
        make()
    assert ours(caught.value)
    assert not shows(*ours(caught.value))


def test_a_base_url_with_a_password_is_never_repeated() -> None:
    with pytest.raises(ValueError, match=r"URL|netloc") as caught:
        CloudSession(base_url=f"https://me:{MARK.replace('/', '')}@b\u2100.example/2.0")
    assert MARK.replace("/", "") not in str(caught.value)


@by_credential
async def test_a_credential_does_not_show_itself(credential: Credential) -> None:
    header = await credential.authorization()
    texts = [repr(credential), str(credential), f"{credential}", repr([header]), repr({"a": header}), repr((header,))]
    texts += [credential.principal, repr(attrs.asdict(cast("attrs.AttrsInstance", credential)))]
    assert not shows(*texts)


# -- what stays on disk and on the screen -----------------------------------------------------------------------------


@pytest.fixture
def fake() -> FakeCloud:
    server = FakeCloud(workspaces=1, repositories=1, commits=20, pull_requests=2)
    server.token = MARK
    server.access_tokens = {slug: f"{MARK}-{slug}" for slug in server.access_tokens}
    return server


def contents(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.iterdir()]


async def test_neither_the_store_nor_the_fakes_log_holds_a_credential(fake: FakeCloud, tmp_path: Path) -> None:
    async with fake:
        both: list[Credential] = [ApiToken(fake.email, MARK), AccessToken(f"{MARK}-acme")]
        for number, credential in enumerate(both):
            async with Store(f"sqlite:///{tmp_path}/{number}.db") as store:
                credentials = Credentials(default=credential, workspaces={"acme": credential})
                report = await run(fake, store, credentials=credentials, workspaces=["acme"])
                assert report.is_complete
                assert not shows(*contents(tmp_path), repr(report), repr(credentials), repr(store))
        assert not shows(*map(repr, fake.requests))


@pytest.mark.parametrize("token", ["api", "access"])
async def test_the_command_prints_and_writes_no_credential(token: str, fake: FakeCloud, tmp_path: Path) -> None:
    api = {"BITBUCKET_EMAIL": fake.email, "BITBUCKET_API_TOKEN": MARK}
    env = api if token == "api" else {"BITBUCKET_ACCESS_TOKEN": f"{MARK}-acme"}
    texts: list[str] = []
    async with fake:
        to = ("--base-url", fake.url)
        for command in (
            ("whoami", *to),
            ("api", "GET", "/workspaces/acme", *to),
            ("api", "GET", "/no/such", *to),
            ("api", "GET", "no-slash", *to),
            ("api", "GET", "/user", "--base-url", "http://127.0.0.1:9"),
            ("crawl", "acme", "--dry-run", *to),
            ("crawl", "acme", *to),
            ("crawl", "nobody", *to),
            ("export", "--output", "rows.jsonl"),
        ):
            done = await bbasync(*command, cwd=tmp_path, env=env)
            texts += [done.out, done.err]
        fake.token, fake.access_tokens = "other", {}
        refused = await bbasync("whoami", *to, cwd=tmp_path, env=env)
        assert "401" in refused.line()
    assert not shows(*texts, refused.err, *contents(tmp_path))


async def test_a_secret_in_the_wrong_place_of_a_configuration_is_not_repeated(tmp_path: Path) -> None:
    for text in (f'[workspaces.acme]\naccess_token = "{MARK}"\n', f'[workspaces.acme]\ntoken = "{MARK}"\n'):
        (tmp_path / "crawl.toml").write_text(text)
        done = await bbasync("crawl", "--config", "crawl.toml", cwd=tmp_path)
        assert not shows(done.line())
