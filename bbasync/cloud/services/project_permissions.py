"""Permissions on projects: what was granted to users and groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.permission import Permission, ProjectGroupPermission, ProjectUserPermission
from bbasync.cloud.query import page_fields
from bbasync.service import Service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bbasync.paging import Paging

__all__ = ["ProjectPermissions"]


class ProjectPermissions(Service):
    """Permissions on projects: part of `bb.projects`."""

    async def list_group_permissions(
        self, workspace: str, project_key: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncIterator[ProjectGroupPermission]:
        """List what was granted to groups on a project.

        Scope: project:admin (OAuth), read:project:bitbucket (API token).
        """
        request = self._build(
            "GET",
            "/workspaces/{workspace}/projects/{project_key}/permissions-config/groups",
            (workspace, project_key),
            query={"fields": page_fields(fields)},
        )
        async with self._pages(ProjectGroupPermission, request, paging) as pages:
            async for page in pages:
                for permission in page:
                    yield permission

    async def get_group_permission(
        self, workspace: str, project_key: str, group_slug: str, *, fields: str | None = None
    ) -> ProjectGroupPermission:
        """Return what was granted to a group on a project.

        Scope: project:admin (OAuth), read:project:bitbucket (API token).
        """
        request = self._build(
            "GET",
            "/workspaces/{workspace}/projects/{project_key}/permissions-config/groups/{group_slug}",
            (workspace, project_key, group_slug),
            query={"fields": fields},
        )
        return await self._fetch(ProjectGroupPermission, request)

    async def update_group_permission(
        self, workspace: str, project_key: str, group_slug: str, *, permission: Permission | str
    ) -> ProjectGroupPermission:
        """Grant a group a permission on a project, in place of the one it had.

        `permission` is `read`, `write`, `create-repo` or `admin`. Only users with an API token may do this, no access
        token and no OAuth consumer.

        Scope: project:admin (OAuth), admin:project:bitbucket, write:permission:bitbucket (API token).
        """
        request = self._build(
            "PUT",
            "/workspaces/{workspace}/projects/{project_key}/permissions-config/groups/{group_slug}",
            (workspace, project_key, group_slug),
            json={"permission": permission},
        )
        return await self._fetch(ProjectGroupPermission, request)

    async def delete_group_permission(self, workspace: str, project_key: str, group_slug: str) -> None:
        """Take back what was granted to a group on a project.

        Only users with an API token may do this, no access token and no OAuth consumer.

        Scope: project:admin (OAuth), admin:project:bitbucket, delete:permission:bitbucket (API token).
        """
        request = self._build(
            "DELETE",
            "/workspaces/{workspace}/projects/{project_key}/permissions-config/groups/{group_slug}",
            (workspace, project_key, group_slug),
        )
        await self._run(request)

    async def list_user_permissions(
        self, workspace: str, project_key: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncIterator[ProjectUserPermission]:
        """List what was granted to single users on a project, not what they have through groups.

        Scope: project:admin (OAuth), read:project:bitbucket (API token).
        """
        request = self._build(
            "GET",
            "/workspaces/{workspace}/projects/{project_key}/permissions-config/users",
            (workspace, project_key),
            query={"fields": page_fields(fields)},
        )
        async with self._pages(ProjectUserPermission, request, paging) as pages:
            async for page in pages:
                for permission in page:
                    yield permission

    async def get_user_permission(
        self, workspace: str, project_key: str, selected_user_id: str, *, fields: str | None = None
    ) -> ProjectUserPermission:
        """Return what was granted to a single user on a project.

        `selected_user_id` is a UUID, in braces, or an account id.

        Scope: project:admin (OAuth), read:project:bitbucket (API token).
        """
        request = self._build(
            "GET",
            "/workspaces/{workspace}/projects/{project_key}/permissions-config/users/{selected_user_id}",
            (workspace, project_key, selected_user_id),
            query={"fields": fields},
        )
        return await self._fetch(ProjectUserPermission, request)

    async def update_user_permission(
        self, workspace: str, project_key: str, selected_user_id: str, *, permission: Permission | str
    ) -> ProjectUserPermission:
        """Grant a user a permission on a project, in place of the one that user had.

        `permission` is `read`, `write`, `create-repo` or `admin`. Only users with an API token may do this, no access
        token and no OAuth consumer.

        The user must be a member of the workspace, and not its owner.

        Scope: project:admin (OAuth), admin:project:bitbucket, write:permission:bitbucket (API token).
        """
        request = self._build(
            "PUT",
            "/workspaces/{workspace}/projects/{project_key}/permissions-config/users/{selected_user_id}",
            (workspace, project_key, selected_user_id),
            json={"permission": permission},
        )
        return await self._fetch(ProjectUserPermission, request)

    async def delete_user_permission(self, workspace: str, project_key: str, selected_user_id: str) -> None:
        """Take back what was granted to a user on a project.

        Only users with an API token may do this, no access token and no OAuth consumer.

        Scope: project:admin (OAuth), admin:project:bitbucket, delete:permission:bitbucket (API token).
        """
        request = self._build(
            "DELETE",
            "/workspaces/{workspace}/projects/{project_key}/permissions-config/users/{selected_user_id}",
            (workspace, project_key, selected_user_id),
        )
        await self._run(request)
