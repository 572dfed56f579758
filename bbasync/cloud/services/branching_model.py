"""Branching models of repositories and projects, and their settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.branching_model import (
    BranchingModel,
    BranchingModelSettings,
    BranchSetting,
    BranchTypeSetting,
)
from bbasync.service import Service

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["BranchingModels"]


class BranchingModels(Service):
    """Branching models of repositories and projects: `bb.branching_model`."""

    async def get(self, workspace: str, repo_slug: str, *, fields: str | None = None) -> BranchingModel:
        """Return the branching model of a repository, with the branches that it names.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return await self._call(
            BranchingModel,
            "GET /repositories/{workspace}/{repo_slug}/branching-model",
            (workspace, repo_slug),
            query={"fields": fields},
        )

    async def get_effective(self, workspace: str, repo_slug: str, *, fields: str | None = None) -> BranchingModel:
        """Return the branching model that applies to a repository, which may be inherited from its project.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return await self._call(
            BranchingModel,
            "GET /repositories/{workspace}/{repo_slug}/effective-branching-model",
            (workspace, repo_slug),
            query={"fields": fields},
        )

    async def get_settings(
        self, workspace: str, repo_slug: str, *, fields: str | None = None
    ) -> BranchingModelSettings:
        """Return the settings of a repository's branching model, disabled parts included.

        Scope: repository:admin (OAuth), admin:repository:bitbucket (API token).
        """
        return await self._call(
            BranchingModelSettings,
            "GET /repositories/{workspace}/{repo_slug}/branching-model/settings",
            (workspace, repo_slug),
            query={"fields": fields},
        )

    async def update_settings(
        self,
        workspace: str,
        repo_slug: str,
        *,
        development: BranchSetting | None = None,
        production: BranchSetting | None = None,
        branch_types: Sequence[BranchTypeSetting] | None = None,
        default_branch_deletion: bool | None = None,
    ) -> BranchingModelSettings:
        """Update the settings of a repository's branching model; what is not set is left unchanged.

        Enabled branches must exist, and the prefix of an enabled type must not begin with that of another;
        BadRequestError otherwise.

        Scope: repository:admin (OAuth), admin:repository:bitbucket (API token).
        """
        return await self._call(
            BranchingModelSettings,
            "PUT /repositories/{workspace}/{repo_slug}/branching-model/settings",
            (workspace, repo_slug),
            json=_body(development, production, branch_types, default_branch_deletion),
        )

    async def get_project(self, workspace: str, project_key: str, *, fields: str | None = None) -> BranchingModel:
        """Return the branching model of a project, without branches.

        Scope: project:admin (OAuth), read:repository:bitbucket (API token).
        """
        return await self._call(
            BranchingModel,
            "GET /workspaces/{workspace}/projects/{project_key}/branching-model",
            (workspace, project_key),
            query={"fields": fields},
        )

    async def get_project_settings(
        self, workspace: str, project_key: str, *, fields: str | None = None
    ) -> BranchingModelSettings:
        """Return the settings of a project's branching model, disabled parts included.

        Scope: project:admin (OAuth), admin:project:bitbucket (API token).
        """
        return await self._call(
            BranchingModelSettings,
            "GET /workspaces/{workspace}/projects/{project_key}/branching-model/settings",
            (workspace, project_key),
            query={"fields": fields},
        )

    async def update_project_settings(
        self,
        workspace: str,
        project_key: str,
        *,
        development: BranchSetting | None = None,
        production: BranchSetting | None = None,
        branch_types: Sequence[BranchTypeSetting] | None = None,
        default_branch_deletion: bool | None = None,
    ) -> BranchingModelSettings:
        """Update the settings of a project's branching model; what is not set is left unchanged.

        Any branch can be named: repositories that inherit the model use it if they have it. The prefix of an enabled
        type must not begin with that of another; BadRequestError otherwise.

        Scope: project:admin (OAuth), admin:project:bitbucket (API token).
        """
        return await self._call(
            BranchingModelSettings,
            "PUT /workspaces/{workspace}/projects/{project_key}/branching-model/settings",
            (workspace, project_key),
            json=_body(development, production, branch_types, default_branch_deletion),
        )


def _body(
    development: BranchSetting | None,
    production: BranchSetting | None,
    branch_types: Sequence[BranchTypeSetting] | None,
    default_branch_deletion: bool | None,
) -> dict[str, object]:
    deletion = None if default_branch_deletion is None else str(default_branch_deletion).lower()  # the vendor's strings
    return {
        "development": None if development is None else development.body(),
        "production": None if production is None else production.body(),
        "branch_types": None if branch_types is None else [one.body() for one in branch_types],
        "default_branch_deletion": deletion,
    }
