"""Runners of repositories and workspaces; none ever connects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.cloud.pipeline_payloads import zulu
from bbasync.testing.collection import Collection
from bbasync.testing.operations import Operations

if TYPE_CHECKING:
    from bbasync.testing.cloud.http import Call
    from bbasync.testing.cloud.payloads import Payload

operations: Operations[Call] = Operations()


def _added(call: Call) -> Payload:
    now = zulu(call.fake.clock.now())
    return {
        "labels": list[str](),
        "state": {"type": "pipeline_runner_state", "status": "UNREGISTERED", "updated_on": now, "cordoned": False},
        "created_on": now,
        "updated_on": now,
    }


def _runner(call: Call, stored: Payload) -> Payload:
    uuid = str(stored["uuid"])
    client = {"id": uuid.strip("{}"), "token_endpoint": call.fake.token_url, "audience": "api.atlassian.com"}
    if call.request.method == "POST":  # only then
        client["secret"] = call.fake.secret(f"fake-runner-secret-{uuid.strip('{}')}")
    return stored | {"type": "pipeline_runner", "oauth_client": client}


collections = [
    Collection(
        operations,
        f"{owner}/pipelines-config/runners/{{runner_uuid}}",
        "uuid",
        required=("name",),
        read="runner",
        write="runner:write",
        render=_runner,
        added=_added,
        created=200,
    )
    for owner in ("/repositories/{workspace}/{repo_slug}", "/workspaces/{workspace}")
]
