"""Repositories of projects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.repositories import Repository
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.datacenter.models.repositories import ArchiveFilter, RepositoryPermission, RepositoryState, Visibility
    from bbasync.paging import Paging

__all__ = ["Repositories"]


class Repositories(Service):
    """Repositories: `bb.repositories`."""

    @lists
    def list(self, project_key: str, *, paging: Paging | None = None) -> AsyncGenerator[Repository]:
        """List the repositories of a project.

        Permission: PROJECT_READ.
        """
        return self._list(Repository, "GET /api/latest/projects/{projectKey}/repos", (project_key,), paging=paging)

    async def create(
        self,
        project_key: str,
        *,
        name: str,
        scm_id: str | None = None,
        default_branch: str | None = None,
        description: str | None = None,
        forkable: bool | None = None,
        public: bool | None = None,
    ) -> Repository:
        """Create an empty repository; its slug is derived from the name.

        Older servers use only `name` and `scm_id` (`git`); set the rest with `update`.

        Permission: REPO_CREATE.
        """
        return await self._call(
            Repository,
            "POST /api/latest/projects/{projectKey}/repos",
            (project_key,),
            json={
                "name": name,
                "scmId": scm_id,
                "defaultBranch": default_branch,
                "description": description,
                "forkable": forkable,
                "public": public,
            },
        )

    async def get(self, project_key: str, repository_slug: str) -> Repository:
        """Return a repository; the former key and slug of a moved or renamed one work too.

        Permission: REPO_READ.
        """
        return await self._call(
            Repository, "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}", (project_key, repository_slug)
        )

    async def fork(
        self,
        project_key: str,
        repository_slug: str,
        *,
        name: str | None = None,
        target_project: str | None = None,
        default_branch: str | None = None,
    ) -> Repository:
        """Fork a repository into `target_project` (a key), by default the personal project of the authenticated user.

        Permission: REPO_READ, and PROJECT_ADMIN on the target project.
        """
        return await self._call(
            Repository,
            "POST /api/latest/projects/{projectKey}/repos/{repositorySlug}",
            (project_key, repository_slug),
            json={"name": name, "project": {"key": target_project}, "defaultBranch": default_branch},
        )

    async def update(
        self,
        project_key: str,
        repository_slug: str,
        *,
        name: str | None = None,
        target_project: str | None = None,
        default_branch: str | None = None,
        description: str | None = None,
        forkable: bool | None = None,
        public: bool | None = None,
        archived: bool | None = None,
    ) -> Repository:
        """Update the given fields of a repository.

        A new `name` changes the slug, and `target_project` (a key) moves the repository; the returned model has the
        new slug and project. The former ones work for reading only.

        Permission: REPO_ADMIN.
        """
        return await self._call(
            Repository,
            "PUT /api/latest/projects/{projectKey}/repos/{repositorySlug}",
            (project_key, repository_slug),
            json={
                "name": name,
                "project": {"key": target_project},
                "defaultBranch": default_branch,
                "description": description,
                "forkable": forkable,
                "public": public,
                "archived": archived,
            },
            repeatable=name is None and target_project is None,
        )

    async def delete(self, project_key: str, repository_slug: str) -> None:
        """Schedule a repository for deletion; no error is raised if it does not exist.

        Permission: REPO_ADMIN, unless the server's delete policy says otherwise.
        """
        await self._run(
            "DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}", (project_key, repository_slug)
        )

    @lists
    def list_forks(
        self, project_key: str, repository_slug: str, *, paging: Paging | None = None
    ) -> AsyncGenerator[Repository]:
        """List the direct forks of a repository.

        Permission: REPO_READ.
        """
        return self._list(
            Repository,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/forks",
            (project_key, repository_slug),
            paging=paging,
        )

    @lists
    def search(
        self,
        *,
        name: str | None = None,
        project_name: str | None = None,
        project_key: str | None = None,
        permission: RepositoryPermission | str | None = None,
        state: RepositoryState | str | None = None,
        visibility: Visibility | str | None = None,
        archived: ArchiveFilter | str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Repository]:
        """List the repositories of all projects, including personal ones, that the authenticated user can see.

        Names and keys are case-insensitive. `archived` defaults to ACTIVE, which omits archived repositories. With
        `permission`, the list is empty for anonymous users.

        Permission: none.
        """
        return self._list(
            Repository,
            "GET /api/latest/repos",
            query={
                "name": name,
                "projectname": project_name,
                "projectkey": project_key,
                "permission": permission,
                "state": state,
                "visibility": visibility,
                "archived": archived,
            },
            paging=paging,
        )

    @lists
    def list_related(
        self,
        project_key: str,
        repository_slug: str,
        *,
        permission: RepositoryPermission | str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Repository]:
        """List the repositories that descend from the same origin: forks, their forks, and the origin itself.

        `permission`, since 10.4, limits the list to repositories on which the authenticated user has it.

        Permission: REPO_READ.
        """
        return self._list(
            Repository,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/related",
            (project_key, repository_slug),
            query={"permission": permission},
            paging=paging,
        )

    async def recreate(self, project_key: str, repository_slug: str) -> Repository:
        """Try again to create or fork a repository whose state is INITIALISATION_FAILED.

        Permission: PROJECT_ADMIN.
        """
        return await self._call(
            Repository,
            "POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/recreate",
            (project_key, repository_slug),
        )

    async def watch(self, project_key: str, repository_slug: str) -> None:
        """Send the authenticated user notifications of a repository.

        Permission: REPO_READ.
        """
        await self._run(
            "POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/watch",
            (project_key, repository_slug),
            repeatable=True,
        )

    async def unwatch(self, project_key: str, repository_slug: str) -> None:
        """Stop notifications of a repository to the authenticated user.

        Permission: REPO_READ.
        """
        await self._run(
            "DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/watch", (project_key, repository_slug)
        )
