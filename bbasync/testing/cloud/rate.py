"""The limits of Bitbucket Cloud: so many requests in any rolling hour, by principal and group."""

from __future__ import annotations

import time
from collections import Counter, deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ANONYMOUS = "anonymous"
NEAR = 0.2


class RateLimit:
    """Counts accepted requests strictly: one is refused while `limits[group]` were accepted within `window` seconds."""

    def __init__(
        self, *, limits: Mapping[str, int], window: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.limits = dict(limits)
        self.window = window
        self.served = 0
        self.refused = 0
        self.refused_by: Counter[str] = Counter()
        """Refusals by principal."""
        self.peak: Counter[str] = Counter()
        """By principal, the most requests seen within one window of one group."""
        self.foreign = 0.0
        """Requests a second that other clients spend of every budget, since the first request of each."""
        self._clock = clock
        self._accepted: dict[tuple[str, str], deque[float]] = {}
        self._first: dict[tuple[str, str], float] = {}

    def spend(self, principal: str, count: int = 1, group: str = "api") -> None:
        """Spend of a principal's budget as another client would."""
        now = self._clock()
        self._within(principal, group, now).extend([now] * count)

    def used(self, principal: str, group: str = "api") -> int:
        """Count what was accepted within the window that ends now, foreign requests included."""
        now = self._clock()
        own = len(self._within(principal, group, now))
        since = min(now - self._first.get((principal, group), now), self.window)
        return own + int(self.foreign * since)

    def accept(self, principal: str, group: str) -> bool:
        """Count a request, or refuse it; a refused one spends nothing."""
        now = self._clock()
        accepted = self._within(principal, group, now)
        if self.used(principal, group) >= self.limits[group]:
            self.refused += 1
            self.refused_by[principal] += 1
            return False
        accepted.append(now)
        self.served += 1
        self.peak[principal] = max(self.peak[principal], len(accepted))
        return True

    def headers(self, principal: str, group: str) -> dict[str, str]:
        """Give the headers that access tokens see on scaled plans; they never tell what is left."""
        limit = self.limits[group]
        near = limit - self.used(principal, group) <= NEAR * limit
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Resource": group,
            "X-RateLimit-NearLimit": "true" if near else "false",
        }

    def _within(self, principal: str, group: str, now: float) -> deque[float]:
        key = (principal, group)
        accepted = self._accepted.setdefault(key, deque())
        self._first.setdefault(key, now)
        while accepted and accepted[0] <= now - self.window:
            accepted.popleft()
        return accepted
