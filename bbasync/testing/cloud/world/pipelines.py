"""Runs of pipelines, whose states follow from the time at which they are read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator

StepResult: TypeAlias = Literal["SUCCESSFUL", "FAILED", "ERROR"]
Payload: TypeAlias = dict[str, Any]

ENVIRONMENTS = "/repositories/{workspace}/{repo_slug}/environments/{environment_uuid}"
CACHES = "/repositories/{workspace}/{repo_slug}/pipelines-config/caches/{cache_uuid}"
"""The paths under which environments and caches are stored, which pipelines create."""

PARSING = timedelta(seconds=1)
"""How long the file is read, which a pipeline begins with."""
QUEUED = timedelta(seconds=2)
"""How long after its creation the first step of a pipeline begins."""


@attrs.frozen
class ScriptedTestCase:
    """A test case in the report of a step."""

    name: str
    class_name: str = attrs.field(default="", kw_only=True)
    package_name: str = attrs.field(default="", kw_only=True)
    status: Literal["SUCCESSFUL", "FAILED", "ERROR", "SKIPPED"] = attrs.field(default="SUCCESSFUL", kw_only=True)
    seconds: float = attrs.field(default=0.0, kw_only=True)
    """How long it took."""
    message: str = attrs.field(default="", kw_only=True)
    """Why it failed."""


@attrs.frozen(kw_only=True)
class StepDefinition:
    """A step as `bitbucket-pipelines.yml` defines it."""

    name: str | None
    script: tuple[str, ...]
    image: str
    deployment: str | None
    """The environment that it deploys to."""
    is_manual: bool
    caches: tuple[str, ...]
    max_time: int
    """Minutes after which the server would end it."""


@attrs.define(eq=False)
class Step:
    """A step of a run: its definition, and what will become of it."""

    uuid: str
    deployment_uuid: str
    definition: StepDefinition
    environment_uuid: str | None
    duration: timedelta
    result: StepResult
    log: bytes
    test_cases: tuple[ScriptedTestCase, ...]
    released_on: datetime | None = None
    """When a manual step was started by a user."""


@attrs.frozen
class Course:
    """When a step begins and ends, as far as that is certain."""

    run: Run
    step: Step
    begin: datetime | None
    """None if the step waits for a user, or for a step that does."""
    end: datetime | None
    result: str
    """The result that it ends with."""

    def state(self, now: datetime) -> str:
        """Return the name of the state."""
        if self.begin is None or self.end is None or now < self.begin:
            return "PENDING"
        return "IN_PROGRESS" if now < self.end else "COMPLETED"

    def seconds(self, now: datetime) -> int:
        """Return for how long the step has been executed."""
        if self.begin is None or self.end is None:
            return 0
        return int(max(min(now, self.end) - self.begin, timedelta(0)).total_seconds())

    def log(self, now: datetime) -> bytes | None:
        """Return the log as far as it is written; None if the step was not executed."""
        if self.begin is None or self.end is None or now < self.begin or self.result == "NOT_RUN":
            return None
        if now >= self.begin + self.step.duration:
            return self.step.log
        written = (min(now, self.end) - self.begin) / self.step.duration
        return self.step.log[: int(len(self.step.log) * written)]


@attrs.define(eq=False)
class Run:
    """A run of a pipeline."""

    uuid: str
    build_number: int
    target: Payload
    """The target as payloads show it, but for the links of what it names."""
    commit: str
    trigger: str
    """`PUSH` or `MANUAL`."""
    creator: int
    created_on: datetime
    steps: list[Step]
    variables: list[Payload] = attrs.field(factory=list[Payload])
    """Values of secured ones are not kept."""
    error: str = ""
    """Why the file cannot be read; then there are no steps."""
    stopped_on: datetime | None = None
    terminator: int | None = None
    """The user who stopped it."""
    told: int = 0
    """How many of its events have happened."""

    @property
    def ref_name(self) -> str:
        """The branch or tag that it runs for, or the source branch; empty for a commit alone."""
        return str(self.target.get("ref_name") or self.target.get("source") or "")

    def courses(self) -> Iterator[Course]:
        """Yield when the steps begin and end, one after another."""
        at: datetime | None = self.created_on + QUEUED
        over = False  # a step was not successful: the further ones do not run
        for step in self.steps:
            if over and at is not None:
                yield Course(self, step, at, at, "NOT_RUN")
                continue
            begin, result = self._begin(step, at), str(step.result)
            end = None if begin is None else begin + step.duration
            if self.stopped_on is not None and (end is None or self.stopped_on < end):
                begin, end = min(begin or self.stopped_on, self.stopped_on), self.stopped_on
                result = "STOPPED"
            yield Course(self, step, begin, end, result)
            at, over = end, result != "SUCCESSFUL"

    @staticmethod
    def _begin(step: Step, at: datetime | None) -> datetime | None:
        if at is None or not step.definition.is_manual:
            return at
        return None if step.released_on is None else max(at, step.released_on)

    @property
    def completed_on(self) -> datetime | None:
        """When it completes; None if it waits for a user."""
        if not self.steps:
            return self.created_on + PARSING
        return list(self.courses())[-1].end

    @property
    def result(self) -> str:
        """The result that it ends with, unless it is stopped."""
        if self.error:
            return "ERROR"
        results = [one.result for one in self.courses()]
        return next((one for one in ("STOPPED", "FAILED", "ERROR") if one in results), "SUCCESSFUL")

    def is_completed(self, now: datetime) -> bool:
        """Tell whether it has its result."""
        completed = self.completed_on
        return completed is not None and completed <= now

    def paused_at(self, now: datetime) -> Step | None:
        """Return the manual step that waits for a user."""
        before = self.created_on + QUEUED
        for course in self.courses():
            if course.begin is None:
                return course.step if before <= now else None
            before = course.end or before
        return None


@attrs.define(eq=False)
class Pipelines:
    """The pipelines of a repository."""

    enabled: bool = False
    next: int = 1
    """The build number of the next run."""
    runs: list[Run] = attrs.field(factory=list[Run])
    key_pair: Payload | None = None
    """The public key for SSH, if there is one."""

    def find(self, name: str) -> Run | None:
        """Find a run by UUID or build number."""
        return next((one for one in self.runs if name in (one.uuid, str(one.build_number))), None)
