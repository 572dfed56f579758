"""What the tests of every folder share."""

from __future__ import annotations

import functools
import signal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientResponse, StreamReader
from aiohttp.client_proto import ResponseHandler
from aioresponses import aioresponses, core

from bbasync.pipeline import CallSettings
from bbasync.retry import RetryPolicy
from bbasync.testing import FakeCloud, FakeDataCenter
from tests import loops

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Callable, Iterator


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--loop", choices=["plain", "eager", "uvloop"], default="plain", help="the event loop of all tests"
    )


def pytest_configure(config: pytest.Config) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell starts what runs in the background so, and commands under test would inherit it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    loops.choose(str(config.getoption("--loop")))
    if loops.chosen != loops.PLAIN:
        config.pluginmanager.register(loops.Loops())


class _Response(ClientResponse):
    """aioresponses 0.7.9 does not pass the `stream_writer` that aiohttp 3.14 asks for."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"stream_writer": SimpleNamespace(output_size=0), **kwargs})


def _stream_reader(loop: asyncio.AbstractEventLoop) -> StreamReader:
    """Return a reader that takes a large body at once; the one of aioresponses asserts above 128 KiB."""
    return StreamReader(ResponseHandler(loop=loop), limit=2**40, loop=loop)


@pytest.fixture
async def fake() -> AsyncIterator[FakeCloud]:
    """A fake with the repository acme/api and little in it; folders and files with other needs override it."""
    async with FakeCloud(workspaces=1, repositories=1, commits=5, pull_requests=1, limit=10_000) as server:
        yield server


@pytest.fixture
async def datacenter() -> AsyncIterator[FakeDataCenter]:
    async with FakeDataCenter(repositories=1, commits=5, pull_requests=1) as server:
        yield server


@pytest.fixture
def mock_answer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Answer one request of aiohttp's without a network: `mock_answer(url, "GET", status=404, payload={...})`."""
    monkeypatch.setattr(core, "ClientResponse", _Response)
    monkeypatch.setattr(core, "stream_reader_factory", _stream_reader)
    with aioresponses() as mock:
        yield mock.add  # pyright: ignore[reportUnknownMemberType] - untyped `re.Pattern` in aioresponses


@pytest.fixture
def quick_retries(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait half a millisecond before the second try, or the seconds of an indirect parameter."""
    policy = RetryPolicy(base=getattr(request, "param", 0.0005))
    monkeypatch.setattr("bbasync.session.CallSettings", functools.partial(CallSettings, retry=policy))
