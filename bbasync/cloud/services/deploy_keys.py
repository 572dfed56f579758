"""Deploy keys of repositories and projects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.deploy_keys import DeployKey, ProjectDeployKey
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.paging import Paging

__all__ = ["DeployKeys"]


class DeployKeys(Service):
    """Deploy keys of repositories and projects: `bb.deploy_keys`.

    They give read access over SSH. Access tokens cannot create, update or delete those of repositories.
    """

    @lists
    def list_repository_keys(
        self, workspace: str, repo_slug: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[DeployKey]:
        """List the deploy keys of a repository.

        Scope: repository, repository:admin (OAuth), admin:repository:bitbucket (API token).
        """
        return self._list(
            DeployKey,
            "GET /repositories/{workspace}/{repo_slug}/deploy-keys",
            (workspace, repo_slug),
            query={"fields": fields},
            paging=paging,
        )

    async def create_repository_key(
        self, workspace: str, repo_slug: str, *, key: str, label: str | None = None
    ) -> DeployKey:
        """Add a deploy key to a repository; a comment after the public key becomes that of the deploy key.

        Scope: repository, repository:admin (OAuth), admin:repository:bitbucket, write:ssh-key:bitbucket (API token).
        """
        return await self._call(
            DeployKey,
            "POST /repositories/{workspace}/{repo_slug}/deploy-keys",
            (workspace, repo_slug),
            json={"key": key, "label": label},
        )

    async def get_repository_key(
        self, workspace: str, repo_slug: str, key_id: int, *, fields: str | None = None
    ) -> DeployKey:
        """Return a deploy key of a repository.

        Scope: repository, repository:admin (OAuth), admin:repository:bitbucket (API token).
        """
        return await self._call(
            DeployKey,
            "GET /repositories/{workspace}/{repo_slug}/deploy-keys/{key_id}",
            (workspace, repo_slug, key_id),
            query={"fields": fields},
        )

    async def update_repository_key(
        self, workspace: str, repo_slug: str, key_id: int, *, key: str, label: str | None = None
    ) -> DeployKey:
        """Update the label of a deploy key, and the comment after its public key; the key itself must be the same.

        Scope: repository, repository:admin (OAuth), admin:repository:bitbucket, write:ssh-key:bitbucket (API token).
        """
        return await self._call(
            DeployKey,
            "PUT /repositories/{workspace}/{repo_slug}/deploy-keys/{key_id}",
            (workspace, repo_slug, key_id),
            json={"key": key, "label": label},
        )

    async def delete_repository_key(self, workspace: str, repo_slug: str, key_id: int) -> None:
        """Delete a deploy key of a repository.

        Scope: repository, repository:admin (OAuth), admin:repository:bitbucket, delete:ssh-key:bitbucket (API token).
        """
        await self._run(
            "DELETE /repositories/{workspace}/{repo_slug}/deploy-keys/{key_id}", (workspace, repo_slug, key_id)
        )

    @lists
    def list_project_keys(
        self, workspace: str, project_key: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[ProjectDeployKey]:
        """List the deploy keys of a project.

        Scope: project, project:admin (OAuth), admin:project:bitbucket (API token).
        """
        return self._list(
            ProjectDeployKey,
            "GET /workspaces/{workspace}/projects/{project_key}/deploy-keys",
            (workspace, project_key),
            query={"fields": fields},
            paging=paging,
        )

    async def create_project_key(
        self, workspace: str, project_key: str, *, key: str, label: str | None = None
    ) -> ProjectDeployKey:
        """Add a deploy key to a project; a comment after the public key becomes that of the deploy key.

        Scope: project, project:admin (OAuth), admin:project:bitbucket, write:ssh-key:bitbucket (API token).
        """
        return await self._call(
            ProjectDeployKey,
            "POST /workspaces/{workspace}/projects/{project_key}/deploy-keys",
            (workspace, project_key),
            json={"key": key, "label": label},
        )

    async def get_project_key(
        self, workspace: str, project_key: str, key_id: int, *, fields: str | None = None
    ) -> ProjectDeployKey:
        """Return a deploy key of a project.

        Scope: project, project:admin (OAuth), admin:project:bitbucket (API token).
        """
        return await self._call(
            ProjectDeployKey,
            "GET /workspaces/{workspace}/projects/{project_key}/deploy-keys/{key_id}",
            (workspace, project_key, key_id),
            query={"fields": fields},
        )

    async def delete_project_key(self, workspace: str, project_key: str, key_id: int) -> None:
        """Delete a deploy key of a project.

        Scope: project, project:admin (OAuth), admin:project:bitbucket, delete:ssh-key:bitbucket (API token).
        """
        await self._run(
            "DELETE /workspaces/{workspace}/projects/{project_key}/deploy-keys/{key_id}",
            (workspace, project_key, key_id),
        )
