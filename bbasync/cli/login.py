"""`bbasync login` and `logout`: a user authorizes in the browser, and the token is kept in the system's keyring."""

from __future__ import annotations

import asyncio
import os
import secrets
import webbrowser
from typing import TYPE_CHECKING, Final

import typer
from aiohttp import web

from bbasync.auth import Secret
from bbasync.errors import BitbucketError
from bbasync.oauth import new_code_verifier

from .credentials import check_keyring, cloud_url, forget, keep
from .errors import tell
from .text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bbasync.oauth import OAuthClient, OAuthToken

    from .credentials import Site

__all__ = ["run_login", "run_logout"]

DEADLINE: Final = 300.0
"""Seconds that a user has to agree."""
_PAGE: Final = "bbasync has what it asked for, and the terminal tells how it went. This page can be closed.\n"


def run_login(site: Site, client_id: str, scopes: str, port: int, *, browse: bool) -> None:
    """Have a user agree, and keep the token."""
    client_id = client_id.strip()
    if not client_id:
        raise ValueError("give --client-id or set BITBUCKET_OAUTH_CLIENT_ID: the key of an OAuth consumer")
    client_secret = Secret(
        os.environ.get("BITBUCKET_OAUTH_CLIENT_SECRET") or typer.prompt("Client secret", hide_input=True, err=True)
    )
    wanted = scopes.replace(",", " ").split() or (["REPO_READ"] if site.data_center else [])
    check_keyring()  # before the user agrees in vain

    async def log_in() -> OAuthToken:
        token = await _agree(site, site.client(client_id, client_secret), wanted, port, browse=browse)
        await keep(site, client_id, client_secret, token)
        return token

    token = asyncio.run(log_in())
    typer.echo(f"logged in at {site.name}, scopes: {printable(token.scope) or 'unknown'}")
    if site.data_center:
        typer.echo(f"now: BITBUCKET_DC_URL={site.url} bbasync api GET /api/latest/projects --data-center")
    else:
        typer.echo(f"now: bbasync whoami{f' --base-url {site.base_url}' if site.base_url != cloud_url() else ''}")


def run_logout(site: Site) -> None:
    """Remove the login from the keyring, then revoke its token where the product can."""
    asyncio.run(_log_out(site))


async def _log_out(site: Site) -> None:
    client, token = await forget(site)
    by_hand = "remove the application in your account's settings"
    if not site.data_center:
        typer.echo(f"logged out at {site.name}; Cloud revokes no token on request: to end the grant, {by_hand}")
        return
    typer.echo(f"logged out at {site.name}")
    if token is not None:
        try:
            await client.revoke(token)
        except BitbucketError as error:
            raise ValueError(f"the login is removed, but its token was not revoked: {error}; {by_hand}") from None


async def _agree(site: Site, client: OAuthClient, scopes: Sequence[str], port: int, *, browse: bool) -> OAuthToken:
    """Wait until the browser brings a code, and exchange it for a token.

    A verifier (PKCE) binds the code to this process on Data Center; Cloud documents no PKCE, and gets none.
    """
    state = secrets.token_urlsafe(32)
    verifier = new_code_verifier() if site.data_center else None
    brought: asyncio.Future[web.Request] = asyncio.get_running_loop().create_future()
    unopened: list[str] = []

    async def start(_request: web.Request) -> web.Response:
        if not unopened:
            return _page(400, "This page was opened before: use the address in the terminal.\n")
        return _page(302, "", Location=unopened.pop())

    async def callback(request: web.Request) -> web.Response:
        if not secrets.compare_digest(request.query.get("state", "").encode(), state.encode()) or brought.done():
            return _page(400, "bbasync does not expect this response.\n")  # another site may call here too
        brought.set_result(request)
        return _page(200, _PAGE)

    application = web.Application()
    application.router.add_get("/", start, allow_head=False)
    application.router.add_get("/callback", callback, allow_head=False)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        home = f"http://127.0.0.1:{runner.addresses[0][1]}"
        redirect_uri = f"{home}/callback"
        url = client.authorization_url(state=state, redirect_uri=redirect_uri, scopes=scopes, code_verifier=verifier)
        unopened.append(url)
        tell(f"agree in the browser, and it comes back to {redirect_uri}: {url}")
        try:
            async with asyncio.timeout(DEADLINE):
                if browse:
                    # Not the URL itself: all users of the machine see the arguments of the browser's process, and
                    # `state` is a secret. A browser in the terminal returns when it is left.
                    await asyncio.to_thread(webbrowser.open, f"{home}/")
                answer = (await brought).query
        except TimeoutError:
            raise ValueError(f"nobody agreed within {DEADLINE / 60:.0f} minutes") from None
    finally:
        await runner.cleanup()
    if "code" not in answer:
        said = f"{answer.get('error', 'no code')} {answer.get('error_description', '')}".strip()
        raise ValueError(f"the server did not grant it: {said}")
    return await client.exchange(answer["code"], redirect_uri=redirect_uri, code_verifier=verifier)


def _page(status: int, text: str, **headers: str) -> web.Response:
    return web.Response(
        status=status, text=text, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", **headers}
    )
