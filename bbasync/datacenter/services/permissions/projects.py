"""Permissions on projects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.groups import Group
from bbasync.datacenter.models.permissions import DefaultPermission, GroupPermission, UserPermission
from bbasync.datacenter.models.users import User
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from bbasync.datacenter.models.permissions import Permission, PrincipalType, ProjectPermission
    from bbasync.paging import Paging

__all__ = ["ProjectPermissions"]


class ProjectPermissions(Service):
    """Permissions on projects, a part of `bb.permissions`."""

    @lists
    def list_project_user_permissions(
        self, project_key: str, *, filter_text: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[UserPermission]:
        """List the users who were granted a permission on the project, with that permission.

        Permission: PROJECT_ADMIN.
        """
        return self._list(
            UserPermission,
            "GET /api/latest/projects/{projectKey}/permissions/users",
            (project_key,),
            query={"filter": filter_text},
            paging=paging,
        )

    @lists
    def list_project_users_without_permission(
        self, project_key: str, *, filter_text: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[User]:
        """List the users who were not granted a permission on the project themselves; their groups may have one.

        Permission: PROJECT_ADMIN.
        """
        return self._list(
            User,
            "GET /api/latest/projects/{projectKey}/permissions/users/none",
            (project_key,),
            query={"filter": filter_text},
            paging=paging,
        )

    async def update_project_user_permissions(
        self, project_key: str, *, names: Sequence[str], permission: ProjectPermission | str
    ) -> None:
        """Grant users (login names) a permission on the project, in place of the one that each has.

        PermissionDeniedError if it would reduce the permission of the authenticated user.

        Permission: PROJECT_ADMIN.
        """
        await self._run(
            "PUT /api/latest/projects/{projectKey}/permissions/users",
            (project_key,),
            query={"name": names, "permission": permission},
        )

    async def delete_project_user_permissions(self, project_key: str, *, name: str) -> None:
        """Revoke all permissions of a user (a login name) on the project; those of the user's groups remain.

        ConflictError if it would reduce the permission of the authenticated user.

        Permission: PROJECT_ADMIN.
        """
        await self._run(
            "DELETE /api/latest/projects/{projectKey}/permissions/users", (project_key,), query={"name": name}
        )

    @lists
    def list_project_group_permissions(
        self, project_key: str, *, filter_text: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[GroupPermission]:
        """List the groups that were granted a permission on the project, with that permission.

        Permission: PROJECT_ADMIN.
        """
        return self._list(
            GroupPermission,
            "GET /api/latest/projects/{projectKey}/permissions/groups",
            (project_key,),
            query={"filter": filter_text},
            paging=paging,
        )

    @lists
    def list_project_groups_without_permission(
        self, project_key: str, *, filter_text: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[Group]:
        """List the groups that were not granted a permission on the project.

        Permission: PROJECT_ADMIN.
        """
        return self._list(
            Group,
            "GET /api/latest/projects/{projectKey}/permissions/groups/none",
            (project_key,),
            query={"filter": filter_text},
            paging=paging,
        )

    async def update_project_group_permissions(
        self, project_key: str, *, names: Sequence[str], permission: ProjectPermission | str
    ) -> None:
        """Grant groups a permission on the project, in place of the one that each has.

        PermissionDeniedError if it would reduce the permission of the authenticated user.

        Permission: PROJECT_ADMIN.
        """
        await self._run(
            "PUT /api/latest/projects/{projectKey}/permissions/groups",
            (project_key,),
            query={"name": names, "permission": permission},
        )

    async def delete_project_group_permissions(self, project_key: str, *, name: str) -> None:
        """Revoke all permissions of a group on the project.

        ConflictError if it would reduce the permission of the authenticated user.

        Permission: PROJECT_ADMIN.
        """
        await self._run(
            "DELETE /api/latest/projects/{projectKey}/permissions/groups", (project_key,), query={"name": name}
        )

    async def delete_project_permissions(
        self, project_key: str, *, users: Sequence[str] = (), groups: Sequence[str] = ()
    ) -> None:
        """Revoke all permissions of users (login names) and groups on the project; ValueError if there are none.

        ConflictError if it would revoke the permission of the authenticated user.

        Permission: PROJECT_ADMIN.
        """
        if not users and not groups:
            raise ValueError("nothing to revoke: pass users or groups")
        await self._run(
            "DELETE /api/latest/projects/{projectKey}/permissions",
            (project_key,),
            query={"user": users, "group": groups},
        )

    async def search_project_permissions(
        self,
        project_key: str,
        *,
        permissions: Sequence[Permission | str] = (),
        filter_text: str | None = None,
        type: PrincipalType | str | None = None,
    ) -> dict[str, object]:
        """Return users and groups with their direct and implied permissions on the project, as sent.

        The vendor does not document the response. `permissions` may be permissions on the server too.

        Permission: PROJECT_ADMIN.
        """
        return await self._call(
            dict[str, object],
            "GET /api/latest/projects/{projectKey}/permissions/search",
            (project_key,),
            query={"permission": permissions, "filterText": filter_text, "type": type},
        )

    async def is_default_project_permission(self, project_key: str, permission: ProjectPermission | str) -> bool:
        """Return whether all users have a permission on the project.

        Permission: PROJECT_ADMIN.
        """
        default = await self._call(
            DefaultPermission,
            "GET /api/latest/projects/{projectKey}/permissions/{permission}/all",
            (project_key, permission),
        )
        return default.permitted

    async def update_default_project_permission(
        self, project_key: str, permission: ProjectPermission | str, *, allow: bool
    ) -> None:
        """Grant all users a permission on the project, or revoke it.

        Permission: PROJECT_ADMIN.
        """
        await self._run(
            "POST /api/latest/projects/{projectKey}/permissions/{permission}/all",
            (project_key, permission),
            query={"allow": allow},
            repeatable=True,
        )
