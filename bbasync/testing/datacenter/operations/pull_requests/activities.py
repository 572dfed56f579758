"""Activities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.datacenter.payloads import VALIDATION, refuse
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from bbasync.testing.datacenter.http import Call

operations: Operations[Call] = Operations()


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/activities")
def list_activities(call: Call) -> Result:
    """List activities, the newest first, from the one that `fromId` and `fromType` name."""
    pull = call.pull_request()
    found, from_id, kind = pull.activities[::-1], call.query.get("fromId"), call.query.get("fromType")
    if from_id is not None:
        if kind not in ("ACTIVITY", "COMMENT"):
            raise refuse(400, "fromType must be ACTIVITY or COMMENT", VALIDATION, context="fromType")
        ids = [str(item.comment.id if item.comment else "") if kind == "COMMENT" else str(item.id) for item in found]
        found = found[ids.index(from_id) :] if from_id in ids else []
    history = pull.target.repository.history
    return call.page(found, lambda item: call.payloads.activity(item, history))
