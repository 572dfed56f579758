"""What tests wait with: it wakes when it should, and says so where it does not."""

from __future__ import annotations

import asyncio
import sys

import aiohttp
import pytest

from bbasync.testing import FakeCloud
from tests import waiting
from tests.virtual import forward, loop_clock, passing, settle
from tests.waiting import asked, end_of, until, when_asked


async def test_what_is_due_by_then_is_due_at_once_and_what_is_not_is_not() -> None:
    hour, day = (asyncio.create_task(asyncio.sleep(seconds)) for seconds in (3600, 86_400))
    await settle()
    clock = loop_clock()
    before = clock()
    forward(7200)
    await hour
    assert clock() - before >= 7200
    assert not day.done()
    await passing(day, step=3600)


async def test_what_does_not_come_about_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", 0)
    with pytest.raises(AssertionError, match="a third hand"):
        await until(lambda: False, "a third hand")
    async with FakeCloud(workspaces=1, repositories=1, commits=1, pull_requests=0) as fake:
        with pytest.raises(AssertionError, match="only 0 of 1 requests"):
            await asked(fake, 1)
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "import time; time.sleep(3600)")
    with pytest.raises(AssertionError, match="the process ends"):
        await end_of(process)
    assert process.returncode == -9


async def test_a_fake_is_called_for_before_it_answers() -> None:
    statuses: list[int | None] = []
    async with FakeCloud(workspaces=1, repositories=1, commits=1, pull_requests=0) as fake:
        when_asked(fake, 2, lambda: statuses.extend(request.status for request in fake.requests))
        async with aiohttp.ClientSession() as http:
            for _ in range(3):
                await (await http.get(f"{fake.url}/user")).read()
        await asked(fake, 3)
    assert statuses == [401, None]
