from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp_client_cache.backends.base import CacheBackend
from aiohttp_client_cache.backends.sqlite import SQLiteBackend
from aiohttp_client_cache.session import CachedSession

from bbasync import AccessToken, ApiToken, AuthenticationError, CloudSession, NotFoundError, RateTracker, Rolling
from bbasync.testing import FakeCloud


@pytest.fixture
async def fake() -> AsyncIterator[FakeCloud]:
    async with FakeCloud(workspaces=1, repositories=3, commits=2, pull_requests=1) as fake:
        yield fake


def cached() -> CachedSession:
    http: CachedSession = CachedSession(cache=CacheBackend(expire_after=60, include_headers=True))
    return http


def session(fake: FakeCloud, http: aiohttp.ClientSession, **options: Any) -> CloudSession:
    return CloudSession(ApiToken(fake.email, fake.token), base_url=fake.url, http=http, **options)


async def test_what_is_cached_is_neither_asked_for_again_nor_paid_for(fake: FakeCloud) -> None:
    rates = RateTracker({"api": Rolling(3)})
    async with cached() as http, session(fake, http, rates=rates, max_wait=0) as bb:
        for _ in range(5):
            assert len([each async for each in bb.repositories.list("acme")]) == 3
            assert (await bb.repositories.get("acme", "api")).slug == "api"
        assert len(fake.requests) == 2
        assert [(state.spent, state.left) for state in rates.snapshot()] == [(2, 1)]


async def test_one_credential_never_gets_what_another_may_see(fake: FakeCloud) -> None:
    async with cached() as http:
        async with session(fake, http) as bb:
            assert (await bb.repositories.get("acme", "api")).slug == "api"
        for other in (ApiToken("other@example.org", "wrong"), AccessToken("wrong"), None):
            async with CloudSession(other, base_url=fake.url, http=http) as bb:
                with pytest.raises((AuthenticationError, NotFoundError)):
                    await bb.repositories.get("acme", "api")


async def test_errors_and_writes_are_not_cached(fake: FakeCloud) -> None:
    async with cached() as http, session(fake, http) as bb:
        for _ in range(2):
            with pytest.raises(NotFoundError):
                await bb.repositories.get("acme", "nowhere")
        for title in ("one", "two"):
            assert (await bb.pull_requests.update("acme", "api", 1, title=title)).title == title
        assert len(fake.requests) == 4


@pytest.mark.parametrize(
    ("cache", "options"),
    [
        ({}, {}),
        ({"include_headers": True, "ignored_params": ["authorization"]}, {}),
        ({"include_headers": True}, {"trust_env": True}),
    ],
    ids=["headers left out", "header ignored", "netrc"],
)
async def test_a_cache_that_would_mix_credentials_is_refused(cache: dict[str, Any], options: dict[str, Any]) -> None:
    async with CachedSession(cache=CacheBackend(**cache), **options) as http:
        with pytest.raises(ValueError, match="would share responses between credentials"):
            CloudSession(AccessToken("one"), http=http)


async def test_a_cache_that_writes_credentials_to_disk_is_refused(tmp_path: Path) -> None:
    cache = SQLiteBackend(str(tmp_path / "cache.sqlite"), include_headers=True)
    async with CachedSession(cache=cache) as http:
        with pytest.raises(ValueError, match="SQLiteBackend stores requests with their Authorization header"):
            CloudSession(AccessToken("one"), http=http)
