"""SSH keys of users, and the settings of SSH."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.ssh_keys import SshKey, SshKeySettings, SshKeyType, SshSettings
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from bbasync.datacenter.models.ssh_keys import SshKeyTypeRestriction
    from bbasync.paging import Paging

__all__ = ["SshKeys"]


class SshKeys(Service):
    """SSH keys of users: `bb.ssh_keys`. Keys that give access to one project or repository are in `bb.access_keys`."""

    @lists
    def list(self, *, user: str | None = None, paging: Paging | None = None) -> AsyncGenerator[SshKey]:
        """List the SSH keys of a user (a login name), by default of the authenticated one.

        Permission: none for oneself, ADMIN for others.
        """
        return self._list(SshKey, "GET /ssh/latest/keys", query={"user": user}, paging=paging)

    async def create(
        self, *, text: str, label: str | None = None, expiry_days: int | None = None, user: str | None = None
    ) -> SshKey:
        """Add an SSH key (`text`, the public key) to a user (a login name), by default to the authenticated one.

        `label` defaults to the comment of the key. BadRequestError if the key is not valid, ConflictError if the server
        has it already.

        Permission: none for oneself, ADMIN for others.
        """
        return await self._call(
            SshKey,
            "POST /ssh/latest/keys",
            query={"user": user},
            json={"text": text, "label": label, "expiryDays": expiry_days},
        )

    async def get(self, key_id: int) -> SshKey:
        """Return an SSH key.

        Permission: ADMIN.
        """
        return await self._call(SshKey, "GET /ssh/latest/keys/{keyId}", (key_id,))

    async def delete(self, key_id: int) -> None:
        """Delete an SSH key; no error is raised if it does not exist.

        Permission: ADMIN.
        """
        await self._run("DELETE /ssh/latest/keys/{keyId}", (key_id,))

    async def delete_all(self, *, user: str | None = None) -> None:
        """Delete all SSH keys of a user (a login name), by default of the authenticated one.

        Permission: none for oneself, ADMIN for others.
        """
        await self._run("DELETE /ssh/latest/keys", query={"user": user})

    async def get_settings(self) -> SshSettings:
        """Return how the server is reached by SSH.

        Permission: none.
        """
        return await self._call(SshSettings, "GET /ssh/latest/settings")

    async def get_key_settings(self) -> SshKeySettings:
        """Return which SSH keys the server accepts, and for how long.

        The vendor documents this path and no other; it is not known which servers have it.

        Permission: ADMIN.
        """
        return await self._call(SshKeySettings, "GET /admin")

    async def update_key_settings(
        self,
        *,
        key_type_restrictions: Sequence[SshKeyTypeRestriction] | None = None,
        max_expiry_days: int | None = None,
    ) -> None:
        """Set which SSH keys the server accepts, and for how many days.

        The vendor documents this path and no other; it is not known which servers have it.

        Permission: ADMIN.
        """
        restrictions = key_type_restrictions
        await self._run(
            "PUT /admin",
            json={
                "keyTypeRestrictions": None if restrictions is None else [one.body() for one in restrictions],
                "maxExpiryDays": max_expiry_days,
            },
        )

    async def get_supported_key_types(self) -> Sequence[SshKeyType]:
        """Return the types of SSH keys that the server supports.

        The vendor documents this path and no other; it is not known which servers have it.

        Permission: ADMIN.
        """
        return await self._call_each(SshKeyType, "GET /admin/supported-key-types")
