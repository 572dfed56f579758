"""Variables of repositories, workspaces and environments, and those of users and teams, which are deprecated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.collection import Collection
from bbasync.testing.operations import Operations

if TYPE_CHECKING:
    from bbasync.testing.cloud.http import Call
    from bbasync.testing.cloud.payloads import Payload

operations: Operations[Call] = Operations()

ALL = "list create get update delete"
OWNERS = {
    "/repositories/{workspace}/{repo_slug}/pipelines_config": ALL,
    "/repositories/{workspace}/{repo_slug}/deployments_config/environments/{environment_uuid}": "list create update delete",
    "/workspaces/{workspace}/pipelines-config": ALL,
    "/users/{selected_user}/pipelines_config": ALL,
    "/teams/{username}/pipelines_config": ALL,
}


def _kept(variable: Payload) -> Payload:
    """Forget the value of a secured variable: nothing can make it come back."""
    return {name: value for name, value in variable.items() if name != "value" or not variable.get("secured")}


collections = [
    Collection(
        operations,
        f"{owner}/variables/{{variable_uuid}}",
        "uuid",
        required=("key",),
        unique="key",
        kept=_kept,
        read="pipeline",
        write="pipeline:variable",
        verbs=verbs,
        render=lambda _call, stored: {"secured": False} | stored | {"type": "pipeline_variable"},
    )
    for owner, verbs in OWNERS.items()
]
