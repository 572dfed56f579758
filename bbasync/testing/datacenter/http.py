"""What every group of FakeDataCenter's operations needs: who asks, for what, with which body."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import attrs
import orjson
from aiohttp import web

from bbasync.testing.datacenter.payloads import VALIDATION, refuse
from bbasync.testing.datacenter.world import User
from bbasync.testing.datacenter.world.history import Signature
from bbasync.testing.server import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bbasync.testing.datacenter.payloads import Json, Payloads
    from bbasync.testing.datacenter.webhooks import Webhooks
    from bbasync.testing.datacenter.world import Project, PullRequest, Repository, World
    from bbasync.testing.datacenter.world.history import Commit


@attrs.frozen
class Login:
    """The user behind a request, if any, and the kind of credential that said so."""

    user: User | None
    credential: str


LOGIN = web.RequestKey("login", Login)


def require(user: User | None, level: str) -> User:
    """Return the user, or refuse: with 401 in both cases, told apart by the exception's name only."""
    if user is None:
        raise refuse(
            401,
            "Authentication is required to access this resource",
            "com.atlassian.plugins.rest.api.security.exception.AuthenticationRequiredException",
        )
    if not user.may(level):
        raise refuse(401, "Your permissions are not sufficient for this resource", "AuthorisationException")
    return user


class Operations:
    """A group of operations on one world."""

    def __init__(self, world: World, payloads: Payloads, tell: Webhooks) -> None:
        self.world = world
        self.payloads = payloads
        self.tell = tell

    def project(self, request: web.Request, level: str = "READ") -> Project:
        """Return the project of the path."""
        key = request.match_info["key"]
        try:
            project = self.world.project(key)
        except KeyError:
            raise refuse(404, f"Project {key} does not exist.", "project.NoSuchProjectException") from None
        if level != "READ" or not project.public:
            require(request[LOGIN].user, level)
        return project

    def repository(self, request: web.Request, level: str = "READ") -> Repository:
        """Return the repository of the path."""
        project, slug = self.project(request), request.match_info["slug"]
        repository = project.repositories.get(slug.lower())
        if repository is None:
            self.redirect(request, project)
            message = f"Repository {project.key}/{slug} does not exist."
            raise refuse(404, message, "repository.NoSuchRepositoryException")
        if level != "READ" or not repository.public:
            require(request[LOGIN].user, level)
        return repository

    def redirect(self, request: web.Request, project: Project) -> None:
        """Send a request for the former address of a repository on with 307, whatever its method."""
        slug = request.match_info["slug"]
        moved = self.world.moved.get((project.key, slug.lower()))
        if moved is not None:
            old = f"/projects/{request.match_info['key']}/repos/{slug}"
            new = f"/projects/{moved.project.key}/repos/{moved.slug}"
            raise Refusal(web.Response(status=307, headers={"Location": str(request.url).replace(old, new, 1)}))

    def writable(self, request: web.Request) -> Repository:
        """Return the repository of the path for a change of its contents, which an archived one refuses."""
        repository = self.repository(request, "WRITE")
        if repository.archived:
            raise refuse(
                409, f"{repository.path} is archived and cannot be changed", "repository.RepositoryArchivedException"
            )
        return repository

    def commit(self, request: web.Request) -> tuple[Repository, Commit]:
        """Return the repository and the commit of the path."""
        repository = self.repository(request)
        return repository, repository.history.commits[resolve(repository, request.match_info["commit"])]

    def pull_request(self, request: web.Request, level: str = "READ") -> PullRequest:
        """Return the pull request of the path."""
        repository = self.repository(request, level)
        text = request.match_info["id"]
        pull = repository.pull_requests.get(int(text)) if text.isdecimal() else None
        if pull is None:
            raise refuse(
                404, f"Pull request {text} does not exist in {repository.path}.", "pull.NoSuchPullRequestException"
            )
        return pull


def user_of(request: web.Request) -> User:
    """Return the user behind a request that has passed a check of its permission."""
    return require(request[LOGIN].user, "READ")


def resolve(repository: Repository, name: str) -> str:
    """Return the id of the commit that a ref or id names, or refuse with 404."""
    found = repository.history.resolve(name)
    if found is None:
        raise refuse(
            404, f"Commit '{name}' does not exist in repository '{repository.slug}'.", "commit.NoSuchCommitException"
        )
    return found


def revision(request: web.Request, repository: Repository, parameter: str) -> str:
    """Return the commit that a query parameter names, else the tip of the default branch."""
    name = request.query.get(parameter)
    if name:
        return resolve(repository, name)
    tip = repository.history.branches.get(repository.history.default_branch)
    if tip is None:
        raise refuse(
            404,
            f"The default branch of {repository.path} does not exist.",
            "repository.NoDefaultBranchException",
        )
    return tip


async def _parsed(request: web.Request) -> object:
    data = await request.read()
    try:
        return orjson.loads(data) if data else {}
    except orjson.JSONDecodeError:
        raise refuse(400, "The request body is not valid JSON", None) from None


async def strings(request: web.Request) -> list[str]:
    """Parse a request whose body is a JSON list of strings."""
    parsed = await _parsed(request)
    if not isinstance(parsed, list):
        raise refuse(400, "The request body must be a JSON list", None)
    return [item for item in cast("list[object]", parsed) if isinstance(item, str)]


async def body(request: web.Request) -> Json:
    """Parse the JSON object of a request; no body is an empty object."""
    parsed = await _parsed(request)
    if not isinstance(parsed, dict):
        raise refuse(400, "The request body must be a JSON object", None)
    return cast("Json", parsed)


def value(payload: object, path: str) -> object:
    """Return what stands at a dotted path of a JSON object, None where nothing does."""
    for name in path.split("."):
        if not isinstance(payload, dict):
            return None
        payload = cast("Json", payload).get(name)
    return payload


def text(payload: Json, path: str) -> str | None:
    """Return the string at a dotted path, None for anything else."""
    found = value(payload, path)
    return found if isinstance(found, str) else None


def required(payload: Json, path: str) -> str:
    """Return the string at a dotted path, or refuse with 400 and the field as context."""
    found = text(payload, path)
    if not found:
        raise refuse(400, f"{path} must not be empty", VALIDATION, context=path)
    return found


def items(payload: Json, path: str) -> Iterator[Json]:
    """Yield the objects of the list at a dotted path."""
    found = value(payload, path)
    if isinstance(found, list):
        for item in cast("list[object]", found):
            if isinstance(item, dict):
                yield cast("Json", item)


def signature(user: User) -> Signature:
    """Return the user as author of a commit."""
    return Signature(name=user.name, email=user.email)
