"""Which failures are retried, and after what delay. Pure functions; the package `backoff` runs the loop."""

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
_MAX_DELAY: Final = 20.0
_MAX_NAMED_WAIT: Final = 3600.0
"""Longest wait in seconds that a server can impose on a call with `max_wait=None`."""
_RETRIED_STATUSES: Final = frozenset({408, 429, 500, 502, 503, 504, 555})
_OUTCOME_UNKNOWN: Final = "; whether it took effect is unknown: check before you repeat it"


class Again(Exception):  # noqa: N818 - not an error: makes backoff start another attempt
    """Requests another attempt after `delay` seconds; `error` is the failure that it follows, None without one."""

    def __init__(self, error: BitbucketError | None, delay: float) -> None:
        super().__init__()
        self.error = error
        self.delay = delay


def named_delay(again: Again) -> float:
    """Return the delay of an `Again` in seconds, for `backoff.runtime`."""
    return again.delay


@define
class RetryBudget:
    """Credits that retries spend and successes earn, so that retries add little load to a failing server."""

    capacity: int = 500
    cost: int = 5
    credits: int = 500

    def spend(self) -> bool:
        """Spend the credits of a retry; return False if there are too few."""
        if self.credits < self.cost:
            return False
        self.credits -= self.cost
        return True

    def earn(self) -> None:
        """Add the credit of a success."""
        if self.credits < self.capacity:
            self.credits += 1


def named_wait(headers: Mapping[str, str], wall: float) -> float | None:
    """Return the wait that a response asks for, in seconds; None if it names none.

    A date is relative to the Date header of the response, since `wall`, the local time of day, may differ from the
    server's.
    """
    now = http_date(headers.get("date"))
    return retry_after(headers.get("retry-after"), wall if now is None else now)


def retry_after(value: str | None, wall: float) -> float | None:
    """Return the wait in a Retry-After header, a number or a date, in seconds; None if it is missing or invalid."""
    if not value:
        return None
    with contextlib.suppress(ValueError, OverflowError):
        return max(0.0, float(int(value)))
    date = http_date(value)
    return None if date is None else max(0.0, date - wall)


def http_date(value: str | None) -> float | None:
    """Return an HTTP date in seconds since 1970; None if it is missing or invalid."""
    if not value:
        return None
    try:
        return parsedate_to_datetime(value).timestamp()
    except (ValueError, OverflowError):
        return None


def backoff_delay(tries: int, uniform: Callable[[float, float], float] = random.uniform) -> float:
    """Return the delay after a number of tries: half a second, doubled with each try, minus a jitter of up to half."""
    ceiling = min(_MAX_DELAY, _BASE * 2 ** (tries - 1))
    return uniform(ceiling / 2, ceiling)


def classify(
    request: Request, error: BitbucketError, *, tries: int, named_wait: float | None, max_wait: float
) -> Again:
    """Return `Again` if a failed attempt is to be retried, else raise the error.

    `named_wait` is the server's Retry-After, `max_wait` the time that the call may still wait, both in seconds.
    """
    unsent = isinstance(error, TransportError) and not error.sent
    transient = not isinstance(error, (ResponseError, RateLimitError)) or error_status(error) in _RETRIED_STATUSES
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
        named_wait = min(named_wait, _MAX_NAMED_WAIT)
    if named_wait > max_wait:
        raise RateLimitError(
            f"{error.message}; the server asks for a wait of {named_wait:.0f} s, more than the {max_wait:.0f} s left",
            method=request.method,
            template=request.template,
            retry_after=named_wait,
        ) from error
    return Again(error, named_wait)


def error_status(error: BitbucketError) -> int | None:
    """Return the status of an error, None if there was no response."""
    return error.status if isinstance(error, ResponseError) else None
