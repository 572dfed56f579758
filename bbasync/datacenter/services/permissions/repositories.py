"""Permissions on repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.groups import Group
from bbasync.datacenter.models.permissions import GroupPermission, UserPermission
from bbasync.datacenter.models.users import User
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from bbasync.datacenter.models.permissions import Permission, PrincipalType
    from bbasync.datacenter.models.repositories import RepositoryPermission
    from bbasync.paging import Paging

__all__ = ["RepositoryPermissions"]


class RepositoryPermissions(Service):
    """Permissions on repositories, a part of `bb.permissions`."""

    @lists
    def list_repository_user_permissions(
        self, project_key: str, repository_slug: str, *, filter_text: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[UserPermission]:
        """List the users who were granted a permission on the repository, with that permission.

        Permission: REPO_ADMIN.
        """
        return self._list(
            UserPermission,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/permissions/users",
            (project_key, repository_slug),
            query={"filter": filter_text},
            paging=paging,
        )

    @lists
    def list_repository_users_without_permission(
        self, project_key: str, repository_slug: str, *, filter_text: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[User]:
        """List the users who were not granted a permission on the repository themselves; their groups may have one.

        Permission: REPO_ADMIN.
        """
        return self._list(
            User,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/permissions/users/none",
            (project_key, repository_slug),
            query={"filter": filter_text},
            paging=paging,
        )

    async def update_repository_user_permissions(
        self, project_key: str, repository_slug: str, *, names: Sequence[str], permission: RepositoryPermission | str
    ) -> None:
        """Grant users (login names) a permission on the repository, in place of the one that each has.

        PermissionDeniedError if it would reduce the permission of the authenticated user.

        Permission: REPO_ADMIN.
        """
        await self._run(
            "PUT /api/latest/projects/{projectKey}/repos/{repositorySlug}/permissions/users",
            (project_key, repository_slug),
            query={"name": names, "permission": permission},
        )

    async def delete_repository_user_permissions(self, project_key: str, repository_slug: str, *, name: str) -> None:
        """Revoke all permissions of a user (a login name) on the repository; those of the user's groups remain.

        ConflictError if it would reduce the permission of the authenticated user.

        Permission: REPO_ADMIN.
        """
        await self._run(
            "DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/permissions/users",
            (project_key, repository_slug),
            query={"name": name},
        )

    @lists
    def list_repository_group_permissions(
        self, project_key: str, repository_slug: str, *, filter_text: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[GroupPermission]:
        """List the groups that were granted a permission on the repository, with that permission.

        Permission: REPO_ADMIN.
        """
        return self._list(
            GroupPermission,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/permissions/groups",
            (project_key, repository_slug),
            query={"filter": filter_text},
            paging=paging,
        )

    @lists
    def list_repository_groups_without_permission(
        self, project_key: str, repository_slug: str, *, filter_text: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[Group]:
        """List the groups that were not granted a permission on the repository.

        Permission: REPO_ADMIN.
        """
        return self._list(
            Group,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/permissions/groups/none",
            (project_key, repository_slug),
            query={"filter": filter_text},
            paging=paging,
        )

    async def update_repository_group_permissions(
        self, project_key: str, repository_slug: str, *, names: Sequence[str], permission: RepositoryPermission | str
    ) -> None:
        """Grant groups a permission on the repository, in place of the one that each has.

        PermissionDeniedError if it would reduce the permission of the authenticated user.

        Permission: REPO_ADMIN.
        """
        await self._run(
            "PUT /api/latest/projects/{projectKey}/repos/{repositorySlug}/permissions/groups",
            (project_key, repository_slug),
            query={"name": names, "permission": permission},
        )

    async def delete_repository_group_permissions(self, project_key: str, repository_slug: str, *, name: str) -> None:
        """Revoke all permissions of a group on the repository.

        ConflictError if it would reduce the permission of the authenticated user.

        Permission: REPO_ADMIN.
        """
        await self._run(
            "DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/permissions/groups",
            (project_key, repository_slug),
            query={"name": name},
        )

    async def delete_repository_permissions(
        self, project_key: str, repository_slug: str, *, users: Sequence[str] = (), groups: Sequence[str] = ()
    ) -> None:
        """Revoke all permissions of users (login names) and groups on the repository; ValueError if there are none.

        ConflictError if it would revoke the permission of the authenticated user.

        Permission: PROJECT_ADMIN.
        """
        if not users and not groups:
            raise ValueError("nothing to revoke: pass users or groups")
        await self._run(
            "DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/permissions",
            (project_key, repository_slug),
            query={"user": users, "group": groups},
        )

    async def search_repository_permissions(
        self,
        project_key: str,
        repository_slug: str,
        *,
        permissions: Sequence[Permission | str] = (),
        filter_text: str | None = None,
        type: PrincipalType | str | None = None,
    ) -> dict[str, object]:
        """Return users and groups with their direct and implied permissions on the repository, as sent.

        The vendor does not document the response. `permissions` may be permissions on the server too.

        Permission: REPO_ADMIN.
        """
        return await self._call(
            dict[str, object],
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/permissions/search",
            (project_key, repository_slug),
            query={"permission": permissions, "filterText": filter_text, "type": type},
        )
