"""How Bitbucket Cloud answers: errors, pages, partial responses; and what an operation sees of a request."""

from __future__ import annotations

import base64
import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import attrs
import orjson
from aiohttp import web
from multidict import MultiDict

from bbasync.testing.cloud.query import QueryError, is_list, is_object, parse_query, sort_key
from bbasync.testing.cloud.world.pipelines import ENVIRONMENTS
from bbasync.testing.operations import is_number
from bbasync.testing.server import CALLER, Caller, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from multidict import MultiMapping

    from bbasync.testing.cloud.payloads import Payloads
    from bbasync.testing.cloud.query import Fields
    from bbasync.testing.cloud.server import FakeCloud  # noqa: TC004 - it imports this module; attrs does not evaluate it
    from bbasync.testing.cloud.world import Project, User, Workspace, World
    from bbasync.testing.cloud.world.pull_requests import Pull
    from bbasync.testing.cloud.world.repository import Repository
    from bbasync.testing.operations import Result

T = TypeVar("T")
Payload: TypeAlias = dict[str, Any]

SINGLE = ("q", "sort", "fields", "page", "pagelen", "ctx")
"""Parameters that may stand once in a query: beside `next`, sent again, they are an error."""

FIELD_TYPES: dict[str, tuple[type, str]] = {
    **dict.fromkeys(("description", "full_name", "key", "language", "message", "name", "raw"), (str, "a string")),
    **dict.fromkeys(("fork_policy", "secret", "slug", "title", "url", "website"), (str, "a string")),
    **dict.fromkeys(("branch_match_kind", "branch_type", "kind", "label", "pattern", "prefix"), (str, "a string")),
    **dict.fromkeys(("branch_types", "events", "groups", "reviewers", "users"), (list, "a list")),
    **dict.fromkeys(("development", "inline", "production"), (dict, "an object")),
}
"""What fields hold, wherever they stand in a body."""


def error_response(status: int, message: str, **extra: object) -> web.Response:
    """Build the error envelope; `extra` (detail, fields, data) joins the message."""
    return json_response({"type": "error", "error": {"message": message} | extra}, status=status)


def refusal(status: int, message: str, **extra: object) -> Refusal:
    """Build an error to raise."""
    return Refusal(error_response(status, message, **extra))


def not_found(message: str) -> Refusal:
    """Build a 404 to raise."""
    return refusal(404, message)


def json_response(payload: object, *, status: int = 200) -> web.Response:
    """Answer with JSON."""
    return web.Response(body=orjson.dumps(payload), status=status, content_type="application/json", charset="utf-8")


def leaf(payload: Payload, *path: str) -> Any:
    """Read a value deep in a body; None where something on the way is absent."""
    value: object = payload
    for name in path:
        value = value.get(name) if is_object(value) else None
    return value


def misfits(body: object) -> dict[str, list[str]]:
    """Return the fields of a body that have a value of another type than the vendor's, each with what is expected."""
    found: dict[str, list[str]] = {}
    waiting = [body]
    while waiting:  # a nested body may be deeper than the stack
        value = waiting.pop()
        if is_list(value):
            waiting += value
        elif is_object(value):
            waiting += value.values()
            for name, (type_, expected) in FIELD_TYPES.items():
                if value.get(name) is not None and not isinstance(value[name], type_):
                    found[name] = [f"expected {expected}"]
    return found


class Memory:
    """Remembers the outcomes of the last filters and walks; pages after the first are then cheap and consistent."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[object, Any] = OrderedDict()

    def get(self, key: object, compute: Callable[[], T]) -> T:
        """Give what is remembered for the key, or compute it."""
        found: T = self._kept.pop(key) if key in self._kept else compute()
        self._kept[key] = found
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)
        return found


@attrs.frozen
class Part:
    """A part of a multipart body that is a file."""

    filename: str
    content: bytes
    attributes: str = ""
    """`executable`, `link`, or nothing."""


@attrs.define
class MergeTasks:
    """Merges that are carried out in the background, as far as their callers can tell."""

    polls: int = 1
    """How often a task is pending before it has succeeded."""
    slow_merges: bool = False
    """Whether merges that nobody asked to be asynchronous are so too."""
    left: dict[str, tuple[int, int]] = attrs.field(factory=dict[str, tuple[int, int]])
    """By task, its pull request and how often it is pending still."""

    def add(self, pull: int) -> str:
        """Give the id of a new task."""
        task = f"merge-{pull}-{len(self.left) + 1}"
        self.left[task] = (pull, self.polls)
        return task

    def pending(self, task: str, pull: int) -> bool:
        """Tell whether a task is pending; unknown ones always are."""
        owner, left = self.left.get(task, (pull, 1))
        if owner != pull:
            raise refusal(400, "The task does not belong to this pull request")
        if task in self.left:
            self.left[task] = (owner, max(left - 1, 0))
        return left > 0


@attrs.frozen
class CloudCaller(Caller):
    """Whom a credential stands for; an access token is bound to one workspace."""

    workspace: str | None = None
    user: int = 0
    """The index of the user whom changes are put down to."""


@attrs.define
class Call:
    """A request for an operation of a fake."""

    fake: FakeCloud
    request: web.Request
    body: bytes
    form: MultiDict[str | Part]
    hidden: Sequence[str] = ()
    """Fields of the payload that are sent only if `fields` names them."""

    @property
    def world(self) -> World:
        """The data behind the fake."""
        return self.fake.world

    @property
    def payloads(self) -> Payloads:
        """Renders the data of the world."""
        return self.fake.payloads

    @property
    def caller(self) -> CloudCaller:
        """Who asks."""
        caller = self.request[CALLER]
        assert isinstance(caller, CloudCaller)  # noqa: S101  # what FakeCloud.authenticate gives
        return caller

    @property
    def anonymous(self) -> bool:
        """Whether no credential came with the request."""
        return self.caller.credential == "none"

    @property
    def me(self) -> int:
        """The index of the user whom changes are put down to."""
        return self.caller.user

    @property
    def query(self) -> MultiMapping[str]:
        """The parameters of the query."""
        return self.request.query

    def arg(self, name: str) -> str:
        """Give an argument of the path, decoded."""
        return self.request.match_info[name]

    def number(self, name: str, what: str) -> int:
        """Give an argument of the path that is a number."""
        text = self.arg(name)
        if not is_number(text):
            raise not_found(f"{what} {text} not found")
        return int(text)

    def workspace(self) -> Workspace:
        """Find the workspace that the path names."""
        name = self.arg("workspace")
        found = self.world.workspace(name)
        if found is None or self.anonymous or self.caller.workspace not in (None, found.slug):
            raise not_found(f"No workspace with identifier '{name}'.")
        return found

    def project(self) -> Project:
        """Find the project that the path names."""
        workspace, key = self.workspace(), self.arg("project_key").upper()
        if key not in workspace.projects:
            raise not_found(f"Project {key} not found in {workspace.slug}")
        return workspace.projects[key]

    def user(self, name: str) -> User:
        """Find the user that an argument names, by UUID or account ID."""
        found = self.world.user(self.arg(name))
        if found is None:
            raise not_found(f"{self.arg(name)} is not a user")
        return found

    def repository(self) -> Repository:
        """Find the repository that the path names; the empty workspace `{}` goes with a repository's uuid."""
        name, slug = self.arg("workspace"), self.arg("repo_slug")
        if name == "{}":
            found = self.world.repository_by_uuid(slug)
        else:
            workspace = self.world.workspace(name)
            found = workspace.repository(slug) if workspace is not None else None
        hidden = found is not None and (
            (self.anonymous and found.is_private) or self.caller.workspace not in (None, found.workspace)
        )
        if found is None or hidden:  # what may not be seen does not exist
            raise not_found(f"Repository {name}/{slug} not found")
        return found

    def pull(self, repository: Repository) -> Pull:
        """Find the pull request that the path names."""
        found = repository.pull(self.number("pull_request_id", "Pull request"))
        if found is None:
            raise not_found("No pull request matches the given query.")
        return found

    @property
    def stored(self) -> dict[tuple[str, ...], dict[str, Payload]]:
        """The payloads of all collections by owner and path, then by key."""
        return self.world.stored

    def owner(self, excluding: str) -> tuple[str, ...]:
        """Return the identity of what the path names, all but one argument; 404 if it does not exist."""
        arguments = {name: value for name, value in self.request.match_info.items() if name != excluding}
        if "repo_slug" in arguments:
            arguments |= {"workspace": "", "repo_slug": self.repository().uuid}
            environments = self.stored.get((ENVIRONMENTS, "", arguments["repo_slug"]), {})
            if arguments.get("environment_uuid", "") not in ("", *environments):
                raise self.missing(arguments["environment_uuid"])
        elif "workspace" in arguments:
            if "project_key" in arguments:
                arguments["project_key"] = self.project().uuid
            arguments["workspace"] = self.workspace().uuid
        elif "selected_user" in arguments:
            arguments["selected_user"] = self.user("selected_user").uuid
        elif "username" in arguments:  # teams have become workspaces
            found = self.world.workspace(arguments["username"])
            if found is None:
                raise not_found(f"{arguments['username']} is not a team")
            arguments["username"] = found.uuid
        return tuple(arguments.values())

    def new_key(self, field: str) -> str | int:
        """Return a UUID, or a number for a field named `id`."""
        return self.world.serial() if field == "id" else self.world.new_uuid()

    def missing(self, key: str) -> Refusal:
        """Return the error for an item that does not exist."""
        return not_found(f"{key} not found")

    def incomplete(self, fields: Sequence[str]) -> Refusal:
        """Return the error for a body without required fields."""
        return refusal(400, "Bad request", fields={name: ["This field is required."] for name in fields})

    def taken(self, value: str) -> Refusal:
        """Return the error for a second item with a value that only one may have."""
        return refusal(409, "Conflict", detail=f"{value} exists already")

    def json(self) -> Payload:
        """Read the body as a JSON object."""
        try:
            found: object = orjson.loads(self.body or b"{}")
        except orjson.JSONDecodeError:
            found = None
        if not is_object(found):
            raise refusal(400, "Bad request", detail="The body is not a JSON object")
        wrong = misfits(found)
        if wrong:
            raise refusal(400, "Bad request", fields=wrong)
        return found

    def flat(self) -> Payload:
        """Read a flat body, which may be a form or JSON."""
        if self.form:
            return {name: value for name, value in self.form.items() if isinstance(value, str)}
        return self.json()

    def answer(self, payload: Payload, *, status: int = 200) -> web.Response:
        """Answer with an object, cut down by `fields`."""
        return json_response(partial(payload, self.query.get("fields"), self.hidden), status=status)

    def respond(self, result: Result, status: int) -> web.StreamResponse:
        """Make a response of what an operation returned."""
        if result is None:
            return web.Response(status=204)
        return result if isinstance(result, web.StreamResponse) else self.answer(result, status=status)

    def pagelen(self, default: int, cap: int) -> int:
        """Read `pagelen`; above the cap of the endpoint is an error, nothing is clamped."""
        self.check_single()
        text = self.query.get("pagelen", str(default))
        if not is_number(text) or not 0 < int(text) <= cap:
            raise refusal(400, "Invalid pagelen")
        return int(text)

    def check_single(self) -> None:
        """Refuse parameters that stand twice, as when they are sent again beside those of `next`."""
        twice = [name for name in SINGLE if len(self.query.getall(name, ())) > 1]
        if twice:
            raise refusal(400, "Bad request", detail=f"{twice[0]} was given more than once")

    def page(
        self,
        items: Sequence[T],
        render: Callable[[T], Payload],
        *,
        default: int = 10,
        cap: int = 100,
        ends_empty: bool = False,
    ) -> Payload:
        """Return a page of a list that has page numbers and a size; after the last page is a 404, or an empty page."""
        pagelen = self.pagelen(default, cap)
        number = self.query.get("page", "1")
        first = (int(number) - 1) * pagelen if is_number(number) else -1
        if first < 0 or (first and first >= len(items) and not ends_empty):
            raise not_found("Invalid page")
        page: Payload = {
            "values": [render(item) for item in items[first : first + pagelen]],
            "pagelen": pagelen,
            "size": len(items),
            "page": int(number),
        }
        if first + pagelen < len(items):
            page["next"] = self.link(page=str(int(number) + 1))
        if first:
            page["previous"] = self.link(page=str(int(number) - 1))
        return page

    def page_number(self) -> int:
        """Return the number of the page that the query asks for, 1 unless it says otherwise."""
        text = self.query.get("page", "1")
        if not is_number(text) or int(text) < 1:
            raise refusal(400, "Invalid page")
        return int(text)

    def position(self, start: Callable[[int], int]) -> int:
        """Return where the page begins that the query asks for, by its number or by the cursor of a `next`.

        `start` returns where the page of a number begins.
        """
        text = self.query.get("page", "1")
        return start(self.page_number()) if text.isdecimal() else from_cursor(text, int)[0]

    def iterate(
        self, values: Iterable[Payload], pagelen: int, cursor: str | None, *, parameter: str = "page", **more: str
    ) -> Payload:
        """Return a page of an iterator: no size, no number, only the cursor of the next page."""
        page: Payload = {"values": list(values), "pagelen": pagelen}
        if cursor is not None:
            page["next"] = self.link(**more, **{parameter: cursor})
        return page

    def link(self, **changes: str) -> str:
        """Give the URL of this request with some parameters set."""
        query = MultiDict(self.query)
        for name, value in changes.items():
            query[name] = value
        return str(self.request.url.with_query(query))

    def filtered(self, items: Iterable[T], fields: Fields[T], *, sortable: Fields[T] | None = None) -> Sequence[T]:
        """Apply `q` and `sort`; `sortable` holds fields that are ordered by something else than their value."""
        query, sort = self.query.get("q"), self.query.get("sort")
        try:
            if query is not None:
                wanted = parse_query(query, fields)
                items = [item for item in items if wanted(item)]
            if sort is not None:
                key, descending = sort_key(sort, {**fields, **(sortable or {})})
                return sorted(items, key=key, reverse=descending)
        except QueryError as error:
            raise refusal(400, str(error)) from error
        return list(items)


def to_cursor(*parts: object) -> str:
    """Pack what is needed to continue into an opaque text."""
    packed = orjson.dumps(parts)
    return base64.urlsafe_b64encode(hashlib.blake2b(packed, digest_size=4).digest() + packed).decode().rstrip("=")


def from_cursor(text: str, *types: type) -> list[Any]:
    """Unpack a cursor; one that was not made here, or for another list, is an error."""
    try:
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        packed = b""
    if len(packed) < 4 or hashlib.blake2b(packed[4:], digest_size=4).digest() != packed[:4]:  # the sum
        raise refusal(400, "Invalid page")
    parts: list[Any] = orjson.loads(packed[4:])
    if [type(part) for part in parts] != list(types):
        raise refusal(400, "Invalid page")
    return parts


def partial(payload: Payload, fields: str | None, hidden: Sequence[str] = ()) -> Payload:
    """Cut a response down: names alone keep only those, `-name` takes away, `+name` adds; `*` stands for any name.

    What is `hidden` is there only where it is asked for by name.
    """
    full = payload
    for name in hidden:
        payload = _removed(payload, name.split("."))
    if not fields:
        return payload
    names = [name.strip() for name in fields.split(",") if name.strip()]
    only = [name.split(".") for name in names if name[0] not in "+-"]
    result = _selected(full, only) if only else payload
    for name in names:
        if name.startswith("-"):
            result = _removed(result, name[1:].split("."))
    added = [name[1:].split(".") for name in names if name.startswith("+")]
    return _merged(result, _selected(full, added)) if added else result


def _selected(value: Any, paths: list[list[str]]) -> Any:
    if is_list(value):
        return [_selected(one, paths) for one in value]
    if not is_object(value):
        return value
    found: Payload = {}
    for name, inner in value.items():
        under = [path[1:] for path in paths if path[0] in (name, "*")]
        if any(not path for path in under):
            found[name] = inner
        elif under:
            found[name] = _selected(inner, under)
    return found


def _removed(value: Any, path: list[str]) -> Any:
    if is_list(value):
        return [_removed(one, path) for one in value]
    if not is_object(value):
        return value
    head, rest = path[0], path[1:]
    return {
        name: _removed(inner, rest) if head in (name, "*") else inner
        for name, inner in value.items()
        if rest or head not in (name, "*")
    }


def _merged(left: Any, right: Any) -> Any:
    if is_object(left) and is_object(right):
        return left | {name: _merged(left[name], inner) if name in left else inner for name, inner in right.items()}
    if is_list(left) and is_list(right):
        return [_merged(one, other) for one, other in zip(left, right, strict=True)]
    return right
