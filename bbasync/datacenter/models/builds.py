"""Build statuses of commits, and builds that a merge requires."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.datacenter.models.ref_matchers import RefMatcher
from bbasync.model import Model, OpenEnum

__all__ = [
    "BuildCapabilities",
    "BuildOrder",
    "BuildState",
    "BuildStats",
    "BuildStatus",
    "BuildTestResults",
    "RequiredBuild",
]


class BuildState(OpenEnum):
    """State of a build."""

    CANCELLED = "CANCELLED"
    FAILED = "FAILED"
    INPROGRESS = "INPROGRESS"
    SUCCESSFUL = "SUCCESSFUL"
    UNKNOWN = "UNKNOWN"


class BuildOrder(OpenEnum):
    """Order of a list of build statuses."""

    NEWEST = "NEWEST"
    OLDEST = "OLDEST"
    STATUS = "STATUS"


@define(kw_only=True)
class BuildTestResults(Model):
    """Numbers of tests of a build."""

    successful: int
    """Number of successful tests."""
    failed: int
    """Number of failed tests."""
    skipped: int
    """Number of skipped tests."""

    def body(self) -> dict[str, object]:
        """Return the request payload."""
        return {"successful": self.successful, "failed": self.failed, "skipped": self.skipped}


@define(kw_only=True)
class BuildStatus(Model):
    """The status of a build of a commit."""

    key: str
    """The key, unique for the commit."""
    state: BuildState
    """State of the build."""
    url: str
    """URL of the build in the CI server."""
    name: str | None = None
    """The display name; None if not set."""
    description: str | None = None
    """The description; None if not set."""
    build_number: str | None = None
    """The number of the run; None if not set."""
    duration: int | None = None
    """Duration in milliseconds; None if not set."""
    parent: str | None = None
    """Key of the plan or job, which required builds refer to; None if not set."""
    ref: str | None = None
    """Full name of the branch or tag that was built; None if not set."""
    test_results: BuildTestResults | None = None
    """Numbers of tests; None if not set."""
    project_key: str | None = None
    """Key of the project; None if the status belongs to no repository."""
    repository_slug: str | None = None
    """Slug of the repository; None if the status belongs to no repository."""
    created_date: datetime | None = None
    """When it was created; None in lists by commit alone, which have `date_added`."""
    updated_date: datetime | None = None
    """When it was last updated; None in lists by commit alone."""
    date_added: datetime | None = None
    """When it was last set; only sent in lists by commit alone."""


@define(kw_only=True)
class BuildStats(Model):
    """Numbers of builds of a commit by state."""

    successful: int
    """Number of successful builds."""
    failed: int
    """Number of failed builds."""
    in_progress: int
    """Number of builds in progress."""
    cancelled: int | None = None
    """Number of cancelled builds; None on older servers."""
    unknown: int | None = None
    """Number of builds in an unknown state; None on older servers."""


@define(kw_only=True)
class BuildCapabilities(Model):
    """What the server supports of builds."""

    build_status: list[str] | None = None
    """Features of build statuses, such as `richBuildStatus`; None if not sent."""


@define(kw_only=True)
class RequiredBuild(Model):
    """A merge check that requires builds."""

    id: int
    """The ID."""
    build_parent_keys: list[str]
    """The `parent` keys of the builds that must succeed."""
    ref_matcher: RefMatcher
    """The to refs of pull requests that it applies to."""
    exempt_ref_matcher: RefMatcher | None = None
    """The from refs of pull requests that are exempt from it; None if there are none."""
    required_for_pull_request: bool | None = None
    """Whether pull requests require the builds; None on older servers."""
    required_for_merge_queue: bool | None = None
    """Whether the merge queue requires the builds; None on older servers."""
