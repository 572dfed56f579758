"""How many requests may be sent: the rolling windows of Bitbucket Cloud, and the refilling buckets of Data Center.

Pure: the time and the number of requests in flight are passed in.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Any, Final

from attrs import Attribute, field, frozen

__all__ = ["Rate", "Refill", "RefillTokens", "Rolling", "RollingTokens", "Tokens", "tokens_of"]

_DRIFT: Final = 1.001
"""Our clock may run faster than the server's: a window is kept a part in a thousand longer."""
_ROUNDING_ERROR: Final = 1e-9


def _positive(_instance: object, attribute: Attribute[Any], value: float) -> None:
    if not value > 0:
        raise ValueError(f"{attribute.name} must be greater than 0, got {value}")


@frozen
class Rolling:
    """A limit of `limit` requests in any period of `window` seconds."""

    limit: int = field(validator=_positive)
    window: float = field(default=3600.0, validator=_positive)

    def pauses(self) -> tuple[float, float]:
        """Return the first and the longest pause, in seconds, after a 429 without Retry-After."""
        return self.window / 120, self.window / 6


@frozen
class Refill:
    """A bucket with a capacity of `capacity` requests that gains `fill_rate` requests per second."""

    capacity: float = field(validator=_positive)
    fill_rate: float = field(validator=_positive)

    def pauses(self) -> tuple[float, float]:
        """Return the first and the longest pause, in seconds, after a 429 without Retry-After."""
        return 1 / self.fill_rate, self.capacity / self.fill_rate * 4


Rate = Rolling | Refill | None
"""None means unlimited."""


class RollingTokens:
    """Tokens that become available again one window after they were spent."""

    def __init__(self, rate: Rolling, stamps: deque[float] | None = None) -> None:
        self.rate = rate
        self.window = rate.window * _DRIFT
        self.stamps: deque[float] = deque() if stamps is None else stamps
        """When tokens were spent, oldest first."""

    def copy(self) -> RollingTokens:
        """Return the tokens as they are now, for another thread."""
        return RollingTokens(self.rate, self.stamps.copy())

    def spent(self, now: float) -> list[float]:
        """Return when the tokens were spent that still count."""
        return [stamp for stamp in self.stamps.copy() if stamp + self.window > now]

    def left(self, now: float, in_flight: int) -> int:
        """Return how many tokens can be taken."""
        return self.rate.limit - in_flight - len(self.spent(now))

    def can_take(self, now: float, in_flight: int) -> bool:
        """Return whether a token can be taken."""
        self._forget(now)
        return in_flight + len(self.stamps) < self.rate.limit

    def _forget(self, now: float) -> None:
        stamps, window = self.stamps, self.window
        while stamps and stamps[0] + window <= now:
            stamps.popleft()

    def spend(self, now: float, count: int = 1) -> None:
        """Count requests whose response has been read, or that were sent elsewhere."""
        self.stamps.extend([now] * count)

    def free_at(self, now: float, in_flight: int, ahead: int) -> tuple[float, bool]:
        """Return the earliest time at which a token is free behind `ahead` waiters, and whether that time is exact."""
        self._forget(now)
        missing = ahead + 1 - (self.rate.limit - in_flight - len(self.stamps))
        if missing <= 0:
            return now, True
        if missing <= len(self.stamps):
            return self.stamps[missing - 1] + self.window, True
        return now + self.window, False

    def next_release(self, now: float, least: float) -> float:
        """Return the seconds, at least `least`, until a token becomes available again; infinity if none does."""
        waits = (stamp + self.window - now for stamp in self.stamps)
        return next((wait for wait in waits if wait >= least), math.inf)


class RefillTokens:
    """Tokens that refill at a steady rate.

    The level includes those in flight, which the server may not have counted yet: only when a response has been read is
    a token taken off, so that the bucket never fills above what the server's can hold.
    """

    def __init__(self, rate: Refill, now: float, level: float) -> None:
        self.rate = rate
        self._mark = (level, now)

    def copy(self) -> RefillTokens:
        """Return the tokens as they are now, for another thread."""
        level, since = self._mark
        return RefillTokens(self.rate, since, level)

    def level(self, now: float) -> float:
        """Return the tokens in the bucket, including those in flight."""
        level, since = self._mark
        return max(level, min(self.rate.capacity, level + (now - since) * self.rate.fill_rate))

    def set_level(self, level: float, now: float) -> None:
        """Correct the tokens in the bucket."""
        self._mark = (level, now)

    def left(self, now: float, in_flight: int) -> int:
        """Return how many tokens can be taken."""
        return math.floor(self.level(now) - in_flight + _ROUNDING_ERROR)

    def can_take(self, now: float, in_flight: int) -> bool:
        """Return whether a token can be taken."""
        return self.left(now, in_flight) >= 1

    def is_full(self, now: float) -> bool:
        """Return whether the bucket cannot gain more."""
        return self.level(now) >= self.rate.capacity

    def spend(self, now: float, count: int = 1) -> None:
        """Take off requests whose response has been read, or that were sent elsewhere."""
        self._mark = (self.level(now) - count, now)

    def free_at(self, now: float, in_flight: int, ahead: int) -> tuple[float, bool]:
        """Return the earliest time at which a token is free behind `ahead` waiters, and whether that time is exact."""
        missing = ahead + 1 - (self.level(now) - in_flight)
        if missing <= _ROUNDING_ERROR:
            return now, True
        return now + missing / self.rate.fill_rate, in_flight + ahead + 1 <= self.rate.capacity


Tokens = RollingTokens | RefillTokens | None


def tokens_of(rate: Rate, now: float, old: Tokens = None, in_flight: int = 0) -> Tokens:
    """Return the tokens of a rate; what was spent under the old one stays spent."""
    match rate:
        case None:
            return None
        case Rolling():
            return RollingTokens(rate, old.stamps if isinstance(old, RollingTokens) else None)
        case Refill():
            level = min(rate.capacity, old.level(now)) if isinstance(old, RefillTokens) else rate.capacity
            return RefillTokens(rate, now, max(level, in_flight))
