"""Repositories and their forks, watchers, settings and permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.repositories import ForkPolicy, InheritanceState, Repository, RepositoryRole
from bbasync.cloud.models.users import Account
from bbasync.service import lists

from .permissions import RepositoryPermissions

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.paging import Paging

__all__ = ["Repositories"]


class Repositories(RepositoryPermissions):
    """Repositories and their forks, watchers, settings and permissions: `bb.repositories`."""

    @lists
    def list(
        self,
        workspace: str,
        *,
        role: RepositoryRole | str | None = None,
        q: str | None = None,
        sort: str | None = None,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Repository]:
        """List the repositories of a workspace.

        `role` limits the list to repositories on which the authenticated user has at least this role. GoneError if the
        workspace was moved or disabled.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return self._list(
            Repository,
            "GET /repositories/{workspace}",
            (workspace,),
            query={"role": role, "q": q, "sort": sort, "fields": fields},
            paging=paging,
        )

    async def get(self, workspace: str, repo_slug: str, *, fields: str | None = None) -> Repository:
        """Return a repository by slug or UUID (in braces); with a UUID, `workspace` may be `{}`.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return await self._call(
            Repository, "GET /repositories/{workspace}/{repo_slug}", (workspace, repo_slug), query={"fields": fields}
        )

    async def create(
        self,
        workspace: str,
        repo_slug: str,
        *,
        name: str | None = None,
        project_key: str | None = None,
        is_private: bool | None = None,
        description: str | None = None,
        language: str | None = None,
        fork_policy: ForkPolicy | str | None = None,
        has_issues: bool | None = None,
        has_wiki: bool | None = None,
        scm: str | None = None,
    ) -> Repository:
        """Create a repository.

        `project_key` is a key or a UUID (in braces); without it, the repository is added to the workspace's oldest
        project. Issue trackers and wikis were discontinued in August 2026. The only supported `scm` is `git`.

        Scope: repository:admin (OAuth), admin:repository:bitbucket (API token).
        """
        return await self._call(
            Repository,
            "POST /repositories/{workspace}/{repo_slug}",
            (workspace, repo_slug),
            json={
                "name": name,
                "project": {"key": project_key},
                "is_private": is_private,
                "description": description,
                "language": language,
                "fork_policy": fork_policy,
                "has_issues": has_issues,
                "has_wiki": has_wiki,
                "scm": scm,
            },
        )

    async def update(
        self,
        workspace: str,
        repo_slug: str,
        *,
        name: str | None = None,
        project_key: str | None = None,
        is_private: bool | None = None,
        description: str | None = None,
        language: str | None = None,
        mainbranch: str | None = None,
        fork_policy: ForkPolicy | str | None = None,
        has_issues: bool | None = None,
        has_wiki: bool | None = None,
    ) -> Repository:
        """Update a repository, or create it if no repository has this slug.

        A new `name` changes the slug and therefore every URL of the repository; a request with `name` is not retried
        after a failure, because a retry could find the old slug free and create a second repository. `project_key` is
        a key or a UUID (in braces).

        Scope: repository:admin (OAuth), admin:repository:bitbucket (API token).
        """
        return await self._call(
            Repository,
            "PUT /repositories/{workspace}/{repo_slug}",
            (workspace, repo_slug),
            json={
                "name": name,
                "project": {"key": project_key},
                "is_private": is_private,
                "description": description,
                "language": language,
                "mainbranch": {"name": mainbranch},
                "fork_policy": fork_policy,
                "has_issues": has_issues,
                "has_wiki": has_wiki,
            },
            repeatable=name is None,
        )

    async def delete(self, workspace: str, repo_slug: str, *, redirect_to: str | None = None) -> None:
        """Delete a repository permanently; its forks are not affected.

        `redirect_to` is the new location, shown to visitors of the web interface; the API still responds with 404.

        Scope: repository:delete (OAuth), delete:repository:bitbucket (API token).
        """
        await self._run(
            "DELETE /repositories/{workspace}/{repo_slug}", (workspace, repo_slug), query={"redirect_to": redirect_to}
        )

    @lists
    def list_forks(
        self,
        workspace: str,
        repo_slug: str,
        *,
        role: RepositoryRole | str | None = None,
        q: str | None = None,
        sort: str | None = None,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Repository]:
        """List the forks of a repository.

        `role` limits the list to forks on which the authenticated user has at least this role.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return self._list(
            Repository,
            "GET /repositories/{workspace}/{repo_slug}/forks",
            (workspace, repo_slug),
            query={"role": role, "q": q, "sort": sort, "fields": fields},
            paging=paging,
        )

    async def fork(
        self,
        workspace: str,
        repo_slug: str,
        *,
        target_workspace: str | None = None,
        name: str | None = None,
        project_key: str | None = None,
        is_private: bool | None = None,
        description: str | None = None,
        language: str | None = None,
        mainbranch: str | None = None,
        fork_policy: ForkPolicy | str | None = None,
        has_issues: bool | None = None,
        has_wiki: bool | None = None,
    ) -> Repository:
        """Fork a repository into another workspace, or into the same workspace under another name.

        `target_workspace` is a slug. Omitted properties are inherited from the parent; the slug is derived from `name`.

        Scope: repository:write (OAuth), read:repository:bitbucket, write:repository:bitbucket (API token).
        """
        return await self._call(
            Repository,
            "POST /repositories/{workspace}/{repo_slug}/forks",
            (workspace, repo_slug),
            json={
                "workspace": {"slug": target_workspace},
                "name": name,
                "project": {"key": project_key},
                "is_private": is_private,
                "description": description,
                "language": language,
                "mainbranch": {"name": mainbranch},
                "fork_policy": fork_policy,
                "has_issues": has_issues,
                "has_wiki": has_wiki,
            },
        )

    @lists
    def list_watchers(
        self, workspace: str, repo_slug: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[Account]:
        """List the watchers of a repository.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return self._list(
            Account,
            "GET /repositories/{workspace}/{repo_slug}/watchers",
            (workspace, repo_slug),
            query={"fields": fields},
            paging=paging,
        )

    async def get_override_settings(
        self, workspace: str, repo_slug: str, *, fields: str | None = None
    ) -> InheritanceState:
        """Return which settings a repository overrides and which it inherits from its project.

        Scope: repository:admin (OAuth), admin:repository:bitbucket (API token).
        """
        return await self._call(
            InheritanceState,
            "GET /repositories/{workspace}/{repo_slug}/override-settings",
            (workspace, repo_slug),
            query={"fields": fields},
        )

    async def update_override_settings(
        self,
        workspace: str,
        repo_slug: str,
        *,
        default_merge_strategy: bool | None = None,
        branching_model: bool | None = None,
    ) -> None:
        """Set which settings a repository overrides, using the flags that `get_override_settings` returns.

        Scope: repository:admin (OAuth), admin:repository:bitbucket (API token).
        """
        # The vendor does not document the body; the Terraform provider sends the flags at the top level:
        # https://github.com/DrFaust92/terraform-provider-bitbucket (bitbucket/resource_repository.go)
        await self._run(
            "PUT /repositories/{workspace}/{repo_slug}/override-settings",
            (workspace, repo_slug),
            json={"default_merge_strategy": default_merge_strategy, "branching_model": branching_model},
        )
