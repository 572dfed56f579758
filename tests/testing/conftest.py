"""A fake of Cloud and a bare client of its user."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bbasync.testing import FakeCloud
from tests.testing.cloud_api import Api

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def fake() -> AsyncIterator[FakeCloud]:
    async with FakeCloud(workspaces=2) as server:
        yield server


@pytest.fixture
async def api(fake: FakeCloud) -> AsyncIterator[Api]:
    async with Api(fake) as client:
        yield client
