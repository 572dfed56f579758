"""GPG keys of users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.gpg_keys import GpgKey
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.paging import Paging

__all__ = ["GpgKeys"]


class GpgKeys(Service):
    """GPG keys of users: `bb.gpg_keys`.

    A `selected_user` is a UUID (in braces) or an Atlassian account ID. The public key and the subkeys are omitted
    unless `fields` names them: `fields="+values.key,+values.subkeys"`, or `fields="+key,+subkeys"` for one key.
    """

    @lists
    def list(
        self, selected_user: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[GpgKey]:
        """List the GPG keys of a user.

        Scope: account (OAuth), read:gpg-key:bitbucket (API token).
        """
        return self._list(
            GpgKey, "GET /users/{selected_user}/gpg-keys", (selected_user,), query={"fields": fields}, paging=paging
        )

    async def create(self, selected_user: str, *, key: str, name: str | None = None) -> GpgKey:
        """Add a GPG public key, in ASCII armor, to a user.

        Scope: account:write (OAuth), read:gpg-key:bitbucket, write:gpg-key:bitbucket (API token).
        """
        return await self._call(
            GpgKey, "POST /users/{selected_user}/gpg-keys", (selected_user,), json={"key": key, "name": name}
        )

    async def get(self, selected_user: str, fingerprint: str, *, fields: str | None = None) -> GpgKey:
        """Return a GPG key by its fingerprint.

        Scope: account (OAuth), read:gpg-key:bitbucket (API token).
        """
        return await self._call(
            GpgKey,
            "GET /users/{selected_user}/gpg-keys/{fingerprint}",
            (selected_user, fingerprint),
            query={"fields": fields},
        )

    async def delete(self, selected_user: str, fingerprint: str) -> None:
        """Delete a GPG key.

        Scope: account:write (OAuth), delete:gpg-key:bitbucket (API token).
        """
        await self._run("DELETE /users/{selected_user}/gpg-keys/{fingerprint}", (selected_user, fingerprint))
