"""Properties of the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.application_properties import ApplicationProperties
from bbasync.service import Service

if TYPE_CHECKING:
    from bbasync.datacenter.models.banner import BannerAudience

__all__ = ["Admin"]


class Admin(Service):
    """The server itself: `bb.admin`."""

    async def get_application_properties(self) -> ApplicationProperties:
        """Return the version of the server, without a credential too.

        Permission: none.
        """
        return await self._call(ApplicationProperties, "GET /api/latest/application-properties")

    async def update_banner(
        self, *, audience: BannerAudience | str, message: str | None = None, enabled: bool | None = None
    ) -> None:
        """Set the announcement that the web interface shows.

        Permission: ADMIN.
        """
        await self._run(
            "PUT /api/latest/admin/banner", json={"audience": audience, "message": message, "enabled": enabled}
        )

    async def delete_banner(self) -> None:
        """Delete the announcement that the web interface shows.

        Permission: ADMIN.
        """
        await self._run("DELETE /api/latest/admin/banner")
