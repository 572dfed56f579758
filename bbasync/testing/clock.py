"""The clock of a fake server, which tests can advance."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import attrs

__all__ = ["Clock"]


def _real() -> datetime:
    return datetime.now(UTC)


@attrs.define
class Clock:
    """Real time, and as far ahead of it as the clock was advanced.

    The dates of changes, the windows of rate limits and the expiry of issued tokens follow it. Delays do not: latency
    and the pause before a delivery is repeated take real time.
    """

    _now: Callable[[], datetime] = _real
    _ahead: float = attrs.field(init=False, default=0.0)

    def now(self) -> datetime:
        """Return the date and time, in UTC."""
        return self._now() + timedelta(seconds=self._ahead)

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start, for differences."""
        return time.monotonic() + self._ahead

    def advance(self, seconds: float) -> None:
        """Move the clock; a negative number sets it back."""
        self._ahead += seconds
