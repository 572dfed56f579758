"""Runs pipelines on the clock of a FakeCloud, and lets others see what comes of them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import attrs

from bbasync.testing.cloud import webhooks as tell
from bbasync.testing.cloud.payloads import stamp
from bbasync.testing.cloud.pipeline_file import NAME, PipelineFile, PipelineFileError
from bbasync.testing.cloud.world.pipelines import (
    CACHES,
    ENVIRONMENTS,
    Course,
    Run,
    ScriptedTestCase,
    Step,
    StepDefinition,
    StepResult,
)
from bbasync.testing.cloud.world.pull_requests import Status
from bbasync.testing.cloud.world.repository import Repository, make_uuid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bbasync.testing.cloud.payloads import Payload, Payloads
    from bbasync.testing.cloud.server import FakeCloud  # noqa: TC004 - it imports this module; attrs does not evaluate it
    from bbasync.testing.cloud.world import World
    from bbasync.testing.cloud.world.pull_requests import Pull

ENVIRONMENT_TYPES = ("Test", "Staging", "Production")
STATES = {"SUCCESSFUL": "SUCCESSFUL", "STOPPED": "STOPPED"}
"""States of build statuses by the result of a pipeline; the others are FAILED."""


@attrs.frozen
class Script:
    """What becomes of the steps of a name."""

    step: str
    result: StepResult
    duration: float | None
    log: str | None
    test_cases: tuple[ScriptedTestCase, ...]


@attrs.frozen
class Cause:
    """A pipeline that changes something, in the name of the user who started it."""

    fake: FakeCloud
    me: int

    @property
    def world(self) -> World:
        """The data behind the fake."""
        return self.fake.world

    @property
    def payloads(self) -> Payloads:
        """Renders the data of the world."""
        return self.fake.payloads


class FakePipelines:
    """Pipelines of a FakeCloud: `fake.pipelines`.

    They run on `fake.clock`, step after step, those of parallel groups too. `duration` is the number of seconds that a
    step takes, `script` chooses what becomes of a step, `start_step` starts a manual one. Build statuses, caches and
    webhooks are due at some time: they come before the next request is answered, and with `fake.settled()`.
    """

    duration: float = 10.0

    def __init__(self, fake: FakeCloud) -> None:
        self._fake = fake
        self._scripts: list[Script] = []
        self._timer: asyncio.TimerHandle | None = None

    def script(
        self,
        step: str = "*",
        *,
        result: StepResult = "SUCCESSFUL",
        duration: float | None = None,
        log: str | None = None,
        test_cases: Sequence[ScriptedTestCase] = (),
    ) -> None:
        """Choose what becomes of the steps whose names match a glob, in pipelines that start from now on.

        The newest script that matches holds. Without `log`, a step prints its commands.
        """
        self._scripts.append(Script(step, result, duration, log, tuple(test_cases)))

    def start_step(self, pipeline_uuid: str) -> None:
        """Start the manual step that a pipeline waits at, as users do in the web interface.

        ValueError if it does not wait for one.
        """
        for _, run in self._fake.world.running:
            if run.uuid == pipeline_uuid:
                now = self._fake.clock.now()
                step = run.paused_at(now)
                if step is not None:
                    step.released_on = now
                    self.catch_up()
                    return
        raise ValueError(f"{pipeline_uuid} is not paused at a manual step")

    # -- for operations -------------------------------------------------------------------------------------------

    def run(
        self,
        user: int,
        repository: Repository,
        target: Payload,
        steps: Sequence[StepDefinition],
        *,
        trigger: str = "PUSH",
        variables: Sequence[Payload] = (),
        error: str = "",
    ) -> Run:
        """Start a pipeline; `target` has its selector and the hash of its commit."""
        world, pipelines = self._fake.world, repository.pipelines
        run = Run(
            uuid=world.new_uuid(),
            build_number=pipelines.next,
            target=target,
            commit=target["commit"]["hash"],
            trigger=trigger,
            creator=user,
            created_on=self._fake.clock.now(),
            steps=[self._step(repository, one) for one in steps],
            variables=list(variables),
            error=error,
        )
        pipelines.next += 1
        pipelines.runs.append(run)
        world.running.append((repository, run))
        self.catch_up()
        return run

    def pushed(self, user: int, repository: Repository, section: str, name: str, commit: str) -> None:
        """Start the pipeline of a branch or tag (`section`) that was pushed, if one is defined."""
        target = {"type": "pipeline_ref_target", "ref_type": {"tags": "tag"}.get(section, "branch"), "ref_name": name}
        self._react(user, repository, section, name, target | {"commit": {"type": "commit", "hash": commit}})

    def proposed(self, user: int, repository: Repository, pull: Pull) -> None:
        """Start the pipeline of a pull request that was created or pushed to, if one is defined."""
        if pull.source_hash is not None and pull.source_repository == repository.uuid:
            target: Payload = {
                "type": "pipeline_pullrequest_target",
                "source": pull.source_branch,
                "destination": pull.destination_branch,
                "destination_commit": {"type": "commit", "hash": pull.destination_hash},
                "commit": {"type": "commit", "hash": pull.source_hash},
                "pullrequest": {"type": "pullrequest", "id": pull.id},
            }
            self._react(user, repository, "pull-requests", pull.source_branch, target)

    def _react(self, user: int, repository: Repository, section: str, name: str, target: Payload) -> None:
        if not repository.pipelines.enabled:
            return
        try:
            file = read_file(repository, target["commit"]["hash"])
            found = None if file is None else file.select(section, name)
        except PipelineFileError as error:
            self.run(user, repository, target | {"selector": {"type": "default"}}, (), error=str(error))
            return
        if found is not None:
            self.run(user, repository, target | {"selector": found[0]}, found[1])

    def _step(self, repository: Repository, definition: StepDefinition) -> Step:
        matching = (one for one in reversed(self._scripts) if fnmatchcase(definition.name or "", one.step))
        script = next(matching, Script("*", "SUCCESSFUL", None, None, ()))
        printed = "".join(f"+ {command}\n" for command in definition.script)
        world = self._fake.world
        return Step(
            uuid=world.new_uuid(),
            deployment_uuid=world.new_uuid(),
            definition=definition,
            environment_uuid=definition.deployment and find_environment(world, repository, definition.deployment),
            duration=timedelta(seconds=self.duration if script.duration is None else script.duration),
            result=script.result,
            log=(printed if script.log is None else script.log).encode(),
            test_cases=script.test_cases,
        )

    # -- what is due ----------------------------------------------------------------------------------------------

    def catch_up(self) -> None:
        """Let everything happen that the clock has passed, in its order."""
        world = self._fake.world
        if not world.running:
            return
        world.running = [
            (repository, run)
            for repository, run in world.running
            if world.repository_by_uuid(repository.uuid) is repository
        ]
        now = self._fake.clock.now()
        due = [
            (date, repository, run, course)
            for repository, run in world.running
            for date, course in _events(run)[run.told :]
            if date <= now
        ]
        for date, repository, run, course in sorted(due, key=lambda one: one[0]):
            self._happen(date, repository, run, course)
            run.told += 1
        world.running = [(repository, run) for repository, run in world.running if not run.is_completed(now)]
        self._wait(now)

    def close(self) -> None:
        """Wait for nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self, now: datetime) -> None:
        """Catch up again when the next event is due, for those who make no request."""
        self.close()
        dates = [date for _, run in self._fake.world.running for date, _ in _events(run)[run.told :]]
        if dates:
            delay = (min(dates) - now).total_seconds()
            self._timer = asyncio.get_running_loop().call_later(max(delay, 0.0), self.catch_up)

    def _happen(self, date: datetime, repository: Repository, run: Run, course: Course | None) -> None:
        cause = Cause(self._fake, run.creator)
        if course is None:
            self._set_status(cause, date, repository, run)
            if run.told:
                tell.on_span(cause, repository, _run_span(repository, run, date))
        elif course.result != "NOT_RUN":
            if course.result == "SUCCESSFUL":
                self._store_caches(date, repository, run, course.step)
            tell.on_span(cause, repository, _step_span(course))

    @staticmethod
    def _set_status(cause: Cause, date: datetime, repository: Repository, run: Run) -> None:
        statuses = repository.changed_statuses[run.commit] = repository.statuses(run.commit)
        selector = run.target["selector"]
        key = make_uuid(f"{repository.uuid}/{run.ref_name}/{selector['type']}/{selector.get('pattern')}")
        key = str(int(key[1:8], 16))  # a later run for the same takes its place
        new, of = key not in statuses, f" for {run.ref_name}" if run.ref_name else ""
        status = statuses.setdefault(key, Status(key, "", "", "", "", date, date, run.ref_name or None))
        status.state = STATES.get(run.result, "FAILED") if run.told else "INPROGRESS"
        status.name = f"Pipeline #{run.build_number}{of}"
        status.url = results_url(cause.payloads, repository, run)
        status.updated_on = date
        tell.on_status(cause, repository, run.commit, status, new=new)

    def _store_caches(self, date: datetime, repository: Repository, run: Run, step: Step) -> None:
        stored = self._fake.world.stored.setdefault((CACHES, "", repository.uuid), {})
        known = {one["name"] for one in stored.values()}
        for name in step.definition.caches:
            if name not in known:
                uuid = self._fake.world.new_uuid()
                stored[uuid] = {
                    "uuid": uuid,
                    "name": name,
                    "pipeline_uuid": run.uuid,
                    "step_uuid": step.uuid,
                    "key_hash": None,
                    "path": f"~/.cache/{name}",
                    "file_size_bytes": len(cache_content(name)),
                    "created_on": stamp(date),
                }


def read_file(repository: Repository, commit: str) -> PipelineFile | None:
    """Read the file of a commit, if there is one; PipelineFileError if it is invalid."""
    entry = repository.files.entry(commit, NAME)
    return None if entry is None or entry.size is None else PipelineFile(repository.files.content(commit, NAME))


def cache_content(name: str) -> bytes:
    """Return what is stored in a cache."""
    return f"The cache {name}\n".encode()


def find_environment(world: World, repository: Repository, name: str) -> str:
    """Return the UUID of the environment that a step names, which is created if there is none."""
    stored = world.stored.setdefault((ENVIRONMENTS, "", repository.uuid), {})
    for uuid, one in stored.items():
        if str(one["name"]).lower() == name.lower():
            return uuid
    uuid, known = world.new_uuid(), name.title() in ENVIRONMENT_TYPES
    kind = name.title() if known else ENVIRONMENT_TYPES[0]
    stored[uuid] = {"uuid": uuid, "name": kind if known else name, "environment_type": {"name": kind}}
    return uuid


def results_url(payloads: Payloads, repository: Repository, run: Run) -> str:
    """Return the URL of the page of a run."""
    return f"{payloads.web}/{repository.full_name}/addon/pipelines/home#!/results/{run.build_number}"


def _events(run: Run) -> list[tuple[datetime, Course | None]]:
    """Return what others see of a run, and when: its begin, the ends of its steps, and its end."""
    found: list[tuple[datetime, Course | None]] = [(run.created_on, None)]
    found += [(course.end, course) for course in run.courses() if course.end is not None]
    if run.completed_on is not None:
        found.append((run.completed_on, None))
    return found


def _run_span(repository: Repository, run: Run, date: datetime) -> Payload:
    attributes = {
        "pipeline.uuid": run.uuid,
        "pipeline.build_number": str(run.build_number),
        "pipeline.repository.uuid": repository.uuid,
        "pipeline.target.ref_type": str(run.target.get("ref_type") or "").upper(),
        "pipeline.target.ref_name": run.ref_name,
        "pipeline.trigger.name": run.trigger,
        "pipeline.state.result.name": {"SUCCESSFUL": "COMPLETE"}.get(run.result, run.result),
        "pipeline_run.uuid": run.uuid,
        "pipeline_run.run_number": "1",
    }
    return _span("bbc.pipeline_run", run, run.uuid, (run.created_on, date), attributes)


def _step_span(course: Course) -> Payload:
    run = course.run
    begin, end = course.begin or run.created_on, course.end or run.created_on
    attributes = {
        "pipeline.uuid": run.uuid,
        "step.uuid": course.step.uuid,
        "step.name": course.step.definition.name or "",
        "step.duration_in_seconds": str(course.seconds(end)),
        "step.state.result.name": {"SUCCESSFUL": "COMPLETE"}.get(course.result, course.result),
    }
    span = _span("bbc.pipeline_step", run, course.step.uuid, (begin, end), attributes)
    return span | {"parentSpanId": _hex(run.uuid)[:16]}


def _span(name: str, run: Run, uuid: str, times: tuple[datetime, datetime], attributes: dict[str, str]) -> Payload:
    begin, end = (str(int(date.astimezone(UTC).timestamp() * 1_000_000) * 1000) for date in times)
    return {
        "name": name,
        "traceId": _hex(run.uuid),
        "spanId": _hex(uuid)[:16],
        "startTimeUnixNano": begin,
        "endTimeUnixNano": end,
        "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()],
    }


def _hex(uuid: str) -> str:
    return uuid.strip("{}").replace("-", "")
