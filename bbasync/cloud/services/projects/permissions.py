"""Permissions granted to users and groups on projects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.permissions import Permission, ProjectGroupPermission, ProjectUserPermission
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.paging import Paging

__all__ = ["ProjectPermissions"]


class ProjectPermissions(Service):
    """Permissions on projects: part of `bb.projects`."""

    @lists
    def list_group_permissions(
        self, workspace: str, project_key: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[ProjectGroupPermission]:
        """List the permissions granted to groups on a project.

        Scope: project:admin (OAuth), read:project:bitbucket (API token).
        """
        return self._list(
            ProjectGroupPermission,
            "GET /workspaces/{workspace}/projects/{project_key}/permissions-config/groups",
            (workspace, project_key),
            query={"fields": fields},
            paging=paging,
        )

    async def get_group_permission(
        self, workspace: str, project_key: str, group_slug: str, *, fields: str | None = None
    ) -> ProjectGroupPermission:
        """Return the permission granted to a group on a project.

        Scope: project:admin (OAuth), read:project:bitbucket (API token).
        """
        return await self._call(
            ProjectGroupPermission,
            "GET /workspaces/{workspace}/projects/{project_key}/permissions-config/groups/{group_slug}",
            (workspace, project_key, group_slug),
            query={"fields": fields},
        )

    async def update_group_permission(
        self, workspace: str, project_key: str, group_slug: str, *, permission: Permission | str
    ) -> ProjectGroupPermission:
        """Grant a permission on a project to a group, replacing any earlier one.

        `permission` is `read`, `write`, `create-repo` or `admin`. Requires an API token; access tokens and OAuth are
        not accepted.

        Scope: project:admin (OAuth), admin:project:bitbucket, write:permission:bitbucket (API token).
        """
        return await self._call(
            ProjectGroupPermission,
            "PUT /workspaces/{workspace}/projects/{project_key}/permissions-config/groups/{group_slug}",
            (workspace, project_key, group_slug),
            json={"permission": permission},
        )

    async def delete_group_permission(self, workspace: str, project_key: str, group_slug: str) -> None:
        """Revoke the permission granted to a group on a project.

        Requires an API token; access tokens and OAuth are not accepted.

        Scope: project:admin (OAuth), admin:project:bitbucket, delete:permission:bitbucket (API token).
        """
        await self._run(
            "DELETE /workspaces/{workspace}/projects/{project_key}/permissions-config/groups/{group_slug}",
            (workspace, project_key, group_slug),
        )

    @lists
    def list_user_permissions(
        self, workspace: str, project_key: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[ProjectUserPermission]:
        """List the permissions granted to individual users on a project; those granted through groups are excluded.

        Scope: project:admin (OAuth), read:project:bitbucket (API token).
        """
        return self._list(
            ProjectUserPermission,
            "GET /workspaces/{workspace}/projects/{project_key}/permissions-config/users",
            (workspace, project_key),
            query={"fields": fields},
            paging=paging,
        )

    async def get_user_permission(
        self, workspace: str, project_key: str, selected_user_id: str, *, fields: str | None = None
    ) -> ProjectUserPermission:
        """Return the permission granted to an individual user on a project.

        `selected_user_id` is a UUID (in braces) or an account ID.

        Scope: project:admin (OAuth), read:project:bitbucket (API token).
        """
        return await self._call(
            ProjectUserPermission,
            "GET /workspaces/{workspace}/projects/{project_key}/permissions-config/users/{selected_user_id}",
            (workspace, project_key, selected_user_id),
            query={"fields": fields},
        )

    async def update_user_permission(
        self, workspace: str, project_key: str, selected_user_id: str, *, permission: Permission | str
    ) -> ProjectUserPermission:
        """Grant a permission on a project to a user, replacing any earlier one.

        `permission` is `read`, `write`, `create-repo` or `admin`. Requires an API token; access tokens and OAuth are
        not accepted.

        The user must be a member of the workspace, but not its owner.

        Scope: project:admin (OAuth), admin:project:bitbucket, write:permission:bitbucket (API token).
        """
        return await self._call(
            ProjectUserPermission,
            "PUT /workspaces/{workspace}/projects/{project_key}/permissions-config/users/{selected_user_id}",
            (workspace, project_key, selected_user_id),
            json={"permission": permission},
        )

    async def delete_user_permission(self, workspace: str, project_key: str, selected_user_id: str) -> None:
        """Revoke the permission granted to a user on a project.

        Requires an API token; access tokens and OAuth are not accepted.

        Scope: project:admin (OAuth), admin:project:bitbucket, delete:permission:bitbucket (API token).
        """
        await self._run(
            "DELETE /workspaces/{workspace}/projects/{project_key}/permissions-config/users/{selected_user_id}",
            (workspace, project_key, selected_user_id),
        )
