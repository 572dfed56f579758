"""Code Insights: reports on commits and their annotations.

They come from a service of their own, whose errors do not have the envelope of the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from bbasync.testing.cloud.http import Call, json_response
from bbasync.testing.cloud.operations.commits import resolve
from bbasync.testing.cloud.query import is_list, is_object
from bbasync.testing.cloud.world.reports import Annotation, Report
from bbasync.testing.operations import Operations, Result
from bbasync.testing.server import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bbasync.testing.cloud.payloads import Payload

operations: Operations[Call] = Operations()
T = TypeVar("T", bound=Annotation)

MOST_DATA, MOST_AT_ONCE, MOST_ANNOTATIONS = 10, 100, 1000
RESULTS = ("PASSED", "FAILED", "PENDING")
REPORT_CHOICES = {"report_type": ("SECURITY", "COVERAGE", "TEST", "BUG"), "result": RESULTS}
ANNOTATION_CHOICES = {
    "annotation_type": ("VULNERABILITY", "CODE_SMELL", "BUG"),
    "result": ("PASSED", "FAILED", "SKIPPED", "IGNORED"),
    "severity": ("CRITICAL", "HIGH", "MEDIUM", "LOW"),
}
REPORT_FIELDS = (
    *("title", "details", "reporter", "link", "remote_link_enabled", "logo_url", "report_type", "result", "data"),
)
ANNOTATION_FIELDS = (*("title", "annotation_type", "path", "line", "summary", "details", "result", "severity", "link"),)


@operations("GET /repositories/{workspace}/{repo_slug}/commit/{commit}/reports", "repository")
def list_reports(call: Call) -> Result:
    """List the reports on a commit."""
    return call.page(list(_reports(call).values()), _report_payload)


@operations("GET /repositories/{workspace}/{repo_slug}/commit/{commit}/reports/{reportId}", "repository")
def get_report(call: Call) -> Result:
    """Return a report, by external ID or UUID."""
    return _report_payload(_report(call))


@operations("PUT /repositories/{workspace}/{repo_slug}/commit/{commit}/reports/{reportId}", "repository")
def put_report(call: Call) -> Result:
    """Create or replace a report; the annotations of one that is replaced stay."""
    reports, name = _reports(call), call.arg("reportId")
    body = _checked("Report", _object(_body(call)), REPORT_FIELDS, ("title",), REPORT_CHOICES)
    if not is_list(body.setdefault("data", [])) or len(body["data"]) > MOST_DATA:
        raise _refusal(f"A report supports a maximum of {MOST_DATA} data fields.")
    body.setdefault("remote_link_enabled", False)
    now, found = call.world.now(), _find(reports, name)
    if found is None:
        found = reports[name] = Report(name, call.world.new_uuid(), now, now, body)
    found.body, found.updated_on = body, now
    return _report_payload(found)


@operations("DELETE /repositories/{workspace}/{repo_slug}/commit/{commit}/reports/{reportId}", "repository")
def delete_report(call: Call) -> Result:
    """Delete a report with its annotations; deleting one that does not exist has no effect."""
    reports = _reports(call)
    found = _find(reports, call.arg("reportId"))
    if found is not None:
        del reports[found.external_id]
    return None


@operations("GET /repositories/{workspace}/{repo_slug}/commit/{commit}/reports/{reportId}/annotations", "repository")
def list_annotations(call: Call) -> Result:
    """List the annotations of a report."""
    report = _report(call)
    return call.page(list(report.annotations.values()), lambda one: _annotation_payload(report, one))


@operations("POST /repositories/{workspace}/{repo_slug}/commit/{commit}/reports/{reportId}/annotations", "repository")
def create_annotations(call: Call) -> Result:
    """Create or replace up to 100 annotations: all or, if one of them is refused, none."""
    report, body = _report(call), _body(call)
    if not is_list(body) or not body:
        raise _refusal("An array of annotations is required.")
    if len(body) > MOST_AT_ONCE:
        raise _refusal(f"Bulk upload supports a maximum of {MOST_AT_ONCE} annotations.")
    given = {str(_object(one).get("external_id", "")): _object(one) for one in body}
    if "" in given:
        raise _missing("Annotation", ["external_id"])
    if len(given) < len(body):
        raise _refusal("The external_id of an annotation must be unique.")
    return json_response([_annotation_payload(report, one) for one in _store(call, report, given)])


@operations(
    "GET /repositories/{workspace}/{repo_slug}/commit/{commit}/reports/{reportId}/annotations/{annotationId}",
    "repository",
)
def get_annotation(call: Call) -> Result:
    """Return an annotation, by external ID or UUID."""
    report = _report(call)
    found = _find(report.annotations, call.arg("annotationId"))
    if found is None:
        raise _not_found("Annotation", call.arg("annotationId"))
    return _annotation_payload(report, found)


@operations(
    "PUT /repositories/{workspace}/{repo_slug}/commit/{commit}/reports/{reportId}/annotations/{annotationId}",
    "repository",
)
def put_annotation(call: Call) -> Result:
    """Create or replace an annotation."""
    report, name = _report(call), call.arg("annotationId")
    found = _find(report.annotations, name)
    (stored,) = _store(call, report, {found.external_id if found else name: _object(_body(call))})
    return _annotation_payload(report, stored)


@operations(
    "DELETE /repositories/{workspace}/{repo_slug}/commit/{commit}/reports/{reportId}/annotations/{annotationId}",
    "repository",
)
def delete_annotation(call: Call) -> Result:
    """Delete an annotation; deleting one that does not exist has no effect."""
    report = _report(call)
    found = _find(report.annotations, call.arg("annotationId"))
    if found is not None:
        del report.annotations[found.external_id]
    return None


def _reports(call: Call) -> dict[str, Report]:
    repository = call.repository()
    return repository.reports.setdefault(resolve(repository, call.arg("commit")).hash, {})


def _report(call: Call) -> Report:
    found = _find(_reports(call), call.arg("reportId"))
    if found is None:
        raise _not_found("Report", call.arg("reportId"))
    return found


def _find(found: Mapping[str, T], name: str) -> T | None:
    return found.get(name) or next((one for one in found.values() if one.uuid == name), None)


def _store(call: Call, report: Report, given: Mapping[str, Payload]) -> list[Annotation]:
    required = ("annotation_type", "summary")
    checked = {
        name: _checked("Annotation", body, ANNOTATION_FIELDS, required, ANNOTATION_CHOICES)
        for name, body in given.items()
    }
    if len(report.annotations.keys() | checked) > MOST_ANNOTATIONS:
        raise _refusal(f"A report supports a maximum of {MOST_ANNOTATIONS} annotations.")
    now = call.world.now()
    for name, body in checked.items():
        new = Annotation(name, call.world.new_uuid(), now, now, body)
        found = report.annotations.setdefault(name, new)
        found.body, found.updated_on = body, now
    return [report.annotations[name] for name in checked]


def _body(call: Call) -> object:
    try:
        return orjson.loads(call.body)
    except orjson.JSONDecodeError as error:
        raise _refusal("The body is not valid JSON.") from error


def _object(body: object) -> Payload:
    if not is_object(body):
        raise _refusal("The body is not a JSON object.")
    return body


def _checked(
    what: str,
    body: Payload,
    fields: Sequence[str],
    required: Sequence[str],
    choices: Mapping[str, Sequence[str]],
) -> Payload:
    """Return the fields that a reporter may set; refuse a body that lacks one or has an unknown choice."""
    absent = [name for name in required if body.get(name) in (None, "")]
    if absent:
        raise _missing(what, absent)
    for name, known in choices.items():
        if body.get(name) is not None and body[name] not in known:
            raise _refusal(f"{body[name]} is not a valid {name}: {', '.join(known)}.")
    return {name: body[name] for name in fields if body.get(name) is not None}


def _report_payload(report: Report) -> Payload:
    return _payload("report", report)


def _annotation_payload(report: Report, annotation: Annotation) -> Payload:
    return _payload("report_annotation", annotation) | {"report": {"uuid": report.uuid, "title": report.body["title"]}}


def _payload(kind: str, one: Annotation) -> Payload:
    """Render what was stored; times have nine digits of fraction, unlike elsewhere."""
    times = {name: f"{getattr(one, name):%Y-%m-%dT%H:%M:%S.%f}000Z" for name in ("created_on", "updated_on")}
    return {"type": kind, "uuid": one.uuid, "external_id": one.external_id} | one.body | times


def _refusal(message: str, status: int = 400, key: str = "bad-request") -> Refusal:
    arguments: dict[str, Any] = {}
    body = {"key": f"report-service.general.{key}", "message": message, "arguments": arguments}
    return Refusal(json_response(body, status=status))


def _missing(what: str, fields: Sequence[str]) -> Refusal:
    """Build the error for absent fields, which it names as the code of the service does."""
    names = [name.split("_")[0] + "".join(part.title() for part in name.split("_")[1:]) for name in fields]
    return _refusal(f"Cannot build {what}, some of required attributes are not set [{', '.join(names)}]")


def _not_found(what: str, name: str) -> Refusal:
    return _refusal(f"{what} {name} not found", 404, "not-found")
