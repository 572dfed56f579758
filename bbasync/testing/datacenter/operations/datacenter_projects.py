"""Operations of FakeDataCenter on projects, repositories and users."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bbasync.testing.datacenter.http import LOGIN, Operations, body, require, required, text, user_of, value
from bbasync.testing.datacenter.payloads import VALIDATION, answer, no_content, refuse
from bbasync.testing.datacenter.world import Project, Repository
from bbasync.testing.datacenter.world.history import History
from bbasync.testing.datacenter.world.seed import slugify

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiohttp import web

    from bbasync.testing.datacenter.payloads import Json
    from bbasync.testing.server import Route

VERSION: Json = {
    "version": "10.4.0",
    "buildNumber": "10004000",
    "buildDate": "1760000000000",
    "displayName": "Bitbucket",
}


class ProjectOperations(Operations):
    """Projects, repositories, forks, users and what the server tells of itself."""

    def routes(self) -> Iterable[Route]:
        """Give the operations below /rest/api/latest."""
        project, repository = "/projects/{key}", "/projects/{key}/repos/{slug}"
        return (
            ("GET", "/application-properties", self.properties),
            ("GET", "/projects", self.list_projects),
            ("POST", "/projects", self.create_project),
            ("GET", project, self.get_project),
            ("PUT", project, self.update_project),
            ("DELETE", project, self.delete_project),
            ("GET", f"{project}/repos", self.list_repositories),
            ("POST", f"{project}/repos", self.create_repository),
            ("GET", "/repos", self.search_repositories),
            ("GET", repository, self.get_repository),
            ("POST", repository, self.fork),
            ("PUT", repository, self.update_repository),
            ("DELETE", repository, self.delete_repository),
            ("GET", f"{repository}/forks", self.list_forks),
            ("GET", "/users", self.list_users),
            ("GET", "/users/{user}", self.get_user),
        )

    async def properties(self, request: web.Request) -> web.Response:
        """Tell the version, to anybody."""
        del request
        return answer(VERSION)

    async def list_projects(self, request: web.Request) -> web.Response:
        """List the ordinary projects, filtered by name; anonymous callers see the public ones."""
        name = request.query.get("name", "").lower()
        found = [
            project
            for project in self.world.projects.values()
            if project.owner is None
            and name in project.name.lower()
            and (project.public or request[LOGIN].user is not None)
        ]
        return self.payloads.page(request, found, self.payloads.project)

    async def create_project(self, request: web.Request) -> web.Response:
        """Create a project."""
        require(request[LOGIN].user, "ADMIN")
        data = await body(request)
        key = required(data, "key").upper()
        if not re.fullmatch(r"[A-Z][A-Z0-9_]*", key):
            raise refuse(400, f"{key} is not a valid project key", VALIDATION, context="key")
        name = text(data, "name") or key
        if key in self.world.projects or any(project.name == name for project in self.world.projects.values()):
            message = f"A project with the key {key} or the name {name} exists already."
            raise refuse(409, message, "project.DuplicateProjectException")
        project = Project(id=self.world.next_id(), key=key, name=name, description=text(data, "description"))
        project.public = value(data, "public") is True
        self.world.projects[key] = project
        return answer(self.payloads.project(project), 201)

    async def get_project(self, request: web.Request) -> web.Response:
        """Return a project."""
        return answer(self.payloads.project(self.project(request)))

    async def update_project(self, request: web.Request) -> web.Response:
        """Change what the body names."""
        project, data = self.project(request, "ADMIN"), await body(request)
        before = self.payloads.project(project)
        key = (text(data, "key") or project.key).upper() if project.owner is None else project.key
        if key != project.key and key in self.world.projects:
            raise refuse(409, f"A project with the key {key} exists already.", "project.DuplicateProjectException")
        self.world.projects = {(key if item is project else old): item for old, item in self.world.projects.items()}
        project.key = key
        project.name = text(data, "name") or project.name
        project.description = text(data, "description") if "description" in data else project.description
        project.public = value(data, "public") is True if "public" in data else project.public
        self.tell.on_project(project, before, user_of(request))
        return answer(self.payloads.project(project))

    async def delete_project(self, request: web.Request) -> web.Response:
        """Delete a project that has no repositories."""
        project = self.project(request, "ADMIN")
        if project.repositories:
            message = f"The project {project.key} cannot be deleted because it has repositories."
            raise refuse(409, message, "IntegrityException")
        del self.world.projects[project.key]
        return no_content()

    async def list_repositories(self, request: web.Request) -> web.Response:
        """List the repositories of a project."""
        project = self.project(request)
        return self.payloads.page(request, list(project.repositories.values()), self.payloads.repository)

    async def search_repositories(self, request: web.Request) -> web.Response:
        """List the repositories of the server that the caller may see, filtered."""
        query = request.query
        found = [
            item
            for item in self.world.repositories()
            if (item.public or request[LOGIN].user is not None)
            and query.get("name", "").lower() in item.name.lower()
            and query.get("projectname", "").lower() in item.project.name.lower()
            and query.get("projectkey", item.project.key).lower() == item.project.key.lower()
            and query.get("visibility", "public" if item.public else "private")
            == ("public" if item.public else "private")
            and query.get("archived", "ACTIVE").upper() in ("ALL", "ARCHIVED" if item.archived else "ACTIVE")
        ]
        return self.payloads.page(request, found, self.payloads.repository)

    def _add(self, project: Project, name: str, history: History, origin: Repository | None) -> Repository:
        slug = slugify(name)
        if slug in project.repositories:
            message = f"A repository with the slug {slug} exists already in {project.key}."
            raise refuse(409, message, "DuplicateRepositoryException", context="name")
        repository = Repository(
            id=self.world.next_id(), slug=slug, name=name, project=project, history=history, origin=origin
        )
        project.repositories[slug] = repository
        return repository

    async def create_repository(self, request: web.Request) -> web.Response:
        """Create an empty repository."""
        project, data = self.project(request, "ADMIN"), await body(request)
        history = History(default_branch=text(data, "defaultBranch") or "main")
        repository = self._add(project, required(data, "name"), history, None)
        self._change(repository, data)
        return answer(self.payloads.repository(repository), 201)

    async def get_repository(self, request: web.Request) -> web.Response:
        """Return a repository."""
        return answer(self.payloads.repository(self.repository(request)))

    async def fork(self, request: web.Request) -> web.Response:
        """Fork a repository, into the caller's personal project unless the body names another."""
        origin, data = self.repository(request), await body(request)
        user, key = user_of(request), text(data, "project.key")
        if not origin.forkable:
            raise refuse(409, f"{origin.path} cannot be forked.", "repository.ForkingDisabledException")
        project = self.world.projects.get(key or f"~{user.slug}")
        if project is None and key in (
            None,
            f"~{user.slug}",
        ):  # a personal project comes to be with its first repository
            project = Project(id=self.world.next_id(), key=f"~{user.slug}", name=user.display_name, owner=user)
        if project is None:
            raise refuse(404, f"Project {key} does not exist.", "project.NoSuchProjectException")
        fork = self._add(project, text(data, "name") or origin.name, origin.history.copy(), origin)
        self.world.projects[project.key] = project
        origin.forks.append(fork)
        self.tell.on_fork(fork, origin, user)
        return answer(self.payloads.repository(fork), 201)

    async def update_repository(self, request: web.Request) -> web.Response:
        """Change what the body names; a new name or project gives a new address, and the old one redirects."""
        repository, data = self.repository(request, "ADMIN"), await body(request)
        before = self.payloads.repository(repository)
        name, key = text(data, "name") or repository.name, text(data, "project.key") or repository.project.key
        target = self.world.projects.get(key)
        if target is None:
            raise refuse(404, f"Project {key} does not exist.", "project.NoSuchProjectException")
        slug = slugify(name)
        if target.repositories.get(slug, repository) is not repository:
            message = f"A repository with the slug {slug} exists already in {key}."
            raise refuse(409, message, "DuplicateRepositoryException", context="name")
        if (target, slug) != (repository.project, repository.slug):
            del repository.project.repositories[repository.slug]
            self.world.moved[repository.project.key, repository.slug] = repository
            repository.project, repository.slug = target, slug
            target.repositories[slug] = repository
        repository.name = name
        self._change(repository, data)
        self.tell.on_repository(repository, before, user_of(request))
        return answer(self.payloads.repository(repository), 201)  # 201 is what the vendor documents

    def _change(self, repository: Repository, data: Json) -> None:
        if "description" in data:
            repository.description = text(data, "description")
        for name in ("public", "forkable", "archived"):
            flag = data.get(name)
            if isinstance(flag, bool):
                setattr(repository, name, flag)

    async def delete_repository(self, request: web.Request) -> web.Response:
        """Schedule the deletion with 202; a repository that does not exist answers 204."""
        project = self.project(request, "ADMIN")
        repository = project.repositories.pop(request.match_info["slug"].lower(), None)
        if repository is None:
            self.redirect(request, project)
            return no_content()
        if repository.origin:
            repository.origin.forks.remove(repository)
        for fork in repository.forks:
            fork.origin = None
        return answer(
            {"context": None, "exceptionName": None, "message": f"{repository.path} is going to be deleted"}, 202
        )

    async def list_forks(self, request: web.Request) -> web.Response:
        """List the forks of a repository."""
        return self.payloads.page(request, self.repository(request).forks, self.payloads.repository)

    async def list_users(self, request: web.Request) -> web.Response:
        """List the users whose name, display name or address contains the filter."""
        require(request[LOGIN].user, "READ")
        part = request.query.get("filter", "").lower()
        found = [
            user
            for user in self.world.users.values()
            if part in f"{user.name}\n{user.display_name}\n{user.email}".lower()
        ]
        return self.payloads.page(request, found, self.payloads.user)

    async def get_user(self, request: web.Request) -> web.Response:
        """Return a user by slug, not by name."""
        require(request[LOGIN].user, "READ")
        user = self.world.users.get(request.match_info["user"])
        if user is None:
            raise refuse(404, f"User {request.match_info['user']} does not exist.", "user.NoSuchUserException")
        return answer(self.payloads.user(user))
