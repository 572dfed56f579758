"""Pipelines: runs and their steps, logs and test reports; caches, schedules, configuration, variables and runners.

A build number is accepted wherever the UUID of a pipeline is.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from bbasync.cloud.models.pipelines import (
    CommitTarget,
    Pipeline,
    PipelineStatus,
    PipelineStep,
    PipelineTriggerType,
    PullRequestTarget,
    RefTarget,
    RunVariable,
    SelectorFilter,
    TargetRefFilter,
)
from bbasync.errors import PipelineTimeoutError
from bbasync.service import lists

from .caches import PipelineCaches
from .configuration import PipelineConfiguration
from .legacy_variables import PipelineLegacyVariables
from .logs import PipelineLogs
from .runners import PipelineRunners
from .schedules import PipelineSchedules
from .test_reports import PipelineTestReports
from .variables import PipelineVariables

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from datetime import datetime

    from bbasync.paging import Paging

__all__ = ["Pipelines"]

_GET: Final = "GET /repositories/{workspace}/{repo_slug}/pipelines/{pipeline_uuid}"
_FIRST_POLL_DELAY: Final = 2.0
_POLL_DELAY_FACTOR: Final = 1.5
_MAX_POLL_DELAY: Final = 30.0


class Pipelines(
    PipelineLogs,
    PipelineTestReports,
    PipelineCaches,
    PipelineSchedules,
    PipelineConfiguration,
    PipelineVariables,
    PipelineRunners,
    PipelineLegacyVariables,
):
    """Pipelines, their steps, logs and settings: `bb.pipelines`."""

    @lists
    def list(
        self,
        workspace: str,
        repo_slug: str,
        *,
        creator: str | None = None,
        ref_type: TargetRefFilter | str | None = None,
        ref_name: str | None = None,
        branch: str | None = None,
        commit: str | None = None,
        selector_type: SelectorFilter | str | None = None,
        selector_pattern: str | None = None,
        created_on: datetime | None = None,
        trigger_type: PipelineTriggerType | str | None = None,
        status: PipelineStatus | str | None = None,
        sort: str | None = None,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Pipeline]:
        """List pipelines, oldest first unless `sort="-created_on"`.

        `creator` is the UUID of a user, `commit` a full hash. The list is empty if a type or status is unknown.

        Scope: pipeline (OAuth), read:pipeline:bitbucket (API token).
        """
        return self._list(
            Pipeline,
            "GET /repositories/{workspace}/{repo_slug}/pipelines",
            (workspace, repo_slug),
            query={
                "creator.uuid": creator,
                "target.ref_type": ref_type,
                "target.ref_name": ref_name,
                "target.branch": branch,
                "target.commit.hash": commit,
                "target.selector.type": selector_type,
                "target.selector.pattern": selector_pattern,
                "created_on": created_on,
                "trigger_type": trigger_type,
                "status": status,
                "sort": sort,
                "fields": fields,
            },
            paging=paging,
        )

    async def run(
        self,
        workspace: str,
        repo_slug: str,
        *,
        target: RefTarget | CommitTarget | PullRequestTarget,
        variables: Sequence[RunVariable] = (),
    ) -> Pipeline:
        """Start a pipeline, such as `target=RefTarget("main")`, and return it before its first step starts.

        A `selector` in the target chooses a custom pipeline, which may take `variables`. NotFoundError if the branch,
        tag or commit does not exist, BadRequestError if no pipeline is defined for it.

        Scope: pipeline (OAuth), read:pipeline:bitbucket, write:pipeline:bitbucket (API token).
        """
        return await self._call(
            Pipeline,
            "POST /repositories/{workspace}/{repo_slug}/pipelines",
            (workspace, repo_slug),
            json={"target": target.body(), "variables": [variable.body() for variable in variables] or None},
        )

    async def get(
        self, workspace: str, repo_slug: str, pipeline_uuid: str | int, *, fields: str | None = None
    ) -> Pipeline:
        """Return a pipeline by UUID (in braces) or build number.

        Scope: pipeline (OAuth), read:pipeline:bitbucket (API token).
        """
        return await self._call(Pipeline, _GET, (workspace, repo_slug, pipeline_uuid), query={"fields": fields})

    async def wait(
        self, workspace: str, repo_slug: str, pipeline_uuid: str | int, *, timeout: float = 3600.0
    ) -> Pipeline:
        """Wait until a pipeline is completed, with any result, and return it.

        Polls with pauses that grow from 2 to 30 seconds. PipelineTimeoutError after `timeout` seconds; the pipeline
        continues on the server. A pipeline that is paused at a manual step is not completed.

        Scope: pipeline (OAuth), read:pipeline:bitbucket (API token).
        """
        deadline = asyncio.timeout(timeout)
        delay = _FIRST_POLL_DELAY
        try:
            async with deadline:
                while True:
                    found = await self.get(workspace, repo_slug, pipeline_uuid)
                    if found.is_completed:
                        return found
                    await asyncio.sleep(delay)
                    delay = min(delay * _POLL_DELAY_FACTOR, _MAX_POLL_DELAY)
        except TimeoutError:
            if not deadline.expired():
                raise  # of the credential, or of another callback
            raise PipelineTimeoutError(
                f"pipeline {pipeline_uuid} is not completed after {timeout:g} s",
                method="GET",
                template=_GET.removeprefix("GET "),
                pipeline_uuid=pipeline_uuid,
            ) from None

    async def stop(self, workspace: str, repo_slug: str, pipeline_uuid: str | int) -> None:
        """Stop a pipeline and its steps that have not completed; BadRequestError if it has completed.

        Scope: pipeline:write (OAuth), write:pipeline:bitbucket (API token).
        """
        await self._run(
            "POST /repositories/{workspace}/{repo_slug}/pipelines/{pipeline_uuid}/stopPipeline",
            (workspace, repo_slug, pipeline_uuid),
        )

    @lists
    def list_steps(
        self,
        workspace: str,
        repo_slug: str,
        pipeline_uuid: str | int,
        *,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[PipelineStep]:
        """List the steps of a pipeline, in the order in which they are defined.

        Scope: pipeline (OAuth), read:pipeline:bitbucket (API token).
        """
        return self._list(
            PipelineStep,
            "GET /repositories/{workspace}/{repo_slug}/pipelines/{pipeline_uuid}/steps",
            (workspace, repo_slug, pipeline_uuid),
            query={"fields": fields},
            paging=paging,
        )
