"""Code insights: what reports and annotations are sent as, and what is refused before it is sent."""

from __future__ import annotations

import orjson
import pytest

from bbasync.cloud.models import (
    AnnotationBody,
    AnnotationType,
    ReportData,
    ReportDataType,
    ReportResult,
    ReportType,
    Severity,
)
from bbasync.errors import BadRequestError
from bbasync.testing.recording import answer
from tests.cloud.replayed import body_of, replay

REPORT = "https://api.bitbucket.org/2.0/repositories/acme/api/commit/abc1234/reports/scan-1"
DATES = {"created_on": "2026-02-03T10:00:00Z", "updated_on": "2026-02-03T10:00:00Z"}


def finding(external_id: str | None, line: int | None = None) -> AnnotationBody:
    return AnnotationBody(
        external_id=external_id,
        annotation_type=AnnotationType.VULNERABILITY,
        summary="Key in the source",
        path="a.py",
        line=line,
        severity=Severity.HIGH,
    )


async def test_a_report_is_put_with_its_data() -> None:
    data = [
        ReportData(title="Safe", type=ReportDataType.BOOLEAN, value=False),
        ReportData(title="Log", type=ReportDataType.LINK, value={"text": "here", "href": "https://ci.example.org/1"}),
        ReportData(title="Files", value=3),
    ]
    wire = [
        {"title": "Safe", "type": "BOOLEAN", "value": False},
        {"title": "Log", "type": "LINK", "value": {"text": "here", "href": "https://ci.example.org/1"}},
        {"title": "Files", "value": 3},
    ]
    payload = {"uuid": "{1}", "title": "Scan", "report_type": "SECURITY", "result": "FAILED", "data": wire, **DATES}
    bb, transport = replay(answer(orjson.dumps(payload)))
    report = await bb.reports.put(
        "acme", "api", "abc1234", "scan-1", title="Scan", report_type=ReportType.SECURITY, result="FAILED", data=data
    )
    [request] = transport.requests
    assert (request.method, request.url) == ("PUT", REPORT)
    assert body_of(request) == {
        "title": "Scan",
        "report_type": "SECURITY",
        "result": "FAILED",
        "data": wire,
    }
    assert report.result is ReportResult.FAILED
    assert report.data == data


async def test_a_report_shows_ten_data_at_most() -> None:
    bb, _ = replay()
    data = [ReportData(title=str(number), value=number) for number in range(11)]
    with pytest.raises(ValueError, match="at most 10 data items, got 11"):
        await bb.reports.put("acme", "api", "abc1234", "scan-1", title="Scan", data=data)


async def test_annotations_are_added_as_a_list_without_what_is_not_set() -> None:
    sent = {
        "annotation_type": "VULNERABILITY",
        "summary": "Key in the source",
        "path": "a.py",
        "severity": "HIGH",
    }
    made = [
        sent | {"uuid": "{1}", "external_id": "scan-1-1", "line": 4} | DATES,
        sent | {"uuid": "{2}", "external_id": "scan-1-2", "severity": "NEGLIGIBLE"} | DATES,
    ]
    bb, transport = replay(answer(orjson.dumps(made)))
    first, second = await bb.reports.create_annotations(
        "acme", "api", "abc1234", "scan-1", annotations=[finding("scan-1-1", line=4), finding("scan-1-2")]
    )
    body = body_of(transport.requests[0])
    assert body == [sent | {"external_id": "scan-1-1", "line": 4}, sent | {"external_id": "scan-1-2"}]
    assert (first.uuid, first.line, first.severity) == ("{1}", 4, Severity.HIGH)
    assert (second.line, second.severity) == (None, "NEGLIGIBLE")
    assert second.raw == made[1]


@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        ([], "1 to 100 annotations, got 0"),
        ([finding(str(number)) for number in range(101)], "1 to 100 annotations, got 101"),
        ([finding("a"), finding(None)], "unique external_id"),
        ([finding("a"), finding("a")], "unique external_id"),
    ],
    ids=["none", "too many", "without an id", "one id twice"],
)
async def test_annotations_that_cannot_be_added_are_refused(annotations: list[AnnotationBody], message: str) -> None:
    bb, _ = replay()
    with pytest.raises(ValueError, match=message):
        await bb.reports.create_annotations("acme", "api", "abc1234", "scan-1", annotations=annotations)


async def test_the_reason_of_a_refusal_is_shown() -> None:
    refused = {"key": "report-service.general.bad-request", "message": "No summary"}
    bb, _ = replay(answer(orjson.dumps(refused), 400))
    with pytest.raises(BadRequestError, match="400: No summary") as caught:
        await bb.reports.put("acme", "api", "abc1234", "scan-1", title="Scan")
    assert caught.value.details.message == "No summary"


async def test_an_annotation_is_put_under_its_own_id() -> None:
    made = {"uuid": "{3}", "annotation_type": "VULNERABILITY", "summary": "Key in the source", **DATES}
    bb, transport = replay(answer(orjson.dumps(made)))
    annotation = await bb.reports.put_annotation(
        "acme", "api", "abc1234", "scan-1", "scan-1-3", annotation=finding(None)
    )
    assert annotation.uuid == "{3}"
    assert transport.requests[0].url == f"{REPORT}/annotations/scan-1-3"
    assert transport.requests[0].repeatable
