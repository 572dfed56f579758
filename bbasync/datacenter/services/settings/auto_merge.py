"""Settings of automatic merges."""

from __future__ import annotations

from bbasync.datacenter.models.settings import AutoMergeSettings, RestrictionAction
from bbasync.service import Service

__all__ = ["AutoMerge"]


class AutoMerge(Service):
    """Settings of automatic merges, a part of `bb.settings`."""

    async def get_project_auto_merge(self, project_key: str) -> AutoMergeSettings:
        """Return whether pull requests can be merged automatically in a project; the defaults of the server if nothing was set.

        Permission: PROJECT_VIEW.
        """
        return await self._call(
            AutoMergeSettings, "GET /api/latest/projects/{projectKey}/settings/auto-merge", (project_key,)
        )

    async def update_project_auto_merge(
        self, project_key: str, *, enabled: bool, restriction_action: RestrictionAction | str = RestrictionAction.NONE
    ) -> AutoMergeSettings:
        """Set whether pull requests can be merged automatically in a project.

        `restriction_action` says whether repositories may differ from it.

        Permission: PROJECT_ADMIN.
        """
        return await self._call(
            AutoMergeSettings,
            "PUT /api/latest/projects/{projectKey}/settings/auto-merge",
            (project_key,),
            json={"enabled": enabled, "restrictionAction": restriction_action},
        )

    async def delete_project_auto_merge(self, project_key: str) -> None:
        """Delete what was set about whether pull requests can be merged automatically in a project, which inherits the defaults of the server again.

        Permission: PROJECT_ADMIN.
        """
        await self._run("DELETE /api/latest/projects/{projectKey}/settings/auto-merge", (project_key,))

    async def get_repository_auto_merge(self, project_key: str, repository_slug: str) -> AutoMergeSettings:
        """Return whether pull requests can be merged automatically in a repository; those of the project if it has none of its own.

        Permission: REPO_READ.
        """
        return await self._call(
            AutoMergeSettings,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/settings/auto-merge",
            (project_key, repository_slug),
        )

    async def update_repository_auto_merge(
        self, project_key: str, repository_slug: str, *, enabled: bool
    ) -> AutoMergeSettings:
        """Set whether pull requests can be merged automatically in a repository.

        Permission: REPO_ADMIN.
        """
        return await self._call(
            AutoMergeSettings,
            "PUT /api/latest/projects/{projectKey}/repos/{repositorySlug}/settings/auto-merge",
            (project_key, repository_slug),
            json={"enabled": enabled},
        )

    async def delete_repository_auto_merge(self, project_key: str, repository_slug: str) -> None:
        """Delete what was set about whether pull requests can be merged automatically in a repository, which inherits that of the project again.

        Permission: REPO_ADMIN.
        """
        await self._run(
            "DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/settings/auto-merge",
            (project_key, repository_slug),
        )
