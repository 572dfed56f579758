"""GPG keys of users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.gpg_keys import GpgKey
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.paging import Paging

__all__ = ["GpgKeys"]


class GpgKeys(Service):
    """GPG keys of users: `bb.gpg_keys`."""

    @lists
    def list(self, *, user: str | None = None, paging: Paging | None = None) -> AsyncGenerator[GpgKey]:
        """List the GPG keys of a user (a login name), by default of the authenticated one.

        Permission: none for oneself, ADMIN for others.
        """
        return self._list(GpgKey, "GET /gpg/latest/keys", query={"user": user}, paging=paging)

    async def create(self, *, text: str, user: str | None = None) -> GpgKey:
        """Add a GPG key (`text`, ASCII-armored) to a user (a login name), by default to the authenticated one.

        Permission: none for oneself, ADMIN for others.
        """
        return await self._call(GpgKey, "POST /gpg/latest/keys", query={"user": user}, json={"text": text})

    async def delete(self, fingerprint_or_id: str) -> None:
        """Delete a GPG key.

        Permission: none for one's own, ADMIN for others.
        """
        await self._run("DELETE /gpg/latest/keys/{fingerprintOrId}", (fingerprint_or_id,))

    async def delete_all(self, *, user: str | None = None) -> None:
        """Delete all GPG keys of a user (a login name), by default of the authenticated one.

        Permission: none for oneself, ADMIN for others.
        """
        await self._run("DELETE /gpg/latest/keys", query={"user": user})
