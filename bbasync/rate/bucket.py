"""The budget of one origin, principal and group: who may send now, who waits, and when a pause ends.

Nothing runs in the background: waiting requests stand in line, with one timer for the next of them.
"""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Final, Literal

from attrs import define, field, frozen

from bbasync.concurrency import Closing, WaitingLine, has_result
from bbasync.errors import RateLimitError

from .clock import Clock, Timer
from .learning import DEFAULT_REFILL, Estimate, read_headers
from .tokens import Rate, RefillTokens, Rolling, RollingTokens, Tokens, tokens_of

if TYPE_CHECKING:
    import asyncio


__all__ = ["Bucket", "BucketState", "Outcome", "Source", "Token"]

_LONGEST_PAUSE: Final = 3600.0
_NEAR_LIMIT: Final = 0.2
"""X-RateLimit-NearLimit becomes true when less than this fraction of the limit is left."""
_NO_HEADERS: Final[Mapping[str, str]] = {}

Source = Literal["default", "configured", "headers", "estimated"]
"""Where a rate comes from: the product's default, `RateTracker(limits)`, the server's headers, or its refusals."""


class Outcome(Enum):
    """What became of a request."""

    UNSENT = "unsent"
    """Nothing was sent: the token is given back."""
    SENT = "sent"
    """It was sent, and the caller left before there was a response."""
    FAILED = "failed"
    """The server failed: no response, or 5xx."""
    ACCEPTED = "accepted"
    """The server answered."""
    REFUSED = "refused"
    """The server answered 429."""


@define(eq=False)
class Token:
    """The permission to send one request; `done` returns it, once."""

    bucket: Bucket = field(repr=False)
    granted: float
    """When it was granted, in monotonic seconds."""
    place: int = -1
    """The place in the line of the call, which it keeps if it must come again."""
    is_background: bool = False
    waited: float = 0.0
    """Seconds from the request for it to the grant."""
    is_probe: bool = False
    """Whether it is for the first request after a pause."""
    _is_done: bool = field(init=False, default=False)

    @property
    def is_stale(self) -> bool:
        """Whether a pause has begun since it was granted: it must be returned unsent."""
        return self.granted < self.bucket.pause.since

    def done(
        self, outcome: Outcome, headers: Mapping[str, str] = _NO_HEADERS, retry_after: float | None = None
    ) -> None:
        """Return the token; `headers`, with names in lower case, and `retry_after` are those of the response."""
        if self._is_done:
            raise RuntimeError("the token was returned already")
        self._is_done = True
        self.bucket.take_back(self, outcome, headers, retry_after)


@frozen(kw_only=True)
class BucketState:
    """The current state of a bucket."""

    origin: str
    principal: str
    group: str
    rate: Rate
    """The limit, None if unlimited."""
    source: Source
    """Where the rate comes from."""
    limit: int | None
    """Requests per window, or the capacity; None if unlimited."""
    spent: int
    """Requests that currently count against the limit, including those in flight."""
    left: int | None
    """Requests that can be sent now; None if unlimited."""
    waiting: int
    """Requests waiting in line."""
    wait: float
    """Seconds that a further request would wait, at least."""
    paused_for: float
    """Seconds until the pause ends; 0 if not paused."""


@define
class Pause:
    """A time after a 429 in which nothing is sent; then one request goes first, whose success ends it for all."""

    since: float = -math.inf
    until: float = -math.inf
    refusals: int = 0
    """Refusals in a row."""
    is_open: bool = False
    """Whether no request has succeeded since."""
    is_probing: bool = False

    def blocks(self, now: float) -> bool:
        """Return whether nothing may be sent."""
        return now < self.until or (self.is_open and self.is_probing)

    def begin(self, now: float, seconds: float) -> None:
        """Start a pause, or start it again."""
        self.since, self.until = now, now + min(seconds, _LONGEST_PAUSE)
        self.is_open, self.is_probing = True, False

    def end(self) -> None:
        """Let everybody send."""
        self.is_open = self.is_probing = False
        self.refusals = 0


@define(eq=False)
class Bucket:
    """The budget of one origin, principal and group."""

    key: tuple[str, str, str]
    clock: Clock
    rate: Rate
    source: Source = "default"
    jitter: Callable[[float, float], float] = random.uniform
    pause: Pause = field(init=False, factory=Pause)
    line: WaitingLine[Token] = field(init=False, factory=WaitingLine[Token])
    in_flight: int = field(init=False, default=0)
    background_slots: int = field(init=False, default=1)
    """How many background calls may hold tokens: as many as can be sent at once, so that others find some left."""
    _in_background: int = field(init=False, default=0)
    """How many do."""
    _tokens: Tokens = field(init=False, default=None)
    _estimate: Estimate | None = field(init=False, default=None)
    _timer: Timer | None = field(init=False, default=None)
    _is_near_limit: bool = field(init=False, default=False)

    def __attrs_post_init__(self) -> None:
        self._tokens = tokens_of(self.rate, self.clock.now())

    # -- taking tokens --------------------------------------------------------------------------------------------

    def take_now(self, *, background: bool = False) -> Token | None:
        """Return a token if one is free and nobody waits for it."""
        self.clock.get_loop()
        if len(self.line) or (background and not self._admits_background()):
            return None
        token = self._grant(self.clock.now(), background=background)
        if token is not None:
            token.place = self.line.new_place()
        return token

    def _admits_background(self) -> bool:
        return self._in_background < self.background_slots

    async def take(
        self, closing: Closing, *, max_wait: float | None, place: int | None = None, background: bool = False
    ) -> Token:
        """Wait for a token; RateLimitError if that takes more than `max_wait` seconds.

        A call that comes again, since it was refused, waits at its old `place`. Background calls give way to others.
        """
        now = self.clock.now()
        if max_wait is not None and (wait := self._least_wait(now, place, background=background)) > max_wait:
            raise self._wait_too_long(wait, max_wait)
        future: asyncio.Future[Token] = self.clock.get_loop().create_future()
        place = self.line.new_place() if place is None else place
        waiter = self.line.add(future, place, background=background)
        deadline = None
        if max_wait is not None:
            deadline = self.clock.call_at(now + max_wait, lambda: self._expire(future, max_wait))
        self._wake()
        try:
            token = await closing.wait(future)
        except BaseException:
            if has_result(future):
                future.result().done(Outcome.UNSENT)
            raise
        finally:
            self.line.leave(waiter, background=background)
            if deadline is not None:
                deadline.cancel()
        token.place, token.waited = place, token.granted - now
        return token

    def _grant(self, now: float, *, background: bool) -> Token | None:
        if self.pause.blocks(now) or (self._tokens is not None and not self._tokens.can_take(now, self.in_flight)):
            return None
        if self._estimate is not None and isinstance(self._tokens, RefillTokens) and self._tokens.is_full(now):
            self._estimate.idle()
        self.in_flight += 1
        self._in_background += background
        self.pause.is_probing = self.pause.is_open
        return Token(self, now, is_background=background, is_probe=self.pause.is_open)

    def _least_wait(self, now: float, place: int | None = None, *, background: bool = False) -> float:
        wait = max(0.0, self.pause.until - now)
        if self._tokens is not None:
            ahead = self.line.ahead(background=background) if place is None else 0
            wait = max(wait, self._tokens.free_at(now, self.in_flight, ahead)[0] - now)
        return wait

    def _wait_too_long(self, wait: float, max_wait: float) -> RateLimitError:
        reason = "the server refused requests" if self.pause.is_open else "the budget is spent"
        return RateLimitError(
            f"{reason} for group {self.key[2]!r}: the next request can be sent in {wait:.1f} s, "
            f"but max_wait allows {max_wait:.1f} s",
            retry_after=wait,
        )

    def _expire(self, future: asyncio.Future[Token], max_wait: float) -> None:
        if not future.done():
            wait = max(max_wait, self._least_wait(self.clock.now()))
            future.set_exception(self._wait_too_long(wait, max_wait))

    def _wake(self) -> None:
        """Grant all available tokens, then set the timer for the next in line."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        now = self.clock.now()
        while (background := self.line.next_lane(admits_background=self._admits_background())) is not None:
            token = self._grant(now, background=background)
            if token is None:
                self._set_timer(now)
                return
            self.line.serve(token, background=background)

    def _set_timer(self, now: float) -> None:
        if self.pause.is_open and self.pause.is_probing:
            return  # until the probe comes back
        when, is_exact = (now, True) if self._tokens is None else self._tokens.free_at(now, self.in_flight, 0)
        if now < self.pause.until:
            when, is_exact = max(when, self.pause.until), True
        if is_exact:
            self._timer = self.clock.call_at(when, self._wake)

    # -- returning tokens, and what responses reveal --------------------------------------------------------------

    def take_back(self, token: Token, outcome: Outcome, headers: Mapping[str, str], retry_after: float | None) -> None:
        """Count what became of a token; called by `Token.done`."""
        now = self.clock.now()
        self.in_flight -= 1
        self._in_background -= token.is_background
        if token.is_probe:
            self.pause.is_probing = False
        if outcome is not Outcome.UNSENT:
            if self._tokens is not None:
                self._tokens.spend(now)
        elif token.is_stale and isinstance(self._tokens, RefillTokens):
            self._tokens.spend(
                now
            )  # the server's bucket was found empty in the meantime: there is nothing to give back
        if headers:
            self._learn(headers, now)
        match outcome:
            case Outcome.ACCEPTED:
                self._accepted(token, now)
            case Outcome.REFUSED:
                self._refused(token, now, retry_after)
            case Outcome.FAILED if token.is_probe:  # a failing server is not asked to do more
                self.pause.begin(now, self.pause.until - self.pause.since)
            case _:
                pass
        if len(self.line):
            self._wake()

    def _accepted(self, token: Token, now: float) -> None:
        if token.is_probe:
            self.pause.end()
        if self._estimate is not None and self._estimate.accepted(token.granted, now, had_to_wait=token.waited > 0):
            self._set_rate(self._estimate.rate, "estimated", now)

    def _refused(self, token: Token, now: float, retry_after: float | None) -> None:
        if self.rate is None:
            self._estimate = Estimate()
            self._set_rate(DEFAULT_REFILL, "estimated", now)
        if token.is_stale:
            return  # sent before the pause began: this 429 does not extend it
        if self._estimate is not None:
            self._estimate.refused(now)
            self._set_rate(self._estimate.rate, "estimated", now)
        if isinstance(self._tokens, RefillTokens):
            self._tokens.set_level(self.in_flight, now)
        seconds = retry_after or self._pause_seconds(now)
        self.pause.refusals += 1
        self.pause.begin(now, seconds)

    def _pause_seconds(self, now: float) -> float:
        """Return how long to pause where the server does not say: longer after each refusal."""
        first, longest = (self.rate or DEFAULT_REFILL).pauses()
        seconds = min(longest, first * 2.0 ** min(self.pause.refusals, 64)) * self.jitter(1.0, 1.5)
        if isinstance(self._tokens, RollingTokens):  # this process's own tokens become available in any case
            seconds = min(seconds, self._tokens.next_release(now, first))
        return seconds

    def _learn(self, headers: Mapping[str, str], now: float) -> None:
        lesson = read_headers(self.rate, self.key[2], headers)
        if lesson is None:
            return
        if lesson.rate != self.rate:
            self._estimate = None
            self._set_rate(lesson.rate, "headers", now)
        match self._tokens:
            case RollingTokens() as tokens:
                elsewhere = tokens.left(now, self.in_flight) - math.floor(tokens.rate.limit * _NEAR_LIMIT)
                if lesson.is_near_limit and not self._is_near_limit and elsewhere > 0:
                    tokens.spend(now, elsewhere)
                self._is_near_limit = lesson.is_near_limit
            case RefillTokens() as tokens if lesson.remaining is not None:
                tokens.set_level(min(tokens.level(now), lesson.remaining + self.in_flight), now)
            case _:
                pass

    def _set_rate(self, rate: Rate, source: Source, now: float) -> None:
        self.rate, self.source = rate, source
        self._tokens = tokens_of(rate, now, self._tokens, self.in_flight)

    # -- reporting and restoring ----------------------------------------------------------------------------------

    def spend_elsewhere(self, count: int) -> None:
        """Count requests that other processes sent on the same budget, as sent now."""
        if self._tokens is not None:
            self._tokens.spend(self.clock.now(), count)

    def state(self) -> BucketState:
        """Return the current state, in any thread."""
        now = self.clock.now()
        tokens = None if self._tokens is None else self._tokens.copy()
        left = None if tokens is None else max(0, tokens.left(now, self.in_flight))
        free_at = now if tokens is None else tokens.free_at(now, self.in_flight, len(self.line))[0]
        limit: int | None = None
        if self.rate is not None:
            limit = self.rate.limit if isinstance(self.rate, Rolling) else int(self.rate.capacity)
        origin, principal, group = self.key
        return BucketState(
            origin=origin,
            principal=principal,
            group=group,
            rate=self.rate,
            source=self.source,
            limit=limit,
            spent=self.in_flight if limit is None or left is None else limit - left,
            left=left,
            waiting=len(self.line),
            wait=max(free_at, self.pause.until, now) - now,
            paused_for=max(0.0, self.pause.until - now),
        )

    def export(self) -> list[float]:
        """Return the wall times at which tokens were spent; requests in flight count as spent now."""
        now, wall = self.clock.now(), self.clock.wall()
        match self._tokens:
            case RollingTokens() as tokens:
                return [wall - (now - stamp) for stamp in tokens.spent(now)] + [wall] * self.in_flight
            case RefillTokens() as tokens:
                return [wall] * math.ceil(tokens.rate.capacity - tokens.level(now) + self.in_flight)
            case None:
                return []

    def restore(self, spent: Sequence[float]) -> None:
        """Count tokens spent before a restart, given as wall times."""
        now, wall = self.clock.now(), self.clock.wall()
        ages = sorted((max(0.0, wall - instant) for instant in spent), reverse=True)
        match self._tokens:
            case RollingTokens() as tokens:
                tokens.stamps = deque(sorted([*tokens.stamps, *(now - age for age in ages)]))
            case RefillTokens() as tokens if ages:
                missing = max(0.0, len(ages) - ages[-1] * tokens.rate.fill_rate)
                tokens.set_level(tokens.level(now) - missing, now)
            case _:
                pass
