"""Settings of the change of authors."""

from __future__ import annotations

from bbasync.datacenter.models.settings import ChangeAuthorSettings, RestrictionAction
from bbasync.service import Service

__all__ = ["ChangeAuthor"]


class ChangeAuthor(Service):
    """Settings of the change of authors, a part of `bb.settings`."""

    async def get_project_change_author(self, project_key: str) -> ChangeAuthorSettings:
        """Return whether the author of pull requests can be changed in a project; the defaults of the server if nothing was set.

        Since 10.4.

        Permission: PROJECT_VIEW.
        """
        return await self._call(
            ChangeAuthorSettings, "GET /api/latest/projects/{projectKey}/settings/change-author", (project_key,)
        )

    async def update_project_change_author(
        self, project_key: str, *, enabled: bool, restriction_action: RestrictionAction | str = RestrictionAction.NONE
    ) -> ChangeAuthorSettings:
        """Set whether the author of pull requests can be changed in a project.

        `restriction_action` says whether repositories may differ from it.

        Since 10.4.

        Permission: PROJECT_ADMIN.
        """
        return await self._call(
            ChangeAuthorSettings,
            "PUT /api/latest/projects/{projectKey}/settings/change-author",
            (project_key,),
            json={"enabled": enabled, "restrictionAction": restriction_action},
        )

    async def delete_project_change_author(self, project_key: str) -> None:
        """Delete what was set about whether the author of pull requests can be changed in a project, which inherits the defaults of the server again.

        Since 10.4.

        Permission: PROJECT_ADMIN.
        """
        await self._run("DELETE /api/latest/projects/{projectKey}/settings/change-author", (project_key,))

    async def get_repository_change_author(self, project_key: str, repository_slug: str) -> ChangeAuthorSettings:
        """Return whether the author of pull requests can be changed in a repository; those of the project if it has none of its own.

        Since 10.4.

        Permission: REPO_READ.
        """
        return await self._call(
            ChangeAuthorSettings,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/settings/change-author",
            (project_key, repository_slug),
        )

    async def update_repository_change_author(
        self, project_key: str, repository_slug: str, *, enabled: bool
    ) -> ChangeAuthorSettings:
        """Set whether the author of pull requests can be changed in a repository.

        Since 10.4.

        Permission: REPO_ADMIN.
        """
        return await self._call(
            ChangeAuthorSettings,
            "PUT /api/latest/projects/{projectKey}/repos/{repositorySlug}/settings/change-author",
            (project_key, repository_slug),
            json={"enabled": enabled},
        )

    async def delete_repository_change_author(self, project_key: str, repository_slug: str) -> None:
        """Delete what was set about whether the author of pull requests can be changed in a repository, which inherits that of the project again.

        Since 10.4.

        Permission: REPO_ADMIN.
        """
        await self._run(
            "DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/settings/change-author",
            (project_key, repository_slug),
        )
