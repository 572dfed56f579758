"""Request budgets: a token bucket for each (origin, principal, group), and the tracker of all buckets.

Bitbucket Cloud counts rolling hours, so a token is unavailable from its grant until one window after the response was
read: then no window, as the server sees it, contains more requests than the limit. A bucket that refills steadily would
allow almost twice the limit in the first hour. Data Center uses such a refilling bucket, and is modelled as one.
"""

from __future__ import annotations

from .bucket import Bucket, BucketState, Outcome, Token
from .clock import Clock, Timer
from .tokens import Rate, Refill, Rolling
from .tracker import RateTracker

__all__ = [
    "Bucket",
    "BucketState",
    "Clock",
    "Outcome",
    "Rate",
    "RateTracker",
    "Refill",
    "Rolling",
    "Timer",
    "Token",
]
