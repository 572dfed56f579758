"""Request budgets: a token bucket for each (origin, principal, group), and the tracker of all buckets.

Bitbucket Cloud counts rolling hours, so a token is unavailable from its grant until one window after the response was
read: then no window, as the server sees it, contains more requests than the limit. A bucket that refills steadily would
allow almost twice the limit in the first hour. Data Center uses such a refilling bucket, and is modelled as one.

Nothing runs in the background: waiting requests are queued in the bucket, with one timer for the head of the queue.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol, cast

from attrs import Attribute, define, field, frozen

from .concurrency import LoopBound
from .errors import RateLimitError

__all__ = ["Bucket", "BucketState", "Clock", "RateTracker", "Refill", "Rolling", "Token"]

_NEAR_LIMIT: Final = 0.2
"""X-RateLimit-NearLimit becomes true when less than this fraction of the limit is left."""
_LONGEST_PAUSE: Final = 3600.0
_LARGEST_LIMIT: Final = 1_000_000
"""A hundred times the vendor's largest limit: more is a mistake, and each counted request takes memory."""
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

DEFAULT_REFILL: Final = Refill(60, 5)
"""Data Center's defaults when an administrator has enabled rate limits."""


class Timer(Protocol):
    """What `Clock.call_at` returns."""

    def cancel(self) -> None:
        """Cancel the call."""


class Clock(LoopBound):
    """The time, in seconds: `now` is monotonic, `wall` is the time of day."""

    def now(self) -> float:
        """Return the monotonic time."""
        return self._get_loop().time()

    def wall(self) -> float:
        """Return the time of day, in seconds since 1970."""
        return time.time()

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call `callback` at the monotonic time `when`."""
        return self._get_loop().call_at(when, callback)

    def create_future(self) -> asyncio.Future[Token]:
        """Return a future of the event loop."""
        return self._get_loop().create_future()


class _RollingTokens:
    """Tokens that become available again one window after they were spent."""

    def __init__(self, rate: Rolling) -> None:
        self.rate = rate
        self.in_flight = 0
        self.stamps: deque[float] = deque()

    def left(self, now: float) -> int:
        stamps, window = self.stamps, self.rate.window
        while stamps and stamps[0] + window <= now:
            stamps.popleft()
        return self.rate.limit - self.in_flight - len(stamps)

    def take(self, now: float) -> bool:
        if self.left(now) < 1:
            return False
        self.in_flight += 1
        return True

    def spend(self, now: float) -> None:
        self.in_flight -= 1
        self.stamps.append(now)

    def give_back(self) -> None:
        self.in_flight -= 1

    def free_at(self, now: float, ahead: int) -> tuple[float, bool]:
        """Return the earliest time at which a token is free behind `ahead` waiters, and whether that time is exact."""
        missing = ahead + 1 - self.left(now)
        if missing <= 0:
            return now, True
        if missing <= len(self.stamps):
            return self.stamps[missing - 1] + self.rate.window, True
        return now + self.rate.window, False

    def spend_elsewhere(self, count: int, now: float) -> None:
        self.stamps.extend([now] * count)

    def next_release(self, now: float, least: float) -> float:
        """Return the seconds, at least `least`, until a token becomes available again; infinity if none does."""
        waits = (stamp + self.rate.window - now for stamp in self.stamps)
        return next((wait for wait in waits if wait >= least), math.inf)


class _RefillTokens:
    """Tokens that refill at a steady rate, except those in flight, since the server may not have counted them yet."""

    def __init__(self, rate: Refill, now: float, level: float | None = None) -> None:
        self.rate = rate
        self.in_flight = 0
        self.level = rate.capacity if level is None else level
        self.stamp = now

    def left(self, now: float) -> int:
        gained = (now - self.stamp) * self.rate.fill_rate
        self.level = min(self.rate.capacity - self.in_flight, self.level + max(0.0, gained))
        self.stamp = now
        return math.floor(self.level + _ROUNDING_ERROR)

    def take(self, now: float) -> bool:
        if self.left(now) < 1:
            return False
        self.level -= 1
        self.in_flight += 1
        return True

    def spend(self, now: float) -> None:
        self.left(now)
        self.in_flight -= 1

    def give_back(self) -> None:
        self.in_flight -= 1
        self.level += 1

    def free_at(self, now: float, ahead: int) -> tuple[float, bool]:
        self.left(now)
        missing = ahead + 1 - self.level
        if missing <= _ROUNDING_ERROR:
            return now, True
        return now + missing / self.rate.fill_rate, self.in_flight + ahead + 1 <= self.rate.capacity

    def spend_elsewhere(self, count: int, now: float) -> None:
        self.left(now)
        self.level -= count


@define(eq=False)
class _Waiter:
    future: asyncio.Future[Token]
    deadline: Timer | None = None


@define(eq=False)
class Token:
    """The permission to send one request within a budget.

    It is returned with the bucket's `give_back` if nothing was sent, else with `spend`, after `accepted` or `refused`.
    """

    bucket: Bucket = field(repr=False)
    granted: float
    """When it was granted, in monotonic seconds."""
    waited: float = 0.0
    """Seconds from the request for it to the grant."""
    probe: bool = False
    """Whether it is for the first request after a pause."""
    unlimited: bool = False
    """Whether it was granted before a limit was known."""


@frozen(kw_only=True)
class BucketState:
    """The current state of a bucket."""

    origin: str
    principal: str
    group: str
    limit: int | None
    """Requests per window, or the capacity; None if unlimited."""
    spent: int
    """Requests that currently count against the limit, including those in flight."""
    left: int | None
    """Requests that can be sent now; None if unlimited."""
    waiting: int
    """Requests waiting in the queue."""
    paused_for: float
    """Seconds until the pause ends; 0 if not paused."""


@define(eq=False)
class Bucket:
    """The budget of one origin, principal and group."""

    key: tuple[str, str, str]
    clock: Clock
    rate: Rate
    jitter: Callable[[float, float], float] = random.uniform
    queue: deque[_Waiter] = field(init=False, factory=deque[_Waiter])
    _tokens: _RollingTokens | _RefillTokens | None = field(init=False, default=None)
    _in_flight: int = field(init=False, default=0)
    _timer: Timer | None = field(init=False, default=None)
    _paused_since: float = field(init=False, default=-math.inf)
    _paused_until: float = field(init=False, default=-math.inf)
    _half_open: bool = field(init=False, default=False)
    _probing: bool = field(init=False, default=False)
    _refusals: int = field(init=False, default=0)
    _is_near_limit: bool = field(init=False, default=False)

    def __attrs_post_init__(self) -> None:
        self._set_rate(self.rate, self.clock.now())

    def _set_rate(self, rate: Rate, now: float) -> None:
        old, self.rate = self._tokens, rate
        match rate:
            case None:
                self._tokens = None
            case Rolling():
                self._tokens = _RollingTokens(rate)
                if isinstance(old, _RollingTokens):
                    self._tokens.stamps = old.stamps
            case Refill():
                level = min(old.left(now), rate.capacity) if isinstance(old, _RefillTokens) else None
                self._tokens = _RefillTokens(rate, now, level)
        if self._tokens is not None:
            self._tokens.in_flight = self._in_flight

    # -- taking tokens --------------------------------------------------------------------------------------------

    async def acquire(self, max_wait: float | None) -> Token:
        """Wait for a token, first come, first served; RateLimitError if that takes more than `max_wait` seconds."""
        now = self.clock.now()
        if not self.queue and (token := self._grant(now)) is not None:
            return token
        if max_wait is not None and (wait := self._least_wait(now)) > max_wait:
            raise self._wait_too_long(wait, max_wait)
        waiter = _Waiter(self.clock.create_future())
        self.queue.append(waiter)
        if max_wait is not None:
            waiter.deadline = self.clock.call_at(now + max_wait, lambda: self._expire(waiter, max_wait))
        self._wake()
        try:
            token = await waiter.future
        except asyncio.CancelledError:
            if waiter.future.done() and not waiter.future.cancelled() and waiter.future.exception() is None:
                self.give_back(waiter.future.result())
            elif waiter in self.queue:
                self.queue.remove(waiter)
                self._wake()
            raise
        finally:
            if waiter.deadline is not None:
                waiter.deadline.cancel()
        token.waited = token.granted - now
        return token

    def _grant(self, now: float) -> Token | None:
        if now < self._paused_until or (self._half_open and self._probing):
            return None
        if self._tokens is not None and not self._tokens.take(now):
            return None
        self._in_flight += 1
        self._probing = self._half_open
        return Token(self, now, probe=self._half_open, unlimited=self._tokens is None)

    def _least_wait(self, now: float) -> float:
        wait = max(0.0, self._paused_until - now)
        if self._tokens is not None:
            wait = max(wait, self._tokens.free_at(now, len(self.queue))[0] - now)
        return wait

    def _wait_too_long(self, wait: float, max_wait: float) -> RateLimitError:
        reason = "the server refused requests" if self._half_open else "the budget is spent"
        return RateLimitError(
            f"{reason} for group {self.key[2]!r}: the next request can be sent in {wait:.1f} s, "
            f"but max_wait allows {max_wait:.1f} s",
            retry_after=wait,
        )

    def _expire(self, waiter: _Waiter, max_wait: float) -> None:
        if waiter.future.done():
            return
        self.queue.remove(waiter)
        waiter.future.set_exception(self._wait_too_long(max(max_wait, self._least_wait(self.clock.now())), max_wait))
        self._wake()

    def _wake(self) -> None:
        """Grant all available tokens, then set the timer for the head of the queue."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self.clock.now()
        while self.queue:
            if self.queue[0].future.done():
                self.queue.popleft()
                continue
            token = self._grant(now)
            if token is None:
                break
            self.queue.popleft().future.set_result(token)
        if self.queue and not (self._half_open and self._probing):
            self._set_timer(now)

    def _set_timer(self, now: float) -> None:
        when, exact = (now, True) if self._tokens is None else self._tokens.free_at(now, 0)
        if now < self._paused_until:
            when, exact = max(when, self._paused_until), True
        if exact:
            self._timer = self.clock.call_at(when, self._wake)

    def is_stale(self, token: Token) -> bool:
        """Return whether a pause has begun since the token was granted; such a token must be given back, not used."""
        return token.granted < self._paused_since

    # -- returning tokens, and what responses reveal --------------------------------------------------------------

    def give_back(self, token: Token) -> None:
        """Return an unused token: nothing was sent."""
        self._in_flight -= 1
        if self._tokens is not None and token.unlimited:
            self._tokens.in_flight -= 1
        elif self._tokens is not None:
            self._tokens.give_back()
        if token.probe:
            self._probing = False
        self._wake()

    def spend(self, token: Token) -> None:
        """Return a used token: the response was read, or the attempt failed."""
        self._in_flight -= 1
        if self._tokens is not None:
            self._tokens.spend(self.clock.now())
        if token.probe:
            self._probing = False
        if self.queue:
            self._wake()

    def accepted(self, token: Token, headers: Mapping[str, str]) -> None:
        """Update the limits from a response other than 429; names in `headers` are in lower case."""
        self._update_limits(headers)
        if token.probe:
            self._half_open = self._probing = False
            self._refusals = 0
            self._wake()

    def refused(self, token: Token, headers: Mapping[str, str], retry_after: float | None) -> None:
        """Pause the bucket after a 429, for `retry_after` seconds or, without it, for longer each time.

        Also updates the limits from `headers`, whose names are in lower case.
        """
        now = self.clock.now()
        self._update_limits(headers)
        if self.rate is None:
            self._set_rate(DEFAULT_REFILL, now)
            self._tokens = _RefillTokens(DEFAULT_REFILL, now, 0.0)
            self._tokens.in_flight = self._in_flight
        if self.is_stale(token):
            return  # sent before the pause began: this 429 does not extend it
        if not retry_after:
            first, longest = (self.rate or DEFAULT_REFILL).pauses()
            retry_after = min(longest, first * 2**self._refusals) * self.jitter(1.0, 1.5)
            if isinstance(self._tokens, _RollingTokens):  # this process's own tokens become available in any case
                retry_after = min(retry_after, self._tokens.next_release(now, first))
        self._refusals += 1
        self._paused_since, self._paused_until = now, now + min(retry_after, _LONGEST_PAUSE)
        self._half_open, self._probing = True, False
        self._wake()

    def _update_limits(self, headers: Mapping[str, str]) -> None:
        if "x-ratelimit-limit" not in headers:
            return
        limit = _number(headers["x-ratelimit-limit"])
        if limit is None or headers.get("x-ratelimit-resource", self.key[2]) != self.key[2]:
            return
        if not 1 <= limit <= _LARGEST_LIMIT:
            return
        now = self.clock.now()
        if isinstance(self.rate, Rolling):
            if limit != self.rate.limit:
                self._set_rate(Rolling(int(limit), self.rate.window), now)
            self._update_near_limit(headers.get("x-ratelimit-nearlimit", "").lower() == "true", now)
        else:
            fill, interval = (_number(headers.get(f"x-ratelimit-{name}")) for name in ("fillrate", "interval-seconds"))
            if fill and interval:
                rate = Refill(limit, fill / interval)
                if rate != self.rate:
                    self._set_rate(rate, now)
            remaining = _number(headers.get("x-ratelimit-remaining"))
            if remaining is not None and isinstance(self._tokens, _RefillTokens):
                self._tokens.left(now)
                self._tokens.level = min(self._tokens.level, remaining)
        self._wake()

    def _update_near_limit(self, near: bool, now: float) -> None:
        if near and not self._is_near_limit and isinstance(self._tokens, _RollingTokens):
            elsewhere = self._tokens.left(now) - math.floor(self._tokens.rate.limit * _NEAR_LIMIT)
            if elsewhere > 0:
                self._tokens.spend_elsewhere(elsewhere, now)
        self._is_near_limit = near

    # -- reporting and restoring ----------------------------------------------------------------------------------

    def spend_elsewhere(self, count: int) -> None:
        """Count requests that other processes sent on the same budget, as sent now."""
        if self._tokens is not None:
            self._tokens.spend_elsewhere(count, self.clock.now())

    def state(self) -> BucketState:
        """Return the current state."""
        now = self.clock.now()
        left = None if self._tokens is None else max(0, self._tokens.left(now))
        limit: int | None = None
        if self.rate is not None:
            limit = self.rate.limit if isinstance(self.rate, Rolling) else int(self.rate.capacity)
        origin, principal, group = self.key
        return BucketState(
            origin=origin,
            principal=principal,
            group=group,
            limit=limit,
            spent=self._in_flight if limit is None or left is None else limit - left,
            left=left,
            waiting=len(self.queue),
            paused_for=max(0.0, self._paused_until - now),
        )

    def export(self) -> list[float]:
        """Return the wall times at which tokens were spent; requests in flight count as spent now."""
        now, wall = self.clock.now(), self.clock.wall()
        match self._tokens:
            case _RollingTokens() as tokens:
                tokens.left(now)
                return [wall - (now - stamp) for stamp in tokens.stamps] + [wall] * tokens.in_flight
            case _RefillTokens() as tokens:
                tokens.left(now)
                missing = math.ceil(tokens.rate.capacity - tokens.level)
                return [wall] * missing
            case None:
                return []

    def restore(self, spent: Sequence[float]) -> None:
        """Count tokens spent before a restart, given as wall times."""
        now, wall = self.clock.now(), self.clock.wall()
        ages = sorted((max(0.0, wall - instant) for instant in spent), reverse=True)
        match self._tokens:
            case _RollingTokens() as tokens:
                tokens.stamps = deque(sorted([*tokens.stamps, *(now - age for age in ages)]))
            case _RefillTokens() as tokens if ages:
                tokens.left(now)
                tokens.level -= max(0.0, len(ages) - ages[-1] * tokens.rate.fill_rate)
            case _:
                pass


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text else 0.0
    except ValueError:
        return None
    return value if 0 < value < math.inf else None


class RateTracker:
    """The budgets of one or several sessions.

    `limits` replaces the default limits of a product by group, such as `{"api": Rolling(5000)}`; None means unlimited.
    """

    def __init__(self, limits: Mapping[str, Rate] | None = None, *, clock: Clock | None = None) -> None:
        self._limits = dict(limits or {})
        self._clock = clock or Clock()
        self._buckets: dict[tuple[str, str, str], Bucket] = {}
        self._restored: dict[tuple[str, str, str], list[float]] = {}

    @property
    def clock(self) -> Clock:
        """The clock that times all waits."""
        return self._clock

    def bucket(self, origin: str, principal: str, group: str, default: Rate) -> Bucket:
        """Return the bucket of a budget, created on first use; `default` is its rate unless `limits` has the group."""
        key = (origin, principal, group)
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = Bucket(key, self._clock, self._limits.get(group, default))
            bucket.restore(self._restored.pop(key, []))
        return bucket

    def snapshot(self) -> list[BucketState]:
        """Return the current state of each bucket."""
        return [bucket.state() for bucket in self._buckets.values()]

    def export(self) -> dict[str, object]:
        """Return the spent tokens as JSON values, for `restore` after a restart; they contain no secret."""
        spent = {key: bucket.export() for key, bucket in self._buckets.items()}
        return {"version": 1, "buckets": [[*key, values] for key, values in {**self._restored, **spent}.items()]}

    def restore(self, exported: Mapping[str, object]) -> None:
        """Count the tokens that were spent before a restart, as returned by `export`."""
        buckets = exported.get("buckets")
        if exported.get("version") != 1 or not isinstance(buckets, list):
            raise ValueError("this is not an export of a RateTracker of this version")
        for origin, principal, group, spent in cast("list[tuple[str, str, str, list[float]]]", buckets):
            key = (origin, principal, group)
            if key in self._buckets:
                self._buckets[key].restore(spent)
            else:
                self._restored[key] = spent
