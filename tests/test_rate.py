from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bbasync.concurrency import Closing
from bbasync.errors import RateLimitError
from bbasync.rate import Bucket, Clock, Outcome, Rate, RateTracker, Refill, Rolling, Timer, Token
from tests.virtual import VirtualLoop, settle, virtual
from tests.waiting import take

WINDOW = 10.01
"""How long a token of `Rolling(n, 10)` is kept: a part in a thousand longer, since clocks drift."""


class WallClock(Clock):
    """A clock whose time of day is set by the test."""

    def __init__(self, wall: float) -> None:
        self.day = wall

    def wall(self) -> float:
        return self.day


def bucket_of(rate: Rate, clock: Clock | None = None) -> Bucket:
    return Bucket(("https://host", "me", "api"), clock or Clock(), rate, jitter=lambda low, _high: low)


async def finish(bucket: Bucket, max_wait: float | None = None, took: float = 0.0) -> Token:
    token = await take(bucket, max_wait)
    await asyncio.sleep(took)
    token.done(Outcome.ACCEPTED, {})
    return token


@virtual
async def test_a_full_burst_is_allowed_and_then_one_window_passes() -> None:
    bucket = bucket_of(Rolling(3, 10))
    tokens = await asyncio.gather(*(finish(bucket) for _ in range(7)))
    assert [token.granted for token in tokens] == pytest.approx([1000] * 3 + [1000 + WINDOW] * 3 + [1000 + 2 * WINDOW])
    assert [token.waited for token in tokens] == pytest.approx([0] * 3 + [WINDOW] * 3 + [2 * WINDOW])


@virtual
async def test_a_token_comes_back_a_window_after_its_answer_not_after_its_grant() -> None:
    bucket = bucket_of(Rolling(1, 10))
    await finish(bucket, took=7)
    assert (await finish(bucket)).granted == pytest.approx(1007 + WINDOW)


@settings(max_examples=60, deadline=None)
@given(
    limit=st.integers(1, 6),
    requests=st.lists(st.tuples(st.floats(0, 40), st.floats(0, 5), st.floats(0, 1)), min_size=1, max_size=40),
)
def test_no_window_as_the_server_sees_it_holds_more_than_the_limit(
    limit: int, requests: list[tuple[float, float, float]]
) -> None:
    """The server counts a request at any instant between its sending and its answer."""
    window = 10.0
    seen: list[float] = []

    async def client(bucket: Bucket, start: float, took: float, share: float) -> None:
        await asyncio.sleep(start)
        token = await finish(bucket, took=took)
        seen.append(token.granted + took * share)

    async def main() -> None:
        bucket = bucket_of(Rolling(limit, window))
        await asyncio.gather(*(client(bucket, *request) for request in requests))

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main())
    assert len(seen) == len(requests)
    counted = deque[float]()
    for instant in sorted(seen):
        while counted and counted[0] + window <= instant + 1e-6:
            counted.popleft()
        counted.append(instant)
        assert len(counted) <= limit


@virtual
async def test_a_refilling_bucket_gives_its_capacity_then_its_rate() -> None:
    bucket = bucket_of(Refill(5, 2))
    tokens = await asyncio.gather(*(finish(bucket) for _ in range(9)))
    assert [round(token.granted - 1000, 6) for token in tokens] == [0, 0, 0, 0, 0, 0.5, 1, 1.5, 2]


@virtual
async def test_tokens_in_flight_do_not_refill() -> None:
    bucket = bucket_of(Refill(2, 10))
    first, second = await take(bucket, None), await take(bucket, None)
    await asyncio.sleep(100)
    waiting = asyncio.create_task(take(bucket, None))
    await asyncio.sleep(100)
    assert not waiting.done(), "the server may see both of the first only now"
    first.done(Outcome.SENT)
    await asyncio.sleep(0.2)
    assert waiting.done()
    second.done(Outcome.SENT)
    waiting.result().done(Outcome.SENT)


@virtual
async def test_waiters_are_served_first_come_first_served_and_a_cancelled_one_leaves_no_gap() -> None:
    bucket = bucket_of(Rolling(1, 10))
    await finish(bucket)
    order: list[int] = []

    async def client(number: int) -> None:
        await finish(bucket)
        order.append(number)

    tasks = [asyncio.create_task(client(number)) for number in range(4)]
    await settle()
    tasks[0].cancel()
    tasks[2].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert order == [1, 3]
    assert asyncio.get_running_loop().time() == pytest.approx(1000 + 2 * WINDOW)
    assert not len(bucket.line)


@virtual
async def test_a_token_granted_in_the_step_of_a_cancellation_goes_to_the_next() -> None:
    bucket = bucket_of(Rolling(1, 10))
    held = await take(bucket, None)
    first, second = asyncio.create_task(take(bucket, None)), asyncio.create_task(take(bucket, None))
    await settle()
    held.done(Outcome.UNSENT)  # grants to the first
    first.cancel()
    await asyncio.wait([first])
    assert first.cancelled()
    assert (await second).granted == 1000


@virtual
async def test_a_wait_beyond_max_wait_is_refused_at_once_and_tells_how_long_it_would_be() -> None:
    bucket = bucket_of(Rolling(1, 3600))
    await finish(bucket)
    with pytest.raises(RateLimitError, match="3603") as caught:
        await take(bucket, 60)
    assert caught.value.retry_after == pytest.approx(3603.6)
    assert asyncio.get_running_loop().time() == 1000


@virtual
async def test_a_wait_that_turns_out_too_long_ends_at_max_wait() -> None:
    bucket = bucket_of(Rolling(1, 10))
    held = await take(bucket, None)
    started = asyncio.get_running_loop().time()
    with pytest.raises(RateLimitError):
        await take(bucket, 15)
    assert asyncio.get_running_loop().time() == started + 15
    assert not len(bucket.line)
    held.done(Outcome.SENT)


@virtual
async def test_a_429_pauses_everybody_and_one_request_goes_first_when_it_ends() -> None:
    bucket = bucket_of(Rolling(100, 3600))
    refused = await take(bucket, None)
    refused.done(Outcome.REFUSED, {}, 20)
    granted: list[Token] = []

    async def client() -> None:
        granted.append(await take(bucket, None))

    tasks = [asyncio.create_task(client()) for _ in range(3)]
    await asyncio.sleep(19)
    assert not granted
    await asyncio.sleep(2)
    assert len(granted) == 1, "half open: a probe"
    await asyncio.sleep(5)
    assert len(granted) == 1, "the others wait for its answer"
    granted[0].done(Outcome.ACCEPTED, {})
    await asyncio.gather(*tasks)
    assert len(granted) == 3
    for token in granted[1:]:
        token.done(Outcome.SENT)


@virtual
async def test_a_probe_that_is_left_hands_over_and_one_that_fails_or_is_refused_pauses_again() -> None:
    bucket = bucket_of(Rolling(100, 1200))
    (await take(bucket)).done(Outcome.REFUSED)
    left = await take(bucket)
    assert left.waited == 10, "1200 / 120, the jitter left out"
    left.done(Outcome.SENT)
    failed = await take(bucket)
    assert failed.waited == 0
    failed.done(Outcome.FAILED)
    refused = await take(bucket)
    assert refused.waited == 1, "a failure is no success, and no further refusal either"
    refused.done(Outcome.REFUSED)
    again = await take(bucket)
    assert again.waited == 20, "doubled"
    again.done(Outcome.UNSENT)


@virtual
async def test_a_token_is_returned_once() -> None:
    token = await take(bucket_of(Rolling(5)))
    token.done(Outcome.SENT)
    with pytest.raises(RuntimeError, match="returned already"):
        token.done(Outcome.SENT)


@virtual
async def test_429s_of_requests_sent_before_the_pause_do_not_lengthen_it() -> None:
    bucket = bucket_of(Rolling(100, 1200))
    tokens = [await take(bucket, None) for _ in range(5)]
    await asyncio.sleep(1)
    for token in tokens:
        token.done(Outcome.REFUSED, {}, 30)
        await asyncio.sleep(1)
    last = await take(bucket, None)
    assert last.granted == 1031
    last.done(Outcome.SENT)


@virtual
async def test_a_pause_longer_than_max_wait_raises_at_once() -> None:
    bucket = bucket_of(None)
    token = await take(bucket, None)
    token.done(Outcome.REFUSED, {}, 9223372036854775807)
    with pytest.raises(RateLimitError, match="the server refused") as caught:
        await take(bucket, 60)
    assert caught.value.retry_after == 3600, "an absurd Retry-After is capped"


@virtual
async def test_an_unlimited_bucket_becomes_the_vendors_default_at_its_first_429() -> None:
    bucket = bucket_of(None)
    tokens = [await take(bucket, 0) for _ in range(500)]
    tokens[0].done(Outcome.REFUSED)
    for token in tokens[1:]:
        token.done(Outcome.SENT)
    assert isinstance(bucket.rate, Refill)
    assert bucket.rate.fill_rate == 5
    assert bucket.state().source == "estimated"
    assert bucket.state().left == 0


@virtual
async def test_a_retry_after_of_zero_still_pauses() -> None:
    bucket = bucket_of(None)
    token = await take(bucket, None)
    token.done(Outcome.REFUSED, {}, 0)
    assert (await take(bucket, None)).waited > 0


async def answered(bucket: Bucket, **headers: str) -> None:
    """Let a request be answered with headers of a limit."""
    named = {f"x-ratelimit-{name.replace('_', '-')}": value for name, value in headers.items()}
    (await take(bucket)).done(Outcome.ACCEPTED, named)


@virtual
async def test_the_servers_limit_replaces_ours_and_keeps_what_is_spent() -> None:
    bucket = bucket_of(Rolling(1000))
    await answered(bucket, limit="5000", resource="api")
    state = bucket.state()
    assert (state.limit, state.spent, state.source) == (5000, 1, "headers")
    await answered(bucket, limit="7", resource="raw")
    assert bucket.state().limit == 5000, "another group's"
    await answered(bucket, limit="lots")
    assert bucket.state().limit == 5000


@virtual
async def test_the_rising_edge_of_near_limit_leaves_a_fifth() -> None:
    bucket = bucket_of(Rolling(100))
    await answered(bucket, limit="100", nearlimit="true")
    assert bucket.state().left == 20
    await answered(bucket, limit="100", nearlimit="true")
    assert bucket.state().left == 19, "only the edge counts"


@virtual
async def test_near_limit_that_stays_true_over_a_window_takes_nothing_more() -> None:
    bucket = bucket_of(Rolling(100, 10))
    await answered(bucket, limit="100", nearlimit="true")
    await asyncio.sleep(WINDOW)
    await answered(bucket, limit="100", nearlimit="true")
    assert bucket.state().left == 99
    await answered(bucket, limit="100", nearlimit="false")
    await answered(bucket, limit="100", nearlimit="true")
    assert bucket.state().left == 20


@virtual
@pytest.mark.parametrize(("remaining", "left"), [("4", 4), ("0", 0), ("-1", 30)])
async def test_data_centers_headers_are_learnt_where_they_are_sent(remaining: str, left: int) -> None:
    bucket = bucket_of(None)
    await answered(bucket, limit="30", fillrate="10", interval_seconds="2", remaining=remaining)
    assert bucket.rate == Refill(30, 5)
    assert bucket.state().left == left


@virtual
async def test_what_is_spent_survives_a_restart_by_the_time_of_day() -> None:
    first = RateTracker({"api": Rolling(3, 100)}, clock=WallClock(50_000))
    bucket = first.bucket("https://host", "me", "api", None)
    await finish(bucket)
    in_flight = await take(bucket, None)
    exported = first.export()
    in_flight.done(Outcome.UNSENT)

    second = RateTracker({"api": Rolling(3, 100)}, clock=WallClock(50_060))
    second.restore(exported)
    restored = second.bucket("https://host", "me", "api", None)
    assert restored.state().left == 1
    assert second.export()["buckets"] == [["https://host", "me", "api", [50_000, 50_000]]]
    await finish(restored)
    assert (await finish(restored)).waited == pytest.approx(40.1)


@virtual
async def test_a_time_of_day_that_was_set_back_counts_as_now() -> None:
    tracker = RateTracker({"api": Rolling(1, 100)}, clock=WallClock(1_000))
    tracker.restore({"version": 1, "buckets": [["https://host", "me", "api", [9_000_000.0]]]})
    assert (await finish(tracker.bucket("https://host", "me", "api", None))).waited == pytest.approx(100.1)


@virtual
async def test_a_refill_bucket_is_restored_by_what_came_back_since() -> None:
    tracker = RateTracker({"api": Refill(10, 1)}, clock=WallClock(100))
    bucket = tracker.bucket("https://host", "me", "api", None)
    for _ in range(10):
        await finish(bucket)
    exported = tracker.export()
    later = RateTracker({"api": Refill(10, 1)}, clock=WallClock(104))
    bucket = later.bucket("https://host", "me", "api", None)
    later.restore(exported)
    assert bucket.state().left == 4


@pytest.mark.parametrize("exported", [{}, {"version": 2, "buckets": []}, {"version": 1}, {"version": 1, "buckets": {}}])
def test_an_export_of_something_else_is_refused(exported: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not an export"):
        RateTracker().restore(exported)


@pytest.mark.parametrize(
    "make", [lambda: Rolling(0), lambda: Rolling(5, 0), lambda: Refill(0, 1), lambda: Refill(1, -1)]
)
def test_a_rate_of_nothing_is_refused(make: object) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match=r"greater than 0|at least 1"):
        make()


@virtual
async def test_spends_of_others_count() -> None:
    rolling, refill, unlimited = bucket_of(Rolling(10)), bucket_of(Refill(10, 1)), bucket_of(None)
    for bucket in (rolling, refill, unlimited):
        bucket.spend_elsewhere(4)
    assert [bucket.state().left for bucket in (rolling, refill, unlimited)] == [6, 6, None]
    assert unlimited.export() == []


def test_a_tracker_belongs_to_one_loop() -> None:
    tracker = RateTracker()

    async def use() -> None:
        await finish(tracker.bucket("https://host", "me", "api", Rolling(5)))

    asyncio.run(use())
    with pytest.raises(RuntimeError, match="another event loop"):
        asyncio.run(use())


@virtual
async def test_a_pause_is_no_longer_than_until_an_accepted_request_comes_back() -> None:
    bucket = Bucket(("https://host", "me", "api"), Clock(), Rolling(100, 120), jitter=lambda low, _: low)
    start = bucket.clock.now()
    for _ in range(3):
        token = await take(bucket, None)
        token.done(Outcome.ACCEPTED, {})
    await asyncio.sleep(101)
    for _ in range(5):  # others hold the rest: pauses of 1, 2, 4, 8 and, but for our own tokens, 16 s
        token = await take(bucket, None)
        token.done(Outcome.REFUSED, {}, None)
    assert (await take(bucket, None)).granted == pytest.approx(start + 120.12)


@virtual
async def test_a_token_granted_before_a_limit_was_known_adds_nothing_when_it_is_given_back() -> None:
    bucket = bucket_of(None)
    refused, unused = await take(bucket, None), await take(bucket, None)
    await asyncio.sleep(1)
    refused.done(Outcome.REFUSED, {}, 1)
    unused.done(Outcome.UNSENT)
    assert bucket.state().left == 0


@virtual
async def test_a_token_granted_before_a_pause_and_given_back_unsent_is_free_in_a_rolling_window() -> None:
    bucket = bucket_of(Rolling(100, 1200))
    refused, unused = await take(bucket), await take(bucket)
    assert bucket.state().left == 98
    await asyncio.sleep(1)
    refused.done(Outcome.REFUSED, {}, 1)
    unused.done(Outcome.UNSENT)
    assert bucket.state().left == 99


@pytest.mark.parametrize(
    ("rate", "pauses"),
    [
        (Refill(10, 5), [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 8, 8]),
        (Refill(1000, 2), [0.5, 1, 2, 4, 8, 16, 32, 60, 60]),
        (Rolling(1000, 1200), [10, 20, 40, 80, 160, 200, 200]),
    ],
)
def test_refusals_that_name_no_wait_pause_longer_each_time_up_to_a_bound(rate: Rate, pauses: list[float]) -> None:
    @virtual
    async def check() -> None:
        bucket = bucket_of(rate)
        (await take(bucket)).done(Outcome.REFUSED)
        waits: list[float] = []
        for _ in pauses:
            token = await take(bucket)
            waits.append(token.waited)
            token.done(Outcome.REFUSED)
        assert waits == pytest.approx(pauses)

    check()


@virtual
async def test_who_comes_again_is_refused_at_once_if_the_wait_is_too_long() -> None:
    bucket = bucket_of(Rolling(1, 100))
    token = await take(bucket)
    token.done(Outcome.ACCEPTED)
    with pytest.raises(RateLimitError):
        await bucket.take(Closing(), max_wait=60, place=token.place)
    assert asyncio.get_running_loop().time() == 1000


@virtual
async def test_a_rate_that_was_estimated_stays_while_nobody_has_to_wait() -> None:
    bucket = bucket_of(None)
    (await take(bucket)).done(Outcome.REFUSED, {}, 1)
    await finish(bucket)
    rate = bucket.rate
    for _ in range(30):
        await asyncio.sleep(2)
        assert (await finish(bucket)).waited == 0
    assert bucket.rate == rate


@virtual
async def test_who_waits_for_requests_in_flight_sets_no_timer() -> None:
    class Counting(Clock):
        timers = 0

        def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
            self.timers += 1
            return super().call_at(when, callback)

    clock = Counting()
    bucket = bucket_of(Refill(2, 10), clock)
    first, second = await take(bucket), await take(bucket)
    waiting = asyncio.create_task(take(bucket))
    await asyncio.sleep(100)
    assert clock.timers == 0
    first.done(Outcome.SENT)
    second.done(Outcome.SENT)
    (await waiting).done(Outcome.SENT)


@pytest.mark.parametrize("time", ["5", None, [], float("nan"), float("inf")])
def test_an_export_whose_times_are_not_numbers_is_refused(time: object) -> None:
    with pytest.raises(ValueError, match="not numbers"):
        RateTracker().restore({"version": 1, "buckets": [["https://host", "me", "api", [1.0, time]]]})


@virtual
async def test_an_estimated_rate_grows_while_requests_wait_even_a_little() -> None:
    bucket = bucket_of(None)
    (await take(bucket)).done(Outcome.REFUSED, {}, 0.2)
    for _ in range(20):
        assert (await finish(bucket)).waited < 0.5
    assert bucket.state().limit == 200, "doubled twice"


@virtual
async def test_nothing_is_spared_in_a_pause() -> None:
    bucket = bucket_of(Rolling(100, 1200))
    assert bucket.can_spare(90)
    assert not bucket.can_spare(91)
    (await take(bucket)).done(Outcome.REFUSED, {}, 20)
    assert not bucket.can_spare(1)
    await asyncio.sleep(20)
    assert bucket.can_spare(1)


@virtual
async def test_a_server_that_fails_after_a_pause_is_asked_less_and_less_often_up_to_its_length() -> None:
    bucket = bucket_of(Rolling(100, 1200))
    (await take(bucket)).done(Outcome.REFUSED, {}, 20)
    waits: list[float] = []
    for _ in range(8):
        token = await take(bucket)
        waits.append(token.waited)
        token.done(Outcome.FAILED)
    assert waits == pytest.approx([20, 1, 2, 4, 8, 16, 20, 20])
