"""Code Insights: reports on commits and their annotations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bbasync.datacenter.models.code_insights import Annotation, Annotations, Report
from bbasync.request import milliseconds
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from datetime import datetime

    from bbasync.datacenter.models.code_insights import (
        AnnotationBody,
        AnnotationSeverity,
        AnnotationType,
        ReportData,
        ReportResult,
    )
    from bbasync.paging import Paging

__all__ = ["CodeInsights"]

_MAX_DATA: Final = 6


class CodeInsights(Service):
    """Reports on commits and their annotations: `bb.code_insights`."""

    @lists
    def list_reports(
        self, project_key: str, repository_slug: str, commit_id: str, *, paging: Paging | None = None
    ) -> AsyncGenerator[Report]:
        """List the reports on a commit.

        Permission: REPO_READ.
        """
        return self._list(
            Report,
            "GET /insights/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/reports",
            (project_key, repository_slug, commit_id),
            paging=paging,
        )

    async def get_report(self, project_key: str, repository_slug: str, commit_id: str, key: str) -> Report:
        """Return a report.

        Permission: REPO_READ.
        """
        return await self._call(
            Report,
            "GET /insights/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/reports/{key}",
            (project_key, repository_slug, commit_id, key),
        )

    async def put_report(
        self,
        project_key: str,
        repository_slug: str,
        commit_id: str,
        key: str,
        *,
        title: str,
        details: str | None = None,
        result: ReportResult | str | None = None,
        data: Sequence[ReportData] = (),
        reporter: str | None = None,
        link: str | None = None,
        logo_url: str | None = None,
        coverage_provider_key: str | None = None,
        created_date: datetime | None = None,
    ) -> Report:
        """Create a report, or replace the report with this key, which only its creator can.

        Choose a key that no other tool uses, such as `org.example.mytool`. ValueError if `data` has more than 6 items.

        Permission: REPO_READ.
        """
        if len(data) > _MAX_DATA:
            raise ValueError(f"a report has at most {_MAX_DATA} data items, got {len(data)}")
        return await self._call(
            Report,
            "PUT /insights/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/reports/{key}",
            (project_key, repository_slug, commit_id, key),
            json={
                "title": title,
                "details": details,
                "result": result,
                "data": [item.body() for item in data],
                "reporter": reporter,
                "link": link,
                "logoUrl": logo_url,
                "coverageProviderKey": coverage_provider_key,
                "createdDate": milliseconds(created_date),
            },
        )

    async def delete_report(self, project_key: str, repository_slug: str, commit_id: str, key: str) -> None:
        """Delete a report and its annotations.

        Permission: REPO_READ for its creator, else REPO_ADMIN.
        """
        await self._run(
            "DELETE /insights/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/reports/{key}",
            (project_key, repository_slug, commit_id, key),
        )

    async def get_commit_annotations(
        self,
        project_key: str,
        repository_slug: str,
        commit_id: str,
        *,
        key: Sequence[str] | None = None,
        external_id: Sequence[str] | None = None,
        path: Sequence[str] | None = None,
        severity: Sequence[AnnotationSeverity | str] | None = None,
        type: Sequence[AnnotationType | str] | None = None,
    ) -> Sequence[Annotation]:
        """Return the annotations of all reports on a commit; `key` has the keys of reports.

        Permission: REPO_READ.
        """
        found = await self._call(
            Annotations,
            "GET /insights/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/annotations",
            (project_key, repository_slug, commit_id),
            query={"key": key, "externalId": external_id, "path": path, "severity": severity, "type": type},
        )
        return found.annotations

    async def get_annotations(
        self, project_key: str, repository_slug: str, commit_id: str, key: str
    ) -> Sequence[Annotation]:
        """Return the annotations of a report.

        Permission: REPO_READ.
        """
        found = await self._call(
            Annotations,
            "GET /insights/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/reports/{key}/annotations",
            (project_key, repository_slug, commit_id, key),
        )
        return found.annotations

    async def create_annotations(
        self,
        project_key: str,
        repository_slug: str,
        commit_id: str,
        key: str,
        *,
        annotations: Sequence[AnnotationBody],
    ) -> None:
        """Add annotations to a report, which must be one's own.

        A report has at most 1000 annotations, unless the server is configured otherwise; if there would be more, none
        is added. Annotations on lines that a pull request does not change are not displayed there.

        Permission: REPO_READ.
        """
        await self._run(
            "POST /insights/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/reports/{key}/annotations",
            (project_key, repository_slug, commit_id, key),
            json={"annotations": [annotation.body() for annotation in annotations]},
        )

    async def put_annotation(
        self,
        project_key: str,
        repository_slug: str,
        commit_id: str,
        key: str,
        external_id: str,
        *,
        message: str,
        severity: AnnotationSeverity | str,
        path: str | None = None,
        line: int | None = None,
        type: AnnotationType | str | None = None,
        link: str | None = None,
    ) -> None:
        """Create an annotation of a report, or replace the annotation with this external ID.

        `line` is counted from 1; 0 is the whole file.

        Permission: REPO_READ, for the creator of the report.
        """
        await self._run(
            "PUT /insights/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/reports/{key}/annotations/{externalId}",
            (project_key, repository_slug, commit_id, key, external_id),
            json={
                "message": message,
                "severity": severity,
                "path": path,
                "line": line,
                "type": type,
                "link": link,
            },
        )

    async def delete_annotations(
        self,
        project_key: str,
        repository_slug: str,
        commit_id: str,
        key: str,
        *,
        external_id: Sequence[str] | None = None,
    ) -> None:
        """Delete the annotations of a report with these external IDs, by default all.

        Permission: REPO_READ for the creator of the report, else REPO_ADMIN.
        """
        await self._run(
            "DELETE /insights/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/reports/{key}/annotations",
            (project_key, repository_slug, commit_id, key),
            query={"externalId": external_id},
        )
