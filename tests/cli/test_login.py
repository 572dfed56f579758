from __future__ import annotations

import asyncio
import json
import socket
import threading
import urllib.request
from contextlib import closing
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit

import aiohttp
import keyring
import pytest
from attrs import define, field
from keyring.backends.fail import Keyring as NoKeyring

from bbasync.cli.credentials import stored_credential
from bbasync.testing import FakeCloud, FakeDataCenter
from tests.cli.file_keyring import environment
from tests.cli.running import Result, bbasync, credentials, rows, start
from tests.granting import asked
from tests.waiting import PATIENCE, end_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import MemoryKeyring

LOGIN = ("login", "--port", "0")


@define(eq=False)
class Browser:
    """Opens the page as `webbrowser.open` is asked to; `before` is done first, with the address of the callback."""

    opened: list[str] = field(factory=list[str])
    """As an argument of a process."""
    visited: list[str] = field(factory=list[str])
    pages: list[str] = field(factory=list[str])
    before: Callable[[str], None] = lambda _callback: None

    def open(self, url: str) -> bool:
        self.opened.append(url)
        assert threading.current_thread() is not threading.main_thread()
        self.visited.append(target(url))
        self.before(self.asked()["redirect_uri"])
        self.pages.append(get(self.visited[-1]))
        return True

    def asked(self) -> dict[str, str]:
        return {name: value for name, (value,) in parse_qs(urlsplit(self.visited[-1]).query).items()}


def get(url: str) -> str:
    with urllib.request.urlopen(url) as response:  # noqa: S310 - of a fake on loopback
        return str(response.read().decode())


def target(url: str) -> str:
    """Return where a page redirects to."""
    parts = urlsplit(url)
    with closing(HTTPConnection(parts.netloc)) as connection:
        connection.request("GET", parts.path)
        response = connection.getresponse()
    assert response.status == 302
    return response.headers["Location"]


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Browser:
    found = Browser()
    monkeypatch.setattr("webbrowser.open", found.open)
    return found


def client(fake: FakeCloud | FakeDataCenter) -> dict[str, str]:
    oauth = fake.oauth
    return {"BITBUCKET_OAUTH_CLIENT_ID": oauth.client_id, "BITBUCKET_OAUTH_CLIENT_SECRET": oauth.client_secret}


async def login(fake: FakeCloud, cwd: Path, *more: str) -> Result:
    result = await bbasync(*LOGIN, "--base-url", fake.url, *more, cwd=cwd, env=client(fake))
    assert result.status == 0, result.err
    return result


def pair(kept: MemoryKeyring, where: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(kept.kept[f"fake-client at {where}"])
    return found


# -- logging in -------------------------------------------------------------------------------------------------------


async def test_a_user_agrees_and_the_other_commands_use_the_login(
    fake: FakeCloud, browser: Browser, kept: MemoryKeyring, tmp_path: Path
) -> None:
    result = await login(fake, tmp_path)
    assert "scopes: account repository pullrequest" in result.out
    assert f"now: bbasync whoami --base-url {fake.url}" in result.out
    assert "the terminal tells how it went" in browser.pages[0]
    (refresh_token,) = fake.oauth.refresh_tokens
    token = pair(kept, fake.origin)
    assert token["refresh_token"] == refresh_token
    assert token["access_token"] in fake.oauth.access_tokens
    secrets = {fake.oauth.client_secret, refresh_token, *fake.oauth.access_tokens}
    assert not any(secret in result.out + result.err for secret in secrets)

    here = ("--base-url", fake.url)
    told = await bbasync("whoami", *here, cwd=tmp_path)
    assert f"credential:  oauth2 of {fake.oauth.client_id}" in told.out
    assert (await bbasync("api", "GET", "/user", *here, cwd=tmp_path)).status == 0
    assert {request.credential for request in fake.requests if request.path_qs == "/2.0/user"} == {"oauth2"}


async def test_a_crawl_uses_the_login(fake: FakeCloud, browser: Browser, tmp_path: Path) -> None:
    await login(fake, tmp_path)
    result = await bbasync("crawl", "--base-url", fake.url, "--resources", "repositories", cwd=tmp_path)
    assert result.status == 0, result.err
    assert rows(tmp_path / "bitbucket.db")["repositories"] == 1


async def test_data_center_is_asked_with_pkce_and_its_login_is_used_for_its_address_only(
    datacenter: FakeDataCenter, browser: Browser, tmp_path: Path
) -> None:
    command = (*LOGIN, "--data-center", datacenter.url + "/", "--scopes", "REPO_READ,ACCOUNT_WRITE")
    result = await bbasync(*command, cwd=tmp_path, env=client(datacenter))
    assert result.status == 0, result.err
    assert (browser.asked()["scope"], browser.asked()["code_challenge_method"]) == ("REPO_READ ACCOUNT_WRITE", "S256")
    assert "code_challenge" not in browser.opened[0]
    api = ("api", "GET", "/api/latest/users", "--data-center")
    listed = await bbasync(*api, cwd=tmp_path, env={"BITBUCKET_DC_URL": datacenter.url})
    assert listed.status == 0, listed.err
    assert datacenter.requests[-1].credential == "oauth2"
    other = await bbasync(*api, cwd=tmp_path, env={"BITBUCKET_DC_URL": "https://other.example/bitbucket"})
    assert "BITBUCKET_DC_TOKEN" in other.line()
    assert "BITBUCKET_DC_URL" in (await bbasync(*api, cwd=tmp_path)).line()


async def test_data_center_is_asked_for_reading_by_default(
    datacenter: FakeDataCenter, browser: Browser, tmp_path: Path
) -> None:
    result = await bbasync(*LOGIN, "--data-center", datacenter.url, cwd=tmp_path, env=client(datacenter))
    assert "scopes: REPO_READ" in result.out


async def test_the_secret_is_asked_for_hidden_if_the_environment_has_none(
    fake: FakeCloud, browser: Browser, tmp_path: Path
) -> None:
    command = (*LOGIN, "--client-id", fake.oauth.client_id, "--base-url", fake.url)
    result = await bbasync(*command, cwd=tmp_path, stdin=f"{fake.oauth.client_secret}\n")
    assert result.status == 0, result.err
    assert "Client secret" in result.err
    assert fake.oauth.client_secret not in result.out + result.err


async def test_without_a_browser_the_address_is_printed(fake: FakeCloud, tmp_path: Path) -> None:
    env = {**client(fake), **environment(tmp_path)}
    process = await start(*LOGIN, "--no-browser", "--base-url", fake.url, cwd=tmp_path, env=env)
    assert process.stderr is not None
    line = (await asyncio.wait_for(process.stderr.readline(), PATIENCE)).decode()
    async with aiohttp.ClientSession() as http, http.get(line.split()[-1]) as response:
        assert response.status == 200
        assert response.headers["Cache-Control"] == "no-store"
    out, err = await end_of(process)
    assert (process.returncode, err) == (0, b"")
    assert out.startswith(b"logged in at http://127.0.0.1")


async def test_the_address_that_a_process_is_opened_with_has_no_secret_and_is_used_once(
    fake: FakeCloud, browser: Browser, tmp_path: Path
) -> None:
    again: list[str] = []

    def visit_again(callback: str) -> None:
        with pytest.raises(HTTPError, match="400") as caught:
            get(callback.removesuffix("callback"))
        with caught.value as response:
            again.append(response.read().decode())

    browser.before = visit_again
    await login(fake, tmp_path)
    (opened,) = browser.opened
    assert opened == browser.asked()["redirect_uri"].removesuffix("callback")
    assert again == ["This page was opened before: use the address in the terminal.\n"]


async def test_a_callback_with_another_state_is_refused_and_the_true_one_still_counts(
    fake: FakeCloud, browser: Browser, tmp_path: Path
) -> None:
    refused: list[int] = []

    def forge(callback: str) -> None:
        for query in ("", "?code=x", "?code=x&state=", "?code=x&state=%C3%A9", "?error=access_denied&state=x"):
            with pytest.raises(HTTPError) as caught:
                get(callback + query)
            refused.append(caught.value.code)
            caught.value.close()

    browser.before = forge
    await login(fake, tmp_path)
    assert refused == [400] * 5
    assert asked(fake) == 1
    assert len(browser.asked()["state"]) >= 32


# -- what can go wrong ------------------------------------------------------------------------------------------------


async def failed(fake: FakeCloud, cwd: Path, *more: str, **env: str) -> str:
    result = await bbasync(*LOGIN, "--base-url", fake.url, *more, cwd=cwd, env={**client(fake), **env})
    assert (result.status, result.out) == (1, "")
    return result.err.splitlines()[-1]


async def test_a_user_who_does_not_agree_is_told_and_nothing_is_kept(
    fake: FakeCloud, browser: Browser, kept: MemoryKeyring, tmp_path: Path
) -> None:
    fake.oauth.agrees = False
    assert await failed(fake, tmp_path) == "bbasync: the server did not grant it: access_denied"
    assert kept.kept == {}
    assert "the terminal tells how it went" in browser.pages[0]


async def test_a_wrong_secret_is_one_line_and_nothing_is_kept(
    fake: FakeCloud, browser: Browser, kept: MemoryKeyring, tmp_path: Path
) -> None:
    line = await failed(fake, tmp_path, BITBUCKET_OAUTH_CLIENT_SECRET="hush-hush")
    assert "check the client ID and secret" in line
    assert "hush" not in line
    assert kept.kept == {}


async def test_nobody_waits_for_ever(
    fake: FakeCloud, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bbasync.cli.login.DEADLINE", 0.05)
    assert "nobody agreed within" in await failed(fake, tmp_path, "--no-browser")


async def test_a_port_that_is_taken_is_one_line(fake: FakeCloud, browser: Browser, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        line = await failed(fake, tmp_path, "--port", str(taken.getsockname()[1]))
    assert "address already in use" in line
    assert browser.opened == []


async def test_without_a_keyring_nobody_is_asked_to_agree(fake: FakeCloud, browser: Browser, tmp_path: Path) -> None:
    keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]  # keyring has no annotation there
    assert "keyring" in await failed(fake, tmp_path)
    assert browser.opened == []
    line = (await bbasync("whoami", "--base-url", fake.url, cwd=tmp_path)).line()
    assert line.startswith("no credential: set BITBUCKET_EMAIL")


async def test_options_that_cannot_be_right_are_one_line(browser: Browser, tmp_path: Path) -> None:
    line = (await bbasync("login", cwd=tmp_path)).line()
    assert "BITBUCKET_OAUTH_CLIENT_ID" in line
    both = ("login", "--client-id", "x", "--data-center", "https://x", "--base-url", "https://y")
    assert "--base-url is for Bitbucket Cloud" in (await bbasync(*both, cwd=tmp_path)).line()
    assert (await bbasync("login", "--client-secret", "x", cwd=tmp_path)).status == 2
    assert browser.opened == []


# -- using the login --------------------------------------------------------------------------------------------------


async def test_the_environment_goes_before_the_login(fake: FakeCloud, browser: Browser, tmp_path: Path) -> None:
    await login(fake, tmp_path)
    await bbasync("api", "GET", "/user", "--base-url", fake.url, cwd=tmp_path, env=credentials(fake))
    assert fake.requests[-1].credential == "api_token"


async def test_a_login_is_never_sent_to_another_address(fake: FakeCloud, browser: Browser, tmp_path: Path) -> None:
    await login(fake, tmp_path)
    async with FakeCloud(workspaces=1, repositories=1, commits=5, pull_requests=1) as other:
        for where in (["--base-url", other.url], []):
            line = (await bbasync("api", "GET", "/user", *where, cwd=tmp_path)).line()
            assert line.startswith("no credential")
        assert len(other.requests) == 0


async def test_a_pair_that_was_renewed_is_kept_for_the_next_command(
    fake: FakeCloud, browser: Browser, kept: MemoryKeyring, tmp_path: Path
) -> None:
    fake.oauth.expires_in = 0.2
    await login(fake, tmp_path)
    fake.oauth.expires_in = 3600
    first = pair(kept, fake.origin)
    fake.oauth.access_tokens.clear()
    for _ in range(2):
        assert (await bbasync("api", "GET", "/user", "--base-url", fake.url, cwd=tmp_path)).status == 0
    assert asked(fake) == 2
    assert pair(kept, fake.origin)["refresh_token"] != first["refresh_token"]
    assert fake.oauth.refresh_tokens == {pair(kept, fake.origin)["refresh_token"]}


async def test_a_pair_that_another_command_has_renewed_is_taken_over(
    fake: FakeCloud, browser: Browser, tmp_path: Path
) -> None:
    await login(fake, tmp_path)
    ours, its = stored_credential(fake.url), stored_credential(fake.url)
    assert ours is not None
    assert its is not None
    old = await ours.authorization()
    await its.renew(await its.authorization())
    await ours.renew(old)
    assert await ours.authorization() == await its.authorization() != old
    assert asked(fake) == 2


async def test_a_login_that_was_revoked_says_to_authorise_again(
    fake: FakeCloud, browser: Browser, tmp_path: Path
) -> None:
    await login(fake, tmp_path)
    fake.oauth.access_tokens.clear()
    fake.oauth.refresh_tokens.clear()
    line = (await bbasync("whoami", "--base-url", fake.url, cwd=tmp_path)).line()
    assert "authorise again" in line


async def test_a_logout_leaves_nothing_behind(
    fake: FakeCloud, browser: Browser, kept: MemoryKeyring, tmp_path: Path
) -> None:
    await login(fake, tmp_path)
    assert len(kept.kept) == 2
    out = ("logout", "--base-url", fake.url)
    assert (await bbasync(*out, cwd=tmp_path)).status == 0
    assert kept.kept == {}
    assert f"nobody is logged in at {fake.origin}" == (await bbasync(*out, cwd=tmp_path)).line()
    assert (await bbasync("whoami", "--base-url", fake.url, cwd=tmp_path)).line().startswith("no credential")
