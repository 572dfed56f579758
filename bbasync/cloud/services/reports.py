"""Code insights: reports on a commit and their annotations.

Reports and annotations are named by the identifier that their reporter chose, or by their UUID.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bbasync.cloud.models.reports import Annotation, AnnotationBody, Report, ReportData, ReportResult, ReportType
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from bbasync.paging import Paging

__all__ = ["Reports"]

_MOST_ANNOTATIONS: Final = 100
_MOST_DATA: Final = 10
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
        """Create a report, or change the one of that id.

        Choose an id that no other tool takes, such as `mytool-1`; it becomes the `external_id`. At most 10 `data`,
        else ValueError.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        if len(data) > _MOST_DATA:
            raise ValueError(f"a report shows at most {_MOST_DATA} data, got {len(data)}")
        return await self._call(
            Report,
            "PUT /repositories/{workspace}/{repo_slug}/commit/{commit}/reports/{reportId}",
            (workspace, repo_slug, commit, report_id),
            json={
                "title": title,
                "details": details,
                "report_type": report_type,
                "result": result,
                "data": [one.body() for one in data] or None,
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
        """Add annotations to a report, 1 to 100 in a call and 1,000 in all.

        Each needs an `external_id` of its own. ValueError if one has none or that of another, or for any other
        number of them.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        if not 1 <= len(annotations) <= _MOST_ANNOTATIONS:
            raise ValueError(f"a call takes 1 to {_MOST_ANNOTATIONS} annotations, got {len(annotations)}")
        ids = {annotation.external_id for annotation in annotations}
        if None in ids or len(ids) < len(annotations):
            raise ValueError("each annotation needs an external_id of its own")
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
        """Create an annotation, or change the one of that id.

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
