"""Builds."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bbasync.testing.datacenter.http import Call, required, text, value
from bbasync.testing.datacenter.payloads import ABBREVIATED, VALIDATION, build_status, no_content, refuse
from bbasync.testing.datacenter.world import BuildStatus
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from aiohttp import web

    from bbasync.testing.datacenter.payloads import Json
    from bbasync.testing.history import Commit

operations: Operations[Call] = Operations()

STATES = ("CANCELLED", "FAILED", "INPROGRESS", "SUCCESSFUL", "UNKNOWN")


@operations("POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/builds")
def set_repository_build(call: Call) -> Result:
    """Set a build status of a commit of this repository."""
    call.writable()
    return _set(call, call.commit()[1].hash)


@operations("POST /build-status/latest/commits/{commitId}", "LICENSED_USER")
def set_build(call: Call) -> Result:
    """Set a build status of a commit that no repository here need have."""
    return _set(call, call.arg("commitId"))


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/builds")
def get_build(call: Call) -> Result:
    """Return the build status that `key` names."""
    _, commit = call.commit()
    return build_status(_build(call, commit))


@operations("DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/builds")
def delete_build(call: Call) -> Result:
    """Delete the build status that `key` names."""
    call.repository("WRITE")
    _, commit = call.commit()
    found = _build(call, commit)
    del call.world.builds[commit.hash][found.key]
    return None


@operations("GET /build-status/latest/commits/{commitId}", "LICENSED_USER")
def list_builds(call: Call) -> Result:
    """List the build statuses of a commit, the newest first; here the date is `dateAdded`."""
    found = sorted(_builds(call).values(), key=lambda item: -item.updated)
    return call.page(
        found,
        lambda item: {
            "state": item.state,
            "key": item.key,
            "name": item.name or item.key,
            "url": item.url,
            "description": item.description or "",
            "dateAdded": item.added,
        },
    )


@operations("GET /build-status/latest/commits/stats/{commitId}", "LICENSED_USER")
def get_build_stats(call: Call) -> Result:
    """Count the build statuses of a commit by state."""
    return _stats(call.world.builds.get(call.arg("commitId"), {}))


@operations("POST /build-status/latest/commits/stats", "LICENSED_USER")
def list_build_stats(call: Call) -> Result:
    """Count the build statuses of the commits that the body lists."""
    commits = call.strings()
    return {commit: _stats(call.world.builds.get(commit, {})) for commit in commits}


def _builds(call: Call) -> dict[str, BuildStatus]:
    return call.world.builds.setdefault(call.arg("commitId"), {})


def _set(call: Call, commit: str) -> web.Response:
    data, now = call.json(), call.world.tick()
    key, state, duration = required(data, "key"), required(data, "state"), value(data, "duration")
    if state not in STATES:
        raise refuse(400, f"state must be one of {', '.join(STATES)}", VALIDATION, context="state")
    builds = call.world.builds.setdefault(commit, {})
    builds[key] = BuildStatus(
        key=key,
        state=state,
        url=required(data, "url"),
        added=builds[key].added if key in builds else now,
        updated=now,
        name=text(data, "name"),
        description=text(data, "description"),
        ref=text(data, "ref"),
        build_number=text(data, "buildNumber"),
        duration=duration if isinstance(duration, int) else None,
    )
    return no_content()


def _build(call: Call, commit: Commit) -> BuildStatus:
    key = call.query.get("key")
    if not key:
        raise refuse(400, "The key parameter is required", VALIDATION, context="key")
    found = call.world.builds.get(commit.hash, {}).get(key)
    if found is None:
        raise refuse(404, f"There is no build status {key} of {commit.hash[:ABBREVIATED]}.", "NoSuchEntityException")
    return found


def _stats(builds: dict[str, BuildStatus]) -> Json:
    count = Counter(item.state for item in builds.values())
    names = {"CANCELLED": "cancelled", "FAILED": "failed", "INPROGRESS": "inProgress", "SUCCESSFUL": "successful"}
    return {name: count[state] for state, name in {**names, "UNKNOWN": "unknown"}.items()}
