"""A fake server and a session of its administrator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bbasync.auth import AccessToken
from bbasync.datacenter.session import DataCenterSession
from bbasync.testing import FakeDataCenter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def fake() -> AsyncIterator[FakeDataCenter]:
    async with FakeDataCenter() as server:
        yield server


@pytest.fixture
async def bb(fake: FakeDataCenter) -> AsyncIterator[DataCenterSession]:
    async with DataCenterSession(AccessToken(fake.token), base_url=fake.url) as session:
        yield session
