"""A fake with a few repositories, and a session of its user."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bbasync.auth import ApiToken
from bbasync.cloud.session import CloudSession
from bbasync.testing import FakeCloud

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def fake() -> AsyncIterator[FakeCloud]:
    async with FakeCloud(workspaces=3, commits=3, pull_requests=0) as server:
        yield server


@pytest.fixture
async def bb(fake: FakeCloud) -> AsyncIterator[CloudSession]:
    async with CloudSession(ApiToken(fake.email, fake.token), base_url=fake.url) as session:
        yield session
