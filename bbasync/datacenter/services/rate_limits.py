"""Rate limits of the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.rate_limits import RateLimitedUser, RateLimitSettings, UserRateLimitSettings
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from bbasync.datacenter.models.rate_limits import RateLimit, RejectionOrder
    from bbasync.paging import Paging

__all__ = ["RateLimits"]


class RateLimits(Service):
    """Rate limits that administrators set for users: `bb.rate_limits`.

    Each node of a server counts by itself. The session's own rate is in `bb.rates`; it does not read these settings.
    """

    async def get_settings(self) -> RateLimitSettings:
        """Return whether requests are limited, and the default limit; any authenticated user can read it.

        Permission: none.
        """
        return await self._call(RateLimitSettings, "GET /api/latest/admin/rate-limit/settings")

    async def update_settings(
        self, *, enabled: bool | None = None, default_settings: RateLimit | None = None
    ) -> RateLimitSettings:
        """Update the given settings.

        Permission: ADMIN.
        """
        return await self._call(
            RateLimitSettings,
            "PUT /api/latest/admin/rate-limit/settings",
            json={"enabled": enabled, "defaultSettings": default_settings and default_settings.body()},
        )

    @lists
    def list_history(
        self, *, order: RejectionOrder | str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[RateLimitedUser]:
        """List the users whose requests were rejected recently.

        Permission: ADMIN.
        """
        return self._list(
            RateLimitedUser, "GET /api/latest/admin/rate-limit/history", query={"order": order}, paging=paging
        )

    @lists
    def list_user_settings(
        self, *, filter_text: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[UserRateLimitSettings]:
        """List the users who have a limit of their own or are exempt.

        Permission: ADMIN.
        """
        return self._list(
            UserRateLimitSettings,
            "GET /api/latest/admin/rate-limit/settings/users",
            query={"filter": filter_text},
            paging=paging,
        )

    async def get_user_settings(self, user_slug: str) -> UserRateLimitSettings:
        """Return the limit of a user; NotFoundError if the user has none of their own.

        Permission: ADMIN, none for the authenticated user's own limit.
        """
        return await self._call(
            UserRateLimitSettings, "GET /api/latest/admin/rate-limit/settings/users/{userSlug}", (user_slug,)
        )

    async def set_user_settings(
        self, user_slug: str, *, settings: RateLimit | None = None, whitelisted: bool | None = None
    ) -> UserRateLimitSettings:
        """Set the limit of a user, or exempt the user with `whitelisted=True`; BadRequestError unless it is one of both.

        Permission: ADMIN.
        """
        return await self._call(
            UserRateLimitSettings,
            "PUT /api/latest/admin/rate-limit/settings/users/{userSlug}",
            (user_slug,),
            json={"settings": settings and settings.body(), "whitelisted": whitelisted},
        )

    async def set_settings_of_users(
        self, *, usernames: Sequence[str], settings: RateLimit | None = None, whitelisted: bool | None = None
    ) -> None:
        """Set the same limit for several users by login name, or exempt them with `whitelisted=True`.

        Permission: ADMIN.
        """
        await self._run(
            "POST /api/latest/admin/rate-limit/settings/users",
            json={"usernames": usernames, "settings": settings and settings.body(), "whitelisted": whitelisted},
            repeatable=True,
        )

    async def delete_user_settings(self, user_slug: str) -> None:
        """Return a user to the default limit; NotFoundError if the user has none of their own.

        Permission: ADMIN.
        """
        await self._run("DELETE /api/latest/admin/rate-limit/settings/users/{userSlug}", (user_slug,))
