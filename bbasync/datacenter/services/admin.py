"""Properties of the server."""

from __future__ import annotations

from bbasync.datacenter.models.application_properties import ApplicationProperties
from bbasync.service import Service

__all__ = ["Admin"]


class Admin(Service):
    """The server itself: `bb.admin`."""

    async def get_application_properties(self) -> ApplicationProperties:
        """Return the version of the server, without a credential too.

        Permission: none.
        """
        return await self._call(ApplicationProperties, "GET /api/latest/application-properties")
