"""`bbasync api` and `bbasync whoami`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import orjson

from bbasync.cloud.limits import RATES
from bbasync.cloud.session import CloudSession
from bbasync.datacenter.session import DataCenterSession
from bbasync.errors import ResponseError
from bbasync.request import UNSET

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bbasync.session import Session

__all__ = ["run_api", "run_whoami"]


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
    if paginate and method.upper() != "GET":
        raise ValueError("--paginate goes with GET")
    query = _query(fields)
    payload = _body(body)
    session = DataCenterSession.from_env() if data_center else CloudSession.from_env(base_url=base_url)
    asyncio.run(_call(session, method, path, query, payload, paginate=paginate))


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
        raise ValueError(f"--input {source} is no JSON: {error}") from None


async def _call(
    session: Session, method: str, path: str, query: Mapping[str, Sequence[str]], body: object, *, paginate: bool
) -> None:
    pretty = orjson.OPT_INDENT_2 if sys.stdout.isatty() and not paginate else 0
    async with session:
        if paginate:
            async for item in session.paginate(path, query=query):
                _print(item, 0)
            return
        answer = await session.request(method, path, query=query, json=body)
        if answer is not None:
            _print(answer, pretty)


def _print(value: object, option: int) -> None:
    sys.stdout.buffer.write(orjson.dumps(value, option=option | orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()


def run_whoami(base_url: str) -> None:
    """Print identity, scopes and limits."""
    for name, value in asyncio.run(_whoami(base_url)).items():
        print(f"{name + ':':13}{value}")  # noqa: T201 - the command's output


async def _whoami(base_url: str) -> dict[str, str]:
    async with CloudSession.from_env(base_url=base_url) as bb:
        try:
            response = await bb.send(bb.build("GET", "/user"))
        except ResponseError as error:
            if error.status not in {403, 404}:
                raise
            # https://support.atlassian.com/bitbucket-cloud/docs/access-tokens/: they stand for no user of their own
            return {
                "user": "none: the access token of a repository, project or workspace",
                "scopes": ", ".join(error.scopes_granted) or "not told",
                "limit": _limit({}),
            }
        user = cast("dict[str, Any]", response.json() or {})
        headers = response.headers
        return {
            "user": f"{user.get('display_name', 'unknown')} {user.get('uuid', '')}".strip(),
            "credential": headers.get("x-credential-type", "not told"),
            "scopes": headers.get("x-oauth-scopes") or "not told",
            "limit": _limit(headers),
        }


def _limit(headers: Mapping[str, str]) -> str:
    if told := headers.get("x-ratelimit-limit"):
        return f"{told} requests an hour, as the server says"
    return ", ".join(f"{rate.limit} an hour for {group}" for group, rate in RATES.items()) + " (the vendor's table)"
