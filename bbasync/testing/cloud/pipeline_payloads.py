"""What pipelines, their steps and deployments look like on the wire, at some time."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING
from urllib.parse import quote

from bbasync.testing.cloud.payloads import hrefs
from bbasync.testing.cloud.pipelines import results_url
from bbasync.testing.cloud.world.pipelines import PARSING, QUEUED

if TYPE_CHECKING:
    from datetime import datetime

    from bbasync.testing.cloud.payloads import Payload, Payloads
    from bbasync.testing.cloud.world.pipelines import Course, Run
    from bbasync.testing.cloud.world.repository import Repository


TEARDOWN = {
    "commandType": "system",
    "action": "PROCESS_TEST_REPORTS",
    "command": 'echo "Processing test reports"',
    "name": "Process Test Reports",
}


def zulu(date: datetime) -> str:
    """Write a date as the server of pipelines does."""
    return date.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def pipeline(payloads: Payloads, repository: Repository, run: Run, now: datetime) -> Payload:
    """Build a pipeline."""
    own = f"{payloads.base}/repositories/{repository.full_name}/pipelines/{quote(run.uuid)}"
    seconds = sum(course.seconds(now) for course in run.courses())
    found: Payload = {
        "type": "pipeline",
        "uuid": run.uuid,
        "build_number": run.build_number,
        "run_number": 1,
        "creator": payloads.user(run.creator),
        "repository": payloads.repository_reference(repository),
        "target": _target(payloads, repository, run),
        "trigger": {"type": f"pipeline_trigger_{run.trigger.lower()}", "name": run.trigger},
        "state": _state(payloads, run, now),
        "created_on": zulu(run.created_on),
        "duration_in_seconds": seconds,
        "build_seconds_used": seconds,
        "first_successful": False,
        "expired": False,
        "has_variables": bool(run.variables),
        "links": hrefs(self=own, steps=f"{own}/steps"),
    }
    if run.variables:
        found["variables"] = run.variables
    if run.completed_on is not None and run.completed_on <= now:
        found["completed_on"] = zulu(run.completed_on)
    return found


def _target(payloads: Payloads, repository: Repository, run: Run) -> Payload:
    found = run.target | {"commit": payloads.commit_reference(repository, run.commit)}
    if "destination_commit" in found:
        found["destination_commit"] = payloads.commit_reference(repository, run.target["destination_commit"]["hash"])
    pull = repository.pull(found["pullrequest"]["id"]) if "pullrequest" in found else None
    if pull is not None:
        links = hrefs(
            self=f"{payloads.base}/repositories/{repository.full_name}/pullrequests/{pull.id}",
            html=f"{payloads.web}/{repository.full_name}/pull-requests/{pull.id}",
        )
        found["pullrequest"] = {
            "type": "pullrequest",
            "id": pull.id,
            "title": pull.title,
            "draft": pull.draft,
            "links": links,
        }
    return found


def _state(payloads: Payloads, run: Run, now: datetime) -> Payload:
    if run.is_completed(now):
        result = _named("pipeline_state_completed", run.result)
        if run.error:
            result["error"] = {"type": "pipeline_error", "key": "plan-service.parse.error", "message": run.error}
        if run.result == "STOPPED":
            result["terminator"] = payloads.user(run.terminator)
        return _named("pipeline_state", "COMPLETED") | {"result": result}
    if now < run.created_on + PARSING:
        return _named("pipeline_state", "PARSING")
    if now < run.created_on + QUEUED:
        return _named("pipeline_state", "PENDING")
    stage = _named("pipeline_state_in_progress", "PAUSED" if run.paused_at(now) else "RUNNING")
    return _named("pipeline_state", "IN_PROGRESS") | {"stage": stage}


def _named(type_: str, name: str) -> Payload:
    return {"type": f"{type_}_{name.lower()}", "name": name}


def step(course: Course, now: datetime) -> Payload:
    """Build a step."""
    run, definition = course.run, course.step.definition
    setup = ("umask 000", "git clone --depth=50 $BITBUCKET_GIT_HTTP_ORIGIN .", f"git reset --hard {run.commit}")
    found: Payload = {
        "type": "pipeline_step",
        "uuid": course.step.uuid,
        "pipeline": {"type": "pipeline", "uuid": run.uuid},
        "run_number": 1,
        "maxTime": definition.max_time,
        "image": {"name": definition.image},
        "setup_commands": [_command(one) for one in setup],
        "script_commands": [_command(one) for one in definition.script],
        "teardown_commands": [TEARDOWN],
        "trigger": {"type": f"pipeline_step_trigger_{'manual' if definition.is_manual else 'automatic'}"},
        "state": _step_state(course, now),
        "build_seconds_used": course.seconds(now),
    }
    if definition.name is not None:
        found["name"] = definition.name
    if course.begin is not None and course.begin <= now:
        found |= {"started_on": zulu(course.begin), "duration_in_seconds": course.seconds(now)}
    if course.end is not None and course.end <= now:
        found["completed_on"] = zulu(course.end)
    return found


def _command(text: str) -> Payload:
    return {"commandType": "user", "command": text, "name": text}


def _step_state(course: Course, now: datetime) -> Payload:
    state = _named("pipeline_step_state", course.state(now))
    if course.state(now) == "COMPLETED":
        state["result"] = _named("pipeline_step_state_completed", course.result)
    elif course.run.paused_at(now) is course.step:
        state["stage"] = _named("pipeline_step_state_pending", "PAUSED")
    return state


def deployment(
    payloads: Payloads, repository: Repository, course: Course, environment: Payload, now: datetime
) -> Payload:
    """Build the deployment of a step."""
    run = course.run
    commit = payloads.commit_reference(repository, run.commit)
    url = results_url(payloads, repository, run)
    found: Payload = {
        "type": "deployment",
        "uuid": course.step.deployment_uuid,
        "step": {"type": "pipeline_step", "uuid": course.step.uuid},
        "environment": environment,
        "release": {
            "type": "deployment_release",
            "uuid": run.uuid,
            "key": f"pipelines-{run.uuid}",
            "name": f"#{run.build_number}",
            "url": url,
            "pipeline": {"type": "pipeline", "uuid": run.uuid},
            "commit": commit,
            "created_on": zulu(run.created_on),
        },
    }
    if course.begin is None or now < course.begin or course.result == "NOT_RUN":
        return found | {"state": _named("deployment_state", "UNDEPLOYED")}
    state = _named("deployment_state", course.state(now))
    state |= {"url": f"{url}/steps/{quote(course.step.uuid)}", "started_on": zulu(course.begin)}
    state["deployer"] = payloads.user(run.creator)
    changed = course.begin
    if course.end is not None and course.end <= now:
        changed = course.end
        name = "FAILED" if course.result == "ERROR" else course.result
        state |= {"completed_on": zulu(course.end), "status": _named("deployment_state_completed_status", name)}
    return found | {"state": state, "last_update_time": zulu(changed)}
