"""Settings of the automatic decline of inactive pull requests."""

from __future__ import annotations

from bbasync.datacenter.models.settings import AutoDeclineSettings
from bbasync.service import Service

__all__ = ["AutoDecline"]


class AutoDecline(Service):
    """Settings of the automatic decline, a part of `bb.settings`."""

    async def get_project_auto_decline(self, project_key: str) -> AutoDeclineSettings:
        """Return whether inactive pull requests are declined in a project; the defaults of the server if nothing was set.

        Permission: PROJECT_READ.
        """
        return await self._call(
            AutoDeclineSettings, "GET /api/latest/projects/{projectKey}/settings/auto-decline", (project_key,)
        )

    async def update_project_auto_decline(
        self, project_key: str, *, enabled: bool, inactivity_weeks: int | None = None
    ) -> AutoDeclineSettings:
        """Set whether inactive pull requests are declined in a project.

        `inactivity_weeks` is 1, 2, 4, 8 or 12.

        Permission: PROJECT_ADMIN.
        """
        return await self._call(
            AutoDeclineSettings,
            "PUT /api/latest/projects/{projectKey}/settings/auto-decline",
            (project_key,),
            json={"enabled": enabled, "inactivityWeeks": inactivity_weeks},
        )

    async def delete_project_auto_decline(self, project_key: str) -> None:
        """Delete what was set about whether inactive pull requests are declined in a project, which inherits the defaults of the server again.

        Permission: PROJECT_ADMIN.
        """
        await self._run("DELETE /api/latest/projects/{projectKey}/settings/auto-decline", (project_key,))

    async def get_repository_auto_decline(self, project_key: str, repository_slug: str) -> AutoDeclineSettings:
        """Return whether inactive pull requests are declined in a repository; those of the project if it has none of its own.

        Permission: REPO_READ.
        """
        return await self._call(
            AutoDeclineSettings,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/settings/auto-decline",
            (project_key, repository_slug),
        )

    async def update_repository_auto_decline(
        self, project_key: str, repository_slug: str, *, enabled: bool, inactivity_weeks: int | None = None
    ) -> AutoDeclineSettings:
        """Set whether inactive pull requests are declined in a repository.

        `inactivity_weeks` is 1, 2, 4, 8 or 12.

        Permission: REPO_ADMIN.
        """
        return await self._call(
            AutoDeclineSettings,
            "PUT /api/latest/projects/{projectKey}/repos/{repositorySlug}/settings/auto-decline",
            (project_key, repository_slug),
            json={"enabled": enabled, "inactivityWeeks": inactivity_weeks},
        )

    async def delete_repository_auto_decline(self, project_key: str, repository_slug: str) -> None:
        """Delete what was set about whether inactive pull requests are declined in a repository, which inherits that of the project again.

        Permission: REPO_ADMIN.
        """
        await self._run(
            "DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/settings/auto-decline",
            (project_key, repository_slug),
        )
