"""What responses reveal about a server's limits: headers that name them, and refusals where none do. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal

from attrs import define, field, frozen

from .tokens import Rate, Refill, Rolling

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["DEFAULT_REFILL", "Estimate", "Lesson", "read_headers"]

DEFAULT_REFILL: Final = Refill(60, 5)
"""Data Center's defaults when an administrator has enabled rate limits."""
_LARGEST_LIMIT: Final = 1_000_000
"""A hundred times the vendor's largest limit: more is a mistake, and each counted request takes memory."""


@frozen
class Lesson:
    """The limits that the headers of a response name."""

    rate: Rate
    remaining: float | None = None
    """Requests left at the server (Data Center), None if not named."""
    is_near_limit: bool = False
    """Whether less than a fifth of the limit is left (Cloud)."""


def read_headers(rate: Rate, group: str, headers: Mapping[str, str]) -> Lesson | None:
    """Return what headers say about the limit of a group, None if nothing; their names are in lower case."""
    limit = _number(headers.get("x-ratelimit-limit"))
    if limit is None or headers.get("x-ratelimit-resource", group) != group or not 1 <= limit <= _LARGEST_LIMIT:
        return None
    if isinstance(rate, Rolling):
        near = headers.get("x-ratelimit-nearlimit", "").lower() == "true"
        return Lesson(rate if limit == rate.limit else Rolling(int(limit), rate.window), is_near_limit=near)
    fill, interval = (_number(headers.get(f"x-ratelimit-{name}")) for name in ("fillrate", "interval-seconds"))
    fill_rate = fill / interval if fill and interval else 0.0
    named = Refill(limit, fill_rate) if fill_rate > 0 else rate
    return Lesson(named, _number(headers.get("x-ratelimit-remaining")))


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text else -1.0
    except ValueError:
        return None
    return value if 0 <= value < math.inf else None


_SECONDS_OF_CAPACITY: Final = 10
_SLOWEST, _FASTEST = 0.1, 10_000.0
_MARGIN: Final = 0.96
_SEARCH, _SEARCH_EVERY = 1.0, 1.0
_ADJUST, _ADJUST_EVERY = 0.15, 5.0
_GROWTH, _GROWTH_EVERY = 0.01, 30.0
_STEADY: Final = 12
"""Steps of growth without a refusal from which on the server must allow much more."""
_MOST_GROWTH: Final = 0.5
_ENOUGH: Final = 20
"""Accepted requests from which a rate is reliable."""
_FORGOTTEN: Final = 3600.0
"""Seconds of rest after which nothing is known any more."""


@define
class Estimate:
    """The rate of a refilling server that does not name it: found from what it accepts between two refusals.

    At a refusal the server's bucket is empty. So what it accepts until the next refusal has come in meanwhile: accepted
    requests by elapsed time are its fill rate, or less if its bucket was full for a time. The estimate stays a little
    below that and grows by a hundredth each half minute until the next refusal, and faster if that does not come. It
    begins by doubling each second, until a second refusal, and adjusts quickly until the next that is well founded.
    """

    fill_rate: float = DEFAULT_REFILL.fill_rate
    _since: float | None = field(init=False, default=None)
    """When the server's bucket was known to be empty, None if it may be full."""
    _accepted: int = field(init=False, default=0)
    """Requests accepted since then."""
    _grown: float = field(init=False, default=0.0)
    """When the estimate has grown last, or a request was refused."""
    _steps: int = field(init=False, default=0)
    """How often it has grown since the last refusal."""
    _factor: float = field(init=False, default=1.0 + _SEARCH)
    """By how much it has grown last."""
    _phase: Literal["searching", "adjusting", "steady"] = field(init=False, default="searching")

    @property
    def rate(self) -> Refill:
        """The estimated rate."""
        return Refill(max(1.0, self.fill_rate * _SECONDS_OF_CAPACITY), self.fill_rate)

    @property
    def _is_quick(self) -> bool:
        """Whether it grows so fast that the server's bucket may have been full since the last refusal."""
        return self._phase == "searching" or (self._phase == "steady" and self._steps > _STEADY)

    def refused(self, now: float) -> None:
        """Learn from a refusal."""
        is_quick, is_founded = self._is_quick, self._accepted >= _ENOUGH
        if self._since is not None:
            measured = _MARGIN * (self._accepted + 1) / max(now - self._since, 0.1)
            if is_quick:  # what it accepted was too little to measure by; a step or two ago it refused nothing
                measured = max(measured, self.fill_rate / self._factor**2)
            self.fill_rate = min(max(measured, _SLOWEST), _FASTEST)
            self._phase = "steady" if is_founded and not is_quick else "adjusting"
        if self._since is None or is_quick or is_founded:
            self._since, self._accepted = now, 0
        self._grown, self._steps = now, 0

    def accepted(self, granted: float, now: float, *, had_to_wait: bool) -> bool:
        """Learn from an accepted request that was granted at a time; return whether the rate has grown."""
        if self._since is not None and granted >= self._since:
            self._accepted += 1
        growth, every = self._growth()
        if not had_to_wait or now < self._grown + every:
            return False
        self._grown = now
        self._steps += 1
        self._factor = 1.0 + growth
        self.fill_rate = min(self.fill_rate * self._factor, _FASTEST)
        return True

    def _growth(self) -> tuple[float, float]:
        """Return by which share it grows next, and how many seconds after it has grown last."""
        match self._phase:
            case "searching":
                return _SEARCH, _SEARCH_EVERY
            case "adjusting":
                return _ADJUST, _ADJUST_EVERY
            case "steady":
                return min(_GROWTH * 2.0 ** max(0, self._steps + 1 - _STEADY), _MOST_GROWTH), _GROWTH_EVERY

    def rested(self, seconds: float) -> bool:
        """Note that nobody has waited for a time in which the server's bucket may have become full.

        Return whether that was so long that the rate is unknown again.
        """
        self._since, self._accepted = None, 0
        if seconds < _FORGOTTEN:
            return False
        self.fill_rate, self._phase = max(self.fill_rate, DEFAULT_REFILL.fill_rate), "searching"
        return True
