"""Repositories, their refs, forks, watchers and default reviewers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bbasync.testing.cloud import webhooks as tell
from bbasync.testing.cloud.http import Call, Operation, leaf, no_content, not_found, refusal
from bbasync.testing.cloud.world.repository import Tag

if TYPE_CHECKING:
    from aiohttp import web

    from bbasync.testing.cloud.payloads import Payload
    from bbasync.testing.cloud.query import Fields
    from bbasync.testing.cloud.world import User, Workspace
    from bbasync.testing.cloud.world.history import Commit
    from bbasync.testing.cloud.world.repository import Repository

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


def natural(name: str) -> list[tuple[int, str]]:
    """Sort names as people do: numbers by value."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name.lower())]


def list_repositories(call: Call) -> web.Response:
    """List the repositories of a workspace that the caller may see."""
    workspace = call.world.workspace(call.arg("workspace"))
    if workspace is None or call.caller.workspace not in (None, workspace.slug):
        raise not_found(f"No workspace with identifier '{call.arg('workspace')}'.")
    visible = [one for one in workspace.repositories.values() if not (call.anonymous and one.is_private)]
    return call.page(call.filtered(visible, REPOSITORY_FIELDS), call.payloads.repository)


def get_repository(call: Call) -> web.Response:
    """Answer with a repository."""
    return call.answer(call.payloads.repository(call.repository()))


def create_repository(call: Call) -> web.Response:
    """Create a repository; the path gives its slug."""
    workspace = call.workspace()
    if workspace.repository(call.arg("repo_slug")) is not None:
        raise refusal(400, "Repository with this Slug and Owner already exists.")
    return call.answer(_created(call, workspace))


def put_repository(call: Call) -> web.Response:
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
    return call.answer(after)


def delete_repository(call: Call) -> web.Response:
    """Delete a repository; forks lose their parent."""
    found = call.repository()
    del call.world.workspaces[found.workspace].repositories[found.slug]
    for other in call.world.repositories():
        if other.parent is found:
            other.parent = None
    tell.on_repository(call, "deleted", found)
    return no_content()


def list_forks(call: Call) -> web.Response:
    """List the forks of a repository."""
    parent = call.repository()
    forks = [one for one in call.world.repositories() if one.parent is parent]
    return call.page(call.filtered(forks, REPOSITORY_FIELDS), call.payloads.repository)


def create_fork(call: Call) -> web.Response:
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
    return call.answer(payload, status=201)


def list_watchers(call: Call) -> web.Response:
    """List who watches a repository."""
    return call.page(call.repository().watchers, lambda index: call.payloads.user(index) or {})


def list_branches(call: Call) -> web.Response:
    """List the branches."""
    repository = call.repository()
    found = call.filtered(repository.branches, _ref_fields(repository), sortable={"name": natural})
    return call.page(found, lambda name: _branch(call, repository, name))


def get_branch(call: Call) -> web.Response:
    """Answer with a branch."""
    repository, name = call.repository(), call.arg("name")
    if name not in repository.branches:
        raise not_found(f'Branch "{name}" not found')
    return call.answer(_branch(call, repository, name))


def create_branch(call: Call) -> web.Response:
    """Create a branch at a commit."""
    repository = call.repository()
    name, commit = _new_ref(call, repository)
    if name in repository.branches:
        raise refusal(409, f'Branch "{name}" already exists.', data={"key": "BRANCH_ALREADY_EXISTS"})
    repository.branches[name] = commit.hash
    repository.version += 1
    tell.on_push(call, repository, name, None, commit.hash)
    return call.answer(_branch(call, repository, name), status=201)


def delete_branch(call: Call) -> web.Response:
    """Delete a branch; the main one stays."""
    repository, name = call.repository(), call.arg("name")
    if name not in repository.branches:
        raise not_found(f'Branch "{name}" not found')
    if name == repository.mainbranch:
        raise refusal(400, "The main branch cannot be deleted", data={"key": "MAIN_BRANCH"})
    old = repository.branches.pop(name)
    repository.version += 1
    tell.on_push(call, repository, name, old, None)
    return no_content()


def list_tags(call: Call) -> web.Response:
    """List the tags."""
    repository = call.repository()
    found = call.filtered(repository.tags, _ref_fields(repository), sortable={"name": natural})
    return call.page(found, lambda name: _tag(call, repository, name))


def get_tag(call: Call) -> web.Response:
    """Answer with a tag."""
    repository, name = call.repository(), call.arg("name")
    if name not in repository.tags:
        raise not_found(f'Tag "{name}" not found')
    return call.answer(_tag(call, repository, name))


def create_tag(call: Call) -> web.Response:
    """Create a tag at a commit."""
    repository = call.repository()
    name, commit = _new_ref(call, repository)
    if name in repository.tags:
        raise refusal(409, f'Tag "{name}" already exists.', data={"key": "TAG_ALREADY_EXISTS"})
    message = call.json().get("message")
    tag = Tag(commit.hash, message, call.world.now(), call.me) if message else Tag(commit.hash)
    repository.tags[name] = tag
    repository.version += 1
    tell.on_push(call, repository, name, None, tag)
    return call.answer(_tag(call, repository, name), status=201)


def delete_tag(call: Call) -> web.Response:
    """Delete a tag."""
    repository, name = call.repository(), call.arg("name")
    old = repository.tags.pop(name, None)
    if old is None:
        raise not_found(f'Tag "{name}" not found')
    repository.version += 1
    tell.on_push(call, repository, name, old, None)
    return no_content()


def list_refs(call: Call) -> web.Response:
    """List branches and tags together, in the order of `git show-ref`."""
    repository = call.repository()
    branches, tags = sorted(repository.branches), sorted(repository.tags)
    refs = [*((_branch, name) for name in branches), *((_tag, name) for name in tags)]
    return call.page(refs, lambda one: one[0](call, repository, one[1]))


def list_default_reviewers(call: Call) -> web.Response:
    """List the default reviewers."""
    return call.page(call.repository().default_reviewers, lambda index: call.payloads.user(index) or {})


def list_effective_default_reviewers(call: Call) -> web.Response:
    """List the default reviewers with where they come from."""

    def render(index: int) -> Payload:
        user = call.payloads.user(index)
        return {"type": "default_reviewer", "reviewer_type": "repository", "user": user}

    return call.page(call.repository().default_reviewers, render)


def get_default_reviewer(call: Call) -> web.Response:
    """Answer with a default reviewer."""
    user = _reviewer(call)
    if user.index not in call.repository().default_reviewers:
        raise not_found(f"{call.arg('target_username')} is not a default reviewer")
    return call.answer(call.payloads.user(user.index) or {})


def put_default_reviewer(call: Call) -> web.Response:
    """Add a default reviewer; once more changes nothing."""
    repository, user = call.repository(), _reviewer(call)
    if user.index not in repository.default_reviewers:
        repository.default_reviewers.append(user.index)
    return call.answer(call.payloads.user(user.index) or {})


def delete_default_reviewer(call: Call) -> web.Response:
    """Remove a default reviewer."""
    repository, user = call.repository(), _reviewer(call)
    if user.index not in repository.default_reviewers:
        raise not_found(f"{call.arg('target_username')} is not a default reviewer")
    repository.default_reviewers.remove(user.index)
    return no_content()


def _branch(call: Call, repository: Repository, name: str) -> Payload:
    return call.payloads.branch(repository, name, repository.commit(repository.branches[name]))


def _tag(call: Call, repository: Repository, name: str) -> Payload:
    tag = repository.tags[name]
    return call.payloads.tag(repository, name, tag, repository.commit(tag.hash))


def _ref_fields(repository: Repository) -> Fields[str]:
    def target(name: str) -> Commit:
        head = repository.branches.get(name)
        return repository.commit(head or repository.tags[name].hash)

    return {
        "name": str,
        "target.hash": lambda name: target(name).hash,
        "target.date": lambda name: target(name).date,
        "target.message": lambda name: target(name).message,
    }


def _new_ref(call: Call, repository: Repository) -> tuple[str, Commit]:
    body = call.json()
    name, target = str(body.get("name") or ""), str(leaf(body, "target", "hash") or "")
    missing = {key: ["This field is required."] for key, value in (("name", name), ("target", target)) if not value}
    if missing:
        raise refusal(400, "Bad request", fields=missing)
    commit = repository.resolve(target)
    if commit is None:
        raise refusal(400, f"Commit {target} not found", data={"key": "TARGET_NOT_FOUND"})
    return name, commit


def _created(call: Call, workspace: Workspace) -> Payload:
    repository = call.world.create_repository(workspace, call.arg("repo_slug").lower())
    payload = _changed(call, workspace, repository, call.json())
    tell.on_repository(call, "created", repository)
    return payload


def _changed(call: Call, workspace: Workspace, repository: Repository, body: Payload) -> Payload:
    key = leaf(body, "project", "key") or repository.project
    if key and key not in workspace.projects:
        raise refusal(400, "Bad request", fields={"project": ["Project not found"]})
    repository.project = key
    for name in WRITABLE:
        if name in body:
            setattr(repository, name, body[name])
    repository.mainbranch = leaf(body, "mainbranch", "name") or repository.mainbranch
    repository.updated_on = call.world.now()
    repository.version += 1
    return call.payloads.repository(repository)


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-")


def _reviewer(call: Call) -> User:
    user = call.world.user(call.arg("target_username"))
    if user is None:
        raise not_found(f"{call.arg('target_username')} is not a user")
    return user


REPOSITORY = "/repositories/{workspace}/{repo_slug}"
OPERATIONS = (
    Operation("GET", "/repositories/{workspace}", list_repositories, "repository"),
    Operation("GET", REPOSITORY, get_repository, "repository"),
    Operation("POST", REPOSITORY, create_repository, "repository:admin"),
    Operation("PUT", REPOSITORY, put_repository, "repository:admin"),
    Operation("DELETE", REPOSITORY, delete_repository, "repository:delete"),
    Operation("GET", REPOSITORY + "/forks", list_forks, "repository"),
    Operation("POST", REPOSITORY + "/forks", create_fork, "repository:write"),
    Operation("GET", REPOSITORY + "/watchers", list_watchers, "repository"),
    Operation("GET", REPOSITORY + "/refs", list_refs, "repository"),
    Operation("GET", REPOSITORY + "/refs/branches", list_branches, "repository"),
    Operation("POST", REPOSITORY + "/refs/branches", create_branch, "repository:write"),
    Operation("GET", REPOSITORY + "/refs/branches/{name*}", get_branch, "repository"),
    Operation("DELETE", REPOSITORY + "/refs/branches/{name*}", delete_branch, "repository:write"),
    Operation("GET", REPOSITORY + "/refs/tags", list_tags, "repository"),
    Operation("POST", REPOSITORY + "/refs/tags", create_tag, "repository:write"),
    Operation("GET", REPOSITORY + "/refs/tags/{name*}", get_tag, "repository"),
    Operation("DELETE", REPOSITORY + "/refs/tags/{name*}", delete_tag, "repository:write"),
    Operation("GET", REPOSITORY + "/default-reviewers", list_default_reviewers, "pullrequest"),
    Operation("GET", REPOSITORY + "/effective-default-reviewers", list_effective_default_reviewers, "pullrequest"),
    Operation("GET", REPOSITORY + "/default-reviewers/{target_username}", get_default_reviewer, "pullrequest"),
    Operation("PUT", REPOSITORY + "/default-reviewers/{target_username}", put_default_reviewer, "repository:admin"),
    Operation(
        "DELETE", REPOSITORY + "/default-reviewers/{target_username}", delete_default_reviewer, "repository:admin"
    ),
)
