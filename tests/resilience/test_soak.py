from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from functools import partial
from statistics import mean
from typing import Any, cast

import pytest

from bbasync import ApiToken, CloudSession, ConcurrencyLimiter, Paging, Timeouts, TransportError, aio
from bbasync.request import RawResponse, Request
from bbasync.testing import FakeCloud, Fault
from bbasync.testing.recording import RecordingTransport, answer
from tests.resilience.soaking import Figures, figures, soaking
from tests.virtual import settle, virtual
from tests.waiting import PATIENCE, asked, until

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads its figures from /proc"),
    pytest.mark.usefixtures("quick_retries"),
]


async def test_whatever_is_left_early_or_cancelled_leaves_nothing_behind() -> None:
    before = figures()
    async with soaking(seed=1) as soak:
        await soak.round(lambda: soak.done.total() >= 200)
        assert len(soak.done) >= 15, soak.done
    await all_is_given_back(before)


async def all_is_given_back(before: Figures) -> None:
    """Wait until nothing more is open than before: sockets are closed a step or two after their sessions."""

    def is_given_back() -> bool:
        after = figures()
        return (after.tasks, after.files) == (before.tasks, before.files)

    await until(is_given_back, f"as few tasks and files as in {before}")


@pytest.mark.nightly
async def test_minutes_of_use_hold_no_more_than_the_first() -> None:
    seconds = float(os.environ.get("BBASYNC_SOAK", "300"))
    rounds, found = 24, list[Figures]()
    before = figures()
    async with soaking(seed=2) as soak:
        for number in range(rounds):
            end = time.monotonic() + seconds / rounds
            found.append(await soak.round(partial(_is_past, end)))
            print(f"round {number + 1}: {found[-1]}, {soak.attempts} requests")  # noqa: T201 - shown by pytest -s
        print(soak.done, soak.fake.rate.refused, soak.fake.rate.peak)  # noqa: T201 - shown by pytest -s
    await all_is_given_back(before)
    first, last = found[: rounds // 3], found[-rounds // 3 :]
    assert {one.tasks for one in found} == {before.tasks}
    assert max(one.files for one in last) <= max(one.files for one in first) + 4
    assert mean(one.megabytes for one in last) <= mean(one.megabytes for one in first) + 8


def _is_past(end: float) -> bool:
    return time.monotonic() > end


# -- what the soak brought to light -----------------------------------------------------------------------------------


async def test_a_call_ends_when_its_session_is_closed_in_the_middle_of_the_answer() -> None:
    async with FakeCloud(workspaces=1, repositories=1, commits=1, pull_requests=1) as fake:
        fake.faults.add(Fault("slow_body", seconds=10 * PATIENCE))
        bb = CloudSession(ApiToken(fake.email, fake.token), base_url=fake.url)
        call = asyncio.create_task(bb.request("GET", "/user"))
        await asked(fake, 1)
        await settle()  # half of the body has come
        assert not call.done()
        await bb.close()
        await asyncio.wait([call], timeout=Timeouts().read / 2)  # it is not that which ends the call
        ended, _ = call.done(), call.cancel()
        results = await asyncio.gather(call, return_exceptions=True)
    assert ended
    assert isinstance(results[0], (TransportError, RuntimeError))
    assert bb.limiter.in_flight == 0


class _NeverASecondAnswer(RecordingTransport):
    closed = False

    async def send(self, request: Request) -> RawResponse:
        if self.requests:
            await asyncio.Event().wait()
        return await super().send(request)

    async def close(self) -> None:
        self.closed = True


@virtual
async def test_a_call_that_waits_for_a_slot_while_its_session_is_closed_is_not_sent() -> None:
    limiter, transport = ConcurrencyLimiter(1), RecordingTransport([answer()])
    bb = CloudSession(transport=transport, limiter=limiter)
    async with limiter:
        call = asyncio.create_task(bb.request("GET", "/user"))
        await settle()
        await bb.close()
    await asyncio.wait([call])
    assert transport.requests == []
    with pytest.raises(RuntimeError, match="closed"):
        call.result()


@virtual
async def test_a_session_whose_close_is_cancelled_closes_its_connections_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = b'{"values": [{}], "next": "https://api.bitbucket.org/2.0/x?page=2"}'
    transport = _NeverASecondAnswer([answer(page)])
    bb = CloudSession()
    monkeypatch.setattr(bb, "_own_transport", transport)
    monkeypatch.setattr(bb._pipeline, "transport", transport)
    listing = cast("AsyncGenerator[object]", bb.paginate("/x", paging=Paging(prefetch=True)))
    async with aclosing(listing):
        await anext(listing)
        await settle()
        closing = asyncio.create_task(bb.close())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait([closing])
        assert transport.closed


async def _cancelled_within() -> AsyncIterator[int]:
    yield 1
    await asyncio.get_running_loop().run_in_executor(None, lambda: None)
    raise asyncio.CancelledError  # what it waited for was cancelled, not this


@pytest.mark.parametrize("source", [lambda: None, _cancelled_within], ids=["no iterable", "cancelled"])
async def test_a_merged_source_that_breaks_in_an_unusual_way_is_told(source: Callable[[], Any]) -> None:
    async def read() -> list[tuple[str, int]]:
        async with aio.merge([("odd", source())]) as items:
            return [item async for item in items]

    reading = asyncio.create_task(read())
    await asyncio.wait([reading], timeout=PATIENCE)
    reading.cancel()
    ends = await asyncio.gather(reading, return_exceptions=True)
    assert isinstance(ends[0], ExceptionGroup)
