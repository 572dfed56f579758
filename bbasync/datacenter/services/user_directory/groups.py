"""Groups and their members."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.groups import Group
from bbasync.datacenter.models.user_directory import DetailedUser
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from bbasync.paging import Paging

__all__ = ["DirectoryGroups"]


class DirectoryGroups(Service):
    """Groups and their members, a part of `bb.user_directory`."""

    @lists
    def list_groups(self, *, filter_text: str | None = None, paging: Paging | None = None) -> AsyncGenerator[Group]:
        """List the groups.

        Permission: LICENSED_USER.
        """
        return self._list(Group, "GET /api/latest/admin/groups", query={"filter": filter_text}, paging=paging)

    @lists
    def list_group_names(self, *, filter_text: str | None = None, paging: Paging | None = None) -> AsyncGenerator[str]:
        """List the names of the groups.

        Permission: LICENSED_USER.
        """
        return self._list(str, "GET /api/latest/groups", query={"filter": filter_text}, paging=paging)

    async def create_group(self, *, name: str) -> Group:
        """Create a group; ConflictError if it already exists.

        Permission: ADMIN.
        """
        return await self._call(Group, "POST /api/latest/admin/groups", query={"name": name})

    async def delete_group(self, *, name: str) -> Group:
        """Delete a group and its permissions.

        ConflictError if it would reduce the permission of the authenticated user.

        Permission: ADMIN, and SYS_ADMIN for a group that has it.
        """
        return await self._call(Group, "DELETE /api/latest/admin/groups", query={"name": name})

    @lists
    def list_members(
        self, *, group: str, filter_text: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[DetailedUser]:
        """List the members of a group.

        Permission: LICENSED_USER.
        """
        return self._list(
            DetailedUser,
            "GET /api/latest/admin/groups/more-members",
            query={"context": group, "filter": filter_text},
            paging=paging,
        )

    @lists
    def list_non_members(
        self, *, group: str, filter_text: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[DetailedUser]:
        """List the users who are not members of a group.

        Permission: LICENSED_USER.
        """
        return self._list(
            DetailedUser,
            "GET /api/latest/admin/groups/more-non-members",
            query={"context": group, "filter": filter_text},
            paging=paging,
        )

    @lists
    def list_groups_of_user(
        self, *, user: str, filter_text: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[Group]:
        """List the groups that a user (a login name) is a member of.

        Permission: LICENSED_USER.
        """
        return self._list(
            Group,
            "GET /api/latest/admin/users/more-members",
            query={"context": user, "filter": filter_text},
            paging=paging,
        )

    @lists
    def list_groups_without_user(
        self, *, user: str, filter_text: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[Group]:
        """List the groups that a user (a login name) is not a member of.

        Permission: LICENSED_USER.
        """
        return self._list(
            Group,
            "GET /api/latest/admin/users/more-non-members",
            query={"context": user, "filter": filter_text},
            paging=paging,
        )

    async def add_users_to_group(self, *, group: str, users: Sequence[str]) -> None:
        """Add users (login names) to a group.

        Permission: ADMIN.
        """
        await self._run(
            "POST /api/latest/admin/groups/add-users", json={"group": group, "users": users}, repeatable=True
        )

    async def add_user_to_groups(self, *, user: str, groups: Sequence[str]) -> None:
        """Add a user (a login name) to groups.

        Permission: ADMIN.
        """
        await self._run(
            "POST /api/latest/admin/users/add-groups", json={"user": user, "groups": groups}, repeatable=True
        )

    async def remove_user_from_group(self, *, user: str, group: str) -> None:
        """Remove a user (a login name) from a group.

        Permission: ADMIN.
        """
        await self._run("POST /api/latest/admin/users/remove-group", json={"context": user, "itemName": group})
