"""Deployments of commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.deployments import Deployment
from bbasync.request import milliseconds
from bbasync.service import Service

if TYPE_CHECKING:
    from datetime import datetime

    from bbasync.datacenter.models.deployments import DeploymentEnvironment, DeploymentState

__all__ = ["Deployments"]


class Deployments(Service):
    """Deployments: `bb.deployments`."""

    async def get_capabilities(self) -> dict[str, object]:
        """Return what the server supports of deployments; NotFoundError if they are disabled.

        Permission: none.
        """
        return await self._call(dict[str, object], "GET /api/latest/deployment/capabilities")

    async def get(
        self,
        project_key: str,
        repository_slug: str,
        commit_id: str,
        *,
        key: str,
        environment_key: str,
        deployment_sequence_number: int,
    ) -> Deployment:
        """Return the deployment of a commit with this key, environment and sequence number.

        Permission: REPO_READ.
        """
        return await self._call(
            Deployment,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/deployments",
            (project_key, repository_slug, commit_id),
            query={
                "key": key,
                "environmentKey": environment_key,
                "deploymentSequenceNumber": deployment_sequence_number,
            },
        )

    async def create(
        self,
        project_key: str,
        repository_slug: str,
        commit_id: str,
        *,
        key: str,
        environment: DeploymentEnvironment,
        deployment_sequence_number: int,
        display_name: str,
        description: str,
        state: DeploymentState | str,
        url: str,
        last_updated: datetime | None = None,
    ) -> Deployment:
        """Create a deployment of a commit, or update the one with this key, environment and sequence number.

        Permission: REPO_READ.
        """
        return await self._call(
            Deployment,
            "POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/deployments",
            (project_key, repository_slug, commit_id),
            json={
                "key": key,
                "environment": environment.body(),
                "deploymentSequenceNumber": deployment_sequence_number,
                "displayName": display_name,
                "description": description,
                "state": state,
                "url": url,
                "lastUpdated": milliseconds(last_updated),
            },
        )

    async def delete(
        self,
        project_key: str,
        repository_slug: str,
        commit_id: str,
        *,
        key: str,
        environment_key: str,
        deployment_sequence_number: int,
    ) -> None:
        """Delete the deployment of a commit with this key, environment and sequence number.

        Permission: REPO_ADMIN.
        """
        await self._run(
            "DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/deployments",
            (project_key, repository_slug, commit_id),
            query={
                "key": key,
                "environmentKey": environment_key,
                "deploymentSequenceNumber": deployment_sequence_number,
            },
        )
