"""Caches of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.pipelines.caches import PipelineCache, PipelineCacheContent
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.paging import Paging

__all__ = ["PipelineCaches"]


class PipelineCaches(Service):
    """Caches of pipelines: part of `bb.pipelines`."""

    @lists
    def list_caches(
        self, workspace: str, repo_slug: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[PipelineCache]:
        """List the caches of a repository's pipelines.

        Scope: pipeline (OAuth), read:pipeline:bitbucket (API token).
        """
        return self._list(
            PipelineCache,
            "GET /repositories/{workspace}/{repo_slug}/pipelines-config/caches",
            (workspace, repo_slug),
            query={"fields": fields},
            paging=paging,
        )

    async def delete_caches(self, workspace: str, repo_slug: str, *, name: str) -> None:
        """Delete all versions of a cache, by name.

        Scope: pipeline:write (OAuth), write:pipeline:bitbucket (API token).
        """
        await self._run(
            "DELETE /repositories/{workspace}/{repo_slug}/pipelines-config/caches",
            (workspace, repo_slug),
            query={"name": name},
        )

    async def delete_cache(self, workspace: str, repo_slug: str, cache_uuid: str) -> None:
        """Delete a version of a cache.

        Scope: pipeline:write (OAuth), write:pipeline:bitbucket (API token).
        """
        await self._run(
            "DELETE /repositories/{workspace}/{repo_slug}/pipelines-config/caches/{cache_uuid}",
            (workspace, repo_slug, cache_uuid),
        )

    async def get_cache_content_uri(
        self, workspace: str, repo_slug: str, cache_uuid: str, *, fields: str | None = None
    ) -> PipelineCacheContent:
        """Return the URL of the content of a cache, which is on another host and needs no credential.

        Scope: pipeline (OAuth), read:pipeline:bitbucket (API token).
        """
        return await self._call(
            PipelineCacheContent,
            "GET /repositories/{workspace}/{repo_slug}/pipelines-config/caches/{cache_uuid}/content-uri",
            (workspace, repo_slug, cache_uuid),
            query={"fields": fields},
        )
