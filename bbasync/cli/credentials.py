"""The logins in the system's keyring: writing, reading and removing them, and renewing their tokens."""

from __future__ import annotations

import asyncio
import hashlib
import os
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import attrs
import keyring
import orjson
import typer
from filelock import FileLock, Timeout
from keyring.backends import chainer, fail, null
from keyring.errors import KeyringError, NoKeyringError

from bbasync.cloud.session import BASE_URL, base_url_from_env
from bbasync.errors import AuthorizationExpiredError
from bbasync.oauth import OAuthClient, OAuthCredential, OAuthToken

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from bbasync.auth import Secret

__all__ = ["Site", "check_keyring", "cloud_url", "forget", "keep", "site_of", "stored_credential"]

_SERVICE: Final = "bbasync"
_CLOUD_VARIABLES: Final = ("BITBUCKET_API_TOKEN", "BITBUCKET_ACCESS_TOKEN")
_NO_KEYRING: Final = (
    "there is no keyring to keep a login in; set BITBUCKET_EMAIL and BITBUCKET_API_TOKEN, BITBUCKET_ACCESS_TOKEN or "
    "BITBUCKET_DC_TOKEN instead"
)
_PATIENCE: Final = 60.0
"""Seconds to wait while another command renews the same login."""
_POLL: Final = 0.05


@attrs.frozen
class Site:
    """Where a user logs in: Bitbucket Cloud, whose web host is not that of its API, or a Data Center server."""

    base_url: str = ""
    """Of Cloud's API; empty for the vendor's."""
    data_center: str = ""
    """Of a Data Center server; empty for Cloud."""

    @property
    def url(self) -> str:
        """The base URL of the web pages."""
        if self.data_center:
            return self.data_center.rstrip("/")
        if self.base_url.rstrip("/") in {"", BASE_URL}:
            return "https://bitbucket.org"
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def name(self) -> str:
        """Its key in the keyring: two addresses never share a login."""
        return self.url.removeprefix("https://")

    def client(self, client_id: str, client_secret: str) -> OAuthClient:
        """Return the application that the user authorizes."""
        if self.data_center:
            return OAuthClient.data_center(self.url, client_id, client_secret)
        return OAuthClient.cloud(client_id, client_secret, base_url=self.url)


def cloud_url(option: str = "") -> str:
    """Return the base URL of Cloud's API: that of the option, else of the environment, else the vendor's."""
    return option or base_url_from_env()


def site_of(base_url: str, data_center: str) -> Site:
    """Return the site that the options of a command name."""
    if data_center and base_url:
        raise ValueError("--base-url is for Bitbucket Cloud; leave it out beside --data-center")
    return Site(data_center=data_center) if data_center else Site(cloud_url(base_url))


# -- logins -----------------------------------------------------------------------------------------------------------


def check_keyring() -> None:
    """Raise ValueError if the keyring keeps nothing, or keeps it in plain text."""
    backend = keyring.get_keyring()
    if isinstance(backend, chainer.ChainerBackend):
        backend = next(iter(backend.backends), fail.Keyring())  # type: ignore[no-untyped-call]  # in keyring
    if isinstance(backend, (fail.Keyring, null.Keyring)):
        raise ValueError(_NO_KEYRING)  # noqa: TRY004 - the user's configuration, not a type
    kinds = type(backend).__mro__
    if any("plaintext" in kind.__name__.lower() for kind in kinds):
        raise ValueError(
            f"the keyring would store the login in plain text, with {kinds[0].__module__}.{kinds[0].__qualname__}: "
            "choose a backend that encrypts (`keyring --list-backends`), or set a token in the environment instead"
        )


async def keep(site: Site, client_id: str, client_secret: Secret, token: OAuthToken) -> None:
    """Store a login."""
    entry = _token_entry(client_id, site)
    async with _alone(entry):
        with _keyring_errors():
            _write(entry, attrs.asdict(token))
            _write(site.name, {"client_id": client_id, "client_secret": client_secret})


async def forget(site: Site) -> tuple[OAuthClient, OAuthToken | None]:
    """Remove a login and return what it was; ValueError if there is none."""
    with _keyring_errors():
        client = _read(site.name)
        if client is None:
            raise ValueError(f"nobody is logged in at {site.name}")
        entry = _token_entry(client["client_id"], site)
        async with _alone(entry):
            token = _read(entry)
            for name in (entry, site.name):
                if _read(name) is not None:
                    keyring.delete_password(_SERVICE, name)
    return site.client(**client), None if token is None else OAuthToken(**token)


def stored_credential(base_url: str = "", *, data_center: bool = False) -> OAuthCredential | None:
    """Return the credential of the login, None if there is none or the environment has a credential."""
    if any(os.environ.get(name) for name in (["BITBUCKET_DC_TOKEN"] if data_center else _CLOUD_VARIABLES)):
        return None
    address = os.environ.get("BITBUCKET_DC_URL", "")
    if data_center and not address:
        return None
    site = Site(data_center=address) if data_center else Site(base_url)
    with _keyring_errors():
        try:
            client = _read(site.name)
        except NoKeyringError:
            return None
        token = _read(_token_entry(client["client_id"], site)) if client else None
    if client is None or token is None:
        return None
    return _credential(site.client(**client), _token_entry(client["client_id"], site), OAuthToken(**token))


# -- renewals ---------------------------------------------------------------------------------------------------------


def _credential(client: OAuthClient, entry: str, token: OAuthToken) -> OAuthCredential:
    unstored: OAuthToken | None = None

    async def obtain(last: OAuthToken | None) -> OAuthToken:
        nonlocal unstored
        async with _alone(entry):
            if unstored is None:
                found = await _stored_token(entry)
                if found != last:
                    return found  # renewed by another command
                try:
                    unstored = await client.refresh(found)
                except AuthorizationExpiredError:
                    if (newer := await _stored_token(entry)) == found:
                        raise
                    return newer  # renewed by a command that does not lock
            renewed = unstored  # kept if it cannot be written: the refresh token before it is used up
            with _keyring_errors():
                await asyncio.to_thread(_write, entry, attrs.asdict(renewed))
            unstored = None
            return renewed

    return OAuthCredential(obtain, principal=client.client_id, token=token)


async def _stored_token(entry: str) -> OAuthToken:
    with _keyring_errors():
        found = await asyncio.to_thread(_read, entry)
    if found is None:
        raise ValueError("logged out in the meantime: bbasync login")
    return OAuthToken(**found)


def _lock(entry: str) -> FileLock:
    folder = Path(typer.get_app_dir(_SERVICE))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return FileLock(folder / f"{hashlib.sha256(entry.encode()).hexdigest()[:16]}.lock", timeout=0, mode=0o600)


@asynccontextmanager
async def _alone(entry: str) -> AsyncGenerator[None]:
    """Hold the lock of a login, which the system releases however this process ends.

    Refresh tokens can be used once, so that of several processes with the same one, all but the first would fail.
    """
    lock = _lock(entry)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _PATIENCE
    while True:
        try:
            lock.acquire()
            break
        except Timeout:
            if loop.time() > deadline:
                raise ValueError(f"another command has been renewing the login for {_PATIENCE:.0f} seconds") from None
        await asyncio.sleep(_POLL)
    try:
        yield
    finally:
        lock.release()


# -- the keyring ------------------------------------------------------------------------------------------------------


def _token_entry(client_id: str, site: Site) -> str:
    return f"{client_id} at {site.name}"


def _read(entry: str) -> dict[str, Any] | None:
    kept = keyring.get_password(_SERVICE, entry)
    if kept is None:
        return None
    fields: dict[str, Any] = orjson.loads(kept)
    return fields


def _write(entry: str, fields: dict[str, Any]) -> None:
    keyring.set_password(_SERVICE, entry, orjson.dumps(fields).decode())


@contextmanager
def _keyring_errors() -> Generator[None]:
    """Raise ValueError for an error of the keyring."""
    try:
        yield
    except NoKeyringError:
        raise ValueError(_NO_KEYRING) from None  # the library's message recommends backends that store plain text
    except KeyringError as error:
        raise ValueError(f"the system's keyring does not work: {error}") from error
