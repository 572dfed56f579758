"""Deployments, and the environments they go to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from bbasync.testing.cloud import pipeline_payloads as build
from bbasync.testing.cloud.http import Call, leaf
from bbasync.testing.cloud.operations.pipelines import not_found
from bbasync.testing.cloud.pipelines import ENVIRONMENT_TYPES
from bbasync.testing.cloud.world.pipelines import ENVIRONMENTS
from bbasync.testing.collection import Collection
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bbasync.testing.cloud.payloads import Payload
    from bbasync.testing.cloud.world.pipelines import Course
    from bbasync.testing.cloud.world.repository import Repository

operations: Operations[Call] = Operations()


def _environment(_call: Call, stored: Payload) -> Payload:
    name = str(leaf(stored, "environment_type", "name") or ENVIRONMENT_TYPES[0])
    rank = ENVIRONMENT_TYPES.index(name) if name in ENVIRONMENT_TYPES else 0
    return {
        "type": "deployment_environment",
        "uuid": stored["uuid"],
        "name": stored["name"],
        "slug": str(stored["name"]).lower().replace(" ", "-"),
        "rank": rank,
        "hidden": False,
        "environment_type": {"type": "deployment_environment_type", "name": name, "rank": rank},
        "restrictions": {
            "type": "deployment_restrictions_configuration",
            "admin_only": bool(leaf(stored, "restrictions", "admin_only")),
        },
    }


environments = Collection(
    operations,
    ENVIRONMENTS,
    "uuid",
    required=("name",),
    unique="name",
    read="pipeline",
    write="pipeline",
    verbs="list create get delete",
    render=_environment,
)


@operations(f"POST {ENVIRONMENTS}/changes", "pipeline")
def change_environment(call: Call) -> Result:
    """Change an environment, at once."""
    stored = call.stored.get((ENVIRONMENTS, *call.owner("environment_uuid")), {}).get(call.arg("environment_uuid"))
    if stored is None:
        raise call.missing(call.arg("environment_uuid"))
    body = call.json()
    change = {name: leaf(body, "change", name) for name in ("name", "restrictions")}
    stored.update({name: value for name, value in change.items() if value is not None})
    return web.Response(status=202)


@operations("GET /repositories/{workspace}/{repo_slug}/deployments", "pipeline")
def list_deployments(call: Call) -> Result:
    """List the deployments, of the oldest pipeline first."""
    repository = call.repository()
    return call.page(list(_deployments(repository)), lambda one: _payload(call, repository, one))


@operations("GET /repositories/{workspace}/{repo_slug}/deployments/{deployment_uuid}", "pipeline")
def get_deployment(call: Call) -> Result:
    """Answer with a deployment."""
    repository, uuid = call.repository(), call.arg("deployment_uuid")
    for course in _deployments(repository):
        if course.step.deployment_uuid == uuid:
            return _payload(call, repository, course)
    raise not_found(f"There is no deployment {uuid}")


def _deployments(repository: Repository) -> Iterator[Course]:
    for run in repository.pipelines.runs:
        yield from (course for course in run.courses() if course.step.environment_uuid is not None)


def _payload(call: Call, repository: Repository, course: Course) -> Payload:
    uuid = course.step.environment_uuid or ""
    stored = call.stored.get((ENVIRONMENTS, "", repository.uuid), {}).get(uuid)
    deleted: Payload = {"type": "deployment_environment", "uuid": uuid}
    environment = deleted if stored is None else _environment(call, stored)
    return build.deployment(call.payloads, repository, course, environment, call.fake.clock.now())
