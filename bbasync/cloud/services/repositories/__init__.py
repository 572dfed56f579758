"""Repositories, their forks, watchers, settings and permissions."""

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
    """Repositories, their forks, watchers, settings and permissions: `bb.repositories`."""

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

        `role` keeps those in which the credential's own user has at least that role. A workspace that has moved or was
        disabled raises GoneError.

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
        """Return a repository by slug, or by UUID in braces; with a UUID the workspace may be `{}`.

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

        `project_key` is a key or a UUID, in braces; without one the repository goes to the workspace's oldest project.
        Issue trackers and wikis ended in August 2026; `git` is the only `scm`.

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
        """Change a repository, or create it where there is none with this slug.

        A new `name` changes the slug and so every address of the repository; such a request is not repeated after a
        failure, as it might find the old slug free and create a second repository. `project_key` is a key or a UUID,
        in braces.

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
        """Delete a repository, for good; its forks stay.

        `redirect_to` is the new place that its page then tells of; the API answers 404 all the same.

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

        `role` keeps those in which the credential's own user has at least that role.

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
        """Fork a repository into another workspace, or under another name into the same.

        `target_workspace` is a slug. What is left out is as in the parent; the slug is made of the `name`.

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
        """List who watches a repository.

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
        """Return which settings a repository has of its own, and which it takes from its project.

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
        """Set which settings a repository has of its own, with the flags that `get_override_settings` returns.

        Scope: repository:admin (OAuth), admin:repository:bitbucket (API token).
        """
        # The vendor describes no body; the flags stand at the top level where the Terraform provider sends them:
        # https://github.com/DrFaust92/terraform-provider-bitbucket (bitbucket/resource_repository.go)
        await self._run(
            "PUT /repositories/{workspace}/{repo_slug}/override-settings",
            (workspace, repo_slug),
            json={"default_merge_strategy": default_merge_strategy, "branching_model": branching_model},
        )
