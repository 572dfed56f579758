"""Test reports of the steps of pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bbasync.cloud.models.pipelines.test_reports import PipelineTestCase, PipelineTestCaseReason, PipelineTestReport
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.paging import Paging

__all__ = ["PipelineTestReports"]

_CASES: Final = (
    "GET /repositories/{workspace}/{repo_slug}/pipelines/{pipeline_uuid}/steps/{step_uuid}/test_reports/test_cases"
)
_REASONS: Final = "GET /repositories/{workspace}/{repo_slug}/pipelines/{pipeline_uuid}/steps/{step_uuid}/test_reports/test_cases/{test_case_uuid}/test_case_reasons"


class PipelineTestReports(Service):
    """Test reports of steps: part of `bb.pipelines`."""

    async def get_test_report(
        self, workspace: str, repo_slug: str, pipeline_uuid: str | int, step_uuid: str, *, fields: str | None = None
    ) -> PipelineTestReport:
        """Return a summary of the test reports of a step; NotFoundError if it has none.

        Scope: pipeline (OAuth), read:pipeline:bitbucket (API token).
        """
        return await self._call(
            PipelineTestReport,
            "GET /repositories/{workspace}/{repo_slug}/pipelines/{pipeline_uuid}/steps/{step_uuid}/test_reports",
            (workspace, repo_slug, pipeline_uuid, step_uuid),
            query={"fields": fields},
        )

    @lists
    def list_test_cases(
        self,
        workspace: str,
        repo_slug: str,
        pipeline_uuid: str | int,
        step_uuid: str,
        *,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[PipelineTestCase]:
        """List the test cases of a step.

        Scope: pipeline (OAuth), read:pipeline:bitbucket (API token).
        """
        return self._list(
            PipelineTestCase,
            _CASES,
            (workspace, repo_slug, pipeline_uuid, step_uuid),
            query={"fields": fields},
            paging=paging,
        )

    @lists
    def list_test_case_reasons(
        self,
        workspace: str,
        repo_slug: str,
        pipeline_uuid: str | int,
        step_uuid: str,
        test_case_uuid: str,
        *,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[PipelineTestCaseReason]:
        """List the output of a test case, such as the messages and stack traces of its failures.

        Scope: pipeline (OAuth), read:pipeline:bitbucket (API token).
        """
        return self._list(
            PipelineTestCaseReason,
            _REASONS,
            (workspace, repo_slug, pipeline_uuid, step_uuid, test_case_uuid),
            query={"fields": fields},
            paging=paging,
        )
