"""Code Insights: reports on commits and their annotations."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.model import Model, OpenEnum

__all__ = [
    "Annotation",
    "AnnotationBody",
    "AnnotationResult",
    "AnnotationType",
    "Report",
    "ReportData",
    "ReportDataType",
    "ReportResult",
    "ReportType",
    "Severity",
]


class ReportType(OpenEnum):
    """Type of a report."""

    SECURITY = "SECURITY"
    COVERAGE = "COVERAGE"
    TEST = "TEST"
    BUG = "BUG"


class ReportResult(OpenEnum):
    """Result of a report."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    PENDING = "PENDING"


class ReportDataType(OpenEnum):
    """Type of a report value, which determines how it is displayed."""

    BOOLEAN = "BOOLEAN"
    DATE = "DATE"
    DURATION = "DURATION"
    LINK = "LINK"
    NUMBER = "NUMBER"
    PERCENTAGE = "PERCENTAGE"
    TEXT = "TEXT"


class AnnotationType(OpenEnum):
    """Type of an annotation."""

    VULNERABILITY = "VULNERABILITY"
    CODE_SMELL = "CODE_SMELL"
    BUG = "BUG"


class AnnotationResult(OpenEnum):
    """Result of an annotation."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    IGNORED = "IGNORED"


class Severity(OpenEnum):
    """Severity of an annotation."""

    CRITICAL = "CRITICAL"
    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


@define(kw_only=True)
class ReportData(Model):
    """A value displayed in a report."""

    title: str
    """What the value represents."""
    value: str | float | bool | dict[str, str]
    """The value: dates and durations in milliseconds, percentages from 0 to 100, links as `text` and `href`."""
    type: ReportDataType | None = None
    """Type of the value; if None, the server infers it from the value."""

    def body(self) -> dict[str, object]:
        """Return the request payload."""
        return {"title": self.title, "value": self.value, **({"type": self.type} if self.type is not None else {})}


@define(kw_only=True)
class Report(Model):
    """A report on a commit."""

    uuid: str
    """The UUID, in braces."""
    title: str
    """The title."""
    report_type: ReportType
    """Type of the report."""
    created_on: datetime
    """When it was created."""
    updated_on: datetime
    """When it was last changed."""
    external_id: str | None = None
    """The ID chosen by the reporter."""
    details: str | None = None
    """The purpose of the report."""
    reporter: str | None = None
    """The tool or company that created it."""
    link: str | None = None
    """URL of the report in the reporter's tool."""
    remote_link_enabled: bool | None = None
    """Whether the Jira work item of the commit links to it."""
    logo_url: str | None = None
    """URL of the logo displayed with it."""
    result: ReportResult | None = None
    """Result of the report."""
    data: list[ReportData] | None = None
    """The values displayed in it, at most 10."""


@define(kw_only=True)
class AnnotationBody(Model):
    """The content of an annotation, as sent to create one."""

    summary: str
    """The message displayed."""
    annotation_type: AnnotationType
    """Type of the annotation."""
    external_id: str | None = None
    """The ID chosen by the reporter."""
    title: str | None = None
    """The title."""
    details: str | None = None
    """The text displayed when the annotation is opened."""
    path: str | None = None
    """The path of the file; None to annotate the whole commit."""
    line: int | None = None
    """The line, starting at 1; None to annotate the whole file."""
    severity: Severity | None = None
    """Severity of the annotation."""
    result: AnnotationResult | None = None
    """Result of the annotation."""
    link: str | None = None
    """URL of the finding in the reporter's tool."""

    def body(self) -> dict[str, object]:
        """Return the request payload."""
        content: dict[str, object] = {
            "external_id": self.external_id,
            "title": self.title,
            "annotation_type": self.annotation_type,
            "summary": self.summary,
            "details": self.details,
            "path": self.path,
            "line": self.line,
            "severity": self.severity,
            "result": self.result,
            "link": self.link,
        }
        return {name: value for name, value in content.items() if value is not None}


@define(kw_only=True)
class Annotation(AnnotationBody):
    """A finding of a report, on a line, on a file or on the whole commit."""

    uuid: str
    """The UUID, in braces."""
    created_on: datetime
    """When it was created."""
    updated_on: datetime
    """When it was last changed."""
