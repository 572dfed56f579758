"""Users, workspaces and projects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.cloud import webhooks as tell
from bbasync.testing.cloud.http import Call, Operation, error_response, no_content, not_found, refusal
from bbasync.testing.cloud.world import Project, User, Workspace

if TYPE_CHECKING:
    from aiohttp import web

    from bbasync.testing.cloud.payloads import Payload
    from bbasync.testing.cloud.query import Fields
    from bbasync.testing.cloud.world.repository import Repository

WORKSPACE_FIELDS: Fields[Workspace] = {"slug": lambda one: one.slug, "uuid": lambda one: one.uuid}
MEMBER_FIELDS: Fields[User] = {
    "user.uuid": lambda one: one.uuid,
    "user.account_id": lambda one: one.account_id,
    "user.nickname": lambda one: one.nickname,
}
PROJECT_FIELDS: Fields[Project] = {
    "key": lambda one: one.key,
    "name": lambda one: one.name,
    "uuid": lambda one: one.uuid,
    "description": lambda one: one.description,
    "is_private": lambda one: one.is_private,
    "created_on": lambda one: one.created_on,
    "updated_on": lambda one: one.updated_on,
}
PERMISSION_FIELDS: Fields[Repository] = {
    "repository.full_name": lambda one: one.full_name,
    "repository.name": lambda one: one.name,
    "repository.uuid": lambda one: one.uuid,
    "permission": lambda _: "admin",
}
GONE = "CHANGE-2770 - Functionality has been deprecated"
ANNOUNCEMENT = "https://developer.atlassian.com/cloud/bitbucket/changelog/#CHANGE-2770"


def get_user(call: Call) -> web.Response:
    """Answer with the caller; an access token stands for a pseudo-user."""
    _demand_credential(call)
    if call.caller.workspace is not None:
        name = f"{call.caller.workspace} access token"
        return call.answer({"type": "app_user", "display_name": name, "uuid": call.world.users[-1].uuid})
    return call.answer(call.payloads.full_user(call.world.users[call.me]))


def find_user(call: Call) -> web.Response:
    """Find a user by uuid or account id; user names are no longer known."""
    user = call.world.user(call.arg("selected_user"))
    if user is None:
        raise not_found(f"{call.arg('selected_user')} does not exist or is not a user")
    return call.answer(call.payloads.full_user(user))


def list_emails(call: Call) -> web.Response:
    """List the one address."""
    _demand_credential(call)
    name = "me" if call.me == call.world.me.index else call.world.users[call.me].nickname
    address = {"type": "email", "email": f"{name}@example.invalid", "is_primary": True, "is_confirmed": True}
    return call.page([address], lambda one: one)


def list_own_workspaces(call: Call) -> web.Response:
    """List the workspaces of the caller."""
    _demand_credential(call)
    mine = [one for one in call.world.workspaces.values() if call.caller.workspace in (None, one.slug)]

    def render(one: Workspace) -> Payload:
        workspace = call.payloads.workspace_base(one)
        return {"type": "workspace_access", "administrator": True, "workspace": workspace}

    return call.page(call.filtered(mine, WORKSPACE_FIELDS), render)


def get_own_permission(call: Call) -> web.Response:
    """Answer with the caller's permission in a workspace."""
    workspace = call.workspace()
    permission = "owner" if call.me == call.world.me.index else "member"
    return call.answer(call.payloads.membership(workspace, call.me) | {"permission": permission})


def list_own_repository_permissions(call: Call) -> web.Response:
    """List what the caller may do to each repository of a workspace."""
    workspace = call.workspace()

    def render(one: Repository) -> Payload:
        repository = call.payloads.repository_reference(one)
        user = call.payloads.user(call.me)
        return {"type": "repository_permission", "permission": "admin", "user": user, "repository": repository}

    return call.page(call.filtered(workspace.repositories.values(), PERMISSION_FIELDS), render)


def get_workspace(call: Call) -> web.Response:
    """Answer with a workspace."""
    return call.answer(call.payloads.workspace(call.workspace()))


def list_members(call: Call) -> web.Response:
    """List the members of a workspace."""
    workspace = call.workspace()
    users = [call.world.users[index] for index in workspace.members]
    found = call.filtered(users, MEMBER_FIELDS)
    return call.page(found, lambda one: call.payloads.membership(workspace, one.index))


def get_member(call: Call) -> web.Response:
    """Answer with one membership, by uuid or account id."""
    workspace = call.workspace()
    user = call.world.user(call.arg("member"))
    if user is None or user.index not in workspace.members:
        raise not_found(f"{call.arg('member')} is not a member of {workspace.slug}")
    return call.answer(call.payloads.membership(workspace, user.index))


def list_permissions(call: Call) -> web.Response:
    """List the members with their permission."""
    workspace = call.workspace()

    def render(index: int) -> Payload:
        permission = "owner" if index == call.world.me.index else "member"
        return call.payloads.membership(workspace, index) | {"permission": permission}

    return call.page(workspace.members, render)


def list_projects(call: Call) -> web.Response:
    """List the projects of a workspace."""
    workspace = call.workspace()
    found = call.filtered(workspace.projects.values(), PROJECT_FIELDS)
    return call.page(found, lambda one: call.payloads.project(workspace, one))


def get_project(call: Call) -> web.Response:
    """Answer with a project."""
    workspace = call.workspace()
    return call.answer(call.payloads.project(workspace, _project(call, workspace)))


def create_project(call: Call) -> web.Response:
    """Create a project; its key is taken once."""
    workspace, body = call.workspace(), call.json()
    missing = {name: ["This field is required."] for name in ("key", "name") if not body.get(name)}
    if missing:
        raise refusal(400, "Bad request", fields=missing)
    if str(body["key"]).upper() in workspace.projects:
        raise refusal(400, "Bad request", fields={"key": ["Project with this key already exists."]})
    return call.answer(_save_project(call, workspace, None, body), status=201)


def put_project(call: Call) -> web.Response:
    """Change a project, or create it where there is none."""
    workspace, body = call.workspace(), call.json()
    found = workspace.projects.get(call.arg("project_key").upper())
    body.setdefault("key", call.arg("project_key"))
    return call.answer(_save_project(call, workspace, found, body), status=200 if found else 201)


def delete_project(call: Call) -> web.Response:
    """Delete a project that holds no repository."""
    workspace = call.workspace()
    project = _project(call, workspace)
    if any(one.project == project.key for one in workspace.repositories.values()):
        raise refusal(400, "Project has repositories; move or delete them first")
    del workspace.projects[project.key]
    return no_content()


def removed(call: Call) -> web.Response:
    """Answer as the endpoints do that listed across workspaces."""
    del call
    data = {"announcement_url": ANNOUNCEMENT}
    return error_response(410, GONE, data=data)


def _demand_credential(call: Call) -> None:
    if call.anonymous:
        raise refusal(401, "Authentication is required for this resource.")


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


OPERATIONS = (
    Operation("GET", "/user", get_user, "account"),
    Operation("GET", "/user/emails", list_emails, "email"),
    Operation("GET", "/user/workspaces", list_own_workspaces, "account"),
    Operation("GET", "/user/workspaces/{workspace}/permission", get_own_permission, "account"),
    Operation(
        "GET", "/user/workspaces/{workspace}/permissions/repositories", list_own_repository_permissions, "repository"
    ),
    Operation("GET", "/users/{selected_user}", find_user),
    Operation("GET", "/workspaces/{workspace}", get_workspace),
    Operation("GET", "/workspaces/{workspace}/members", list_members, "account"),
    Operation("GET", "/workspaces/{workspace}/members/{member}", get_member, "account"),
    Operation("GET", "/workspaces/{workspace}/permissions", list_permissions, "account"),
    Operation("GET", "/workspaces/{workspace}/projects", list_projects, "project"),
    Operation("POST", "/workspaces/{workspace}/projects", create_project, "project:admin"),
    Operation("GET", "/workspaces/{workspace}/projects/{project_key}", get_project, "project"),
    Operation("PUT", "/workspaces/{workspace}/projects/{project_key}", put_project, "project:admin"),
    Operation("DELETE", "/workspaces/{workspace}/projects/{project_key}", delete_project, "project:admin"),
    Operation("GET", "/repositories", removed),
    Operation("GET", "/workspaces", removed),
    Operation("GET", "/snippets", removed),
    Operation("GET", "/user/permissions/workspaces", removed),
    Operation("GET", "/user/permissions/repositories", removed),
    Operation("GET", "/pullrequests/{selected_user}", removed),
)
