"""Code Insights: reports on a commit and their annotations.

Reports and annotations are identified by the external ID that their reporter chose, or by UUID.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bbasync.cloud.models.reports import Annotation, AnnotationBody, Report, ReportData, ReportResult, ReportType
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from bbasync.paging import Paging

__all__ = ["Reports"]

_MAX_ANNOTATIONS: Final = 100
_MAX_DATA: Final = 10
_Annotations = list[Annotation]


class Reports(Service):
    """Reports on a commit and their annotations: `bb.reports`."""

    @lists
    def list(
        self, workspace: str, repo_slug: str, commit: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[Report]:
        """List the reports on a commit.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return self._list(
            Report,
            "GET /repositories/{workspace}/{repo_slug}/commit/{commit}/reports",
            (workspace, repo_slug, commit),
            query={"fields": fields},
            paging=paging,
        )

    async def get(
        self, workspace: str, repo_slug: str, commit: str, report_id: str, *, fields: str | None = None
    ) -> Report:
        """Return a report.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return await self._call(
            Report,
            "GET /repositories/{workspace}/{repo_slug}/commit/{commit}/reports/{reportId}",
            (workspace, repo_slug, commit, report_id),
            query={"fields": fields},
        )

    async def put(
        self,
        workspace: str,
        repo_slug: str,
        commit: str,
        report_id: str,
        *,
        title: str,
        details: str | None = None,
        report_type: ReportType | str | None = None,
        result: ReportResult | str | None = None,
        data: Sequence[ReportData] = (),
        reporter: str | None = None,
        link: str | None = None,
        logo_url: str | None = None,
        remote_link_enabled: bool | None = None,
        external_id: str | None = None,
    ) -> Report:
        """Create a report, or update the report with this ID.

        Choose an ID that no other tool uses, such as `mytool-1`; it becomes the `external_id`. ValueError if `data` has
        more than 10 items.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        if len(data) > _MAX_DATA:
            raise ValueError(f"a report has at most {_MAX_DATA} data items, got {len(data)}")
        return await self._call(
            Report,
            "PUT /repositories/{workspace}/{repo_slug}/commit/{commit}/reports/{reportId}",
            (workspace, repo_slug, commit, report_id),
            json={
                "title": title,
                "details": details,
                "report_type": report_type,
                "result": result,
                "data": [item.body() for item in data] or None,
                "reporter": reporter,
                "link": link,
                "logo_url": logo_url,
                "remote_link_enabled": remote_link_enabled,
                "external_id": external_id,
            },
        )

    async def delete(self, workspace: str, repo_slug: str, commit: str, report_id: str) -> None:
        """Delete a report.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        await self._run(
            "DELETE /repositories/{workspace}/{repo_slug}/commit/{commit}/reports/{reportId}",
            (workspace, repo_slug, commit, report_id),
        )

    @lists
    def list_annotations(
        self,
        workspace: str,
        repo_slug: str,
        commit: str,
        report_id: str,
        *,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Annotation]:
        """List the annotations of a report.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return self._list(
            Annotation,
            "GET /repositories/{workspace}/{repo_slug}/commit/{commit}/reports/{reportId}/annotations",
            (workspace, repo_slug, commit, report_id),
            query={"fields": fields},
            paging=paging,
        )

    async def create_annotations(
        self, workspace: str, repo_slug: str, commit: str, report_id: str, *, annotations: Sequence[AnnotationBody]
    ) -> Sequence[Annotation]:
        """Add annotations to a report: 1 to 100 per request, and at most 1,000 per report.

        Each must have a unique `external_id`. ValueError if an `external_id` is missing or repeated, or if there are
        not 1 to 100 annotations.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        if not 1 <= len(annotations) <= _MAX_ANNOTATIONS:
            raise ValueError(f"a request takes 1 to {_MAX_ANNOTATIONS} annotations, got {len(annotations)}")
        ids = {annotation.external_id for annotation in annotations}
        if None in ids or len(ids) < len(annotations):
            raise ValueError("each annotation must have a unique external_id")
        return await self._call(
            _Annotations,
            "POST /repositories/{workspace}/{repo_slug}/commit/{commit}/reports/{reportId}/annotations",
            (workspace, repo_slug, commit, report_id),
            json=[annotation.body() for annotation in annotations],
        )

    async def get_annotation(
        self,
        workspace: str,
        repo_slug: str,
        commit: str,
        report_id: str,
        annotation_id: str,
        *,
        fields: str | None = None,
    ) -> Annotation:
        """Return an annotation.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return await self._call(
            Annotation,
            "GET /repositories/{workspace}/{repo_slug}/commit/{commit}/reports/{reportId}/annotations/{annotationId}",
            (workspace, repo_slug, commit, report_id, annotation_id),
            query={"fields": fields},
        )

    async def put_annotation(
        self,
        workspace: str,
        repo_slug: str,
        commit: str,
        report_id: str,
        annotation_id: str,
        *,
        annotation: AnnotationBody,
    ) -> Annotation:
        """Create an annotation, or update the annotation with this ID.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return await self._call(
            Annotation,
            "PUT /repositories/{workspace}/{repo_slug}/commit/{commit}/reports/{reportId}/annotations/{annotationId}",
            (workspace, repo_slug, commit, report_id, annotation_id),
            json=annotation.body(),
        )

    async def delete_annotation(
        self, workspace: str, repo_slug: str, commit: str, report_id: str, annotation_id: str
    ) -> None:
        """Delete an annotation.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        await self._run(
            "DELETE /repositories/{workspace}/{repo_slug}/commit/{commit}/reports/{reportId}/annotations/{annotationId}",
            (workspace, repo_slug, commit, report_id, annotation_id),
        )
