"""Working time: a clock that runs fast in the hours in which people work, and almost stands still at night.

What is made up is laid out in working seconds and then turned into dates, so that few events fall on nights and
weekends, and delays are as long as people make them: what is asked on Friday evening is answered on Monday.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from itertools import accumulate

MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
HOUR, WEEK = 3600, 7 * 86400

_NIGHT, _EVENING, _EDGE, _FULL, _LUNCH = 0.02, 0.12, 0.5, 1.0, 0.6
_WEEKDAY = [_NIGHT] * 7 + [_EDGE] * 2 + [_FULL] * 3 + [_LUNCH] + [_FULL] * 4 + [_EDGE] * 2 + [_EVENING] * 4 + [_NIGHT]
_WEEKEND = [_NIGHT] * 9 + [0.06] * 13 + [_NIGHT] * 2
SHARES = _WEEKDAY * 5 + _WEEKEND * 2
"""How much of each hour of a week is worked, Monday first, in UTC."""
_BEFORE = list(accumulate((HOUR * share for share in SHARES), initial=0.0))
_WORK_WEEK = _BEFORE.pop()


def to_work(date: datetime) -> float:
    """Convert a date to working seconds."""
    weeks, rest = divmod((date - MONDAY).total_seconds(), WEEK)
    hour, seconds = divmod(rest, HOUR)
    return weeks * _WORK_WEEK + _BEFORE[int(hour)] + seconds * SHARES[int(hour)]


def to_date(work: float) -> datetime:
    """Convert working seconds to a date."""
    weeks, rest = divmod(work, _WORK_WEEK)
    hour = bisect_right(_BEFORE, rest) - 1
    return MONDAY + timedelta(seconds=weeks * WEEK + hour * HOUR + (rest - _BEFORE[hour]) / SHARES[hour])
