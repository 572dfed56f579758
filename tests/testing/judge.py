"""Lets clients that are not ours, and synchronous, judge a fake."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from bbasync.testing.server import FakeServer


class Judge:
    """Collects the refusals that a walk expects, for comparison with those that the fake gave."""

    def __init__(self) -> None:
        self.expected: list[int] = []

    def expect(self, *statuses: int) -> None:
        """Expect refusals that the client keeps to itself."""
        self.expected += statuses

    @contextmanager
    def refuses(self, status: int, sentence: str) -> Generator[None]:
        """Expect one refusal, which the client raises with the text of the fake."""
        with pytest.raises(Exception, match=sentence):
            yield
        self.expect(status)


async def judged(fake: FakeServer, walk: Callable[[Judge], None]) -> None:
    """Run a walk in a thread, and see that nothing was refused but what it expects."""
    judge = Judge()
    await asyncio.to_thread(walk, judge)
    refused = [(one.method, one.path_qs, one.status) for one in fake.requests if (one.status or 0) >= 400]
    assert [status for *_, status in refused] == judge.expected, refused
