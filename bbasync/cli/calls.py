"""`bbasync api` and `bbasync whoami`."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson
import typer

from bbasync.auth import AccessToken, ApiToken
from bbasync.cloud.limits import RATES
from bbasync.cloud.session import CloudSession, credential_from_env
from bbasync.datacenter.session import DataCenterSession
from bbasync.errors import ResponseError
from bbasync.request import UNSET, as_object
from bbasync.service import Service

from .credentials import cloud_url, stored_credential
from .text import json_line, printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bbasync.auth import Credential
    from bbasync.request import RawResponse
    from bbasync.session import Session

__all__ = ["run_api", "run_whoami"]

_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def run_api(
    method: str,
    path: str,
    fields: Sequence[str],
    body: str,
    base_url: str,
    *,
    paginate: bool,
    data_center: bool,
) -> None:
    """Call one operation and print its JSON."""
    method = method.upper()
    if method not in _METHODS:
        raise ValueError(f"the method is one of {', '.join(_METHODS)}, got {method!r}")
    if paginate and (method != "GET" or body):
        raise ValueError("--paginate goes with GET, and without --input")
    if data_center and base_url:
        raise ValueError("--base-url is for Bitbucket Cloud; the address of a Data Center is in BITBUCKET_DC_URL")
    query = _query(fields)
    payload = _body(body)
    session = _data_center() if data_center else CloudSession(_cloud(base_url), base_url=cloud_url(base_url))
    if paginate:
        asyncio.run(_list(session, path, query))
    else:
        asyncio.run(_call(session, method, path, query, payload))


def _cloud(base_url: str) -> Credential:
    return stored_credential(cloud_url(base_url)) or credential_from_env()


def _data_center() -> DataCenterSession:
    credential = stored_credential(data_center=True)
    if credential is None:
        return DataCenterSession.from_env()
    return DataCenterSession(credential, base_url=os.environ["BITBUCKET_DC_URL"])


def _query(fields: Sequence[str]) -> dict[str, list[str]]:
    query: dict[str, list[str]] = {}
    for field in fields:
        key, sign, value = field.partition("=")
        if not sign or not key:
            raise ValueError(f"--field takes key=value, got {field!r}")
        query.setdefault(key, []).append(value)
    return query


def _body(source: str) -> object:
    if not source:
        return UNSET
    text = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    try:
        return orjson.loads(text)
    except ValueError as error:
        raise ValueError(f"--input {source} is not valid JSON: {error}") from None


async def _list(session: Session, path: str, query: Mapping[str, Sequence[str]]) -> None:
    async with session:
        async for item in session.paginate(path, query=query):
            _print(json_line(item))


async def _call(session: Session, method: str, path: str, query: Mapping[str, Sequence[str]], body: object) -> None:
    async with session:
        answer = await session.request(method, path, query=query, json=body)
    if answer is not None:
        _print(json_line(answer, indent=sys.stdout.isatty()))


def _print(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


def run_whoami(base_url: str) -> None:
    """Print identity, scopes and limits."""
    for name, value in asyncio.run(_whoami(base_url)).items():
        typer.echo(f"{name + ':':13}{printable(value)}")


class _Accounts(Service):
    """The account of the credential, with the headers that say what it may do."""

    async def read(self) -> RawResponse:
        return await self._send("GET /user")


async def _whoami(base_url: str) -> dict[str, str]:
    credential = _cloud(base_url)
    is_access_token = isinstance(credential, AccessToken)
    headers: Mapping[str, str] = {}
    async with CloudSession(credential, base_url=cloud_url(base_url)) as bb:
        try:
            response = await _Accounts(bb).read()
        except ResponseError as error:
            if error.status not in {403, 404}:
                raise
            # an access token need not have the scope that reads an account, and stands for no person anyway
            # https://support.atlassian.com/bitbucket-cloud/docs/workspace-access-token-permissions/
            user = "none: the token of a repository, project or workspace" if is_access_token else f"unknown: {error}"
            scopes = ", ".join(error.scopes_granted)
        else:
            account, headers = as_object(response.json()), response.headers
            user = f"{account.get('display_name', 'unknown')} {account.get('uuid', '')}"
            scopes = headers.get("x-oauth-scopes", "")
        kind = headers.get("x-credential-type") or _kind(credential)
        return {
            "user": user,
            "credential": kind if is_access_token else f"{kind} of {credential.principal}",
            "scopes": scopes or "unknown",
            "limit": _limit(headers),
            "left": ", ".join(f"{one.left} for {one.group}" for one in bb.rates.snapshot())
            + ", if nothing else has used the credential within the hour",
        }


def _kind(credential: Credential) -> str:
    """Return the type of the credential by the name that servers give it, since not every response does."""
    if isinstance(credential, ApiToken):
        return "api_token"
    return "access_token" if isinstance(credential, AccessToken) else "oauth2"


def _limit(headers: Mapping[str, str]) -> str:
    if limit := headers.get("x-ratelimit-limit"):
        return f"{limit} an hour for {headers.get('x-ratelimit-resource', 'api')} (the server says so)"
    return ", ".join(f"{rate.limit} an hour for {group}" for group, rate in RATES.items()) + " (the vendor's table)"
