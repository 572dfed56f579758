"""The budgets of one or several sessions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

from .bucket import Bucket, BucketState
from .clock import Clock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .tokens import Rate

__all__ = ["RateTracker"]


class RateTracker:
    """The budgets of one or several sessions.

    `limits` replaces the default limits of a product by group, such as `{"api": Rolling(5000)}`; None means unlimited.
    `snapshot` and `export` may be called in any thread, and after the event loop has ended.
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
            is_configured = group in self._limits
            rate = self._limits[group] if is_configured else default
            bucket = Bucket(key, self._clock, rate, "configured" if is_configured else "default")
            bucket.restore(self._restored.pop(key, []))
            self._buckets[key] = bucket
        return bucket

    def snapshot(self) -> list[BucketState]:
        """Return the current state of each bucket."""
        return [bucket.state() for bucket in list(self._buckets.values())]

    def export(self) -> dict[str, object]:
        """Return the spent tokens as JSON values, for `restore` after a restart; they contain no secret."""
        spent = {key: bucket.export() for key, bucket in list(self._buckets.items())}
        return {"version": 1, "buckets": [[*key, values] for key, values in {**self._restored, **spent}.items()]}

    def restore(self, exported: Mapping[str, object]) -> None:
        """Count the tokens that were spent before a restart, as returned by `export`."""
        buckets = exported.get("buckets")
        if exported.get("version") != 1 or not isinstance(buckets, list):
            raise ValueError("this is not an export of a RateTracker of this version")
        for origin, principal, group, times in cast("list[tuple[str, str, str, list[object]]]", buckets):
            key = (origin, principal, group)
            spent = [time for time in times if isinstance(time, (int, float)) and math.isfinite(time)]
            if len(spent) != len(times):
                raise ValueError(f"the times of {key} are not numbers")
            if key in self._buckets:
                self._buckets[key].restore(spent)
            else:
                self._restored.setdefault(key, []).extend(spent)
