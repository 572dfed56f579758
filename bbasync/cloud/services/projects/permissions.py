"""Permissions on projects: what was granted to users and groups."""

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
        """List what was granted to groups on a project.

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
        """Return what was granted to a group on a project.

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
        """Grant a group a permission on a project, in place of the one it had.

        `permission` is `read`, `write`, `create-repo` or `admin`. Only users with an API token may do this, no access
        token and no OAuth consumer.

        Scope: project:admin (OAuth), admin:project:bitbucket, write:permission:bitbucket (API token).
        """
        return await self._call(
            ProjectGroupPermission,
            "PUT /workspaces/{workspace}/projects/{project_key}/permissions-config/groups/{group_slug}",
            (workspace, project_key, group_slug),
            json={"permission": permission},
        )

    async def delete_group_permission(self, workspace: str, project_key: str, group_slug: str) -> None:
        """Take back what was granted to a group on a project.

        Only users with an API token may do this, no access token and no OAuth consumer.

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
        """List what was granted to single users on a project, not what they have through groups.

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
        """Return what was granted to a single user on a project.

        `selected_user_id` is a UUID, in braces, or an account id.

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
        """Grant a user a permission on a project, in place of the one that user had.

        `permission` is `read`, `write`, `create-repo` or `admin`. Only users with an API token may do this, no access
        token and no OAuth consumer.

        The user must be a member of the workspace, and not its owner.

        Scope: project:admin (OAuth), admin:project:bitbucket, write:permission:bitbucket (API token).
        """
        return await self._call(
            ProjectUserPermission,
            "PUT /workspaces/{workspace}/projects/{project_key}/permissions-config/users/{selected_user_id}",
            (workspace, project_key, selected_user_id),
            json={"permission": permission},
        )

    async def delete_user_permission(self, workspace: str, project_key: str, selected_user_id: str) -> None:
        """Take back what was granted to a user on a project.

        Only users with an API token may do this, no access token and no OAuth consumer.

        Scope: project:admin (OAuth), admin:project:bitbucket, delete:permission:bitbucket (API token).
        """
        await self._run(
            "DELETE /workspaces/{workspace}/projects/{project_key}/permissions-config/users/{selected_user_id}",
            (workspace, project_key, selected_user_id),
        )
