"""Blocker comments: comments that web pages call tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.datacenter.operations.pull_requests.comments import add, delete, get, update
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from bbasync.testing.datacenter.http import Call

operations: Operations[Call] = Operations()

_PATH = "/api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/blocker-comments"


@operations(f"GET {_PATH}")
def list_blocker_comments(call: Call) -> Result:
    """List the tasks, or with `count=true` the number of those in each state."""
    wanted = call.query.getall("state", [])
    found = [item for item in call.pull_request().comments.values() if item.severity == "BLOCKER"]
    found = [item for item in found if not wanted or item.state in wanted]
    if call.query.get("count") == "true":
        states = [item.state for item in found]
        return {state: states.count(state) for state in sorted(set(states))}
    return call.page(found, call.payloads.comment)


@operations(f"POST {_PATH}", status=201)
def create(call: Call) -> Result:
    """Add a task."""
    return add(call, "BLOCKER")


operations(f"GET {_PATH}/{{commentId}}")(get)
operations(f"PUT {_PATH}/{{commentId}}")(update)
operations(f"DELETE {_PATH}/{{commentId}}")(delete)
