"""The pytest plugin: fixtures that yield a started fake server."""

from __future__ import annotations

from typing import TYPE_CHECKING

try:
    import pytest_asyncio
except ImportError:  # the fixtures need it, the rest of a test suite does not
    pytest_asyncio = None

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bbasync.testing.cloud import FakeCloud

if pytest_asyncio is not None:

    @pytest_asyncio.fixture
    async def bitbucket_cloud() -> AsyncIterator[FakeCloud]:
        """Yield a FakeCloud of its own to every test that asks for it."""
        from bbasync.testing.cloud import FakeCloud  # noqa: PLC0415  # only a test that uses it pays for the import

        async with FakeCloud() as fake:
            yield fake
