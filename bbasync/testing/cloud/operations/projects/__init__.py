"""Projects and their default reviewers; permissions have a module of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.cloud import webhooks as tell
from bbasync.testing.cloud.http import Call, refusal
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
    return call.payloads.project(call.workspace(), call.project())


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
    workspace, project = call.workspace(), call.project()
    if any(one.project == project.key for one in workspace.repositories.values()):
        raise refusal(400, "Project has repositories; move or delete them first")
    del workspace.projects[project.key]
    return None


@operations("GET /workspaces/{workspace}/projects/{project_key}/default-reviewers", "project:admin")
def list_default_reviewers(call: Call) -> Result:
    """List the default reviewers of a project."""
    return call.page(call.project().default_reviewers, lambda index: call.payloads.default_reviewer(index, "project"))


@operations("GET /workspaces/{workspace}/projects/{project_key}/default-reviewers/{selected_user}", "project:admin")
def get_default_reviewer(call: Call) -> Result:
    """Return a default reviewer."""
    return call.payloads.user(_default_reviewer(call))


@operations("PUT /workspaces/{workspace}/projects/{project_key}/default-reviewers/{selected_user}", "project:admin")
def add_default_reviewer(call: Call) -> Result:
    """Add a default reviewer; adding one twice has no effect."""
    reviewers, user = call.project().default_reviewers, call.user("selected_user")
    if user.index not in reviewers:
        reviewers.append(user.index)
    return call.payloads.user(user.index)


@operations("DELETE /workspaces/{workspace}/projects/{project_key}/default-reviewers/{selected_user}", "project:admin")
def remove_default_reviewer(call: Call) -> Result:
    """Remove a default reviewer."""
    index = _default_reviewer(call)
    call.project().default_reviewers.remove(index)
    return None


def _default_reviewer(call: Call) -> int:
    """Find the default reviewer that the path names; 400 for another user, as the vendor documents."""
    project, user = call.project(), call.user("selected_user")
    if user.index not in project.default_reviewers:
        raise refusal(400, f"{call.arg('selected_user')} is not a default reviewer of this project")
    return user.index


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
