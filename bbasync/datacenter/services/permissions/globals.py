"""Permissions on the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.groups import Group
from bbasync.datacenter.models.permissions import GroupPermission, UserPermission
from bbasync.datacenter.models.users import User
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from bbasync.datacenter.models.permissions import GlobalPermission
    from bbasync.paging import Paging

__all__ = ["GlobalPermissions"]


class GlobalPermissions(Service):
    """Permissions on the server, a part of `bb.permissions`."""

    @lists
    def list_global_user_permissions(
        self, *, filter_text: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[UserPermission]:
        """List the users who were granted a permission on the server, with that permission.

        Permission: ADMIN.
        """
        return self._list(
            UserPermission,
            "GET /api/latest/admin/permissions/users",
            query={"filter": filter_text},
            paging=paging,
        )

    @lists
    def list_global_users_without_permission(
        self, *, filter_text: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[User]:
        """List the users who were not granted a permission on the server themselves; their groups may have one.

        Permission: ADMIN.
        """
        return self._list(
            User,
            "GET /api/latest/admin/permissions/users/none",
            query={"filter": filter_text},
            paging=paging,
        )

    async def update_global_user_permissions(self, *, names: Sequence[str], permission: GlobalPermission | str) -> None:
        """Grant users (login names) a permission on the server, in place of the one that each has.

        ConflictError if it would reduce the permission of the authenticated user, or exceed it.

        Permission: ADMIN, and no less than the permission itself.
        """
        await self._run("PUT /api/latest/admin/permissions/users", query={"name": names, "permission": permission})

    async def delete_global_user_permissions(self, *, name: str) -> None:
        """Revoke all permissions of a user (a login name) on the server; those of the user's groups remain.

        ConflictError if it would reduce the permission of the authenticated user.

        Permission: ADMIN, and no less than the permission itself.
        """
        await self._run("DELETE /api/latest/admin/permissions/users", query={"name": name})

    @lists
    def list_global_group_permissions(
        self, *, filter_text: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[GroupPermission]:
        """List the groups that were granted a permission on the server, with that permission.

        Permission: ADMIN.
        """
        return self._list(
            GroupPermission,
            "GET /api/latest/admin/permissions/groups",
            query={"filter": filter_text},
            paging=paging,
        )

    @lists
    def list_global_groups_without_permission(
        self, *, filter_text: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[Group]:
        """List the groups that were not granted a permission on the server.

        Permission: ADMIN.
        """
        return self._list(
            Group,
            "GET /api/latest/admin/permissions/groups/none",
            query={"filter": filter_text},
            paging=paging,
        )

    async def update_global_group_permissions(
        self, *, names: Sequence[str], permission: GlobalPermission | str
    ) -> None:
        """Grant groups a permission on the server, in place of the one that each has.

        ConflictError if it would reduce the permission of the authenticated user, or exceed it.

        Permission: ADMIN, and no less than the permission itself.
        """
        await self._run("PUT /api/latest/admin/permissions/groups", query={"name": names, "permission": permission})

    async def delete_global_group_permissions(self, *, name: str) -> None:
        """Revoke all permissions of a group on the server.

        ConflictError if it would reduce the permission of the authenticated user.

        Permission: ADMIN, and no less than the permission itself.
        """
        await self._run("DELETE /api/latest/admin/permissions/groups", query={"name": name})
