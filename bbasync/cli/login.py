"""`bbasync login`: a user agrees in the browser, and the token is kept in the system's keyring."""

from __future__ import annotations

import asyncio
import os
import secrets
import webbrowser
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import attrs
import keyring
import orjson
import typer
from aiohttp import web
from keyring.errors import KeyringError, NoKeyringError

from bbasync.auth import Secret
from bbasync.cloud.session import BASE_URL
from bbasync.oauth import OAuthClient, OAuthCredential, OAuthToken, new_code_verifier

from .errors import tell
from .text import printable

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

__all__ = ["Site", "run_login", "run_logout", "stored_credential"]

DEADLINE: Final = 300.0
"""Seconds that a user has to agree."""
_SERVICE: Final = "bbasync"
_PAGE: Final = "bbasync has what it asked for, and the terminal tells how it went. This page can be closed.\n"
_CLOUD_VARIABLES: Final = ("BITBUCKET_API_TOKEN", "BITBUCKET_ACCESS_TOKEN")


@attrs.frozen
class Site:
    """Where somebody logs in: Bitbucket Cloud, which agrees on another host than its API, or a Data Center."""

    base_url: str = ""
    """Of Cloud's API; empty for the vendor's."""
    data_center: str = ""
    """A Data Center's address; empty for Cloud."""

    @property
    def url(self) -> str:
        """The address of the page to agree on."""
        if self.data_center:
            return self.data_center.rstrip("/")
        if self.base_url.rstrip("/") in {"", BASE_URL}:
            return "https://bitbucket.org"
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def name(self) -> str:
        """What the keyring knows it as: two addresses never share a login."""
        return self.url.removeprefix("https://")

    def client(self, client_id: str, client_secret: str) -> OAuthClient:
        """Return the application that asks."""
        if self.data_center:
            return OAuthClient.data_center(self.url, client_id, client_secret)
        return OAuthClient.cloud(client_id, client_secret, base_url=self.url)


# -- logging in and out -----------------------------------------------------------------------------------------------


def run_login(site: Site, client_id: str, scopes: str, port: int, *, browse: bool) -> None:
    """Have a user agree, and keep the token."""
    if site.data_center and site.base_url:
        raise ValueError("--base-url is for Bitbucket Cloud; leave it out beside --data-center")
    client_id = client_id.strip()
    if not client_id:
        raise ValueError("give --client-id or set BITBUCKET_OAUTH_CLIENT_ID: the key of an OAuth consumer")
    client_secret = Secret(
        os.environ.get("BITBUCKET_OAUTH_CLIENT_SECRET") or typer.prompt("Client secret", hide_input=True, err=True)
    )
    wanted = scopes.replace(",", " ").split() or (["REPO_READ"] if site.data_center else [])
    with _keyring():
        _read(site.name)  # where there is no keyring, nobody need agree
    token = asyncio.run(_agree(site, site.client(client_id, client_secret), wanted, port, browse=browse))
    with _keyring():
        _write(f"{client_id} at {site.name}", attrs.asdict(token))
        _write(site.name, {"client_id": client_id, "client_secret": client_secret})
    typer.echo(f"logged in at {site.name}, scopes: {printable(token.scope) or 'unknown'}")
    if site.data_center:
        typer.echo(f"now: BITBUCKET_DC_URL={site.url} bbasync api GET /api/latest/projects --data-center")
    else:
        typer.echo(f"now: bbasync whoami{f' --base-url {site.base_url}' if site.base_url else ''}")


def run_logout(site: Site) -> None:
    """Forget the token and the client's secret; the server is not informed."""
    with _keyring():
        client = _read(site.name)
        if client is None:
            raise ValueError(f"nobody is logged in at {site.name}")
        for entry in (f"{client['client_id']} at {site.name}", site.name):
            if _read(entry) is not None:
                keyring.delete_password(_SERVICE, entry)
    typer.echo(f"logged out at {site.name}; to revoke the grant too, remove the application in your account's settings")


async def _agree(site: Site, client: OAuthClient, scopes: Sequence[str], port: int, *, browse: bool) -> OAuthToken:
    """Wait until the browser brings a code, and change it for a token."""
    state = secrets.token_urlsafe(32)
    verifier = new_code_verifier() if site.data_center else None
    brought: asyncio.Future[web.Request] = asyncio.get_running_loop().create_future()

    async def callback(request: web.Request) -> web.Response:
        if not secrets.compare_digest(request.query.get("state", "").encode(), state.encode()) or brought.done():
            return _page(400, "bbasync does not expect this response.\n")  # another site may call here too
        brought.set_result(request)
        return _page(200, _PAGE)

    application = web.Application()
    application.router.add_get("/callback", callback, allow_head=False)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        redirect_uri = f"http://127.0.0.1:{runner.addresses[0][1]}/callback"
        url = client.authorization_url(state=state, redirect_uri=redirect_uri, scopes=scopes, code_verifier=verifier)
        tell(f"agree in the browser, and it comes back to {redirect_uri}: {url}")
        try:
            async with asyncio.timeout(DEADLINE):
                if browse:
                    await asyncio.to_thread(webbrowser.open, url)  # one of a terminal returns when it is left
                answer = (await brought).query
        except TimeoutError:
            raise ValueError(f"nobody agreed within {DEADLINE / 60:.0f} minutes") from None
    finally:
        await runner.cleanup()
    if "code" not in answer:
        said = f"{answer.get('error', 'no code')} {answer.get('error_description', '')}".strip()
        raise ValueError(f"the server did not grant it: {said}")
    return await client.exchange(answer["code"], redirect_uri=redirect_uri, code_verifier=verifier)


def _page(status: int, text: str) -> web.Response:
    return web.Response(
        status=status, text=text, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    )


# -- what is kept -----------------------------------------------------------------------------------------------------


def stored_credential(base_url: str = "", *, data_center: bool = False) -> OAuthCredential | None:
    """Return the credential of who is logged in, unless the environment names another; None if nobody is."""
    if any(os.environ.get(name) for name in (["BITBUCKET_DC_TOKEN"] if data_center else _CLOUD_VARIABLES)):
        return None
    address = os.environ.get("BITBUCKET_DC_URL", "")
    if data_center and not address:
        return None
    site = Site(data_center=address) if data_center else Site(base_url)
    with _keyring():
        try:
            client = _read(site.name)
        except NoKeyringError:
            return None
        entry = f"{client['client_id']} at {site.name}" if client else ""
        token = _read(entry)
    if client is None or token is None:
        return None
    return _credential(site.client(client["client_id"], client["client_secret"]), entry, OAuthToken(**token))


def _credential(client: OAuthClient, entry: str, token: OAuthToken) -> OAuthCredential:
    async def obtain(last: OAuthToken | None) -> OAuthToken:
        with _keyring():
            kept = await asyncio.to_thread(_read, entry)
        found = OAuthToken(**kept) if kept else None
        if found is None or last is None:
            raise ValueError("logged out meanwhile: bbasync login")
        return found if found != last else await client.refresh(last)  # another command has renewed it

    async def store(renewed: OAuthToken) -> None:
        with _keyring():
            await asyncio.to_thread(_write, entry, attrs.asdict(renewed))

    return OAuthCredential(obtain, principal=client.client_id, token=token, on_renew=store)


def _read(entry: str) -> dict[str, Any] | None:
    kept = keyring.get_password(_SERVICE, entry)
    if kept is None:
        return None
    fields: dict[str, Any] = orjson.loads(kept)
    return fields


def _write(entry: str, fields: dict[str, Any]) -> None:
    keyring.set_password(_SERVICE, entry, orjson.dumps(fields).decode())


@contextmanager
def _keyring() -> Generator[None]:
    """Turn what the keyring refuses into a line."""
    try:
        yield
    except KeyringError as error:
        raise ValueError(f"the system's keyring does not serve: {error}") from error
