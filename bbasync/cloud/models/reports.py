"""Code insights: reports on a commit and their annotations."""

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
    """What a report is about."""

    SECURITY = "SECURITY"
    COVERAGE = "COVERAGE"
    TEST = "TEST"
    BUG = "BUG"


class ReportResult(OpenEnum):
    """What a report comes to."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    PENDING = "PENDING"


class ReportDataType(OpenEnum):
    """How a value of a report is shown."""

    BOOLEAN = "BOOLEAN"
    DATE = "DATE"
    DURATION = "DURATION"
    LINK = "LINK"
    NUMBER = "NUMBER"
    PERCENTAGE = "PERCENTAGE"
    TEXT = "TEXT"


class AnnotationType(OpenEnum):
    """What an annotation points at."""

    VULNERABILITY = "VULNERABILITY"
    CODE_SMELL = "CODE_SMELL"
    BUG = "BUG"


class AnnotationResult(OpenEnum):
    """What an annotation comes to."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    IGNORED = "IGNORED"


class Severity(OpenEnum):
    """How bad it is."""

    CRITICAL = "CRITICAL"
    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


@define(kw_only=True)
class ReportData(Model):
    """A value that a report shows."""

    title: str
    """What the value is."""
    value: str | float | bool | dict[str, str]
    """The value: dates and durations in milliseconds, percentages from 0 to 100, links as `text` and `href`."""
    type: ReportDataType | None = None
    """How it is shown; without one it is told from the value."""

    def body(self) -> dict[str, object]:
        """Return it as requests carry it."""
        return {"title": self.title, "value": self.value, **({"type": self.type} if self.type is not None else {})}


@define(kw_only=True)
class Report(Model):
    """A report on a commit."""

    uuid: str
    """The lasting identifier, in braces."""
    title: str
    """The title."""
    report_type: ReportType
    """What it is about."""
    created_on: datetime
    """When it was made."""
    updated_on: datetime
    """When it was last changed."""
    external_id: str | None = None
    """The identifier that its reporter chose."""
    details: str | None = None
    """What it is for."""
    reporter: str | None = None
    """The tool or company that made it."""
    link: str | None = None
    """The page of the report in the reporter's tool."""
    remote_link_enabled: bool | None = None
    """Whether Jira's work item of the commit links to it."""
    logo_url: str | None = None
    """The picture shown with it."""
    result: ReportResult | None = None
    """What it comes to."""
    data: list[ReportData] | None = None
    """The values it shows, at most 10."""


@define(kw_only=True)
class AnnotationBody(Model):
    """What an annotation says: sent to make one."""

    summary: str
    """The message shown."""
    annotation_type: AnnotationType
    """What it points at."""
    external_id: str | None = None
    """The identifier that its reporter chose."""
    title: str | None = None
    """The title."""
    details: str | None = None
    """What is shown when it is opened."""
    path: str | None = None
    """The file's path; without one it is about the whole commit."""
    line: int | None = None
    """The line, counted from 1; without one it is about the whole file."""
    severity: Severity | None = None
    """How bad it is."""
    result: AnnotationResult | None = None
    """What it comes to."""
    link: str | None = None
    """The page of the finding in the reporter's tool."""

    def body(self) -> dict[str, object]:
        """Return it as requests carry it."""
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
    """A finding of a report, on a line, a file or the whole commit."""

    uuid: str
    """The lasting identifier, in braces."""
    created_on: datetime
    """When it was made."""
    updated_on: datetime
    """When it was last changed."""
