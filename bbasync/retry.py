"""Which outcome is tried again, and after how long. Pure; backoff runs the loop."""

from __future__ import annotations

import contextlib
import math
import random
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from attrs import define

from .errors import RateLimitError, ResponseError, TransportError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .errors import BitbucketError
    from .request import Request

__all__ = ["MAX_TRIES", "Again", "RetryBudget", "classify", "http_date", "named_delay", "named_wait", "retry_after"]

MAX_TRIES: Final = 4
_BASE: Final = 0.5
_CAP: Final = 20.0
_LONGEST_WAIT: Final = 3600.0
"""Seconds that a server can make a call sleep that would wait for ever."""
_RETRIED_STATUS: Final = frozenset({408, 429, 500, 502, 503, 504, 555})
_OUTCOME_UNKNOWN: Final = "; whether it took effect is unknown: look before you repeat it"


class Again(Exception):  # noqa: N818 - no error: asks backoff for another attempt
    """The attempt is to be repeated after `delay` seconds; `error` is what it is if it is not."""

    def __init__(self, error: BitbucketError | None, delay: float) -> None:
        super().__init__()
        self.error = error
        self.delay = delay


def named_delay(again: Again) -> float:
    """Return the seconds an `Again` asks for: what `backoff.runtime` takes its waits from."""
    return again.delay


@define
class RetryBudget:
    """Credits that retries spend and successes earn back, so that a failing server sees little more than its load."""

    capacity: int = 500
    cost: int = 5
    credits: int = 500

    def spend(self) -> bool:
        """Take a retry's credits; False if they are used up."""
        if self.credits < self.cost:
            return False
        self.credits -= self.cost
        return True

    def earn(self) -> None:
        """Give a success's credit."""
        if self.credits < self.capacity:
            self.credits += 1


def named_wait(headers: Mapping[str, str], wall: float) -> float | None:
    """Return the seconds that an answer asks to wait, None if it names none.

    A date is read against the answer's own, since `wall`, our time of day, may be another than the server's.
    """
    now = http_date(headers.get("date"))
    return retry_after(headers.get("retry-after"), wall if now is None else now)


def retry_after(value: str | None, wall: float) -> float | None:
    """Return the seconds of a Retry-After header, a number or a date; None if there is none to be read."""
    if not value:
        return None
    with contextlib.suppress(ValueError, OverflowError):
        return max(0.0, float(int(value)))
    date = http_date(value)
    return None if date is None else max(0.0, date - wall)


def http_date(value: str | None) -> float | None:
    """Return the seconds since 1970 of a date as HTTP writes it; None if there is none to be read."""
    if not value:
        return None
    try:
        return parsedate_to_datetime(value).timestamp()
    except (ValueError, OverflowError):
        return None


def backoff_delay(tries: int, uniform: Callable[[float, float], float] = random.uniform) -> float:
    """Return the wait after the given try: half a second, doubled each time, less up to half as jitter."""
    ceiling = min(_CAP, _BASE * 2 ** (tries - 1))
    return uniform(ceiling / 2, ceiling)


def classify(
    request: Request, error: BitbucketError, *, tries: int, named_wait: float | None, max_wait: float
) -> Again:
    """Tell whether a failed attempt is repeated: returns `Again`, or raises the error.

    `named_wait` is the server's Retry-After, `max_wait` what the call may still wait, both in seconds.
    """
    unsent = isinstance(error, TransportError) and not error.sent
    transient = not isinstance(error, (ResponseError, RateLimitError)) or error_status(error) in _RETRIED_STATUS
    if not transient:
        raise error
    if not (request.repeatable or unsent):
        error.message += _OUTCOME_UNKNOWN
        error.args = (error.message,)
        raise error
    if tries >= MAX_TRIES or (isinstance(error, TransportError) and error.final):
        raise error
    if not named_wait:
        return Again(error, backoff_delay(tries))
    if max_wait == math.inf:
        named_wait = min(named_wait, _LONGEST_WAIT)
    if named_wait > max_wait:
        raise RateLimitError(
            f"{error.message}; the server asks to wait {named_wait:.0f} s, more than the {max_wait:.0f} s left",
            method=request.method,
            template=request.template,
            retry_after=named_wait,
        ) from error
    return Again(error, named_wait)


def error_status(error: BitbucketError) -> int | None:
    """Return the status an error carries, None for those without an answer."""
    return error.status if isinstance(error, ResponseError) else None
