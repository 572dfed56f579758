"""Logins in the keyring: renewed by one process at a time, revoked and removed, and kept only where they are safe."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import attrs
import keyring
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from keyring.backends import chainer, fail, null
from keyring.errors import KeyringError

from bbasync import AuthorizationExpiredError, OAuthToken
from bbasync.cli.credentials import _lock, _stored_token, check_keyring, forget, site_of, stored_credential
from bbasync.testing import FakeCloud, FakeDataCenter, Fault, Faults
from tests.cli.conftest import MemoryKeyring
from tests.cli.file_keyring import environment
from tests.cli.running import bbasync, credentials, start
from tests.granting import asked, datacenter_client, due, issue
from tests.virtual import virtual
from tests.waiting import end_of, when_asked

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from bbasync import OAuthCredential

CLIENT = {"client_id": "fake-client", "client_secret": "fake-client-secret"}


def entries(where: str, token: OAuthToken, client: dict[str, str] = CLIENT) -> dict[str, str]:
    """Return what the keyring has of a login."""
    return {where: json.dumps(client), f"fake-client at {where}": json.dumps(attrs.asdict(token))}


def granted(fake: FakeCloud | FakeDataCenter) -> OAuthToken:
    """Return a token of which only the refresh token is valid."""
    fake.oauth.refresh_tokens.add("first")
    return OAuthToken(access_token="expired", refresh_token="first", expires_at=0, lifetime=3600)


def login(fake: FakeCloud) -> OAuthCredential:
    credential = stored_credential(fake.url)
    assert credential is not None
    return credential


# -- renewals ---------------------------------------------------------------------------------------------------------


async def test_commands_that_run_at_once_renew_a_login_once(fake: FakeCloud, tmp_path: Path) -> None:
    for name, text in entries(fake.origin, granted(fake)).items():
        (tmp_path / name.replace("/", "_")).write_text(text)
    command = ("whoami", "--base-url", fake.url)
    env = environment(tmp_path, crowd=4)
    processes = [await start(*command, cwd=tmp_path, env=env) for _ in range(4)]
    said = [await end_of(process) for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, said
    assert asked(fake) == 1
    (refresh_token,) = fake.oauth.refresh_tokens
    stored = json.loads((tmp_path / f"fake-client at {fake.origin}".replace("/", "_")).read_text())
    assert stored["refresh_token"] == refresh_token != "first"


async def test_a_renewal_waits_for_that_of_another_process_and_can_be_cancelled(
    fake: FakeCloud, kept: MemoryKeyring
) -> None:
    kept.kept.update(entries(fake.origin, granted(fake)))
    other = _lock(f"fake-client at {fake.origin}")
    other.acquire()
    cancelled, waiting = (asyncio.ensure_future(login(fake).authorization()) for _ in range(2))
    with pytest.raises(TimeoutError):  # the loop is free meanwhile
        await asyncio.wait_for(asyncio.shield(waiting), 0.01)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    assert asked(fake) == 0
    kept.kept.update(entries(fake.origin, issue(7)))
    other.release()
    assert await waiting == "Bearer access-7"
    assert asked(fake) == 0
    other.acquire()
    other.release()


async def test_a_renewal_that_is_cancelled_releases_the_lock(fake: FakeCloud, kept: MemoryKeyring) -> None:
    kept.kept.update(entries(fake.origin, granted(fake)))
    arrived = asyncio.Event()
    when_asked(fake, 1, arrived.set)
    fake.latency = 60
    credential = login(fake)
    renewal = asyncio.ensure_future(credential.authorization())
    await arrived.wait()
    assert credential._renewal is not None
    credential._renewal.cancel()
    with pytest.raises(asyncio.CancelledError):
        await renewal
    lock = _lock(f"fake-client at {fake.origin}")
    lock.acquire()
    lock.release()


@virtual
async def test_a_process_that_holds_the_lock_too_long_is_named() -> None:
    keyring.set_password("bbasync", "bitbucket.org", json.dumps(CLIENT))
    keyring.set_password("bbasync", "fake-client at bitbucket.org", json.dumps(attrs.asdict(due(issue(1)))))
    credential = stored_credential()
    assert credential is not None
    with (
        _lock("fake-client at bitbucket.org"),
        pytest.raises(ValueError, match="has been renewing the login for 60 seconds"),
    ):
        await credential.authorization()


async def test_a_login_that_others_renewed_without_the_lock_is_read_again(fake: FakeCloud, kept: MemoryKeyring) -> None:
    kept.kept.update(entries(fake.origin, granted(fake)))
    fake.oauth.refresh_tokens.clear()
    when_asked(fake, 1, lambda: kept.kept.update(entries(fake.origin, issue(7))))
    assert await login(fake).authorization() == "Bearer access-7"
    assert asked(fake) == 1


async def test_a_renewed_token_that_cannot_be_written_is_written_by_the_next_renewal(
    fake: FakeCloud, kept: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.kept.update(entries(fake.origin, granted(fake)))
    credential = login(fake)

    def refuse(*_arguments: str) -> None:
        raise KeyringError("it is locked")

    with monkeypatch.context() as locked:
        locked.setattr(kept, "set_password", refuse)
        with pytest.raises(ValueError, match="it is locked"):
            await credential.authorization()
    renewed = await credential.authorization()
    assert asked(fake) == 1
    stored = await _stored_token(f"fake-client at {fake.origin}")
    assert renewed == f"Bearer {stored.access_token}"
    assert fake.oauth.refresh_tokens == {stored.refresh_token}
    await credential.renew(renewed)
    assert asked(fake) == 2


async def test_a_login_that_is_removed_meanwhile_is_not_written_again(fake: FakeCloud, kept: MemoryKeyring) -> None:
    kept.kept.update(entries(fake.origin, granted(fake)))
    credential = login(fake)
    await forget(site_of(fake.url, ""))
    with pytest.raises(ValueError, match="logged out in the meantime"):
        await credential.authorization()
    assert (kept.kept, asked(fake)) == ({}, 0)


async def test_a_revoked_login_is_refused_once(fake: FakeCloud, kept: MemoryKeyring) -> None:
    kept.kept.update(entries(fake.origin, granted(fake)))
    fake.oauth.refresh_tokens.clear()
    with pytest.raises(AuthorizationExpiredError, match="authorise again"):
        await login(fake).authorization()
    assert asked(fake) == 1


# -- logging out ------------------------------------------------------------------------------------------------------


async def test_a_logout_revokes_the_token_of_a_data_center(
    datacenter: FakeDataCenter, kept: MemoryKeyring, tmp_path: Path
) -> None:
    token = await datacenter_client(datacenter).exchange(datacenter.oauth.authorize({}))
    where = site_of("", datacenter.url).name
    kept.kept.update(entries(where, token))
    result = await bbasync("logout", "--data-center", datacenter.url, cwd=tmp_path)
    assert (result.status, result.out, result.err) == (0, f"logged out at {where}\n", "")
    assert (datacenter.oauth.access_tokens, datacenter.oauth.refresh_tokens) == ({}, set())
    assert kept.kept == {}


async def test_a_login_is_removed_even_if_it_cannot_be_revoked(
    datacenter: FakeDataCenter, kept: MemoryKeyring, tmp_path: Path
) -> None:
    datacenter.faults = Faults([Fault("status", status=400, path="*/revoke")])
    kept.kept.update(entries(site_of("", datacenter.url).name, granted(datacenter)))
    result = await bbasync("logout", "--data-center", datacenter.url, cwd=tmp_path)
    assert result.status == 1
    assert "the login is removed, but its token was not revoked: POST /rest/oauth2/latest/revoke: 400" in result.err
    assert "remove the application" in result.err
    assert kept.kept == {}
    assert "first" not in result.out + result.err


async def test_a_logout_of_cloud_says_that_nothing_is_revoked(
    fake: FakeCloud, kept: MemoryKeyring, tmp_path: Path
) -> None:
    kept.kept.update(entries(fake.origin, granted(fake)))
    result = await bbasync("logout", "--base-url", fake.url, cwd=tmp_path)
    assert (result.status, kept.kept, asked(fake)) == (0, {}, 0)
    assert "Cloud revokes no token on request" in result.out


# -- where logins are kept --------------------------------------------------------------------------------------------


class PlaintextKeyring(MemoryKeyring):
    """Has the name of the one of keyrings.alt."""


class DerivedKeyring(PlaintextKeyring):
    """Is one too."""


def chain(*backends: MemoryKeyring) -> Any:
    """Return what keyring makes of several backends; the first one stores."""
    return type("Chain", (chainer.ChainerBackend,), {"backends": backends})()


async def refused(backend: Any, cwd: Path) -> str:
    keyring.set_keyring(backend)
    command = ("login", "--client-id", "x", "--no-browser", "--port", "0")
    return (await bbasync(*command, cwd=cwd, env={"BITBUCKET_OAUTH_CLIENT_SECRET": "hush"})).line()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for no browser where a backend is accepted."""
    monkeypatch.setattr("bbasync.cli.login.DEADLINE", 0.01)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("backend", [PlaintextKeyring(), DerivedKeyring(), chain(PlaintextKeyring(), MemoryKeyring())])
async def test_a_keyring_that_stores_plain_text_is_refused(backend: Any, tmp_path: Path) -> None:
    line = await refused(backend, tmp_path)
    assert line.startswith("the keyring would store the login in plain text, with ")
    assert "Keyring: choose a backend that encrypts" in line


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("backend", [fail.Keyring, null.Keyring, chain])
async def test_a_keyring_that_keeps_nothing_is_refused_without_advice_to_install_one(
    backend: Any, tmp_path: Path
) -> None:
    line = await refused(backend(), tmp_path)
    assert line.startswith("there is no keyring to keep a login in; set BITBUCKET_EMAIL")
    assert "keyrings.alt" not in line
    for command in (["logout"], ["api", "GET", "/user"]):
        assert "keyrings.alt" not in (await bbasync(*command, cwd=tmp_path)).line()


def test_a_chain_is_judged_by_the_backend_that_stores() -> None:
    keyring.set_keyring(chain(MemoryKeyring(), PlaintextKeyring()))
    check_keyring()


# -- whoami and the base URL ------------------------------------------------------------------------------------------


@asynccontextmanager
async def silent() -> AsyncGenerator[str]:
    """Serve an account without the headers that name the credential, and yield the base URL."""

    async def account(_request: web.Request) -> web.Response:
        return web.json_response({"type": "user", "display_name": "Ada", "uuid": "{1}"})

    app = web.Application()
    app.router.add_get("/2.0/user", account)
    async with TestServer(app) as server:
        yield str(server.make_url("/2.0"))


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({}, "oauth2 of fake-client"),
        ({"BITBUCKET_EMAIL": "me@example.org", "BITBUCKET_API_TOKEN": "x"}, "api_token of me@example.org"),
        ({"BITBUCKET_ACCESS_TOKEN": "x"}, "access_token"),
    ],
)
async def test_the_type_of_a_credential_is_known_without_a_header(
    env: dict[str, str], expected: str, kept: MemoryKeyring, tmp_path: Path
) -> None:
    async with silent() as url:
        kept.kept.update(entries(url.removesuffix("/2.0"), issue(1)))
        result = await bbasync("whoami", "--base-url", url, cwd=tmp_path, env=env)
    assert f"credential:  {expected}\n" in result.out


async def test_the_base_url_of_the_environment_is_that_of_all_commands(
    fake: FakeCloud, kept: MemoryKeyring, tmp_path: Path
) -> None:
    kept.kept.update(entries(fake.origin, granted(fake)))
    env = {"BITBUCKET_BASE_URL": fake.url}
    crawl = ("crawl", "acme", "--resources", "repositories", "--dry-run")
    for command in (("api", "GET", "/user"), ("whoami",), crawl, ("logout",)):
        result = await bbasync(*command, cwd=tmp_path, env=env)
        assert result.status == 0, result.err
    assert kept.kept == {}
    async with FakeCloud(workspaces=1, repositories=1, commits=5, pull_requests=1) as other:
        named = ("api", "GET", "/user", "--base-url", other.url)
        assert (await bbasync(*named, cwd=tmp_path, env={**env, **credentials(other)})).status == 0
        assert len(other.requests) == 1
    line = (await bbasync("whoami", cwd=tmp_path, env={"BITBUCKET_BASE_URL": "ftp://x", **credentials(fake)})).line()
    assert line == "a URL must be absolute, with http or https and a host"
