"""Deploy keys of repositories and projects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.cloud.http import Call, refusal
from bbasync.testing.cloud.payloads import hrefs, stamp
from bbasync.testing.collection import Collection
from bbasync.testing.operations import Operations

if TYPE_CHECKING:
    from bbasync.testing.cloud.payloads import Payload

operations: Operations[Call] = Operations()


def dated(call: Call) -> Payload:
    """Return what a new key has beside what was sent."""
    return {"created_on": stamp(call.world.now())}


def public_key(stored: Payload) -> Payload:
    """Return what every SSH key has: the key apart from its comment, and dates."""
    kind, _, rest = str(stored.get("key") or "").partition(" ")
    data, _, comment = rest.strip().partition(" ")
    if not kind.startswith(("ssh-", "ecdsa-", "sk-")) or not data:
        raise refusal(400, "Bad request", fields={"key": ["Invalid SSH key"]})
    return {
        "key": f"{kind} {data}",
        "comment": comment.strip(),
        "label": stored.get("label") or "",
        "created_on": stored["created_on"],
        "last_used": None,
    }


def _repository_key(call: Call, stored: Payload) -> Payload:
    repository = call.repository()
    own = f"{call.payloads.base}/repositories/{repository.full_name}/deploy-keys/{stored['id']}"
    return public_key(stored) | {
        "type": "deploy_key",
        "id": stored["id"],
        "repository": call.payloads.repository_reference(repository),
        "links": hrefs(self=own),
    }


def _project_key(call: Call, stored: Payload) -> Payload:
    workspace, project = call.workspace(), call.project()
    own = f"{call.payloads.base}/workspaces/{workspace.slug}/projects/{project.key}/deploy-keys/{stored['id']}"
    return public_key(stored) | {
        "type": "project_deploy_key",
        "id": stored["id"],
        "project": call.payloads.project_reference(workspace, project),
        "links": hrefs(self=own),
    }


Collection(
    operations,
    "/repositories/{workspace}/{repo_slug}/deploy-keys/{key_id}",
    "id",
    required=("key",),
    read="repository:admin",
    write="repository:admin",
    render=_repository_key,
    added=dated,
    created=200,
)
Collection(
    operations,
    "/workspaces/{workspace}/projects/{project_key}/deploy-keys/{key_id}",
    "id",
    required=("key",),
    read="project:admin",
    write="project:admin",
    verbs="list create get delete",
    render=_project_key,
    added=dated,
    created=200,
)
