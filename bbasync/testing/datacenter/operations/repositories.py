"""Repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.datacenter.http import Call, flag, required, text
from bbasync.testing.datacenter.payloads import answer, refuse
from bbasync.testing.datacenter.world import Project, Repository
from bbasync.testing.datacenter.world.permissions import REPOSITORY, level_of
from bbasync.testing.datacenter.world.seed import slugify
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from bbasync.testing.datacenter.payloads import Json

operations: Operations[Call] = Operations()


@operations("GET /api/latest/projects/{projectKey}/repos")
def list_repositories(call: Call) -> Result:
    """List the repositories of a project that the caller may read."""
    found = [one for one in call.project().repositories.values() if call.world.may(call.user, "READ", one)]
    return call.page(found, call.payloads.repository)


@operations("GET /api/latest/repos")
def search_repositories(call: Call) -> Result:
    """List the repositories of the server that the caller may see, filtered."""
    query, level = call.query, level_of(call.permission(REPOSITORY, "REPO_READ"))
    found = [
        item
        for item in call.world.repositories()
        if call.world.may(call.user, level, item)
        and query.get("name", "").lower() in item.name.lower()
        and query.get("projectname", "").lower() in item.project.name.lower()
        and query.get("projectkey", item.project.key).lower() == item.project.key.lower()
        and query.get("visibility", "public" if item.public else "private") == ("public" if item.public else "private")
        and query.get("archived", "ACTIVE").upper() in ("ALL", "ARCHIVED" if item.archived else "ACTIVE")
    ]
    return call.page(found, call.payloads.repository)


@operations("POST /api/latest/projects/{projectKey}/repos", status=201)
def create_repository(call: Call) -> Result:
    """Create an empty repository."""
    project, data = call.project("ADMIN"), call.json()
    name = required(data, "name")
    slug = _free_slug(project, name)
    repository = call.world.create_repository(project, name, slug, text(data, "defaultBranch") or "main")
    _change(repository, data)
    return call.payloads.repository(repository)


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}")
def get_repository(call: Call) -> Result:
    """Return a repository."""
    return call.payloads.repository(call.repository())


@operations("POST /api/latest/projects/{projectKey}/repos/{repositorySlug}", status=201)
def fork(call: Call) -> Result:
    """Fork a repository, into the caller's personal project unless the body names another."""
    origin, data = call.repository(), call.json()
    user, key = call.me, text(data, "project.key")
    if not origin.forkable:
        raise refuse(409, f"{origin.path} cannot be forked.", "repository.ForkingDisabledException")
    project = call.world.projects.get(key or f"~{user.slug}")
    if project is None and key in (
        None,
        f"~{user.slug}",
    ):  # a personal project comes to be with its first repository
        project = Project(id=call.world.next_id(), key=f"~{user.slug}", name=user.display_name, owner=user)
    if project is None:
        raise refuse(404, f"Project {key} does not exist.", "project.NoSuchProjectException")
    call.require("ADMIN", project)
    name = text(data, "name") or origin.name
    slug = _free_slug(project, name)
    fork = project.repositories[slug] = origin.fork(call.world.next_id(), name, slug, project)
    call.world.projects[project.key] = project
    call.tell.on_fork(fork, origin, user)
    return call.payloads.repository(fork)


@operations("PUT /api/latest/projects/{projectKey}/repos/{repositorySlug}", status=201)
def update_repository(call: Call) -> Result:
    """Change what the body names; a new name or project gives a new address, and the old one redirects."""
    repository, data = call.repository("ADMIN"), call.json()
    before = call.payloads.repository(repository)
    name, key = text(data, "name") or repository.name, text(data, "project.key") or repository.project.key
    target = call.world.projects.get(key)
    if target is None:
        raise refuse(404, f"Project {key} does not exist.", "project.NoSuchProjectException")
    if target is not repository.project:
        call.require("ADMIN", target)
    slug = slugify(name)
    if target.repositories.get(slug, repository) is not repository:
        message = f"A repository with the slug {slug} exists already in {key}."
        raise refuse(409, message, "DuplicateRepositoryException", context="name")
    if (target, slug) != (repository.project, repository.slug):
        del repository.project.repositories[repository.slug]
        call.world.moved[repository.project.key, repository.slug] = repository
        repository.project, repository.slug = target, slug
        target.repositories[slug] = repository
    repository.name = name
    _change(repository, data)
    call.tell.on_repository(repository, before, call.me)
    return call.payloads.repository(repository)  # 201 is what the vendor documents


@operations("DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}")
def delete_repository(call: Call) -> Result:
    """Schedule the deletion with 202; a repository that does not exist answers 204."""
    project = call.project()
    repository = project.repositories.get(call.arg("repositorySlug").lower())
    if repository is None:
        call.redirect(project)
        return None
    call.require("ADMIN", repository)
    del project.repositories[repository.slug]
    if repository.origin:
        repository.origin.forks.remove(repository)
    for fork in repository.forks:
        fork.origin = None
    return answer({"context": None, "exceptionName": None, "message": f"{repository.path} is going to be deleted"}, 202)


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/forks")
def list_forks(call: Call) -> Result:
    """List the forks of a repository that the caller may read."""
    found = [one for one in call.repository().forks if call.world.may(call.user, "READ", one)]
    return call.page(found, call.payloads.repository)


def _free_slug(project: Project, name: str) -> str:
    slug = slugify(name)
    if slug in project.repositories:
        message = f"A repository with the slug {slug} exists already in {project.key}."
        raise refuse(409, message, "DuplicateRepositoryException", context="name")
    return slug


def _change(repository: Repository, data: Json) -> None:
    if "description" in data:
        repository.description = text(data, "description")
    for name in ("public", "forkable", "archived"):
        setattr(repository, name, flag(data, name, default=getattr(repository, name)))
