"""Any sequence of failures: what may have been done is not done twice, and no call waits or tries without end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from attrs import frozen
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bbasync import ApiToken, BitbucketError, CloudSession, DecodeError, RateLimitError, ResponseError, TransportError
from bbasync.request import JsonValue, RawResponse, Request
from bbasync.retry import RetryBudget, retry_after
from bbasync.testing.recording import RecordingTransport, answer
from tests.virtual import VirtualLoop

BACKOFF = 1 + 2 + 4
"""The longest sleeps between four tries; `max_wait` is for budgets and for what the server asks for."""
PASSING = frozenset({408, 500, 502, 503, 504, 555})


@frozen
class Outcome:
    """What becomes of an attempt: a status, or a connection or a body that breaks."""

    kind: int | str
    retry_after: int | None = None

    @property
    def may_have_been_handled(self) -> bool:
        return self.kind not in {"unsent", 429}

    def reply(self) -> RawResponse:
        match self.kind:
            case "unsent" | "broken":
                raise TransportError(self.kind, sent=self.kind == "broken")
            case "cut off":
                return answer(b'{"values": [')
            case "web page":
                return answer("<html>", 200, {"content-type": "text/html"})
            case _:
                headers = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
                return answer(b'{"ok": 1}' if self.kind == 200 else b"", int(self.kind), headers)


OUTCOMES = st.builds(
    Outcome,
    st.sampled_from(["unsent", "broken", "cut off", "web page", 200, 400, 401, 404, 409, 429, 429, *sorted(PASSING)]),
    st.none() | st.integers(0, 70),
)


@frozen(kw_only=True)
class Result:
    attempts: Sequence[Outcome]
    seconds: float
    spent: int
    value: JsonValue = None
    error: BitbucketError | None = None


def call(method: str, script: Sequence[Outcome], max_wait: float) -> Result:
    """Make one call whose attempts go as the script says, and well once that is at its end."""
    attempts: list[Outcome] = []

    def reply(_request: Request) -> RawResponse:
        attempts.append(script[len(attempts)] if len(attempts) < len(script) else Outcome(200))
        return attempts[-1].reply()

    async def main() -> Result:
        loop = asyncio.get_running_loop()
        began, value, error = loop.time(), None, None
        transport = RecordingTransport(reply)
        async with CloudSession(ApiToken("me@host", "x"), transport=transport, max_wait=max_wait) as bb:
            try:
                value = await bb.request(method, "/x")
            except BitbucketError as caught:
                error = caught
            assert (bb.limiter.in_flight, bb.limiter.waiting) == (0, 0)
            spent = bb.rates.snapshot()[0].spent
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return Result(attempts=attempts, seconds=loop.time() - began, spent=spent, value=value, error=error)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main())


@settings(max_examples=120, deadline=None)
@given(
    method=st.sampled_from(["GET", "PUT", "DELETE", "POST"]),
    script=st.lists(OUTCOMES, max_size=8),
    max_wait=st.sampled_from([0.0, 5.0, 60.0, 100.0]),
)
@example(method="DELETE", script=[Outcome("broken"), Outcome(404)], max_wait=60.0)
@example(method="POST", script=[Outcome("unsent"), Outcome(429, 7), Outcome("broken")], max_wait=60.0)
def test_any_outcomes_are_tried_within_bounds_and_the_last_one_is_told(
    method: str, script: list[Outcome], max_wait: float
) -> None:
    result = call(method, script, max_wait)
    attempts = result.attempts
    assert sum(outcome.kind != 429 for outcome in attempts) <= 4
    assert result.seconds <= 1.1 * max_wait + BACKOFF, "what the server asks for is lengthened by up to a tenth"
    assert result.spent == len(attempts), "each attempt costs a token"
    if method == "POST":
        assert not any(outcome.may_have_been_handled for outcome in attempts[:-1])
    _check_the_end(method, result, attempts[-1])


def _check_the_end(method: str, result: Result, last: Outcome) -> None:
    error = result.error
    if last.kind == 200:
        assert (result.value, error) == ({"ok": 1}, None)
    elif error is None:
        assert (method, last.kind, result.value) == ("DELETE", 404, None)
        assert any(outcome.kind not in {"unsent", 429} for outcome in result.attempts[:-1]), "another try has done it"
    elif isinstance(error, RateLimitError):
        was_refused = any(outcome.kind == 429 for outcome in result.attempts)  # what fails after it pauses again
        assert was_refused or (last.kind in PASSING and last.retry_after is not None)
    elif isinstance(last.kind, int):
        assert isinstance(error, ResponseError)
        assert error.status == last.kind
    else:
        assert type(error) is (TransportError if last.kind in {"unsent", "broken"} else DecodeError)
        unknown = "whether it took effect is unknown" in str(error)
        assert unknown == (method == "POST" and last.kind != "unsent")


@given(st.lists(st.booleans(), max_size=400))
def test_retries_are_paid_for_by_the_first_credits_and_by_successes(spends: list[bool]) -> None:
    budget, paid, earned = RetryBudget(capacity=50, credits=50), 0, 0
    for is_spent in spends:
        before = budget.credits
        if is_spent:
            paid += budget.spend()
        else:
            budget.earn()
            earned += 1
        assert 0 <= budget.credits <= 50
        assert budget.credits in {before, before + 1, before - 5}
    assert 5 * paid <= 50 + earned


DAYS = st.from_regex(r"(Mon|Sun), [0-9]{1,2} (Jan|Feb|Dec) [0-9]{1,5} [0-9]{2}:[0-9]{2}:[0-9]{2} (GMT|[+-][0-9]{4})")


@given(text=st.text() | st.integers(-(10**30), 10**30).map(str) | DAYS, wall=st.floats(0, 4e9))
def test_a_retry_after_of_any_text_is_a_wait_or_none(text: str, wall: float) -> None:
    seconds = retry_after(text, wall)
    assert seconds is None or seconds >= 0


def test_a_retry_after_of_hundreds_of_digits_is_none() -> None:
    assert retry_after("9" * 400, 0.0) is None
