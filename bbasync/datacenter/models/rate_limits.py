"""Rate limits of the server."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.datacenter.models.users import User
from bbasync.model import Model, OpenEnum

__all__ = ["RateLimit", "RateLimitSettings", "RateLimitedUser", "RejectionOrder", "UserRateLimitSettings"]


class RejectionOrder(OpenEnum):
    """Order of the history of rate limits: by the last rejection, or by the number of rejections."""

    NEWEST = "NEWEST"
    FREQUENCY = "FREQUENCY"


@define(kw_only=True)
class RateLimit(Model):
    """A token bucket: how many requests a user can make on each node of the server."""

    capacity: int
    """The most requests at once."""
    fill_rate: int
    """Requests per second after that."""

    def body(self) -> dict[str, object]:
        """Return the request payload."""
        return {"capacity": self.capacity, "fillRate": self.fill_rate}


@define(kw_only=True)
class RateLimitSettings(Model):
    """Rate limits of the server."""

    enabled: bool
    """Whether requests are limited."""
    default_settings: RateLimit
    """The limit of users without settings of their own."""


@define(kw_only=True)
class UserRateLimitSettings(Model):
    """The rate limit of a user."""

    user: User
    """The user."""
    whitelisted: bool
    """Whether the user's requests are not limited."""
    settings: RateLimit | None = None
    """The limit; None if the user is exempt."""


@define(kw_only=True)
class RateLimitedUser(Model):
    """A user whose requests were rejected."""

    user: User
    """The user."""
    reject_count: int
    """Number of rejected requests."""
    last_reject_time: datetime
    """When a request was last rejected."""
