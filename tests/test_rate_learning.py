"""What refusals and headers teach about a server's limit."""

from __future__ import annotations

import pytest

from bbasync.rate import Refill, Rolling
from bbasync.rate.learning import Estimate, Lesson, read_headers


def accept(estimate: Estimate, count: int, at: float) -> None:
    """Let requests be accepted without having waited, so that nothing grows."""
    for _ in range(count):
        assert not estimate.accepted(at, at, had_to_wait=False)


def growth(estimate: Estimate, at: float) -> float:
    """Return by which share the rate grows when a request that had to wait is accepted."""
    before = estimate.fill_rate
    has_grown = estimate.accepted(at, at, had_to_wait=True)
    assert has_grown or estimate.fill_rate == before
    return round(estimate.fill_rate / before - 1, 6)


def adjusting() -> Estimate:
    """Return an estimate of 3 requests per second, made at second 100 by the first two refusals."""
    estimate = Estimate()
    estimate.refused(90)
    accept(estimate, 30, 95)
    estimate.refused(90 + 0.96 * 31 / 3)
    assert estimate.fill_rate == pytest.approx(3)
    return estimate


def steady() -> Estimate:
    """Return an estimate of 2 requests per second that is well founded, since second 200."""
    estimate = adjusting()
    since = 90 + 0.96 * 31 / 3
    accept(estimate, 20, 150)
    estimate.refused(since + 0.96 * 21 / 2)
    assert estimate.fill_rate == pytest.approx(2)
    return estimate


def test_it_begins_with_the_vendors_default_and_doubles_each_second_while_requests_wait() -> None:
    estimate = Estimate()
    assert estimate.rate == Refill(50, 5)
    assert [growth(estimate, at) for at in (1, 1.9, 2, 2.5, 3)] == [1, 0, 1, 0, 1]
    assert not estimate.accepted(9, 9, had_to_wait=False), "nobody needs more"
    assert estimate.rate == Refill(400, 40)


def test_it_grows_up_to_ten_thousand_a_second() -> None:
    estimate = Estimate()
    for second in range(1, 20):
        growth(estimate, second)
    assert estimate.fill_rate == 10_000


def test_the_first_refusal_only_says_that_the_bucket_is_empty() -> None:
    estimate = Estimate()
    accept(estimate, 100, 10)
    estimate.refused(10)
    assert estimate.fill_rate == 5
    assert [growth(estimate, at) for at in (10.5, 11)] == [0, 1], "it still doubles, from a second after the refusal"


def test_the_second_measures_what_was_accepted_in_between_and_stays_a_little_below() -> None:
    estimate = Estimate()
    estimate.refused(10)
    accept(estimate, 7, 9)  # sent before the bucket was empty
    accept(estimate, 1, 10)
    accept(estimate, 28, 15)
    estimate.refused(20)
    assert estimate.fill_rate == pytest.approx(0.96 * 30 / 10)


def test_while_it_doubles_it_does_not_fall_below_what_was_accepted_two_steps_ago() -> None:
    estimate = Estimate()
    estimate.refused(10)
    assert [growth(estimate, at) for at in (11, 12, 13)] == [1, 1, 1]
    estimate.refused(20)
    assert estimate.fill_rate == 10
    never_grown = Estimate()
    never_grown.refused(10)
    never_grown.refused(20)
    assert never_grown.fill_rate == 1.25


def test_each_refusal_while_it_doubles_begins_a_new_measurement() -> None:
    estimate = Estimate()
    estimate.refused(10)
    accept(estimate, 5, 15)
    estimate.refused(20)
    accept(estimate, 25, 25)
    estimate.refused(30)
    assert estimate.fill_rate == pytest.approx(0.96 * 26 / 10)


def test_then_it_grows_by_fifteen_percent_each_five_seconds() -> None:
    estimate = adjusting()
    assert [growth(estimate, at) for at in (104, 105, 109.9, 110)] == [0, 0.15, 0, 0.15]


def test_few_accepted_requests_adjust_it_and_the_measurement_goes_on() -> None:
    estimate = adjusting()
    since = 90 + 0.96 * 31 / 3
    accept(estimate, 19, 105)
    estimate.refused(since + 10)
    assert estimate.fill_rate == pytest.approx(0.96 * 20 / 10)
    assert growth(estimate, since + 15) == 0.15, "not steady yet"
    estimate.refused(since + 20)  # 20 accepted in 20 seconds
    assert estimate.fill_rate == pytest.approx(0.96 * 21 / 20)
    assert growth(estimate, since + 25) == 0, "steady"


def test_a_well_founded_rate_grows_by_a_hundredth_each_half_minute_and_faster_if_no_refusal_comes() -> None:
    estimate = steady()
    at = 200.0
    shares: list[float] = []
    for _ in range(20):
        at += 30
        shares.append(growth(estimate, at))
        assert growth(estimate, at + 29) == 0
    assert shares == [0.01] * 12 + [0.02, 0.04, 0.08, 0.16, 0.32] + [0.5] * 3


def test_a_refusal_begins_the_slow_growth_anew() -> None:
    estimate = steady()
    for step in range(1, 13):
        growth(estimate, 200 + 30 * step)
    accept(estimate, 800, 600)
    estimate.refused(600)
    assert [growth(estimate, 600 + 30 * step) for step in range(1, 14)] == [0.01] * 12 + [0.02]


def test_a_refusal_after_fast_growth_is_adjusted_to_quickly() -> None:
    estimate = steady()
    for step in range(1, 15):
        growth(estimate, 200 + 30 * step)
    fast = estimate.fill_rate
    estimate.refused(650)
    assert estimate.fill_rate == pytest.approx(fast / 1.04**2)
    assert growth(estimate, 655) == 0.15


@pytest.mark.parametrize(
    ("accepted", "seconds", "fill_rate"), [(20, 10_000, 0.1), (999_999, 1, 10_000), (99, 0.01, 0.96 * 100 / 0.1)]
)
def test_what_is_measured_has_bounds(accepted: int, seconds: float, fill_rate: float) -> None:
    estimate = adjusting()
    since = 90 + 0.96 * 31 / 3
    accept(estimate, accepted, since)
    estimate.refused(since + seconds)
    assert estimate.fill_rate == pytest.approx(fill_rate)


def test_the_capacity_is_ten_seconds_of_the_rate_and_at_least_one() -> None:
    assert Estimate(3.0).rate == Refill(30, 3)
    assert Estimate(0.1).rate == Refill(1, 0.1)


def test_after_a_rest_the_next_refusal_measures_nothing() -> None:
    estimate = adjusting()
    accept(estimate, 50, 110)
    assert not estimate.rested(3599)
    estimate.refused(200)
    assert estimate.fill_rate == pytest.approx(3)
    assert growth(estimate, 205) == 0.15


@pytest.mark.parametrize(("before", "after"), [(3.0, 5.0), (8.0, 8.0)])
def test_after_an_hour_of_rest_it_searches_again(before: float, after: float) -> None:
    estimate = adjusting()
    estimate.fill_rate = before
    assert estimate.rested(3600)
    assert estimate.fill_rate == after
    assert growth(estimate, 4000) == 1


HEADERS = {"x-ratelimit-limit": "60", "x-ratelimit-fillrate": "10", "x-ratelimit-interval-seconds": "2"}


@pytest.mark.parametrize(
    ("changed", "lesson"),
    [
        ({}, Lesson(Refill(60, 5))),
        ({"remaining": "7"}, Lesson(Refill(60, 5), 7)),
        ({"limit": "1"}, Lesson(Refill(1, 5))),
        ({"limit": "1000000"}, Lesson(Refill(1_000_000, 5))),
        ({"limit": "1000001"}, None),
        ({"limit": "0"}, None),
        ({"limit": ""}, None),
        ({"limit": "inf"}, None),
        ({"limit": "nan"}, None),
        ({"resource": "api"}, Lesson(Refill(60, 5))),
        ({"resource": "raw"}, None),
        ({"fillrate": "0"}, Lesson(None)),
        ({"interval-seconds": "0"}, Lesson(None)),
        ({"fillrate": "fast"}, Lesson(None)),
        ({"fillrate": "", "remaining": "many"}, Lesson(None)),
    ],
)
def test_headers_of_data_center_name_the_limit(changed: dict[str, str], lesson: Lesson | None) -> None:
    headers = {**HEADERS, **{f"x-ratelimit-{name}": value for name, value in changed.items()}}
    assert read_headers(None, "api", headers) == lesson


@pytest.mark.parametrize(
    ("limit", "near", "lesson"),
    [
        ("1000", "false", Lesson(Rolling(1000, 60))),
        ("500", "TRUE", Lesson(Rolling(500, 60), is_near_limit=True)),
        ("500", "", Lesson(Rolling(500, 60))),
    ],
)
def test_headers_of_cloud_name_the_limit_of_the_window(limit: str, near: str, lesson: Lesson) -> None:
    headers = {"x-ratelimit-limit": limit, "x-ratelimit-nearlimit": near}
    assert read_headers(Rolling(1000, 60), "api", headers) == lesson
