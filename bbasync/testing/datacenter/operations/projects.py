"""Projects."""

from __future__ import annotations

import re

from bbasync.testing.datacenter.http import Call, flag, required, text
from bbasync.testing.datacenter.payloads import VALIDATION, refuse
from bbasync.testing.datacenter.world import Project
from bbasync.testing.datacenter.world.permissions import PROJECT, level_of
from bbasync.testing.operations import Operations, Result

operations: Operations[Call] = Operations()

VIEW = "PROJECT_VIEW"
"""What whoever may read a repository of a project may do to the project."""


@operations("GET /api/latest/projects")
def list_projects(call: Call) -> Result:
    """List the ordinary projects that the caller sees, filtered by name and by the permission on them."""
    name, permission = call.query.get("name", "").lower(), call.permission((VIEW, *PROJECT), VIEW)
    found = [
        project
        for project in call.world.projects.values()
        if project.owner is None
        and name in project.name.lower()
        and call.world.sees(call.user, project)
        and (permission == VIEW or call.world.may(call.user, level_of(permission), project))
    ]
    return call.page(found, call.payloads.project)


@operations("POST /api/latest/projects", "PROJECT_CREATE", status=201)
def create_project(call: Call) -> Result:
    """Create a project, which the caller may administer."""
    data = call.json()
    key = required(data, "key").upper()
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*", key):
        raise refuse(400, f"{key} is not a valid project key", VALIDATION, context="key")
    name = text(data, "name") or key
    if key in call.world.projects or any(project.name == name for project in call.world.projects.values()):
        message = f"A project with the key {key} or the name {name} exists already."
        raise refuse(409, message, "project.DuplicateProjectException")
    project = Project(id=call.world.next_id(), key=key, name=name, description=text(data, "description"))
    project.public = flag(data, "public")
    project.grants.users[call.me.name] = "PROJECT_ADMIN"
    call.world.projects[key] = project
    return call.payloads.project(project)


@operations("GET /api/latest/projects/{projectKey}")
def get_project(call: Call) -> Result:
    """Return a project."""
    return call.payloads.project(call.project())


@operations("PUT /api/latest/projects/{projectKey}")
def update_project(call: Call) -> Result:
    """Change what the body names."""
    project, data = call.project("ADMIN"), call.json()
    before = call.payloads.project(project)
    key = (text(data, "key") or project.key).upper() if project.owner is None else project.key
    if key != project.key and key in call.world.projects:
        raise refuse(409, f"A project with the key {key} exists already.", "project.DuplicateProjectException")
    call.world.projects = {(key if item is project else old): item for old, item in call.world.projects.items()}
    project.key = key
    project.name = text(data, "name") or project.name
    project.description = text(data, "description") if "description" in data else project.description
    project.public = flag(data, "public", default=project.public)
    call.tell.on_project(project, before, call.me)
    return call.payloads.project(project)


@operations("DELETE /api/latest/projects/{projectKey}")
def delete_project(call: Call) -> Result:
    """Delete a project that has no repositories."""
    project = call.project("ADMIN")
    if project.repositories:
        message = f"The project {project.key} cannot be deleted because it has repositories."
        raise refuse(409, message, "IntegrityException")
    del call.world.projects[project.key]
    return None
