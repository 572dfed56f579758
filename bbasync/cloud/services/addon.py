"""The installation of a Connect app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.services.deprecation import warn_deprecated
from bbasync.service import Service

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Addon"]


class Addon(Service):
    """The installation of a Connect app: `bb.addon`.

    Bitbucket ends its support of Connect on 2027-01-31. `update` and `delete` take only the JWT of the app.
    """

    async def update(
        self, *, descriptor: Mapping[str, object] | None = None, descriptor_url: str | None = None
    ) -> None:
        """Update the installation of the app, by default from its present descriptor URL.

        A new `descriptor` must have the same URL; `descriptor_url` changes the URL, which must be the one registered in
        the marketplace. ValueError if both are passed. Scopes can neither grow nor be removed entirely.

        Scope: none.
        """
        if descriptor is not None and descriptor_url is not None:
            raise ValueError("pass descriptor= or descriptor_url=, not both")
        _warn()
        await self._run("PUT /addon", json={"descriptor": descriptor, "descriptor_url": descriptor_url})

    async def delete(self) -> None:
        """Delete the installation of the app.

        Scope: none.
        """
        _warn()
        await self._run("DELETE /addon")

    async def get_client_key(self, addon_key: str) -> str:
        """Return the client key of the Connect app that is linked to the calling Forge app, as the server sends it.

        The vendor documents no format of the response.

        Scope: none (OAuth), admin:workspace:bitbucket (API token).
        """
        _warn()
        return (await self._read("GET /addon/{addon_key}/client-key", (addon_key,))).decode(errors="replace")


def _warn() -> None:
    warn_deprecated("Connect apps", "2027-01-31", "use Forge")
