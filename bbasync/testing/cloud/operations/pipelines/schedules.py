"""Schedules, which are stored and never run anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.cloud.operations.pipelines import bad_request
from bbasync.testing.cloud.pipeline_payloads import zulu
from bbasync.testing.collection import Collection
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from bbasync.testing.cloud.http import Call
    from bbasync.testing.cloud.payloads import Payload

operations: Operations[Call] = Operations()

PATH = "/repositories/{workspace}/{repo_slug}/pipelines_config/schedules/{schedule_uuid}"
CRON_FIELDS = 7


def _schedule(_call: Call, stored: Payload) -> Payload:
    if len(str(stored["cron_pattern"]).split()) != CRON_FIELDS:
        raise bad_request("A cron pattern has seven fields")
    return stored | {"type": "pipeline_schedule"}


def _added(call: Call) -> Payload:
    now = zulu(call.fake.clock.now())
    return {"enabled": True, "created_on": now, "updated_on": now}


schedules = Collection(
    operations,
    PATH,
    "uuid",
    required=("target", "cron_pattern"),
    read="pipeline",
    write="pipeline:write",
    render=_schedule,
    added=_added,
)


@operations(f"GET {PATH}/executions", "pipeline")
def list_executions(call: Call) -> Result:
    """List what a schedule has run: nothing."""
    key = call.arg("schedule_uuid")
    if key not in call.stored.get((PATH, *call.owner("schedule_uuid")), {}):
        raise call.missing(key)
    return call.page((), lambda one: one)
