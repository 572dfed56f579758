"""What every group of FakeDataCenter's operations needs: who asks, for what, with which body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar, cast

import attrs
import orjson
from aiohttp import web

from bbasync.testing.datacenter.payloads import VALIDATION, answer, no_content, refuse
from bbasync.testing.datacenter.world import User
from bbasync.testing.datacenter.world.permissions import RANKS
from bbasync.testing.operations import is_number
from bbasync.testing.server import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from multidict import MultiMapping

    from bbasync.testing.datacenter.payloads import Json, Payloads
    from bbasync.testing.datacenter.server import FakeDataCenter  # noqa: TC004 - it imports this module; attrs does not evaluate it
    from bbasync.testing.datacenter.webhooks import Webhooks
    from bbasync.testing.datacenter.world import Project, PullRequest, Repository, World
    from bbasync.testing.history import Commit
    from bbasync.testing.operations import Result


@attrs.frozen
class Login:
    """The user behind a request, if any, and the kind of credential that said so."""

    user: User | None
    credential: str


T = TypeVar("T")
LOGIN = web.RequestKey("login", Login)


TOKENS = ("http_token", "basic_token", "project_token")
"""Credentials that administer no server, whatever their user may do."""


def denial(user: User | None) -> Refusal:
    """Return the refusal of what a user may not do: 401 in both cases, distinguished by the exception's name only."""
    if user is None:
        exception = "com.atlassian.plugins.rest.api.security.exception.AuthenticationRequiredException"
        return refuse(401, "Authentication is required to access this resource", exception)
    return refuse(401, "You are not permitted to access this resource", "AuthorisationException")


@attrs.define
class Call:
    """A request for an operation of a fake."""

    fake: FakeDataCenter
    request: web.Request
    body: bytes
    form: Mapping[str, bytes]
    """The fields of a multipart body."""

    @property
    def world(self) -> World:
        """The data behind the fake."""
        return self.fake.world

    @property
    def payloads(self) -> Payloads:
        """Renders the data of the world."""
        return self.fake.payloads

    @property
    def tell(self) -> Webhooks:
        """Delivers events to webhooks."""
        return self.fake.hooks

    @property
    def user(self) -> User | None:
        """The user behind the request, None if it is anonymous."""
        return self.request[LOGIN].user

    @property
    def me(self) -> User:
        """The user behind the request; 401 if it is anonymous."""
        if self.user is None:
            raise denial(None)
        return self.user

    @property
    def credential(self) -> str:
        """The kind of credential, such as `http_token`."""
        return self.request[LOGIN].credential

    @property
    def query(self) -> MultiMapping[str]:
        """The parameters of the query."""
        return self.request.query

    def flag(self, name: str) -> bool | None:
        """Return a boolean parameter of the query, None if it is absent; case does not matter (`Boolean.valueOf`)."""
        text = self.query.get(name)
        return None if text is None else text.lower() == "true"

    @property
    def arguments(self) -> Mapping[str, str]:
        """The arguments of the path, decoded."""
        return self.request.match_info

    def arg(self, name: str) -> str:
        """Return an argument of the path, decoded."""
        return self.request.match_info[name]

    def respond(self, result: Result, status: int) -> web.StreamResponse:
        """Make a response of what an operation returned."""
        if result is None:
            return no_content()
        return result if isinstance(result, web.StreamResponse) else answer(result, status)

    def json(self) -> Json:
        """Parse the JSON object of the body; no body is an empty object."""
        parsed = self._parsed()
        if not isinstance(parsed, dict):
            raise refuse(400, "The request body must be a JSON object", None)
        return cast("Json", parsed)

    def strings(self) -> list[str]:
        """Parse a body that is a JSON list of strings."""
        parsed = self._parsed()
        if not isinstance(parsed, list):
            raise refuse(400, "The request body must be a JSON list", None)
        return [item for item in cast("list[object]", parsed) if isinstance(item, str)]

    def _parsed(self) -> object:
        try:
            return orjson.loads(self.body) if self.body else {}
        except orjson.JSONDecodeError:
            raise refuse(400, "The request body is not valid JSON", None) from None

    def page(
        self, items: Sequence[T], render: Callable[[T], object], extra: Mapping[str, object] | None = None
    ) -> Json:
        """Return the page that `start` and `limit` ask for."""
        return self.payloads.envelope(self.request, items, render) | dict(extra or {})

    def envelope(self, items: Sequence[T], render: Callable[[T], object]) -> Json:
        """Return the page envelope alone."""
        return self.payloads.envelope(self.request, items, render)

    @property
    def stored(self) -> dict[tuple[str, ...], dict[str, Json]]:
        """The payloads of all collections by owner and path, then by key."""
        return self.world.stored

    def owner(self, excluding: str) -> tuple[str, ...]:
        """Return the identity of what the path names, all but one argument; 404 if it does not exist."""
        arguments = {name: value for name, value in self.arguments.items() if name != excluding}
        if "repositorySlug" in arguments:
            arguments |= {"projectKey": "", "repositorySlug": str(self.repository().id)}
        elif "projectKey" in arguments:
            arguments["projectKey"] = str(self.project().id)
        return tuple(arguments.values())

    def new_key(self, field: str) -> str | int:
        """Return a number."""
        del field
        return self.world.next_id()

    def missing(self, key: str) -> Refusal:
        """Return the error for an item that does not exist."""
        return refuse(404, f"{key} does not exist.", "NoSuchEntityException")

    def incomplete(self, fields: Sequence[str]) -> Refusal:
        """Return the error for a body without required fields."""
        return refuse(400, f"{fields[0]} must not be empty", VALIDATION, context=fields[0])

    def taken(self, value: str) -> Refusal:
        """Return the error for a second item with a value that only one may have."""
        return refuse(409, f"{value} exists already", "IntegrityException")

    def permission(self, permissions: Sequence[str], default: str = "") -> str:
        """Return the permission that the query names; 400 if it is not one of these."""
        name = self.query.get("permission", default)
        if name not in permissions:
            raise refuse(400, f"{name} must be one of {', '.join(permissions)}", VALIDATION, context="permission")
        return name

    def require(self, level: str, place: Project | Repository) -> None:
        """Refuse a user who may not READ, WRITE or ADMIN a project or repository."""
        if not self.world.may(self.user, level, place):
            raise denial(self.user)

    def require_globally(self, permission: str) -> None:
        """Refuse a user without a global permission; that of administrators is not for tokens."""
        rank = RANKS[permission]
        by_token = rank >= RANKS["ADMIN"] and self.credential in TOKENS
        if self.user is None or by_token or self.world.global_rank(self.user) < rank:
            raise denial(self.user)

    def _any_project(self) -> Project:
        key = self.arg("projectKey")
        try:
            return self.world.project(key)
        except KeyError:
            raise refuse(404, f"Project {key} does not exist.", "project.NoSuchProjectException") from None

    def project(self, level: str = "VIEW") -> Project:
        """Return the project of the path; without a level, for whoever sees it."""
        project = self._any_project()
        if level != "VIEW":
            self.require(level, project)
        elif not self.world.sees(self.user, project):
            raise denial(self.user)
        return project

    def repository(self, level: str = "READ") -> Repository:
        """Return the repository of the path."""
        project, slug = self._any_project(), self.arg("repositorySlug")
        repository = project.repositories.get(slug.lower())
        if repository is None:
            self.project()  # whoever does not see the project learns nothing of its repositories
            self.redirect(project)
            message = f"Repository {project.key}/{slug} does not exist."
            raise refuse(404, message, "repository.NoSuchRepositoryException")
        self.require(level, repository)
        return repository

    def redirect(self, project: Project) -> None:
        """Redirect a request for the former address of a repository with 307, whatever its method."""
        slug = self.arg("repositorySlug")
        moved = self.world.moved.get((project.key, slug.lower()))
        if moved is not None:
            old = f"/projects/{self.arg('projectKey')}/repos/{slug}"
            new = f"/projects/{moved.project.key}/repos/{moved.slug}"
            raise Refusal(web.Response(status=307, headers={"Location": str(self.request.url).replace(old, new, 1)}))

    def writable(self) -> Repository:
        """Return the repository of the path for a change of its contents, which an archived one refuses."""
        repository = self.repository("WRITE")
        if repository.archived:
            message = f"{repository.path} is archived and cannot be changed"
            raise refuse(409, message, "repository.RepositoryArchivedException")
        return repository

    def commit(self) -> tuple[Repository, Commit]:
        """Return the repository and the commit of the path."""
        repository = self.repository()
        return repository, repository.history.commit(resolve(repository, self.arg("commitId")))

    def pull_request(self, level: str = "READ") -> PullRequest:
        """Return the pull request of the path."""
        repository = self.repository(level)
        text = self.arg("pullRequestId")
        pull = repository.pull_requests.get(int(text)) if is_number(text) else None
        if pull is None:
            message = f"Pull request {text} does not exist in {repository.path}."
            raise refuse(404, message, "pull.NoSuchPullRequestException")
        return pull


def resolve(repository: Repository, name: str) -> str:
    """Return the id of the commit that a ref or id names, or refuse with 404."""
    found = repository.resolve(name)
    if found is None:
        raise refuse(
            404, f"Commit '{name}' does not exist in repository '{repository.slug}'.", "commit.NoSuchCommitException"
        )
    return found


def revision(call: Call, repository: Repository, parameter: str) -> str:
    """Return the commit that a query parameter names, else the tip of the default branch."""
    name = call.query.get(parameter)
    if name:
        return resolve(repository, name)
    tip = repository.branches.get(repository.default_branch)
    if tip is None:
        raise refuse(
            404,
            f"The default branch of {repository.path} does not exist.",
            "repository.NoDefaultBranchException",
        )
    return tip


def value(payload: object, path: str) -> object:
    """Return what stands at a dotted path of a JSON object, None where nothing does."""
    for name in path.split("."):
        if not isinstance(payload, dict):
            return None
        payload = cast("Json", payload).get(name)
    return payload


def flag(payload: Json, path: str, *, default: bool = False) -> bool:
    """Return the boolean at a dotted path; a string is read as one, as servers do."""
    found = value(payload, path)
    return found.lower() == "true" if isinstance(found, str) else found if isinstance(found, bool) else default


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
