"""Variables of pipelines, of repositories and of whole workspaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.pipelines.variables import PipelineVariable
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.paging import Paging

__all__ = ["PipelineVariables"]


class PipelineVariables(Service):
    """Variables of repositories and workspaces: part of `bb.pipelines`."""

    @lists
    def list_repository_variables(
        self, workspace: str, repo_slug: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[PipelineVariable]:
        """List the variables of a repository; values of secured ones are not returned.

        Scope: pipeline (OAuth), read:pipeline:bitbucket (API token).
        """
        return self._list(
            PipelineVariable,
            "GET /repositories/{workspace}/{repo_slug}/pipelines_config/variables",
            (workspace, repo_slug),
            query={"fields": fields},
            paging=paging,
        )

    async def create_repository_variable(
        self, workspace: str, repo_slug: str, *, key: str, value: str, secured: bool | None = None
    ) -> PipelineVariable:
        """Create a variable of a repository; ConflictError if the key exists. The value of a secured one is never returned.

        Scope: pipeline:variable (OAuth), admin:pipeline:bitbucket (API token).
        """
        return await self._call(
            PipelineVariable,
            "POST /repositories/{workspace}/{repo_slug}/pipelines_config/variables",
            (workspace, repo_slug),
            json={"key": key, "value": value, "secured": secured},
        )

    async def get_repository_variable(
        self, workspace: str, repo_slug: str, variable_uuid: str, *, fields: str | None = None
    ) -> PipelineVariable:
        """Return a variable of a repository.

        Scope: pipeline (OAuth), read:pipeline:bitbucket (API token).
        """
        return await self._call(
            PipelineVariable,
            "GET /repositories/{workspace}/{repo_slug}/pipelines_config/variables/{variable_uuid}",
            (workspace, repo_slug, variable_uuid),
            query={"fields": fields},
        )

    async def update_repository_variable(
        self,
        workspace: str,
        repo_slug: str,
        variable_uuid: str,
        *,
        key: str | None = None,
        value: str | None = None,
        secured: bool | None = None,
    ) -> PipelineVariable:
        """Update a variable of a repository.

        Scope: pipeline:variable (OAuth), admin:pipeline:bitbucket (API token).
        """
        return await self._call(
            PipelineVariable,
            "PUT /repositories/{workspace}/{repo_slug}/pipelines_config/variables/{variable_uuid}",
            (workspace, repo_slug, variable_uuid),
            json={"key": key, "value": value, "secured": secured},
        )

    async def delete_repository_variable(self, workspace: str, repo_slug: str, variable_uuid: str) -> None:
        """Delete a variable of a repository.

        Scope: pipeline:variable (OAuth), admin:pipeline:bitbucket (API token).
        """
        await self._run(
            "DELETE /repositories/{workspace}/{repo_slug}/pipelines_config/variables/{variable_uuid}",
            (workspace, repo_slug, variable_uuid),
        )

    @lists
    def list_workspace_variables(
        self, workspace: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[PipelineVariable]:
        """List the variables of a workspace; values of secured ones are not returned.

        Scope: pipeline (OAuth), read:pipeline:bitbucket (API token).
        """
        return self._list(
            PipelineVariable,
            "GET /workspaces/{workspace}/pipelines-config/variables",
            (workspace,),
            query={"fields": fields},
            paging=paging,
        )

    async def create_workspace_variable(
        self, workspace: str, *, key: str, value: str, secured: bool | None = None
    ) -> PipelineVariable:
        """Create a variable of a workspace; ConflictError if the key exists. The value of a secured one is never returned.

        Scope: pipeline:variable (OAuth), admin:pipeline:bitbucket (API token).
        """
        return await self._call(
            PipelineVariable,
            "POST /workspaces/{workspace}/pipelines-config/variables",
            (workspace,),
            json={"key": key, "value": value, "secured": secured},
        )

    async def get_workspace_variable(
        self, workspace: str, variable_uuid: str, *, fields: str | None = None
    ) -> PipelineVariable:
        """Return a variable of a workspace.

        Scope: pipeline (OAuth), read:pipeline:bitbucket (API token).
        """
        return await self._call(
            PipelineVariable,
            "GET /workspaces/{workspace}/pipelines-config/variables/{variable_uuid}",
            (workspace, variable_uuid),
            query={"fields": fields},
        )

    async def update_workspace_variable(
        self,
        workspace: str,
        variable_uuid: str,
        *,
        key: str | None = None,
        value: str | None = None,
        secured: bool | None = None,
    ) -> PipelineVariable:
        """Update a variable of a workspace.

        Scope: pipeline:variable (OAuth), admin:pipeline:bitbucket (API token).
        """
        return await self._call(
            PipelineVariable,
            "PUT /workspaces/{workspace}/pipelines-config/variables/{variable_uuid}",
            (workspace, variable_uuid),
            json={"key": key, "value": value, "secured": secured},
        )

    async def delete_workspace_variable(self, workspace: str, variable_uuid: str) -> None:
        """Delete a variable of a workspace.

        Scope: pipeline:variable (OAuth), admin:pipeline:bitbucket (API token).
        """
        await self._run(
            "DELETE /workspaces/{workspace}/pipelines-config/variables/{variable_uuid}",
            (workspace, variable_uuid),
        )
