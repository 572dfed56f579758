"""Pipelines: listing, running and stopping them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bbasync.testing.cloud import pipeline_payloads as build
from bbasync.testing.cloud.http import Call, leaf, refusal
from bbasync.testing.cloud.pipeline_file import PipelineFile, PipelineFileError
from bbasync.testing.cloud.pipelines import read_file
from bbasync.testing.cloud.query import is_list, is_object
from bbasync.testing.cloud.world.pipelines import PARSING, QUEUED
from bbasync.testing.operations import Operations, Result, is_number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from bbasync.testing.cloud.payloads import Payload
    from bbasync.testing.cloud.world.pipelines import Course, Run, StepDefinition
    from bbasync.testing.cloud.world.repository import Repository
    from bbasync.testing.server import Refusal

operations: Operations[Call] = Operations()

YAML = "application/yaml"
SECTIONS = {"branch": "branches", "named_branch": "branches", "tag": "tags", "annotated_tag": "tags"}
"""Sections of the file by `ref_type`."""
SELECTORS = {
    "default": "DEFAULT",
    "branches": "BRANCH",
    "tags": "TAG",
    "custom": "CUSTOM",
    "pull-requests": "PULLREQUESTS",
}
"""What selectors are called in filters."""
FILTERS: dict[str, Callable[[Call, Run], object]] = {
    "creator.uuid": lambda call, run: call.world.users[run.creator].uuid,
    "target.ref_type": lambda _call, run: str(run.target.get("ref_type") or "").upper(),
    "target.ref_name": lambda _call, run: run.target.get("ref_name"),
    "target.branch": lambda _call, run: run.target.get("ref_name") if run.target.get("ref_type") != "tag" else None,
    "target.commit.hash": lambda _call, run: run.commit,
    "target.selector.type": lambda _call, run: SELECTORS.get(run.target["selector"]["type"]),
    "target.selector.pattern": lambda _call, run: run.target["selector"].get("pattern"),
    "created_on": lambda _call, run: build.zulu(run.created_on),
    "trigger_type": lambda _call, run: run.trigger,
    "status": lambda call, run: status(run, call.fake.clock.now()),
}
SORTS: dict[str, Callable[[Call, Run], object]] = {
    "creator.uuid": FILTERS["creator.uuid"],
    "created_on": FILTERS["created_on"],
    "run_creation_date": FILTERS["created_on"],
}


def status(run: Run, now: datetime) -> str:
    """Return what a state is called in filters."""
    if run.is_completed(now):
        return {"SUCCESSFUL": "PASSED"}.get(run.result, run.result)
    if now < run.created_on + PARSING:
        return "PARSING"
    if now < run.created_on + QUEUED:
        return "PENDING"
    return "PAUSED" if run.paused_at(now) else "BUILDING"


def bad_request(detail: str) -> Refusal:
    """Build a 400 of pipelines, whose message says nothing."""
    return refusal(400, "Bad request", detail=detail)


def not_found(detail: str) -> Refusal:
    """Build a 404 of pipelines."""
    return refusal(404, "Not found", detail=detail)


def find_run(call: Call) -> tuple[Repository, Run]:
    """Find the pipeline that the path names, by UUID or build number."""
    repository, name = call.repository(), call.arg("pipeline_uuid")
    run = repository.pipelines.find(name)
    if run is None:
        raise not_found(f"There is no pipeline {name}")
    return repository, run


def find_step(call: Call) -> Course:
    """Find the step that the path names."""
    _, run = find_run(call)
    for course in run.courses():
        if course.step.uuid == call.arg("step_uuid"):
            return course
    raise not_found(f"There is no step {call.arg('step_uuid')}")


@operations("GET /repositories/{workspace}/{repo_slug}/pipelines", "pipeline")
def list_pipelines(call: Call) -> Result:
    """List pipelines, the oldest first; `next` loses the `sort`, or is missing: the vendor is known for both."""
    repository, query = call.repository(), call.query
    wanted = {name: read for name, read in FILTERS.items() if name in query}
    found = [
        run for run in repository.pipelines.runs if all(read(call, run) == query[name] for name, read in wanted.items())
    ]
    sort = query.get("sort", "")
    if sort.removeprefix("-") in SORTS:
        read = SORTS[sort.removeprefix("-")]
        found.sort(key=lambda run: str(read(call, run)), reverse=sort.startswith("-"))
    now = call.fake.clock.now()
    page = call.page(found, lambda run: build.pipeline(call.payloads, repository, run, now), ends_empty=True)
    names_next = repository.workspace in list(call.world.workspaces)[::2]
    for name in ("next", "previous"):
        link = page.pop(name, None)
        if link is not None and names_next:
            number = page["page"] + (1 if name == "next" else -1)
            page[name] = str(call.request.url.without_query_params("sort").update_query(page=number))
    return page


@operations("POST /repositories/{workspace}/{repo_slug}/pipelines", "pipeline", status=201)
def run_pipeline(call: Call) -> Result:
    """Start a pipeline."""
    repository, body = call.repository(), _asked(call)
    if not repository.pipelines.enabled:
        raise bad_request("Pipelines are not enabled for this repository")
    target, steps, error = _resolve(call, repository, body.get("target"))
    given = body.get("variables")
    variables = [_variable(one) for one in given] if is_list(given) else []
    run = call.fake.pipelines.run(
        call.me, repository, target, steps, trigger="MANUAL", variables=variables, error=error
    )
    return build.pipeline(call.payloads, repository, run, run.created_on)


@operations("GET /repositories/{workspace}/{repo_slug}/pipelines/{pipeline_uuid}", "pipeline")
def get_pipeline(call: Call) -> Result:
    """Answer with a pipeline."""
    return build.pipeline(call.payloads, *find_run(call), call.fake.clock.now())


@operations("POST /repositories/{workspace}/{repo_slug}/pipelines/{pipeline_uuid}/stopPipeline", "pipeline:write")
def stop_pipeline(call: Call) -> Result:
    """Stop a pipeline."""
    (_, run), now = find_run(call), call.fake.clock.now()
    if run.is_completed(now):
        raise bad_request("The pipeline has already completed")
    run.stopped_on, run.terminator = now, call.me
    call.fake.pipelines.catch_up()
    return None


@operations("GET /repositories/{workspace}/{repo_slug}/pipelines/{pipeline_uuid}/steps", "pipeline")
def list_steps(call: Call) -> Result:
    """List the steps of a pipeline: all in one page, whatever `pagelen` says."""
    (_, run), now = find_run(call), call.fake.clock.now()
    values = [build.step(course, now) for course in run.courses()]
    return {"values": values, "page": 1, "pagelen": 100, "size": len(values)}


@operations("GET /repositories/{workspace}/{repo_slug}/pipelines/{pipeline_uuid}/steps/{step_uuid}", "pipeline")
def get_step(call: Call) -> Result:
    """Answer with a step."""
    return build.step(find_step(call), call.fake.clock.now())


def _variable(variable: object) -> Payload:
    if not is_object(variable) or not variable.get("key"):
        raise bad_request("A variable needs a key")
    found: Payload = {
        "type": "pipeline_variable",
        "key": variable["key"],
        "secured": variable.get("secured") in (True, "true"),
    }
    return found if found["secured"] else found | {"value": variable.get("value")}


def _asked(call: Call) -> Payload:
    """Return the body; that of an on-demand pipeline is the file, and the query holds the rest."""
    if call.request.content_type != YAML:
        return call.json()
    found: Payload = {}
    for name, value in call.query.items():
        *path, last = name.split(".")
        place = found
        for part in path:
            inner = place.get(part)
            if not is_object(inner):
                inner = place[part] = dict[str, Any]()
            place = inner
        place[last] = value
    return found | {"variables": [one for name, one in found.items() if name.startswith("variables[")]}


def _resolve(call: Call, repository: Repository, target: object) -> tuple[Payload, Sequence[StepDefinition], str]:
    """Return a target with its selector and its commit, the steps, and what is wrong with the file."""
    if not is_object(target):
        raise bad_request("A target is required")
    found, section, name = _checked(repository, target)
    selector = target.get("selector")
    steps: Sequence[StepDefinition] | None = None
    try:
        on_demand = call.request.content_type == YAML
        file = PipelineFile(call.body) if on_demand else read_file(repository, found["commit"]["hash"])
        if is_object(selector):
            found["selector"] = {key: value for key, value in selector.items() if value is not None}
            steps = None if file is None else file.named(str(selector.get("type")), str(selector.get("pattern")))
        elif file is not None:
            found["selector"], steps = file.select(section, name) or ({}, None)
    except PipelineFileError as error:
        return {"selector": {"type": "default"}} | found, (), str(error)
    if steps is None:
        raise bad_request("bitbucket-pipelines.yml of this commit is missing, or defines no pipeline for the target")
    return found, steps, ""


def _checked(repository: Repository, target: Payload) -> tuple[Payload, str, str]:
    """Return a target as it is stored, and the section and name by which its definition is chosen."""
    kind, given = target.get("type"), leaf(target, "commit", "hash")
    if kind == "pipeline_ref_target":
        ref_type, name = str(target.get("ref_type")), str(target.get("ref_name"))
        if ref_type not in SECTIONS:
            raise bad_request(f"{ref_type} is not a ref_type")
        section = SECTIONS[ref_type]
        if section == "branches":
            head = repository.branches.get(name)
        else:
            head = repository.tags[name].hash if name in repository.tags else None
        if head is None:
            raise not_found(f"{name} is not a {ref_type} of this repository")
        return (
            {"type": kind, "ref_type": ref_type, "ref_name": name, "commit": _commit(repository, given or head)},
            section,
            name,
        )
    if kind == "pipeline_commit_target":
        if not is_object(target.get("selector")):
            raise bad_request("A target of a commit needs a selector")
        return {"type": kind, "commit": _commit(repository, given)}, "default", ""
    if kind == "pipeline_pullrequest_target":
        text = str(leaf(target, "pullrequest", "id"))
        number = int(text) if is_number(text) else 0
        if repository.pull(number) is None:
            raise not_found(f"There is no pull request {text}")
        source = str(target.get("source"))
        found = {name: target.get(name) for name in ("type", "source", "destination")}
        commits = {name: _commit(repository, leaf(target, name, "hash")) for name in ("commit", "destination_commit")}
        return found | commits | {"pullrequest": {"type": "pullrequest", "id": number}}, "pull-requests", source
    raise bad_request(f"{kind} is not the type of a target")


def _commit(repository: Repository, hash_: object) -> Payload:
    found = repository.history.find(str(hash_)) if hash_ else None
    if found is None:
        raise not_found(f"There is no commit {hash_}")
    return {"type": "commit", "hash": found.hash}
