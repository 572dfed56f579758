"""Budgets under any sequence of events: the server never sees too much, and nobody waits for nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Literal, TypeVar

import pytest
from attrs import define, field
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bbasync.errors import RateLimitError
from bbasync.rate import Bucket, BucketState, Clock, Outcome, RateTracker, Refill, Rolling, Token
from tests.virtual import VirtualLoop, settle, virtual
from tests.waiting import take

T = TypeVar("T")
End = Literal["accepted", "refused", "broken", "unsent"]
QUARTERS = st.integers(1, 60).map(lambda number: number / 4)
"""Seconds that binary fractions hold exactly."""
ANY = st.integers(0, 1000)


class DayClock(Clock):
    """A clock whose time of day goes on from one process to the next, as the loop's does here."""

    def wall(self) -> float:
        return self.now() + 50_000.0


@define(eq=False)
class Sent:
    """A request on its way: the server sees it at `seen`, somewhere between its grant and its end."""

    token: Token
    seen: float | None = field(init=False, default=None)


class Budget(RuleBasedStateMachine):
    """What both kinds of buckets have in common."""

    tracker: RateTracker
    bucket: Bucket
    rate: Rolling | Refill

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.waiting: list[asyncio.Task[Token | None]] = []
        """In the order in which they asked."""
        self.in_flight: list[Sent] = []
        self.seen: list[float] = []
        """When the server saw a request that counts against the budget."""

    def teardown(self) -> None:
        try:
            if hasattr(self, "bucket"):
                self._everybody_is_served()
                self._the_server_never_saw_too_much()
        finally:
            self.loop.close()

    def _open(self, rate: Rolling | Refill) -> None:
        self.rate = rate
        self.tracker = RateTracker({"api": rate}, clock=DayClock())
        self._run(self._begin())

    async def _begin(self) -> None:
        self.bucket = self.tracker.bucket("https://host", "me", "api", None)

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(coroutine)

    def _collect(self) -> None:
        """Take the tokens that were granted; they must be those who asked first."""
        self._run(settle())
        self.waiting = [task for task in self.waiting if not task.done() or task.result() is not None]
        done = [task.done() for task in self.waiting]
        assert done == sorted(done, reverse=True), "first come, first served"
        assert not any(done) or not self._state().paused_for, "nobody goes during a pause"
        self.in_flight += [Sent(token) for task in self.waiting[: sum(done)] if (token := task.result()) is not None]
        del self.waiting[: sum(done)]

    def _state(self) -> BucketState:
        async def state() -> BucketState:
            return self.bucket.state()

        return self._run(state())

    # -- what can happen ------------------------------------------------------------------------------------------

    @rule(count=st.integers(1, 4), max_wait=st.sampled_from([None, None, 0.0, 3.0]))
    def ask(self, count: int, max_wait: float | None) -> None:
        for _ in range(count):
            self.waiting.append(self.loop.create_task(self._acquire(max_wait)))
        self._collect()

    async def _acquire(self, max_wait: float | None) -> Token | None:
        began = self.loop.time()
        try:
            return await take(self.bucket, max_wait)
        except RateLimitError:
            assert max_wait is not None
            return None
        finally:
            assert max_wait is None or self.loop.time() <= began + max_wait

    @precondition(lambda self: self.waiting)
    @rule(which=ANY)
    def give_up_waiting(self, which: int) -> None:
        task = self.waiting.pop(which % len(self.waiting))
        task.cancel()
        self._collect()
        assert task.cancelled()

    @precondition(lambda self: self.in_flight)
    @rule(which=ANY)
    def reach_the_server(self, which: int) -> None:
        sent = self.in_flight[which % len(self.in_flight)]
        if sent.seen is None:
            sent.seen = self.loop.time()

    @precondition(lambda self: self.in_flight)
    @rule(which=ANY, end=st.sampled_from(["accepted", "accepted", "refused", "broken", "unsent"]), named=QUARTERS)
    def end(self, which: int, end: End, named: float) -> None:
        self._run(self._end(self.in_flight.pop(which % len(self.in_flight)), end, named))
        self._collect()

    async def _end(self, sent: Sent, end: End, named: float = 1.0) -> None:
        """Do what the session does when an attempt is over; what the server refuses does not count there."""
        if end == "unsent" and sent.seen is None:
            sent.token.done(Outcome.UNSENT)
            return
        if end == "refused":
            sent.token.done(Outcome.REFUSED, {}, named)
            return
        self.seen.append(self.loop.time() if sent.seen is None else sent.seen)
        sent.token.done(Outcome.ACCEPTED if end == "accepted" else Outcome.FAILED)

    @rule(seconds=QUARTERS)
    def time_passes(self, seconds: float) -> None:
        self._run(asyncio.sleep(seconds))
        self._collect()

    @rule(killed=st.booleans())
    def restart(self, killed: bool) -> None:
        """Go on in another process; what was in flight when this one was killed may have reached the server."""
        self._run(self._restart(killed=killed))

    async def _restart(self, *, killed: bool) -> None:
        exported = self.tracker.export()
        for task in self.waiting:
            task.cancel()
        await settle()
        self.waiting.clear()
        while self.in_flight:
            await self._end(self.in_flight.pop(), "broken" if killed else "unsent")
        if not killed:
            exported = self.tracker.export()
        self.tracker = RateTracker({"api": self.rate}, clock=DayClock())
        self.tracker.restore(exported)
        await self._begin()

    # -- what must hold -------------------------------------------------------------------------------------------

    @invariant()
    def nobody_waits_while_a_token_is_free(self) -> None:
        if not self.waiting or self._state().paused_for:
            return
        if any(sent.token.is_probe for sent in self.in_flight):
            return  # the others go when the first after a pause has come back
        assert self._state().left == 0

    def _everybody_is_served(self) -> None:
        for _ in range(3 + len(self.waiting) + len(self.in_flight)):
            while self.in_flight:
                self.end(0, "accepted", 1.0)
            if not self.waiting:
                return
            self.time_passes(16.0)
        raise AssertionError("somebody waits for ever")

    def _the_server_never_saw_too_much(self) -> None:
        raise NotImplementedError


class RollingBudget(Budget):
    """A rolling window of 10 seconds."""

    window = 10.0

    def __init__(self) -> None:
        super().__init__()
        self.spent: list[float] = []
        """When a token began its way back."""

    @initialize(limit=st.integers(1, 6))
    def open(self, limit: int) -> None:
        self._limit = limit
        self._open(Rolling(limit, self.window))

    async def _end(self, sent: Sent, end: End, named: float = 1.0) -> None:
        await super()._end(sent, end, named)
        if end != "unsent" or sent.seen is not None:
            self.spent.append(self.loop.time())

    @invariant()
    def no_token_is_lost_and_none_is_made(self) -> None:
        if not hasattr(self, "bucket"):
            return
        back = self.loop.time() - self.window * 1.001
        held = len(self.in_flight) + sum(instant > back for instant in self.spent)
        assert self._state().left == self._limit - held

    def _the_server_never_saw_too_much(self) -> None:
        self.seen.sort()
        for number, instant in enumerate(self.seen):
            within = [other for other in self.seen[: number + 1] if other > instant - self.window]
            assert len(within) <= self._limit


class RefillBudget(Budget):
    """A bucket that refills."""

    @initialize(capacity=st.integers(1, 6), fill_rate=st.sampled_from([0.25, 0.5, 1.0, 4.0]))
    def open(self, capacity: int, fill_rate: float) -> None:
        self.began = self.loop.time()
        self._capacity, self._fill_rate = float(capacity), fill_rate
        self._open(Refill(capacity, fill_rate))

    def _the_server_never_saw_too_much(self) -> None:
        level, last = self._capacity, self.began
        for instant in sorted(self.seen):
            level = min(self._capacity, level + (instant - last) * self._fill_rate) - 1
            last = instant
            assert level >= -1e-6


EXAMPLES = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestRollingBudget = RollingBudget.TestCase
TestRollingBudget.settings = EXAMPLES
TestRefillBudget = RefillBudget.TestCase
TestRefillBudget.settings = EXAMPLES


async def learnt(rate: Rolling | Refill, headers: dict[str, str], *, spent: int = 0, after: float = 0.0) -> Bucket:
    """Return a bucket that has learnt from an answer's headers, some seconds after tokens were spent."""
    bucket = Bucket(("https://host", "me", "api"), Clock(), rate)
    for _ in range(spent):
        token = await take(bucket, 0)
        token.done(Outcome.SENT)
    await asyncio.sleep(after)
    token = await take(bucket, 0)
    token.done(Outcome.ACCEPTED, headers)
    return bucket


@virtual
async def test_a_changed_rate_keeps_what_has_come_back() -> None:
    headers = {"x-ratelimit-limit": "20", "x-ratelimit-fillrate": "1", "x-ratelimit-interval-seconds": "1"}
    old = await learnt(Refill(10, 1), {}, spent=10, after=5)
    assert old.state().left == 4
    token = await take(old, 0)
    await asyncio.sleep(3)
    token.done(Outcome.ACCEPTED, headers)
    assert old.state().left == 6


@pytest.mark.parametrize("rate", [Rolling(5), Refill(5, 1)])
def test_a_limit_of_less_than_one_is_not_believed(rate: Rolling | Refill) -> None:
    @virtual
    async def check() -> None:
        headers = {"x-ratelimit-limit": "0.5", "x-ratelimit-fillrate": "1", "x-ratelimit-interval-seconds": "1"}
        bucket = await learnt(rate, headers)
        (await take(bucket, 60)).done(Outcome.SENT)

    check()
