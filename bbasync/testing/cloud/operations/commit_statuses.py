"""Build statuses of commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.cloud import webhooks as tell
from bbasync.testing.cloud.http import Call, not_found, refusal
from bbasync.testing.cloud.operations.commits import resolve
from bbasync.testing.cloud.world.pull_requests import Status
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from bbasync.testing.cloud.payloads import Payload
    from bbasync.testing.cloud.query import Fields

operations: Operations[Call] = Operations()

STATES = ("SUCCESSFUL", "FAILED", "INPROGRESS", "STOPPED")
STATUS_FIELDS: Fields[Status] = {
    "key": lambda one: one.key,
    "name": lambda one: one.name,
    "state": lambda one: one.state,
    "refname": lambda one: one.refname,
    "url": lambda one: one.url,
    "created_on": lambda one: one.created_on,
    "updated_on": lambda one: one.updated_on,
}


@operations("POST /repositories/{workspace}/{repo_slug}/commit/{commit}/statuses/build", "repository", status=201)
def create_status(call: Call) -> Result:
    """Set a build status; one of the same key is replaced."""
    body = call.flat()
    missing = {name: ["This field is required."] for name in ("key", "state", "url") if not body.get(name)}
    if missing:
        raise refusal(400, "Bad request", fields=missing)
    return _save_status(call, str(body["key"]), body)


@operations("GET /repositories/{workspace}/{repo_slug}/commit/{commit}/statuses/build/{key}", "repository")
def get_status(call: Call) -> Result:
    """Answer with a build status."""
    repository = call.repository()
    commit = resolve(repository, call.arg("commit"))
    status = repository.statuses(commit.hash).get(call.arg("key"))
    if status is None:
        raise not_found(f"{call.arg('key')} is not the key of a status of {commit.hash}")
    return call.payloads.status(repository, commit.hash, status)


@operations("PUT /repositories/{workspace}/{repo_slug}/commit/{commit}/statuses/build/{key}", "repository")
def update_status(call: Call) -> Result:
    """Change a build status."""
    get_status(call)
    return _save_status(call, call.arg("key"), call.flat())


@operations("GET /repositories/{workspace}/{repo_slug}/commit/{commit}/statuses", "repository")
def list_statuses(call: Call) -> Result:
    """List the build statuses of a commit."""
    repository = call.repository()
    commit = resolve(repository, call.arg("commit"))
    found = call.filtered(repository.statuses(commit.hash).values(), STATUS_FIELDS)
    return call.page(found, lambda one: call.payloads.status(repository, commit.hash, one), default=30)


@operations("GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/statuses", "pullrequest")
def list_pull_statuses(call: Call) -> Result:
    """List the build statuses of the source commit."""
    repository = call.repository()
    source = call.pull(repository).source_hash
    statuses = repository.statuses(source) if source is not None else {}
    found = call.filtered(statuses.values(), STATUS_FIELDS)
    return call.page(found, lambda one: call.payloads.status(repository, source or "", one), default=30)


def _save_status(call: Call, key: str, body: Payload) -> Payload:
    repository = call.repository()
    commit = resolve(repository, call.arg("commit"))
    if body.get("state", "SUCCESSFUL") not in STATES:
        raise refusal(400, "Bad request", fields={"state": [f"{body['state']} is not a valid choice"]})
    statuses = repository.changed_statuses[commit.hash] = repository.statuses(commit.hash)
    now, new = call.world.now(), key not in statuses
    found = statuses.setdefault(key, Status(key, "", "", "", "", now, now))
    for name in ("state", "url", "name", "description", "refname"):
        if name in body:
            setattr(found, name, body[name])
    found.updated_on = now
    tell.on_status(call, repository, commit.hash, found, new=new)
    return call.payloads.status(repository, commit.hash, found)
