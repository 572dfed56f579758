"""Deployments, and the environments they go to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.deployments import Deployment, DeploymentEnvironment, EnvironmentTypeName
from bbasync.cloud.models.pipelines.variables import PipelineVariable
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.paging import Paging

__all__ = ["Deployments"]


class Deployments(Service):
    """Deployments, environments and their variables: `bb.deployments`."""

    @lists
    def list(
        self, workspace: str, repo_slug: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[Deployment]:
        """List the deployments of a repository.

        Scope: pipeline (OAuth), read:pipeline:bitbucket (API token).
        """
        return self._list(
            Deployment,
            "GET /repositories/{workspace}/{repo_slug}/deployments",
            (workspace, repo_slug),
            query={"fields": fields},
            paging=paging,
        )

    async def get(
        self, workspace: str, repo_slug: str, deployment_uuid: str, *, fields: str | None = None
    ) -> Deployment:
        """Return a deployment.

        Scope: pipeline (OAuth), read:pipeline:bitbucket (API token).
        """
        return await self._call(
            Deployment,
            "GET /repositories/{workspace}/{repo_slug}/deployments/{deployment_uuid}",
            (workspace, repo_slug, deployment_uuid),
            query={"fields": fields},
        )

    @lists
    def list_environments(
        self, workspace: str, repo_slug: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[DeploymentEnvironment]:
        """List the environments of a repository.

        Scope: pipeline (OAuth), read:pipeline:bitbucket (API token).
        """
        return self._list(
            DeploymentEnvironment,
            "GET /repositories/{workspace}/{repo_slug}/environments",
            (workspace, repo_slug),
            query={"fields": fields},
            paging=paging,
        )

    async def create_environment(
        self, workspace: str, repo_slug: str, *, name: str, environment_type: EnvironmentTypeName | str
    ) -> DeploymentEnvironment:
        """Create an environment; ConflictError if the name exists.

        Scope: pipeline (OAuth), admin:pipeline:bitbucket (API token).
        """
        return await self._call(
            DeploymentEnvironment,
            "POST /repositories/{workspace}/{repo_slug}/environments",
            (workspace, repo_slug),
            json={
                "type": "deployment_environment",
                "name": name,
                "environment_type": {"type": "deployment_environment_type", "name": environment_type},
            },
        )

    async def get_environment(
        self, workspace: str, repo_slug: str, environment_uuid: str, *, fields: str | None = None
    ) -> DeploymentEnvironment:
        """Return an environment.

        Scope: pipeline (OAuth), read:pipeline:bitbucket (API token).
        """
        return await self._call(
            DeploymentEnvironment,
            "GET /repositories/{workspace}/{repo_slug}/environments/{environment_uuid}",
            (workspace, repo_slug, environment_uuid),
            query={"fields": fields},
        )

    async def delete_environment(self, workspace: str, repo_slug: str, environment_uuid: str) -> None:
        """Delete an environment.

        Scope: pipeline (OAuth), admin:pipeline:bitbucket (API token).
        """
        await self._run(
            "DELETE /repositories/{workspace}/{repo_slug}/environments/{environment_uuid}",
            (workspace, repo_slug, environment_uuid),
        )

    async def update_environment(
        self,
        workspace: str,
        repo_slug: str,
        environment_uuid: str,
        *,
        name: str | None = None,
        admin_only: bool | None = None,
    ) -> None:
        """Request a change of an environment, which the server makes later.

        The vendor documents no body for this operation: get the environment to see whether it was changed.
        `admin_only` is whether only administrators may deploy to it.

        Scope: pipeline (OAuth), admin:pipeline:bitbucket (API token).
        """
        restrictions = None if admin_only is None else {"admin_only": admin_only}
        await self._run(
            "POST /repositories/{workspace}/{repo_slug}/environments/{environment_uuid}/changes",
            (workspace, repo_slug, environment_uuid),
            json={"change": {"name": name, "restrictions": restrictions}},
        )

    @lists
    def list_variables(
        self,
        workspace: str,
        repo_slug: str,
        environment_uuid: str,
        *,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[PipelineVariable]:
        """List the variables of an environment; values of secured ones are not returned.

        Scope: pipeline (OAuth), read:pipeline:bitbucket (API token).
        """
        return self._list(
            PipelineVariable,
            "GET /repositories/{workspace}/{repo_slug}/deployments_config/environments/{environment_uuid}/variables",
            (workspace, repo_slug, environment_uuid),
            query={"fields": fields},
            paging=paging,
        )

    async def create_variable(
        self,
        workspace: str,
        repo_slug: str,
        environment_uuid: str,
        *,
        key: str,
        value: str,
        secured: bool | None = None,
    ) -> PipelineVariable:
        """Create a variable of an environment; ConflictError if the key exists.

        Scope: pipeline:variable (OAuth), admin:pipeline:bitbucket (API token).
        """
        return await self._call(
            PipelineVariable,
            "POST /repositories/{workspace}/{repo_slug}/deployments_config/environments/{environment_uuid}/variables",
            (workspace, repo_slug, environment_uuid),
            json={"key": key, "value": value, "secured": secured},
        )

    async def update_variable(
        self,
        workspace: str,
        repo_slug: str,
        environment_uuid: str,
        variable_uuid: str,
        *,
        key: str | None = None,
        value: str | None = None,
        secured: bool | None = None,
    ) -> PipelineVariable:
        """Update a variable of an environment.

        Scope: pipeline:variable (OAuth), admin:pipeline:bitbucket (API token).
        """
        return await self._call(
            PipelineVariable,
            "PUT /repositories/{workspace}/{repo_slug}/deployments_config/environments/{environment_uuid}/variables/{variable_uuid}",
            (workspace, repo_slug, environment_uuid, variable_uuid),
            json={"key": key, "value": value, "secured": secured},
        )

    async def delete_variable(self, workspace: str, repo_slug: str, environment_uuid: str, variable_uuid: str) -> None:
        """Delete a variable of an environment.

        Scope: pipeline:variable (OAuth), admin:pipeline:bitbucket (API token).
        """
        await self._run(
            "DELETE /repositories/{workspace}/{repo_slug}/deployments_config/environments/{environment_uuid}/variables/{variable_uuid}",
            (workspace, repo_slug, environment_uuid, variable_uuid),
        )
