"""Workspaces and their members and permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.permissions import RepositoryPermission
from bbasync.cloud.models.workspaces import Workspace, WorkspaceAccess, WorkspaceMembership
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.paging import Paging

__all__ = ["Workspaces"]


class Workspaces(Service):
    """Workspaces and their members and permissions: `bb.workspaces`."""

    @lists
    def list(
        self,
        *,
        administrator: bool | None = None,
        q: str | None = None,
        sort: str | None = None,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[WorkspaceAccess]:
        """List the workspaces that the authenticated user can access, each with only its UUID and slug.

        `administrator` limits the list to workspaces that the user administers (True) or does not (False). `q` and
        `sort` accept only `slug`, not `workspace.slug`.

        Scope: account (OAuth), read:workspace:bitbucket (API token).
        """
        return self._list(
            WorkspaceAccess,
            "GET /user/workspaces",
            query={"administrator": administrator, "q": q, "sort": sort, "fields": fields},
            paging=paging,
        )

    async def get(self, workspace: str, *, fields: str | None = None) -> Workspace:
        """Return a workspace by slug or UUID (in braces).

        Scope: none (OAuth), read:workspace:bitbucket (API token).
        """
        return await self._call(Workspace, "GET /workspaces/{workspace}", (workspace,), query={"fields": fields})

    async def get_own_permission(self, workspace: str, *, fields: str | None = None) -> WorkspaceMembership:
        """Return the highest role of the authenticated user in a workspace.

        Scope: account (OAuth), read:workspace:bitbucket (API token).
        """
        return await self._call(
            WorkspaceMembership, "GET /user/workspaces/{workspace}/permission", (workspace,), query={"fields": fields}
        )

    @lists
    def list_members(
        self, workspace: str, *, q: str | None = None, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[WorkspaceMembership]:
        """List the members of a workspace, without their roles.

        Administrators can filter by up to 90 email addresses at a time with `q='user.email IN ("a@example.org")'`, and
        include those addresses in the response with `fields="+values.user.email"`.

        Scope: account (OAuth), read:workspace:bitbucket (API token).
        """
        return self._list(
            WorkspaceMembership,
            "GET /workspaces/{workspace}/members",
            (workspace,),
            query={"q": q, "fields": fields},
            paging=paging,
        )

    async def get_member(self, workspace: str, member: str, *, fields: str | None = None) -> WorkspaceMembership:
        """Return a membership by the member's UUID (in braces) or Atlassian account ID.

        Scope: account (OAuth), read:workspace:bitbucket (API token).
        """
        return await self._call(
            WorkspaceMembership,
            "GET /workspaces/{workspace}/members/{member}",
            (workspace, member),
            query={"fields": fields},
        )

    @lists
    def list_permissions(
        self, workspace: str, *, q: str | None = None, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[WorkspaceMembership]:
        """List the members of a workspace with their roles.

        `q='permission="owner"'` limits the list to owners.

        Scope: account (OAuth), read:workspace:bitbucket (API token).
        """
        return self._list(
            WorkspaceMembership,
            "GET /workspaces/{workspace}/permissions",
            (workspace,),
            query={"q": q, "fields": fields},
            paging=paging,
        )

    @lists
    def list_all_repository_permissions(
        self,
        workspace: str,
        *,
        q: str | None = None,
        sort: str | None = None,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[RepositoryPermission]:
        """List the effective permissions of all users on all repositories of a workspace; administrators only.

        `q` and `sort` accept `repository` fields, `user` fields and `permission`, which is ordered:
        `q='permission>"read"'`.

        Scope: account (OAuth), read:repository:bitbucket (API token).
        """
        return self._list(
            RepositoryPermission,
            "GET /workspaces/{workspace}/permissions/repositories",
            (workspace,),
            query={"q": q, "sort": sort, "fields": fields},
            paging=paging,
        )

    @lists
    def list_repository_permissions(
        self,
        workspace: str,
        repo_slug: str,
        *,
        q: str | None = None,
        sort: str | None = None,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[RepositoryPermission]:
        """List the effective permissions of all users on a repository; repository administrators only.

        `bb.repositories.list_user_permissions` and `list_group_permissions` return what was granted to individual users
        and to groups.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return self._list(
            RepositoryPermission,
            "GET /workspaces/{workspace}/permissions/repositories/{repo_slug}",
            (workspace, repo_slug),
            query={"q": q, "sort": sort, "fields": fields},
            paging=paging,
        )

    async def get_gpg_public_key(self, workspace: str) -> str:
        """Return the GPG public keys that Bitbucket signs with for a workspace, as ASCII-armored text.

        There is usually one key; there may be two during a key rotation.

        Scope: account (OAuth), read:workspace:bitbucket (API token).
        """
        return (await self._read("GET /workspaces/{workspace}/settings/gpg/public-key", (workspace,))).decode()
