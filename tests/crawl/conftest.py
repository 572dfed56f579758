"""A fake whose listings take several pages, and where to keep what is read from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bbasync.testing import FakeCloud
from tests.crawl.crawling import PLENTY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def fake() -> AsyncIterator[FakeCloud]:
    async with FakeCloud(workspaces=2, repositories=3, commits=130, pull_requests=6, limit=PLENTY) as server:
        yield server


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/store.db"
