"""Code Insights: reports on commits and their annotations."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.model import Model, OpenEnum

__all__ = [
    "Annotation",
    "AnnotationBody",
    "AnnotationSeverity",
    "AnnotationType",
    "Annotations",
    "Report",
    "ReportData",
    "ReportDataType",
    "ReportResult",
]


class ReportResult(OpenEnum):
    """Result of a report."""

    PASS = "PASS"  # noqa: S105 - a result
    FAIL = "FAIL"


class ReportDataType(OpenEnum):
    """Type of a report value, which determines how it is displayed."""

    BOOLEAN = "BOOLEAN"
    DATE = "DATE"
    DURATION = "DURATION"
    LINK = "LINK"
    NUMBER = "NUMBER"
    PERCENTAGE = "PERCENTAGE"
    TEXT = "TEXT"


class AnnotationSeverity(OpenEnum):
    """Severity of an annotation."""

    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


class AnnotationType(OpenEnum):
    """Type of an annotation."""

    BUG = "BUG"
    CODE_SMELL = "CODE_SMELL"
    VULNERABILITY = "VULNERABILITY"


@define(kw_only=True)
class ReportData(Model):
    """A value that a report displays."""

    title: str
    """The title."""
    value: object
    """The value: milliseconds for DATE and DURATION, an object with `linktext` and `href` for LINK."""
    type: ReportDataType | None = None
    """Type of the value; the server detects it if None."""

    def body(self) -> dict[str, object]:
        """Return the request payload."""
        return {"title": self.title, "value": self.value, "type": self.type}


@define(kw_only=True)
class Report(Model):
    """A report on a commit."""

    key: str
    """The key that its reporter chose."""
    title: str
    """The title."""
    created_date: datetime
    """When it was created."""
    data: list[ReportData]
    """The values that it displays."""
    details: str | None = None
    """The description; None if not set."""
    result: ReportResult | None = None
    """The result; None if not set."""
    reporter: str | None = None
    """The tool or company that created it; None if not set."""
    link: str | None = None
    """URL of the full report; None if not set."""
    logo_url: str | None = None
    """URL of the reporter's logo; None if not set."""


@define(kw_only=True)
class Annotation(Model):
    """An annotation of a report."""

    report_key: str
    """Key of the report."""
    message: str
    """The message."""
    severity: AnnotationSeverity
    """Severity."""
    line: int | None = None
    """The line, 0 for the whole file; None if not sent."""
    path: str | None = None
    """Path of the file; None for the whole commit."""
    type: AnnotationType | None = None
    """Type of the annotation; None if not set."""
    link: str | None = None
    """URL of details; None if not set."""
    external_id: str | None = None
    """The ID that its reporter chose; None if not set."""


@define(kw_only=True)
class Annotations(Model):
    """The annotations of a report or a commit."""

    annotations: list[Annotation]
    """The annotations."""


@define(kw_only=True)
class AnnotationBody:
    """An annotation to create."""

    message: str
    """The message, at most 2000 characters."""
    severity: AnnotationSeverity | str
    """Severity."""
    path: str | None = None
    """Path of the file; None for the whole commit."""
    line: int | None = None
    """The line, counted from 1; 0 for the whole file."""
    type: AnnotationType | str | None = None
    """Type of the annotation."""
    link: str | None = None
    """URL of details."""
    external_id: str | None = None
    """An ID of your own, with which it can be replaced or deleted."""

    def body(self) -> dict[str, object]:
        """Return the request payload."""
        return {
            "message": self.message,
            "severity": self.severity,
            "path": self.path,
            "line": self.line,
            "type": self.type,
            "link": self.link,
            "externalId": self.external_id,
        }
