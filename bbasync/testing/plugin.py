"""The pytest plugin: fixtures that yield a started fake server."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bbasync.testing.cloud.server import FakeCloud
    from bbasync.testing.datacenter.server import FakeDataCenter

if find_spec("pytest_asyncio"):
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

else:  # the rest of a test suite does not need it

    @pytest.fixture(name="bitbucket_cloud")
    def _no_bitbucket_cloud() -> NoReturn:
        _fail("bitbucket_cloud")

    @pytest.fixture(name="bitbucket_datacenter")
    def _no_bitbucket_datacenter() -> NoReturn:
        _fail("bitbucket_datacenter")


def _fail(fixture: str) -> NoReturn:
    pytest.fail(
        f'the fixture {fixture} needs pytest-asyncio: install it, and set `asyncio_mode = "auto"` in pytest\'s '
        "configuration or mark the test with `@pytest.mark.asyncio`",
        pytrace=False,
    )
