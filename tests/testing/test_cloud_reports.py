"""Reports on commits and their annotations, as the client of a scanner sees them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bbasync import ApiToken, BadRequestError, CloudSession, NotFoundError
from bbasync.aio import collect
from bbasync.cloud.models import AnnotationBody, AnnotationType, ReportData, ReportDataType, Severity

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bbasync.testing import FakeCloud
    from tests.testing.cloud_api import Api

REPORTS = "/repositories/acme/api/commit/main/reports"


@pytest.fixture
async def bb(fake: FakeCloud) -> AsyncIterator[CloudSession]:
    async with CloudSession(ApiToken(fake.email, fake.token), base_url=fake.url) as session:
        yield session


def finding(number: int) -> AnnotationBody:
    return AnnotationBody(external_id=f"f-{number}", summary="Bad", annotation_type=AnnotationType.BUG)


async def test_a_scan_is_reported_replaced_and_deleted(bb: CloudSession) -> None:
    commit = (await bb.commits.get("acme", "api", "main")).hash
    scan = ("acme", "api", commit, "scan-1")
    data = [ReportData(title="Took", value=14, type=ReportDataType.DURATION)]
    first = await bb.reports.put(*scan, title="Scan", report_type="SECURITY", result="PENDING", data=data)
    assert (first.external_id, first.title, first.remote_link_enabled) == ("scan-1", "Scan", False)
    assert first.data == data
    assert first.created_on == first.updated_on
    second = await bb.reports.put(*scan, title="Scan again", report_type="SECURITY", result="FAILED")
    assert (second.uuid, second.created_on, second.result) == (first.uuid, first.created_on, "FAILED")
    assert timedelta(0) < second.updated_on - second.created_on
    assert second.data == []
    assert await bb.reports.get("acme", "api", commit[:12], second.uuid) == second
    assert await collect(bb.reports.list("acme", "api", commit)) == [second]
    await bb.reports.delete(*scan)
    with pytest.raises(NotFoundError, match="scan-1"):
        await bb.reports.get(*scan)
    await bb.reports.delete(*scan)  # once more has no effect


async def test_a_report_belongs_to_its_commit(bb: CloudSession) -> None:
    await bb.reports.put("acme", "api", "main", "scan-1", title="Scan", report_type="BUG")
    newest, before = await collect(bb.commits.list_from("acme", "api", "main"), limit=2)
    assert len(await collect(bb.reports.list("acme", "api", newest.hash))) == 1
    assert await collect(bb.reports.list("acme", "api", before.hash)) == []
    with pytest.raises(NotFoundError):
        await collect(bb.reports.list("acme", "api", "0" * 40))


async def test_annotations_are_added_replaced_and_deleted_with_their_report(bb: CloudSession) -> None:
    scan = ("acme", "api", "main", "scan-1")
    report = await bb.reports.put(*scan, title="Scan", report_type="BUG")
    made = await bb.reports.create_annotations(*scan, annotations=[finding(number) for number in range(100)])
    assert [one.external_id for one in made] == [f"f-{number}" for number in range(100)]
    changed = await bb.reports.put_annotation(
        *scan,
        "f-7",
        annotation=AnnotationBody(summary="Worse", annotation_type=AnnotationType.BUG, severity=Severity.HIGH, line=3),
    )
    assert (changed.uuid, changed.created_on) == (made[7].uuid, made[7].created_on)
    assert changed.updated_on > changed.created_on
    assert await bb.reports.get_annotation(*scan, changed.uuid) == changed
    await bb.reports.delete_annotation(*scan, "f-8")
    listed = await collect(bb.reports.list_annotations("acme", "api", "main", report.uuid))
    assert [one.external_id for one in listed] == [f"f-{number}" for number in range(100) if number != 8]
    await bb.reports.put(*scan, title="Again", report_type="BUG")
    assert len(await collect(bb.reports.list_annotations(*scan))) == 99
    await bb.reports.delete(*scan)
    await bb.reports.put(*scan, title="New", report_type="BUG")
    assert await collect(bb.reports.list_annotations(*scan)) == []


async def test_a_report_has_at_most_a_thousand_annotations(bb: CloudSession) -> None:
    scan = ("acme", "api", "main", "scan-1")
    await bb.reports.put(*scan, title="Scan", report_type="BUG")
    for hundred in range(10):
        numbers = range(100 * hundred, 100 * (hundred + 1))
        await bb.reports.create_annotations(*scan, annotations=[finding(number) for number in numbers])
    await bb.reports.create_annotations(*scan, annotations=[finding(5)])  # replaces one
    with pytest.raises(BadRequestError, match="1000"):
        await bb.reports.create_annotations(*scan, annotations=[finding(6), finding(1000)])
    assert len(await collect(bb.reports.list_annotations(*scan))) == 1000


BUG = {"summary": "Bad", "annotation_type": "BUG"}


@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        ([], "array"),
        (BUG, "array"),
        ([BUG | {"external_id": f"f-{number}"} for number in range(101)], "maximum of 100"),
        ([BUG], "[externalId]"),
        ([BUG | {"external_id": "f"}, BUG | {"external_id": "f"}], "unique"),
        ([BUG | {"external_id": "f"}, {"external_id": "g"}], "[annotationType, summary]"),
        ([BUG | {"external_id": "f", "severity": "AWFUL"}], "severity"),
        (["f"], "JSON object"),
    ],
)
async def test_a_refused_upload_stores_nothing(api: Api, annotations: object, message: str) -> None:
    await api("PUT", f"{REPORTS}/scan-1", {"title": "Scan"})
    answer = await api("POST", f"{REPORTS}/scan-1/annotations", annotations)
    assert answer.status == 400
    assert answer.json["key"] == "report-service.general.bad-request"
    assert message in answer.json["message"]
    assert (await api.get(f"{REPORTS}/scan-1/annotations"))["values"] == []


MALFORMED: list[object] = [
    {},
    {"title": ""},
    {"title": "Scan", "result": "MAYBE"},
    {"title": "Scan", "data": [1] * 11},
    ["Scan"],
]


@pytest.mark.parametrize("body", MALFORMED)
async def test_a_malformed_report_is_refused(api: Api, body: object) -> None:
    assert (await api("PUT", f"{REPORTS}/scan-1", body)).status == 400
    assert (await api.get(REPORTS))["values"] == []


async def test_annotations_need_a_report(api: Api) -> None:
    for method in ("GET", "POST"):
        answer = await api(method, f"{REPORTS}/none/annotations", [BUG | {"external_id": "f"}])
        assert answer.status == 404


async def test_what_a_reporter_cannot_set_is_ignored(api: Api) -> None:
    forged = {"uuid": "{0}", "created_on": "2000-01-01T00:00:00Z", "type": "x", "external_id": "other"}
    made = (await api("PUT", f"{REPORTS}/scan-1", {"title": "Scan"} | forged)).json
    assert (made["type"], made["external_id"]) == ("report", "scan-1")
    assert made["uuid"] != "{0}"
    assert not made["created_on"].startswith("2000")
