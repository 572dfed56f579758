"""Permissions on repositories: what was granted to users and groups."""

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
        """List what was granted to groups on a repository.

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
        """Return what was granted to a group on a repository.

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
        """Grant a group a permission on a repository, in place of the one it had.

        `permission` is `read`, `write` or `admin`. Only users with an API token may do this, no access
        token and no OAuth consumer.

        Scope: repository:admin (OAuth), admin:repository:bitbucket, write:permission:bitbucket (API token).
        """
        return await self._call(
            RepositoryGroupPermission,
            "PUT /repositories/{workspace}/{repo_slug}/permissions-config/groups/{group_slug}",
            (workspace, repo_slug, group_slug),
            json={"permission": permission},
        )

    async def delete_group_permission(self, workspace: str, repo_slug: str, group_slug: str) -> None:
        """Take back what was granted to a group on a repository.

        Only users with an API token may do this, no access token and no OAuth consumer.

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
        """List what was granted to single users on a repository, not what they have through groups.

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
        """Return what was granted to a single user on a repository.

        `selected_user_id` is a UUID, in braces, or an account id.

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
        """Grant a user a permission on a repository, in place of the one that user had.

        `permission` is `read`, `write` or `admin`. Only users with an API token may do this, no access
        token and no OAuth consumer.

        The user must be a member of the workspace, and not its owner.

        Scope: repository:admin (OAuth), admin:repository:bitbucket, write:permission:bitbucket (API token).
        """
        return await self._call(
            RepositoryUserPermission,
            "PUT /repositories/{workspace}/{repo_slug}/permissions-config/users/{selected_user_id}",
            (workspace, repo_slug, selected_user_id),
            json={"permission": permission},
        )

    async def delete_user_permission(self, workspace: str, repo_slug: str, selected_user_id: str) -> None:
        """Take back what was granted to a user on a repository.

        Only users with an API token may do this, no access token and no OAuth consumer.

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
        """List what the credential's own user may do in effect with the repositories of a workspace.

        Public repositories are listed only where something was granted. `q` and `sort` know repository and permission,
        which has an order: `q='permission>"read"'`.

        Scope: account, repository (OAuth), read:repository:bitbucket (API token).
        """
        return self._list(
            RepositoryPermission,
            "GET /user/workspaces/{workspace}/permissions/repositories",
            (workspace,),
            query={"q": q, "sort": sort, "fields": fields},
            paging=paging,
        )
