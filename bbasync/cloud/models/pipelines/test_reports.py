"""Test reports of steps. The vendor's description has no schema for them, so any field may be None."""

from __future__ import annotations

from attrs import define

from bbasync.model import Model, OpenEnum

__all__ = ["PipelineTestCase", "PipelineTestCaseReason", "PipelineTestReport", "PipelineTestStatus"]


class PipelineTestStatus(OpenEnum):
    """Status of a test case."""

    SUCCESSFUL = "SUCCESSFUL"
    FAILED = "FAILED"
    ERROR = "ERROR"
    SKIPPED = "SKIPPED"


@define(kw_only=True)
class PipelineTestReport(Model):
    """A summary of the tests of a step."""

    number_of_test_cases: int | None = None
    """Number of all test cases."""
    number_of_successful_test_cases: int | None = None
    """Number of test cases that passed."""
    number_of_failed_test_cases: int | None = None
    """Number of test cases that failed."""
    number_of_error_test_cases: int | None = None
    """Number of test cases that ended with an error."""
    number_of_skipped_test_cases: int | None = None
    """Number of test cases that were skipped."""


@define(kw_only=True)
class PipelineTestCase(Model):
    """A test case of a step."""

    uuid: str | None = None
    """The UUID, in braces."""
    name: str | None = None
    """The name."""
    fully_qualified_name: str | None = None
    """The name with its class and package."""
    class_name: str | None = None
    """The class."""
    package_name: str | None = None
    """The package."""
    status: PipelineTestStatus | None = None
    """The status."""
    duration: str | None = None
    """How long it took, an ISO 8601 duration."""


@define(kw_only=True)
class PipelineTestCaseReason(Model):
    """Output of a test case, such as the message and stack trace of a failure."""

    message: str | None = None
    """The message."""
    stack_trace: str | None = None
    """The stack trace."""
    output: str | None = None
    """What the test case printed."""
