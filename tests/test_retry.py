from __future__ import annotations

import pytest

from bbasync import DecodeError, RateLimitError, ServerError, TransportError
from bbasync.errors import BitbucketError, NotFoundError
from bbasync.request import Request
from bbasync.retry import RetryBudget, RetryPolicy, retry_after, retry_delay

READ = Request(method="GET", template="/x", url="https://host/x", repeatable=True)
WRITE = Request(method="POST", template="/x", url="https://host/x")


def decide(request: Request, error: BitbucketError, *, tries: int = 1, named: float | None = None) -> float:
    policy = RetryPolicy(jitter=lambda delay: delay)
    delays = policy.delays()
    for _ in range(tries - 1):
        next(delays)
    return retry_delay(request, error, tries=tries, policy=policy, delays=delays, named=named, max_wait=60)


@pytest.mark.parametrize(
    "error",
    [
        TransportError("timed out"),
        DecodeError("not valid JSON"),
        *(ServerError("5xx", status=status) for status in (500, 502, 503, 504, 555)),
    ],
)
def test_what_passes_is_repeated_if_it_does_no_harm(error: BitbucketError) -> None:
    assert decide(READ, error) == 1
    assert decide(READ, error, tries=3) == 4
    with pytest.raises(type(error)):
        decide(READ, error, tries=4)
    with pytest.raises(type(error), match="whether it took effect is unknown"):
        decide(WRITE, error)


def test_a_write_that_was_never_sent_is_repeated() -> None:
    assert decide(WRITE, TransportError("refused", sent=False)) > 0


def test_a_refusal_is_final() -> None:
    with pytest.raises(NotFoundError):
        decide(READ, NotFoundError("no", status=404))
    with pytest.raises(ServerError):
        decide(READ, ServerError("not implemented", status=501))


def test_a_named_wait_is_slept_in_full_or_refused_at_once() -> None:
    error = ServerError("busy", status=503)
    assert 60 <= decide(READ, error, named=60) <= 66
    with pytest.raises(RateLimitError, match="61 s") as caught:
        decide(READ, error, named=61)
    assert caught.value.retry_after == 61


def test_the_delay_doubles_up_to_its_cap() -> None:
    delays = RetryPolicy(base=0.5, longest=5, jitter=lambda delay: delay).delays()
    assert [next(delays) for _ in range(6)] == [0.5, 1, 2, 4, 5, 5]
    assert all(0 <= next(delays) <= 20 for delays in [RetryPolicy().delays()] * 100), "jittered by default"


@pytest.mark.parametrize(("option", "value"), [("tries", 0), ("base", -1), ("longest", float("nan"))])
def test_a_policy_that_cannot_be_right_is_refused(option: str, value: float) -> None:
    with pytest.raises(ValueError, match=option):
        RetryPolicy(**{option: value})  # type: ignore[arg-type]  # what the test is about


def test_a_policy_may_wait_for_nothing() -> None:
    delays = RetryPolicy(base=0, longest=0).delays()
    assert [next(delays) for _ in range(3)] == [0, 0, 0]


def test_a_policy_names_what_is_retried() -> None:
    policy = RetryPolicy(tries=2, statuses={418})
    delays = policy.delays()
    teapot, error = ServerError("teapot", status=418), ServerError("broken", status=500)
    assert retry_delay(READ, teapot, tries=1, policy=policy, delays=delays, named=None, max_wait=60) >= 0
    for final, tries in ((teapot, 2), (error, 1)):
        with pytest.raises(ServerError):
            retry_delay(READ, final, tries=tries, policy=policy, delays=delays, named=None, max_wait=60)


def test_the_budget_stops_retries_of_a_failing_server_and_successes_earn_them_back() -> None:
    budget = RetryBudget()
    assert [budget.spend() for _ in range(101)] == [True] * 100 + [False]
    for _ in range(4):
        budget.earn()
    assert not budget.spend()
    budget.earn()
    assert budget.spend()
    for _ in range(10_000):
        budget.earn()
    assert budget.credits == 500


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("", None),
        ("12", 12),
        ("-5", 0),
        ("soon", None),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 90),
        ("Thu, 01 Jan 1970 00:00:01 GMT", 0),
        ("Thu, 01 Jan 1970 00:01:40 -0000", 90),
    ],
)
def test_retry_after_is_a_number_or_a_date(text: str | None, seconds: float | None) -> None:
    assert retry_after(text, wall=10) == seconds
