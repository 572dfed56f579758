"""Logging of refused deliveries, which anyone can send: it must not fill the log."""

from __future__ import annotations

import asyncio
import logging
from math import inf
from typing import Final

from attrs import define, field

__all__ = ["Refusals"]

log = logging.getLogger("bbasync.webhooks")

_PERIOD: Final = 60.0
"""Seconds between two lines about refusals with the same status."""


@define
class _Count:
    logged_at: float = -inf
    unlogged: int = 0


@define
class Refusals:
    """Logs at most one refusal a minute for each status, and the number of those between."""

    _counts: dict[int, _Count] = field(init=False, factory=dict[int, _Count])

    def log(self, status: int, reason: str) -> None:
        """Log a refusal, or count it if one with the same status was logged within the last minute."""
        count, now = self._counts.setdefault(status, _Count()), asyncio.get_running_loop().time()
        if now - count.logged_at < _PERIOD:
            count.unlogged += 1
            return
        log.warning("refused a delivery: %s%s", reason, f" ({count.unlogged} more before)" if count.unlogged else "")
        count.logged_at, count.unlogged = now, 0

    def flush(self) -> None:
        """Log the numbers of refusals that were only counted."""
        for status, count in self._counts.items():
            if count.unlogged:
                log.warning("refused %s more with status %s", count.unlogged, status)
