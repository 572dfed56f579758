"""Faults against single calls: what is repeated, what is told, and what becomes of clocks, pools and blocked loops."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import aiohttp
import pytest

from bbasync import (
    ConcurrencyLimiter,
    RateLimitError,
    RateTracker,
    Rolling,
    ServerError,
    Timeouts,
    TransportError,
)
from bbasync.testing import Fault
from bbasync.testing.cloud.rate import RateLimit
from tests.resilience.trouble import (
    GET,
    HERE,
    LARGE,
    NOBODY,
    OPERATIONS,
    POST,
    TRIES,
    UNKNOWN,
    Case,
    JumpingClock,
    Operation,
    by_name,
    cases,
    elsewhere,
    named,
    nothing_runs,
    small_cloud,
    strike_always,
    strike_once,
    watched,
)
from tests.virtual import forward, loop_clock, passing, settle
from tests.waiting import PATIENCE, asked, until

pytestmark = pytest.mark.usefixtures("waits")


CASES = [case for case in cases() if case.operation.repeatable]
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.operation.name}-{case.name}")


@each_case
async def test_a_fault_that_strikes_once(case: Case, file: Path) -> None:
    await strike_once(case, file)


@each_case
async def test_a_fault_that_stays(case: Case, file: Path) -> None:
    await strike_always(case, file)


each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)


async def test_an_answer_that_is_too_large_is_not_asked_for_again(file: Path) -> None:
    async with small_cloud() as fake:
        fake.faults.add(Fault("oversized", size=LARGE, times=None))
        async with watched(fake) as session:
            with pytest.raises(TransportError, match="larger than"):
                await GET.call(session.bb, file)
            assert session.seen() == 1


# -- no connection ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", [None, NOBODY], ids=["unknown name", "refused"])
@each_operation
async def test_without_a_connection_anything_is_repeated_since_nothing_was_sent(
    operation: Operation, trouble: str | None, file: Path
) -> None:
    async with small_cloud() as fake:
        before = operation.written(fake)
        async with watched(fake, by_name([trouble, trouble, HERE]), url=named(fake)) as session:
            result = await operation.call(session.bb, file)
            assert result == operation.result or operation.result is None is not result
            assert (session.seen(), len(session.attempts)) == (1, 3)
        assert operation.written(fake) - before == bool(operation.writes)
    assert nothing_runs()


@pytest.mark.parametrize(
    ("trouble", "says"),
    [(None, "Temporary failure in name resolution"), (NOBODY, "Connect call failed")],
    ids=["unknown name", "refused"],
)
@each_operation
async def test_a_server_that_stays_away_is_named(
    operation: Operation, trouble: str | None, says: str, file: Path, waits: list[float]
) -> None:
    async with small_cloud() as fake, watched(fake, by_name([trouble] * TRIES), url=named(fake)) as session:
        with pytest.raises(TransportError, match=rf"cannot connect to localhost:\d+: .*{says}") as caught:
            await operation.call(session.bb, file)
        assert not caught.value.sent
        assert UNKNOWN not in str(caught.value)
        assert (session.seen(), len(session.attempts)) == (0, TRIES)
    assert all(0 <= waited <= longest for waited, longest in zip(waits, (1, 2, 4), strict=True))
    assert nothing_runs()


# -- clocks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [0, 1, -1], ids=["right", "ahead", "behind"])
@each_operation
async def test_a_retry_after_that_is_a_date_is_read_against_the_clock_of_the_server_that_wrote_it(
    operation: Operation, hours: float, file: Path
) -> None:
    clock = JumpingClock()
    clock.of_day = datetime.now(UTC) + timedelta(hours=hours)
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)
    async with small_cloud() as fake:
        fake.faults.add(Fault("rate_limited", retry_after=date))
        async with watched(fake, clock=clock) as session:
            await operation.call(session.bb, file)
            assert session.seen() == 2
            assert 30 <= session.attempts[1].waited <= 45


@pytest.mark.parametrize("kind", ["rate_limited", "status"])
async def test_a_retry_after_that_no_clock_can_hold_counts_as_none(kind: str, file: Path) -> None:
    async with small_cloud() as fake:
        fake.faults.add(Fault("status" if kind == "status" else "rate_limited", status=503, retry_after="9" * 400))
        async with watched(fake) as session:
            assert await GET.call(session.bb, file) == GET.result


@pytest.mark.parametrize("after", ["0", "Wed, 21 Oct 2015 07:28:00 GMT"])
async def test_a_failing_server_is_never_asked_again_without_a_pause(
    after: str, file: Path, waits: list[float]
) -> None:
    async with small_cloud() as fake:
        fake.faults.add(Fault("status", status=503, retry_after=after, times=None))
        async with watched(fake) as session:
            with pytest.raises(ServerError):
                await GET.call(session.bb, file)
        assert min(waits) > 0


async def test_no_server_can_put_a_call_to_sleep_for_ages(file: Path, waits: list[float]) -> None:
    async with small_cloud() as fake:
        fake.faults.add(Fault("status", status=503, retry_after="9223372036854775807"))
        async with watched(fake, max_wait=None) as session:
            await GET.call(session.bb, file)
    assert waits[0] <= 3600, "as after a 429"


async def test_a_jump_of_the_monotonic_clock_frees_what_waits_and_loses_no_token(file: Path) -> None:
    clock = JumpingClock()
    async with small_cloud() as fake:
        fake.faults.add(Fault("rate_limited", retry_after="1000"))
        async with watched(fake, clock=clock, rates=RateTracker(clock=clock)) as session:
            with pytest.raises(RateLimitError, match="in 1000"):
                await GET.call(session.bb, file)
            with pytest.raises(RateLimitError, match="the server refused"):
                await GET.call(session.bb, file)
            clock.time += 7200
            assert await GET.call(session.bb, file) == GET.result
            state = session.bb.rates.snapshot()[0]
            assert (state.spent, state.left, state.paused_for) == (1, 999, 0)
            assert session.seen() == 2


# -- a pool that is too small, a loop that is blocked -----------------------------------------------------------------


@pytest.mark.parametrize("operation", [GET, POST], ids=["get", "post"])
async def test_more_slots_than_connections_only_queue(operation: Operation, file: Path) -> None:
    async with small_cloud(latency=0.5) as fake:
        before = operation.written(fake)
        async with watched(fake, aiohttp.TCPConnector(limit=1), limiter=ConcurrencyLimiter(8)) as session:
            results = await passing(asyncio.gather(*(operation.call(session.bb, file) for _ in range(8))), step=0.1)
            assert results == [operation.result] * 8
            assert (session.seen(), len(session.attempts), fake.peak_in_flight) == (8, 8, 1)
        assert operation.written(fake) - before == 8 * bool(operation.writes)
    assert nothing_runs()


async def test_a_connection_that_never_becomes_free_is_an_error_and_nothing_was_sent(file: Path) -> None:
    async with small_cloud(latency=50) as fake:
        before = POST.written(fake)
        async with watched(fake, aiohttp.TCPConnector(limit=1), timeouts=Timeouts(connect=5)) as session:
            slow = asyncio.create_task(GET.call(session.bb, file))
            await asked(fake, 1)
            with pytest.raises(TransportError, match="timed out while connecting") as caught:
                await passing(POST.call(session.bb, file), step=1)
            assert not caught.value.sent
            assert UNKNOWN not in str(caught.value)
            assert not slow.done()
            assert await passing(slow, step=1) == GET.result
            assert (session.seen(), len(session.attempts)) == (1, 1 + TRIES)
        assert POST.written(fake) == before
    assert nothing_runs()


async def test_a_pool_that_is_too_small_is_named(file: Path) -> None:
    async with (
        small_cloud(latency=50) as fake,
        watched(fake, aiohttp.TCPConnector(limit=1), timeouts=Timeouts(connect=5)) as session,
    ):
        slow = asyncio.create_task(GET.call(session.bb, file))
        await asked(fake, 1)
        try:
            with pytest.raises(TransportError, match="connection in the pool"):
                await passing(GET.call(session.bb, file), step=1)
        finally:
            await passing(slow, step=1)


async def test_a_blocked_loop_loses_no_token_blames_no_timeout_and_starts_no_stampede(file: Path) -> None:
    slots, limit, window, calls = 4, 8, 30, 16
    fake = small_cloud(latency=10)
    fake.rate = RateLimit(limits={"api": limit}, window=window, clock=loop_clock())

    async def answer() -> None:
        fake.latency = 0
        forward(10)
        await settle()

    with elsewhere(fake) as its_loop:
        async with watched(
            fake,
            limiter=ConcurrencyLimiter(slots),
            rates=RateTracker({"api": Rolling(limit, window)}),
            max_wait=100,
            timeouts=Timeouts(read=20),
        ) as session:
            tasks = [asyncio.create_task(GET.call(session.bb, file)) for _ in range(calls)]
            await until(lambda: fake.in_flight == slots, "a request in every slot")
            # our loop stands still, as in a long computation, while the server answers
            asyncio.run_coroutine_threadsafe(answer(), its_loop).result(PATIENCE)
            forward(25)
            await until(lambda: len(session.attempts) == limit, "the budget is spent")
            await settle()
            assert session.seen() == limit
            forward(window)
            assert await asyncio.gather(*tasks) == [GET.result] * calls
            assert [event.status for event in session.attempts] == [200] * calls
            assert fake.peak_in_flight <= slots
        assert fake.rate.refused == 0
        assert session.seen() == calls


async def test_a_loop_that_is_blocked_while_it_connects_sends_a_post_once(file: Path) -> None:
    def slowly() -> Iterator[str]:
        forward(20)
        while True:
            yield HERE

    fake = small_cloud()
    with elsewhere(fake):
        before = POST.written(fake)
        timeouts = Timeouts(connect=10)
        async with watched(fake, by_name(slowly()), url=named(fake), timeouts=timeouts) as session:
            assert await POST.call(session.bb, file) == POST.result
            assert session.seen() == 1
            assert len(session.attempts) <= 2
        assert POST.written(fake) - before == 1
