"""Self-hosted runners of pipelines, of repositories and of whole workspaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.pipelines.runners import PipelineRunner
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from bbasync.paging import Paging

__all__ = ["PipelineRunners"]


class PipelineRunners(Service):
    """Self-hosted runners of repositories and workspaces: part of `bb.pipelines`."""

    @lists
    def list_repository_runners(
        self, workspace: str, repo_slug: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[PipelineRunner]:
        """List the self-hosted runners of a repository.

        Scope: runner (OAuth), read:runner:bitbucket (API token).
        """
        return self._list(
            PipelineRunner,
            "GET /repositories/{workspace}/{repo_slug}/pipelines-config/runners",
            (workspace, repo_slug),
            query={"fields": fields},
            paging=paging,
        )

    async def create_repository_runner(
        self, workspace: str, repo_slug: str, *, name: str, labels: Sequence[str]
    ) -> PipelineRunner:
        """Create a runner of a repository; only this response contains the secret of its OAuth client.

        Scope: runner:write (OAuth), read:runner:bitbucket, write:runner:bitbucket (API token).
        """
        return await self._call(
            PipelineRunner,
            "POST /repositories/{workspace}/{repo_slug}/pipelines-config/runners",
            (workspace, repo_slug),
            json={"name": name, "labels": list(labels)},
        )

    async def get_repository_runner(
        self, workspace: str, repo_slug: str, runner_uuid: str, *, fields: str | None = None
    ) -> PipelineRunner:
        """Return a runner of a repository.

        Scope: runner (OAuth), read:runner:bitbucket (API token).
        """
        return await self._call(
            PipelineRunner,
            "GET /repositories/{workspace}/{repo_slug}/pipelines-config/runners/{runner_uuid}",
            (workspace, repo_slug, runner_uuid),
            query={"fields": fields},
        )

    async def update_repository_runner(
        self,
        workspace: str,
        repo_slug: str,
        runner_uuid: str,
        *,
        name: str | None = None,
        labels: Sequence[str] | None = None,
    ) -> PipelineRunner:
        """Update the name or the labels of a runner of a repository.

        Scope: runner:write (OAuth), read:runner:bitbucket, write:runner:bitbucket (API token).
        """
        return await self._call(
            PipelineRunner,
            "PUT /repositories/{workspace}/{repo_slug}/pipelines-config/runners/{runner_uuid}",
            (workspace, repo_slug, runner_uuid),
            json={"name": name, "labels": None if labels is None else list(labels)},
        )

    async def delete_repository_runner(self, workspace: str, repo_slug: str, runner_uuid: str) -> None:
        """Delete a runner of a repository.

        Scope: runner:write (OAuth), write:runner:bitbucket (API token).
        """
        await self._run(
            "DELETE /repositories/{workspace}/{repo_slug}/pipelines-config/runners/{runner_uuid}",
            (workspace, repo_slug, runner_uuid),
        )

    @lists
    def list_workspace_runners(
        self, workspace: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[PipelineRunner]:
        """List the self-hosted runners of a workspace.

        Scope: runner (OAuth), read:runner:bitbucket (API token).
        """
        return self._list(
            PipelineRunner,
            "GET /workspaces/{workspace}/pipelines-config/runners",
            (workspace,),
            query={"fields": fields},
            paging=paging,
        )

    async def create_workspace_runner(self, workspace: str, *, name: str, labels: Sequence[str]) -> PipelineRunner:
        """Create a runner of a workspace; only this response contains the secret of its OAuth client.

        Scope: runner:write (OAuth), read:runner:bitbucket, write:runner:bitbucket (API token).
        """
        return await self._call(
            PipelineRunner,
            "POST /workspaces/{workspace}/pipelines-config/runners",
            (workspace,),
            json={"name": name, "labels": list(labels)},
        )

    async def get_workspace_runner(
        self, workspace: str, runner_uuid: str, *, fields: str | None = None
    ) -> PipelineRunner:
        """Return a runner of a workspace.

        Scope: runner (OAuth), read:runner:bitbucket (API token).
        """
        return await self._call(
            PipelineRunner,
            "GET /workspaces/{workspace}/pipelines-config/runners/{runner_uuid}",
            (workspace, runner_uuid),
            query={"fields": fields},
        )

    async def update_workspace_runner(
        self,
        workspace: str,
        runner_uuid: str,
        *,
        name: str | None = None,
        labels: Sequence[str] | None = None,
    ) -> PipelineRunner:
        """Update the name or the labels of a runner of a workspace.

        Scope: runner:write (OAuth), read:runner:bitbucket, write:runner:bitbucket (API token).
        """
        return await self._call(
            PipelineRunner,
            "PUT /workspaces/{workspace}/pipelines-config/runners/{runner_uuid}",
            (workspace, runner_uuid),
            json={"name": name, "labels": None if labels is None else list(labels)},
        )

    async def delete_workspace_runner(self, workspace: str, runner_uuid: str) -> None:
        """Delete a runner of a workspace.

        Scope: runner:write (OAuth), write:runner:bitbucket (API token).
        """
        await self._run(
            "DELETE /workspaces/{workspace}/pipelines-config/runners/{runner_uuid}", (workspace, runner_uuid)
        )
