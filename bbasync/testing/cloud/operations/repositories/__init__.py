"""Repositories and their forks, watchers, settings and permissions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bbasync.testing.cloud import webhooks as tell
from bbasync.testing.cloud.http import Call, leaf, not_found, refusal
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from bbasync.testing.cloud.payloads import Payload
    from bbasync.testing.cloud.query import Fields
    from bbasync.testing.cloud.world import Workspace
    from bbasync.testing.cloud.world.repository import Repository

operations: Operations[Call] = Operations()

REPOSITORY_FIELDS: Fields[Repository] = {
    "uuid": lambda one: one.uuid,
    "slug": lambda one: one.slug,
    "name": lambda one: one.name,
    "full_name": lambda one: one.full_name,
    "description": lambda one: one.description,
    "language": lambda one: one.language,
    "size": lambda one: one.size,
    "is_private": lambda one: one.is_private,
    "scm": lambda _: "git",
    "has_issues": lambda one: one.has_issues,
    "has_wiki": lambda one: one.has_wiki,
    "fork_policy": lambda one: one.fork_policy,
    "created_on": lambda one: one.created_on,
    "updated_on": lambda one: one.updated_on,
    "project.key": lambda one: one.project,
    "mainbranch.name": lambda one: one.mainbranch,
    "parent.uuid": lambda one: one.parent.uuid if one.parent else None,
    "parent.full_name": lambda one: one.parent.full_name if one.parent else None,
    "parent": lambda one: one.parent.uuid if one.parent else None,
}
WRITABLE = ("name", "description", "is_private", "language", "website", "fork_policy", "has_issues", "has_wiki")


@operations("GET /repositories/{workspace}", "repository")
def list_repositories(call: Call) -> Result:
    """List the repositories of a workspace that the caller may see."""
    workspace = call.world.workspace(call.arg("workspace"))
    if workspace is None or call.caller.workspace not in (None, workspace.slug):
        raise not_found(f"No workspace with identifier '{call.arg('workspace')}'.")
    visible = [one for one in workspace.repositories.values() if not (call.anonymous and one.is_private)]
    return call.page(call.filtered(visible, REPOSITORY_FIELDS), call.payloads.repository)


@operations("GET /repositories/{workspace}/{repo_slug}", "repository")
def get_repository(call: Call) -> Result:
    """Answer with a repository."""
    return call.payloads.repository(call.repository())


@operations("POST /repositories/{workspace}/{repo_slug}", "repository:admin")
def create_repository(call: Call) -> Result:
    """Create a repository; the path gives its slug."""
    workspace = call.workspace()
    if workspace.repository(call.arg("repo_slug")) is not None:
        raise refusal(400, "Repository with this Slug and Owner already exists.")
    return _created(call, workspace)


@operations("PUT /repositories/{workspace}/{repo_slug}", "repository:admin")
def put_repository(call: Call) -> Result:
    """Change a repository, whose slug follows its name; create it where there is none."""
    workspace = call.workspace()
    found = workspace.repository(call.arg("repo_slug"))
    if found is None:
        return call.answer(_created(call, workspace), status=201)
    body, before = call.json(), call.payloads.repository(found)
    if "name" in body:
        slug = _slug(str(body["name"]))
        if slug != found.slug and slug in workspace.repositories:
            raise refusal(400, "Repository with this Slug and Owner already exists.")
        del workspace.repositories[found.slug]
        found.slug = slug
        workspace.repositories[slug] = found
    after = _changed(call, workspace, found, body)
    tell.on_settings(call, found, before, after)
    return after


@operations("DELETE /repositories/{workspace}/{repo_slug}", "repository:delete")
def delete_repository(call: Call) -> Result:
    """Delete a repository; forks lose their parent."""
    found = call.repository()
    del call.world.workspaces[found.workspace].repositories[found.slug]
    for other in call.world.repositories():
        if other.parent is found:
            other.parent = None
    tell.on_repository(call, "deleted", found)
    return None


@operations("GET /repositories/{workspace}/{repo_slug}/forks", "repository")
def list_forks(call: Call) -> Result:
    """List the forks of a repository."""
    parent = call.repository()
    forks = [one for one in call.world.repositories() if one.parent is parent]
    return call.page(call.filtered(forks, REPOSITORY_FIELDS), call.payloads.repository)


@operations("POST /repositories/{workspace}/{repo_slug}/forks", "repository:write", status=201)
def create_fork(call: Call) -> Result:
    """Fork a repository into a workspace, its own unless the body names another."""
    parent, body = call.repository(), call.json()
    workspace = call.world.workspace(leaf(body, "workspace", "slug") or parent.workspace)
    if workspace is None:
        raise refusal(400, "Bad request", fields={"workspace": ["This workspace does not exist."]})
    slug = _slug(str(body.get("name", parent.slug)))
    if slug in workspace.repositories:
        raise refusal(400, "Repository with this Slug and Owner already exists.")
    fork = call.world.create_repository(workspace, slug, parent)
    payload = _changed(call, workspace, fork, body)
    tell.on_fork(call, parent, fork)
    return payload


@operations("GET /repositories/{workspace}/{repo_slug}/watchers", "repository")
def list_watchers(call: Call) -> Result:
    """List who watches a repository."""
    return call.page(call.repository().watchers, lambda index: call.payloads.user(index) or {})


@operations("GET /repositories/{workspace}/{repo_slug}/override-settings", "repository:admin")
def get_override_settings(call: Call) -> Result:
    """Return which settings a repository does not inherit from its project."""
    return {"type": "repository_inheritance_state", "override_settings": dict(call.repository().override_settings)}


@operations("PUT /repositories/{workspace}/{repo_slug}/override-settings", "repository:admin")
def update_override_settings(call: Call) -> Result:
    """Set the flags that the body names at its top level."""
    settings, body = call.repository().override_settings, call.json()
    settings.update({name: bool(body[name]) for name in settings if name in body})
    return None


def _created(call: Call, workspace: Workspace) -> Payload:
    _project(workspace, call.json())
    repository = call.world.create_repository(workspace, call.arg("repo_slug").lower())
    payload = _changed(call, workspace, repository, call.json())
    tell.on_repository(call, "created", repository)
    return payload


def _project(workspace: Workspace, body: Payload) -> str | None:
    """Return the key of the project that a body names, by its key or by its uuid in the place of the key."""
    given = leaf(body, "project", "key")
    for project in workspace.projects.values():
        if given in (project.key, project.uuid):
            return project.key
    if given:
        raise refusal(400, "Bad request", fields={"project": ["Project not found"]})
    return None


def _changed(call: Call, workspace: Workspace, repository: Repository, body: Payload) -> Payload:
    repository.project = _project(workspace, body) or repository.project
    for name in WRITABLE:
        if name in body:
            setattr(repository, name, body[name])
    repository.mainbranch = leaf(body, "mainbranch", "name") or repository.mainbranch
    repository.updated_on = call.world.now()
    repository.version += 1
    return call.payloads.repository(repository)


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-")
