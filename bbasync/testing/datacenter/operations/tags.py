"""Tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.datacenter.http import Call, flag, required, resolve, text
from bbasync.testing.datacenter.operations.branches import check_name
from bbasync.testing.datacenter.payloads import answer, refuse
from bbasync.testing.datacenter.world import Tag
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from aiohttp import web

    from bbasync.testing.datacenter.payloads import Json
    from bbasync.testing.datacenter.world import Repository

operations: Operations[Call] = Operations()


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/tags")
def list_tags(call: Call) -> Result:
    """List tags, the newest commit first unless ordered by the alphabet."""
    repository, part = call.repository(), call.query.get("filterText", "").lower()
    names = sorted(name for name in repository.tags if part in name.lower())
    if call.query.get("orderBy", "MODIFICATION") == "MODIFICATION":
        names.sort(key=lambda name: repository.history.commit(repository.tags[name].commit).date, reverse=True)
    return call.page(names, lambda name: call.payloads.tag(name, repository.tags[name]))


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/tags/{name}")
def get_tag(call: Call) -> Result:
    """Return a tag; slashes in its name stay slashes in the path."""
    repository = call.repository()
    name = _tag(call, repository)
    return call.payloads.tag(name, repository.tags[name])


@operations("POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/tags")
def create_tag(call: Call) -> Result:
    """Create a tag, annotated if there is a message, answered with 200."""
    data = call.json()
    return _create_tag(call, data, annotated=bool(text(data, "message")), status=200)


@operations("POST /git/latest/projects/{projectKey}/repos/{repositorySlug}/tags")
def create_git_tag(call: Call) -> Result:
    """Create a tag of the type that the body names, answered with 201."""
    data = call.json()
    return _create_tag(call, data, annotated=text(data, "type") == "ANNOTATED", status=201)


@operations("DELETE /git/latest/projects/{projectKey}/repos/{repositorySlug}/tags/{name}")
def delete_tag(call: Call) -> Result:
    """Delete a tag."""
    repository = call.writable()
    name = _tag(call, repository)
    old = repository.tags.pop(name)
    call.tell.on_ref(repository, call.me, f"refs/tags/{name}", old.commit, None)
    return None


def _tag(call: Call, repository: Repository) -> str:
    name = call.arg("name").removeprefix("refs/tags/")
    if name not in repository.tags:
        raise refuse(404, f"Tag {name} does not exist in {repository.path}.", "repository.NoSuchTagException")
    return name


def _create_tag(call: Call, data: Json, *, annotated: bool, status: int) -> web.Response:
    repository = call.writable()
    name = required(data, "name").removeprefix("refs/tags/")
    check_name(name, repository, () if flag(data, "force") else repository.tags)
    commit = resolve(repository, required(data, "startPoint"))
    old = repository.tags.get(name)
    tag = repository.tags[name] = Tag(commit=commit, hash=commit[::-1] if annotated else None)
    call.tell.on_ref(repository, call.me, f"refs/tags/{name}", old.commit if old else None, commit)
    return answer(call.payloads.tag(name, tag), status)
