"""What responses reveal about a server's limits: headers that name them, and refusals where none do. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

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
    named = Refill(limit, fill / interval) if fill and interval else rate
    return Lesson(named, _number(headers.get("x-ratelimit-remaining")))


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text else -1.0
    except ValueError:
        return None
    return value if 0 <= value < math.inf else None


_SECONDS_OF_CAPACITY: Final = 10
_SLOWEST, _FASTEST = 0.02, 10_000.0
_MARGIN: Final = 0.96
_GROWTH, _GROWTH_EVERY = 1.01, 30.0
_SEARCH, _SEARCH_EVERY = 2.0, 1.0
_ENOUGH: Final = 20
"""Accepted requests from which a rate is reliable."""


@define
class Estimate:
    """The rate of a refilling server that does not name it: found from what it accepts between two refusals.

    At a refusal the server's bucket is empty. So what it accepts until the next refusal has come in meanwhile: accepted
    requests by elapsed time are its fill rate, if its bucket has not been full in between. The estimate stays a little
    below that and grows slowly until the next refusal, so that it follows a server whose limit is raised.
    """

    fill_rate: float = DEFAULT_REFILL.fill_rate
    _since: float | None = field(init=False, default=None)
    """When the server's bucket was known to be empty, None if it may have been full since."""
    _accepted: int = field(init=False, default=0)
    """Requests accepted since then."""
    _grown: float = field(init=False, default=0.0)
    _is_searching: bool = field(init=False, default=True)
    """Whether only one refusal was seen, which says nothing about the rate."""

    @property
    def rate(self) -> Refill:
        """The estimated rate."""
        return Refill(max(1.0, self.fill_rate * _SECONDS_OF_CAPACITY), self.fill_rate)

    def refused(self, now: float) -> None:
        """Learn from a refusal."""
        if self._since is not None:
            self._is_searching = False
            measured = (self._accepted + 1) / max(now - self._since, 0.1)
            self.fill_rate = min(max(measured * _MARGIN, _SLOWEST), _FASTEST)
        if self._since is None or self._accepted >= _ENOUGH:
            self._since, self._accepted = now, 0
        self._grown = now

    def accepted(self, granted: float, now: float, *, had_to_wait: bool) -> bool:
        """Learn from an accepted request that was granted at a time; return whether the rate has grown."""
        if self._since is None or granted < self._since:
            return False
        self._accepted += 1
        factor, every = (_SEARCH, _SEARCH_EVERY) if self._is_searching else (_GROWTH, _GROWTH_EVERY)
        if not had_to_wait or now < self._grown + every:
            return False
        self._grown = now
        self.fill_rate = min(self.fill_rate * factor, _FASTEST)
        return True

    def idle(self) -> None:
        """Note that nobody has waited for a while, so that the server's bucket may be full."""
        self._since, self._accepted = None, 0
