"""SSH keys of users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.ssh_keys import SshKey
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from datetime import datetime

    from bbasync.paging import Paging

__all__ = ["SshKeys"]


class SshKeys(Service):
    """SSH keys of users: `bb.ssh_keys`.

    A `selected_user` is a UUID (in braces) or an Atlassian account ID.
    """

    @lists
    def list(
        self, selected_user: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[SshKey]:
        """List the SSH keys of a user.

        Scope: account (OAuth), read:ssh-key:bitbucket (API token).
        """
        return self._list(
            SshKey, "GET /users/{selected_user}/ssh-keys", (selected_user,), query={"fields": fields}, paging=paging
        )

    async def create(
        self, selected_user: str, *, key: str, label: str | None = None, expires_on: datetime | None = None
    ) -> SshKey:
        """Add an SSH key to a user; a comment after the public key becomes its comment.

        Scope: account:write (OAuth), read:ssh-key:bitbucket, write:ssh-key:bitbucket (API token).
        """
        return await self._call(
            SshKey,
            "POST /users/{selected_user}/ssh-keys",
            (selected_user,),
            query={"expires_on": expires_on},
            json={"key": key, "label": label},
        )

    async def get(self, selected_user: str, key_id: str, *, fields: str | None = None) -> SshKey:
        """Return an SSH key by UUID (in braces).

        Scope: account (OAuth), read:ssh-key:bitbucket (API token).
        """
        return await self._call(
            SshKey, "GET /users/{selected_user}/ssh-keys/{key_id}", (selected_user, key_id), query={"fields": fields}
        )

    async def update(self, selected_user: str, key_id: str, *, label: str) -> SshKey:
        """Update the label of an SSH key; to change the key itself, delete it and add another.

        Scope: account:write (OAuth), read:ssh-key:bitbucket, write:ssh-key:bitbucket (API token).
        """
        return await self._call(
            SshKey, "PUT /users/{selected_user}/ssh-keys/{key_id}", (selected_user, key_id), json={"label": label}
        )

    async def delete(self, selected_user: str, key_id: str) -> None:
        """Delete an SSH key.

        Scope: account:write (OAuth), delete:ssh-key:bitbucket (API token).
        """
        await self._run("DELETE /users/{selected_user}/ssh-keys/{key_id}", (selected_user, key_id))
