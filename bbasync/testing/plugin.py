"""The pytest plugin: fixtures that yield a started fake server."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bbasync.testing.cloud.server import FakeCloud
    from bbasync.testing.datacenter.server import FakeDataCenter

if find_spec("pytest_asyncio"):  # the fixtures need it, the rest of a test suite does not
    import pytest_asyncio

    @pytest_asyncio.fixture
    async def bitbucket_cloud() -> AsyncIterator[FakeCloud]:
        """Yield a FakeCloud of its own to every test that asks for it."""
        from bbasync.testing.cloud.server import FakeCloud  # noqa: PLC0415  # only a test that uses it pays for the import

        async with FakeCloud() as fake:
            yield fake

    @pytest_asyncio.fixture
    async def bitbucket_datacenter() -> AsyncIterator[FakeDataCenter]:
        """Yield a FakeDataCenter of its own to every test that asks for it."""
        from bbasync.testing.datacenter.server import FakeDataCenter  # noqa: PLC0415  # same

        async with FakeDataCenter() as fake:
            yield fake
