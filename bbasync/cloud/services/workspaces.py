"""Workspaces, their members and permissions."""

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
    """Workspaces, their members and permissions: `bb.workspaces`."""

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
        """List the workspaces that the credential's own user can see, each by UUID and slug.

        `administrator` keeps those the user administers, or the others. `q` and `sort` know `slug` only, by that
        name and not by `workspace.slug`.

        Scope: account (OAuth), read:workspace:bitbucket (API token).
        """
        return self._list(
            WorkspaceAccess,
            "GET /user/workspaces",
            query={"administrator": administrator, "q": q, "sort": sort, "fields": fields},
            paging=paging,
        )

    async def get(self, workspace: str, *, fields: str | None = None) -> Workspace:
        """Return a workspace by slug, or by UUID in braces.

        Scope: none (OAuth), read:workspace:bitbucket (API token).
        """
        return await self._call(Workspace, "GET /workspaces/{workspace}", (workspace,), query={"fields": fields})

    async def get_own_permission(self, workspace: str, *, fields: str | None = None) -> WorkspaceMembership:
        """Return the highest role that the credential's own user has in a workspace.

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

        Administrators may look for at most 90 addresses at a time with `q='user.email IN ("a@example.org")'`, and
        see those addresses with `fields="+values.user.email"`.

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
        """Return a membership by the member's UUID, in braces, or Atlassian account id.

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

        `q='permission="owner"'` keeps the owners.

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
        """List what every user may do in effect with every repository of a workspace; administrators only.

        `q` and `sort` know repository, user and permission, which has an order: `q='permission>"read"'`.

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
        """List what every user may do in effect with one repository; its administrators only.

        What was granted, and to which groups, is in `bb.repositories.list_user_permissions` and
        `list_group_permissions`.

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
        """Return the public keys that the vendor signs with for a workspace, as armoured text.

        There is one key, or two while the vendor changes it.

        Scope: account (OAuth), read:workspace:bitbucket (API token).
        """
        return (await self._read("GET /workspaces/{workspace}/settings/gpg/public-key", (workspace,))).decode()
