"""Clients of the fakes' authorization servers, and what came to their token endpoints."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from attrs import define, evolve, field
from yarl import URL

from bbasync import OAuthClient, OAuthToken
from bbasync.request import RawResponse, Request
from bbasync.testing import FakeCloud, FakeDataCenter
from bbasync.testing.recording import answer

REDIRECT = "http://127.0.0.1:8976/callback"


def cloud_client(fake: FakeCloud, **options: Any) -> OAuthClient:
    return OAuthClient.cloud(fake.oauth.client_id, fake.oauth.client_secret, base_url=fake.origin, **options)


def datacenter_client(fake: FakeDataCenter) -> OAuthClient:
    return OAuthClient.data_center(fake.url, fake.oauth.client_id, fake.oauth.client_secret)


async def agreed(fake: FakeCloud) -> OAuthToken:
    """Return the token of a user who has agreed."""
    return await cloud_client(fake).exchange(fake.oauth.authorize())


def due(token: OAuthToken) -> OAuthToken:
    return evolve(token, expires_at=0.0)


def asked(fake: FakeCloud | FakeDataCenter) -> int:
    """Return how many requests the token endpoint got."""
    return sum(request.method == "POST" and "/oauth2/" in request.path_qs for request in fake.requests)


async def visit(url: str) -> dict[str, str]:
    """Open the page on which a user agrees, and return what the browser is sent back with."""
    async with aiohttp.ClientSession() as http, http.get(url, allow_redirects=False) as response:
        assert response.status == 302, await response.text()
        location = response.headers["Location"]
    assert location.startswith(REDIRECT)
    return dict(URL(location).query)


@asynccontextmanager
async def quiet() -> AsyncGenerator[None]:
    """Expect that no task is left of what is done inside."""
    before = asyncio.all_tasks()
    yield
    assert asyncio.all_tasks() <= before


@define(eq=False)
class Doorkeeper:
    """A transport whose server accepts one token; with `crowd`, it refuses none before that many have come."""

    accepted: str = ""
    crowd: int = 0
    sent: list[str] = field(factory=list[str])
    """The tokens that came, in order."""
    refused: int = 0
    _full: asyncio.Event = field(factory=asyncio.Event)
    on_request: Callable[[Request], None] = lambda _request: None

    async def send(self, request: Request) -> RawResponse:
        self.on_request(request)
        token = request.headers["Authorization"].removeprefix("Bearer ")
        self.sent.append(token)
        if token == self.accepted:
            return answer(b'{"type": "user"}')
        self.refused += 1
        if self.refused >= self.crowd:
            self._full.set()
        await self._full.wait()
        return answer(b'{"type": "error", "error": {"message": "Token is invalid or expired"}}', 401)

    def stream(self, request: Request) -> Any:
        raise NotImplementedError


def issue(number: int, *, expires_at: float = 4e9, lifetime: float = 3600.0) -> OAuthToken:
    """Return the pair of this number."""
    return OAuthToken(
        access_token=f"access-{number}", refresh_token=f"refresh-{number}", expires_at=expires_at, lifetime=lifetime
    )


@define(eq=False)
class Issuer:
    """Obtains the pairs 2, 3, ... for a credential, when it is let go, and remembers what it was asked with."""

    asked: list[OAuthToken | None] = field(factory=list["OAuthToken | None"])
    gate: asyncio.Event = field(factory=asyncio.Event)

    async def __call__(self, last: OAuthToken | None) -> OAuthToken:
        self.asked.append(last)
        await self.gate.wait()
        return issue(len(self.asked) + 1)
