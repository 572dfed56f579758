"""Projects and their default reviewers and permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.cloud import webhooks as tell
from bbasync.testing.cloud.http import Call, not_found, refusal
from bbasync.testing.cloud.world import Project, Workspace
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from bbasync.testing.cloud.payloads import Payload
    from bbasync.testing.cloud.query import Fields

operations: Operations[Call] = Operations()

PROJECT_FIELDS: Fields[Project] = {
    "key": lambda one: one.key,
    "name": lambda one: one.name,
    "uuid": lambda one: one.uuid,
    "description": lambda one: one.description,
    "is_private": lambda one: one.is_private,
    "created_on": lambda one: one.created_on,
    "updated_on": lambda one: one.updated_on,
}


@operations("GET /workspaces/{workspace}/projects", "project")
def list_projects(call: Call) -> Result:
    """List the projects of a workspace."""
    workspace = call.workspace()
    found = call.filtered(workspace.projects.values(), PROJECT_FIELDS)
    return call.page(found, lambda one: call.payloads.project(workspace, one))


@operations("GET /workspaces/{workspace}/projects/{project_key}", "project")
def get_project(call: Call) -> Result:
    """Answer with a project."""
    workspace = call.workspace()
    return call.payloads.project(workspace, _project(call, workspace))


@operations("POST /workspaces/{workspace}/projects", "project:admin", status=201)
def create_project(call: Call) -> Result:
    """Create a project; its key is taken once."""
    workspace, body = call.workspace(), call.json()
    missing = {name: ["This field is required."] for name in ("key", "name") if not body.get(name)}
    if missing:
        raise refusal(400, "Bad request", fields=missing)
    if str(body["key"]).upper() in workspace.projects:
        raise refusal(400, "Bad request", fields={"key": ["Project with this key already exists."]})
    return _save_project(call, workspace, None, body)


@operations("PUT /workspaces/{workspace}/projects/{project_key}", "project:admin")
def put_project(call: Call) -> Result:
    """Change a project, or create it where there is none."""
    workspace, body = call.workspace(), call.json()
    found = workspace.projects.get(call.arg("project_key").upper())
    body.setdefault("key", call.arg("project_key"))
    return call.answer(_save_project(call, workspace, found, body), status=200 if found else 201)


@operations("DELETE /workspaces/{workspace}/projects/{project_key}", "project:admin")
def delete_project(call: Call) -> Result:
    """Delete a project that holds no repository."""
    workspace = call.workspace()
    project = _project(call, workspace)
    if any(one.project == project.key for one in workspace.repositories.values()):
        raise refusal(400, "Project has repositories; move or delete them first")
    del workspace.projects[project.key]
    return None


def _project(call: Call, workspace: Workspace) -> Project:
    key = call.arg("project_key").upper()
    if key not in workspace.projects:
        raise not_found(f"Project {key} not found in {workspace.slug}")
    return workspace.projects[key]


def _save_project(call: Call, workspace: Workspace, found: Project | None, body: Payload) -> Payload:
    now, key = call.world.now(), str(body["key"]).upper()
    project = found or Project(key, key, call.world.new_uuid(), now, now)
    workspace.projects.pop(project.key, None)
    project.key = key
    project.name = body.get("name", project.name)
    project.description = body.get("description", project.description)
    project.is_private = body.get("is_private", project.is_private)
    project.updated_on = now
    workspace.projects[key] = project
    if found is not None:
        tell.on_project(call, workspace, project)
    return call.payloads.project(workspace, project)
