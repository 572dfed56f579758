"""Permissions granted to users and groups on repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.permissions import (
    Permission,
    RepositoryGroupPermission,
    RepositoryPermission,
    RepositoryUserPermission,
)
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.paging import Paging

__all__ = ["RepositoryPermissions"]


class RepositoryPermissions(Service):
    """Permissions on repositories: part of `bb.repositories`."""

    @lists
    def list_group_permissions(
        self, workspace: str, repo_slug: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[RepositoryGroupPermission]:
        """List the permissions granted to groups on a repository.

        Scope: repository:admin (OAuth), read:repository:bitbucket (API token).
        """
        return self._list(
            RepositoryGroupPermission,
            "GET /repositories/{workspace}/{repo_slug}/permissions-config/groups",
            (workspace, repo_slug),
            query={"fields": fields},
            paging=paging,
        )

    async def get_group_permission(
        self, workspace: str, repo_slug: str, group_slug: str, *, fields: str | None = None
    ) -> RepositoryGroupPermission:
        """Return the permission granted to a group on a repository.

        Scope: repository:admin (OAuth), read:repository:bitbucket (API token).
        """
        return await self._call(
            RepositoryGroupPermission,
            "GET /repositories/{workspace}/{repo_slug}/permissions-config/groups/{group_slug}",
            (workspace, repo_slug, group_slug),
            query={"fields": fields},
        )

    async def update_group_permission(
        self, workspace: str, repo_slug: str, group_slug: str, *, permission: Permission | str
    ) -> RepositoryGroupPermission:
        """Grant a permission on a repository to a group, replacing any earlier one.

        `permission` is `read`, `write` or `admin`. Requires an API token; access tokens and OAuth are not accepted.

        Scope: repository:admin (OAuth), admin:repository:bitbucket, write:permission:bitbucket (API token).
        """
        return await self._call(
            RepositoryGroupPermission,
            "PUT /repositories/{workspace}/{repo_slug}/permissions-config/groups/{group_slug}",
            (workspace, repo_slug, group_slug),
            json={"permission": permission},
        )

    async def delete_group_permission(self, workspace: str, repo_slug: str, group_slug: str) -> None:
        """Revoke the permission granted to a group on a repository.

        Requires an API token; access tokens and OAuth are not accepted.

        Scope: repository:admin (OAuth), admin:repository:bitbucket, delete:permission:bitbucket (API token).
        """
        await self._run(
            "DELETE /repositories/{workspace}/{repo_slug}/permissions-config/groups/{group_slug}",
            (workspace, repo_slug, group_slug),
        )

    @lists
    def list_user_permissions(
        self, workspace: str, repo_slug: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[RepositoryUserPermission]:
        """List the permissions granted to individual users on a repository; those granted through groups are excluded.

        Scope: repository:admin (OAuth), read:repository:bitbucket (API token).
        """
        return self._list(
            RepositoryUserPermission,
            "GET /repositories/{workspace}/{repo_slug}/permissions-config/users",
            (workspace, repo_slug),
            query={"fields": fields},
            paging=paging,
        )

    async def get_user_permission(
        self, workspace: str, repo_slug: str, selected_user_id: str, *, fields: str | None = None
    ) -> RepositoryUserPermission:
        """Return the permission granted to an individual user on a repository.

        `selected_user_id` is a UUID (in braces) or an account ID.

        Scope: repository:admin (OAuth), read:repository:bitbucket (API token).
        """
        return await self._call(
            RepositoryUserPermission,
            "GET /repositories/{workspace}/{repo_slug}/permissions-config/users/{selected_user_id}",
            (workspace, repo_slug, selected_user_id),
            query={"fields": fields},
        )

    async def update_user_permission(
        self, workspace: str, repo_slug: str, selected_user_id: str, *, permission: Permission | str
    ) -> RepositoryUserPermission:
        """Grant a permission on a repository to a user, replacing any earlier one.

        `permission` is `read`, `write` or `admin`. Requires an API token; access tokens and OAuth are not accepted.

        The user must be a member of the workspace, but not its owner.

        Scope: repository:admin (OAuth), admin:repository:bitbucket, write:permission:bitbucket (API token).
        """
        return await self._call(
            RepositoryUserPermission,
            "PUT /repositories/{workspace}/{repo_slug}/permissions-config/users/{selected_user_id}",
            (workspace, repo_slug, selected_user_id),
            json={"permission": permission},
        )

    async def delete_user_permission(self, workspace: str, repo_slug: str, selected_user_id: str) -> None:
        """Revoke the permission granted to a user on a repository.

        Requires an API token; access tokens and OAuth are not accepted.

        Scope: repository:admin (OAuth), admin:repository:bitbucket, delete:permission:bitbucket (API token).
        """
        await self._run(
            "DELETE /repositories/{workspace}/{repo_slug}/permissions-config/users/{selected_user_id}",
            (workspace, repo_slug, selected_user_id),
        )

    @lists
    def list_own_permissions(
        self,
        workspace: str,
        *,
        q: str | None = None,
        sort: str | None = None,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[RepositoryPermission]:
        """List the effective permissions of the authenticated user on the repositories of a workspace.

        Public repositories are included only if a permission was granted on them. `q` and `sort` accept `repository`
        fields and `permission`, which is ordered: `q='permission>"read"'`.

        Scope: account, repository (OAuth), read:repository:bitbucket (API token).
        """
        return self._list(
            RepositoryPermission,
            "GET /user/workspaces/{workspace}/permissions/repositories",
            (workspace,),
            query={"q": q, "sort": sort, "fields": fields},
            paging=paging,
        )
