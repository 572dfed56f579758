"""Schedules of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.pipelines.schedules import PipelineSchedule, PipelineScheduleExecution
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.cloud.models.pipelines import PipelineSelector
    from bbasync.paging import Paging

__all__ = ["PipelineSchedules"]


class PipelineSchedules(Service):
    """Schedules of pipelines: part of `bb.pipelines`."""

    @lists
    def list_schedules(
        self, workspace: str, repo_slug: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[PipelineSchedule]:
        """List the schedules of a repository's pipelines.

        Scope: pipeline (OAuth), read:pipeline:bitbucket (API token).
        """
        return self._list(
            PipelineSchedule,
            "GET /repositories/{workspace}/{repo_slug}/pipelines_config/schedules",
            (workspace, repo_slug),
            query={"fields": fields},
            paging=paging,
        )

    async def create_schedule(
        self,
        workspace: str,
        repo_slug: str,
        *,
        branch: str,
        cron_pattern: str,
        selector: PipelineSelector | None = None,
        enabled: bool | None = None,
    ) -> PipelineSchedule:
        """Create a schedule that runs a pipeline for a branch, the default pipeline unless `selector` is passed.

        `cron_pattern` has seven fields, from seconds to years, in UTC: `0 0 12 * * ? *` is every noon.

        Scope: pipeline:write (OAuth), read:pipeline:bitbucket, write:pipeline:bitbucket (API token).
        """
        return await self._call(
            PipelineSchedule,
            "POST /repositories/{workspace}/{repo_slug}/pipelines_config/schedules",
            (workspace, repo_slug),
            json={
                "type": "pipeline_schedule",
                "target": {
                    "type": "pipeline_ref_target",
                    "ref_type": "branch",
                    "ref_name": branch,
                    "selector": {"type": "default"} if selector is None else selector.body(),
                },
                "cron_pattern": cron_pattern,
                "enabled": enabled,
            },
        )

    async def get_schedule(
        self, workspace: str, repo_slug: str, schedule_uuid: str, *, fields: str | None = None
    ) -> PipelineSchedule:
        """Return a schedule.

        Scope: pipeline (OAuth), read:pipeline:bitbucket (API token).
        """
        return await self._call(
            PipelineSchedule,
            "GET /repositories/{workspace}/{repo_slug}/pipelines_config/schedules/{schedule_uuid}",
            (workspace, repo_slug, schedule_uuid),
            query={"fields": fields},
        )

    async def update_schedule(
        self, workspace: str, repo_slug: str, schedule_uuid: str, *, enabled: bool
    ) -> PipelineSchedule:
        """Enable or disable a schedule; nothing else of it can be changed.

        Scope: pipeline:write (OAuth), read:pipeline:bitbucket, write:pipeline:bitbucket (API token).
        """
        return await self._call(
            PipelineSchedule,
            "PUT /repositories/{workspace}/{repo_slug}/pipelines_config/schedules/{schedule_uuid}",
            (workspace, repo_slug, schedule_uuid),
            json={"type": "pipeline_schedule", "enabled": enabled},
        )

    async def delete_schedule(self, workspace: str, repo_slug: str, schedule_uuid: str) -> None:
        """Delete a schedule.

        Scope: pipeline:write (OAuth), write:pipeline:bitbucket (API token).
        """
        await self._run(
            "DELETE /repositories/{workspace}/{repo_slug}/pipelines_config/schedules/{schedule_uuid}",
            (workspace, repo_slug, schedule_uuid),
        )

    @lists
    def list_schedule_executions(
        self,
        workspace: str,
        repo_slug: str,
        schedule_uuid: str,
        *,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[PipelineScheduleExecution]:
        """List the executions of a schedule.

        Scope: pipeline (OAuth), read:pipeline:bitbucket (API token).
        """
        return self._list(
            PipelineScheduleExecution,
            "GET /repositories/{workspace}/{repo_slug}/pipelines_config/schedules/{schedule_uuid}/executions",
            (workspace, repo_slug, schedule_uuid),
            query={"fields": fields},
            paging=paging,
        )
