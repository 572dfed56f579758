"""Which failures are retried, and after what delay. Pure: `pipeline` waits."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Collection
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

import backoff
from attrs import define, field, frozen

from .errors import RateLimitError, ResponseError, TransportError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from attrs import Attribute

    from .errors import BitbucketError
    from .request import Request

__all__ = ["RetryBudget", "RetryPolicy", "http_date", "named_wait", "retry_after", "retry_delay"]

_MAX_NAMED_WAIT: Final = 3600.0
"""Longest wait in seconds that a server can impose on a call, whatever its `max_wait`."""
_NAMED_JITTER: Final = 0.1
"""A wait that the server names is lengthened by up to this share, so that callers do not come back as one."""
_OUTCOME_UNKNOWN: Final = "; whether it took effect is unknown: check before you repeat it"


def _at_least_one(_instance: object, attribute: Attribute[Any], value: int) -> None:
    if value < 1:
        raise ValueError(f"{attribute.name} must be at least 1, got {value}")


def _not_negative(_instance: object, attribute: Attribute[Any], value: float) -> None:
    if not value >= 0:
        raise ValueError(f"{attribute.name} must not be negative, got {value}")


@frozen(kw_only=True)
class RetryPolicy:
    """How failed attempts are retried: those of GET, HEAD, OPTIONS, PUT and DELETE, and what was never sent.

    A 429 does not count as a failure: it is repeated when the budget allows, for as long as `max_wait`.
    """

    tries: int = field(default=4, validator=_at_least_one)
    """Attempts in total; 1 to retry nothing."""
    base: float = field(default=1.0, validator=_not_negative)
    """Seconds before the second attempt, doubled for each further one."""
    longest: float = field(default=20.0, validator=_not_negative)
    """Longest delay in seconds."""
    jitter: Callable[[float], float] = backoff.full_jitter
    """Turns a delay into a random one; by default between 0 and the delay."""
    statuses: Collection[int] = frozenset({408, 500, 502, 503, 504, 555})
    """Statuses that are retried; 555 is a timeout within Bitbucket Cloud."""

    def delays(self) -> Iterator[float]:
        """Yield the delay before each further attempt, in seconds."""
        delays = backoff.expo(factor=self.base, max_value=self.longest)
        next(delays)  # backoff's generators yield None first
        return map(self.jitter, delays)


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
    if "retry-after" not in headers:
        return None
    now = http_date(headers.get("date"))
    return retry_after(headers["retry-after"], wall if now is None else now)


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
        date = parsedate_to_datetime(value)
        return (date if date.tzinfo is not None else date.replace(tzinfo=UTC)).timestamp()  # -0000 gives no zone
    except (ValueError, OverflowError):
        return None


def retry_delay(
    request: Request,
    error: BitbucketError,
    *,
    tries: int,
    policy: RetryPolicy,
    delays: Iterator[float],
    named: float | None,
    max_wait: float,
) -> float:
    """Return the seconds after which a failed attempt is retried, else raise the error.

    `tries` counts the attempts that failed, `named` is the server's Retry-After, `max_wait` the time that the call may
    still wait for it, both in seconds.
    """
    if not _is_transient(error, policy):
        raise error
    if not request.repeatable and not (isinstance(error, TransportError) and not error.sent):
        error.message += _OUTCOME_UNKNOWN
        error.args = (error.message,)
        raise error
    if tries >= policy.tries or (isinstance(error, TransportError) and error.final):
        raise error
    if not named:
        return next(delays)
    if named > max_wait:
        raise RateLimitError(
            f"{error.message}; the server asks for a wait of {named:.0f} s, more than the {max_wait:.0f} s left",
            **request.labels,
            retry_after=named,
        ) from error
    return min(named * random.uniform(1.0, 1.0 + _NAMED_JITTER), _MAX_NAMED_WAIT)  # noqa: S311 - nothing secret


def _is_transient(error: BitbucketError, policy: RetryPolicy) -> bool:
    if isinstance(error, ResponseError):
        return error.status == 429 or error.status in policy.statuses
    return not isinstance(error, RateLimitError)
