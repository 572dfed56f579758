"""Reading pull requests, and the activity, commits, comments, tasks and statuses of them."""

from __future__ import annotations

from array import array
from operator import attrgetter
from typing import TYPE_CHECKING, TypeAlias

from bbasync.testing.cloud import pull_request_payloads as build
from bbasync.testing.cloud.http import Call, Operation, from_cursor, not_found, to_cursor
from bbasync.testing.cloud.operations.cloud_commits import STATUS_FIELDS
from bbasync.testing.cloud.payloads import stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aiohttp import web

    from bbasync.testing.cloud.payloads import Payload
    from bbasync.testing.cloud.query import Fields
    from bbasync.testing.cloud.world import World
    from bbasync.testing.cloud.world.pull_requests import Comment, Event, Pull, Task
    from bbasync.testing.cloud.world.repository import Repository

Getter: TypeAlias = "Callable[[Pull], object]"
Entry: TypeAlias = tuple[str, int, int]
"""The moment of an activity, its pull request, and its place among the events and comments of that."""

COMMENT_FIELDS: Fields[Comment] = {
    "id": lambda one: one.id,
    "created_on": lambda one: one.created_on,
    "updated_on": lambda one: one.updated_on,
    "content.raw": lambda one: one.text,
    "deleted": lambda one: one.deleted,
    "parent.id": lambda one: one.parent,
    "inline.path": lambda one: (one.inline or {}).get("path"),
    "resolution": lambda one: one.resolved_on,
}
TASK_FIELDS: Fields[Task] = {
    "id": lambda one: one.id,
    "state": lambda one: "UNRESOLVED" if one.resolved_on is None else "RESOLVED",
    "content.raw": lambda one: one.text,
    "created_on": lambda one: one.created_on,
    "updated_on": lambda one: one.updated_on,
}
PLAIN = (
    "id",
    "title",
    "description",
    "state",
    "draft",
    "reason",
    "created_on",
    "updated_on",
    "comment_count",
    "task_count",
    "close_source_branch",
)


def list_pulls(call: Call) -> web.Response:
    """List pull requests: open ones unless `state` says otherwise, and of any state as soon as `q` is there."""
    repository = call.repository()
    states = tuple(state.upper() for state in call.query.getall("state", ["OPEN"]))

    def compute() -> array[int]:
        pulls: Iterable[Pull] = repository.all_pulls()
        if "q" not in call.query:
            pulls = (pull for pull in pulls if pull.state in states)
        found = call.filtered(pulls, _fields(call.world, repository))
        return array("L", (pull.id for pull in (found if "sort" in call.query else reversed(found))))

    key = (repository.uuid, repository.version, states, call.query.get("q"), call.query.get("sort"))
    extended = "fields" in call.query

    def render(number: int) -> Payload:
        pull = repository.pull(number)
        assert pull is not None  # noqa: S101  # the list is of this version
        found = build.pull_request(call.payloads, repository, pull, in_list=True)
        if extended:
            build.add_strategies(found)
        else:
            del found["reviewers"], found["participants"]
        return found

    call.pagelen(10, 50)
    hidden = build.HIDDEN_IN_LISTS if extended else ()
    return call.page(call.filters.get(key, compute), render, cap=50, hidden=hidden)


def get_pull(call: Call) -> web.Response:
    """Answer with a pull request."""
    repository = call.repository()
    found = build.pull_request(call.payloads, repository, call.pull(repository))
    if "fields" in call.query:
        build.add_strategies(found)
    return call.answer(found, hidden=build.HIDDEN if "fields" in call.query else ())


def list_activity(call: Call) -> web.Response:
    """List what happened to the pull requests of a repository, or to one, newest first."""
    repository = call.repository()
    pagelen = call.pagelen(20, 50)
    if "pull_request_id" in call.request.match_info:
        entries = _entries(repository, [call.pull(repository)])
    else:
        key = (repository.uuid, repository.version, "activity")
        entries = call.filters.get(key, lambda: _entries(repository, repository.all_pulls()))
    if "ctx" in call.query:
        last = tuple(from_cursor(call.query["ctx"]))
        entries = entries[_first_before(entries, last) :]
    values = [_render(call, repository, entry) for entry in entries[:pagelen]]
    cursor = to_cursor(*entries[pagelen - 1]) if len(entries) > pagelen else None
    return call.iterate(values, pagelen, cursor, parameter="ctx")


def list_pull_commits(call: Call) -> web.Response:
    """List the commits that a pull request brings."""
    repository = call.repository()
    pagelen = call.pagelen(10, 100)
    commits = repository.pull_commits(call.pull(repository))
    offset = int(from_cursor(call.query["page"])[0]) if "page" in call.query else 0
    values = [call.payloads.commit(repository, one) for one in commits[offset : offset + pagelen]]
    return call.iterate(values, pagelen, to_cursor(offset + pagelen) if offset + pagelen < len(commits) else None)


def list_pull_statuses(call: Call) -> web.Response:
    """List the build statuses of the source commit."""
    repository = call.repository()
    source = call.pull(repository).source_hash
    statuses = repository.statuses(source) if source is not None else {}
    found = call.filtered(statuses.values(), STATUS_FIELDS)
    return call.page(found, lambda one: call.payloads.status(repository, source or "", one), default=30)


def list_comments(call: Call) -> web.Response:
    """List the comments of a pull request, deleted ones as well."""
    repository = call.repository()
    pull = call.pull(repository)
    found = call.filtered(repository.discussion(pull).comments.values(), COMMENT_FIELDS)
    return call.page(found, lambda one: build.comment(call.payloads, repository, pull, one))


def get_comment(call: Call) -> web.Response:
    """Answer with a comment."""
    repository = call.repository()
    pull = call.pull(repository)
    found = repository.discussion(pull).comments.get(call.number("comment_id", "Comment"))
    if found is None:
        raise not_found(call.arg("comment_id"))
    return call.answer(build.comment(call.payloads, repository, pull, found))


def list_tasks(call: Call) -> web.Response:
    """List the tasks of a pull request."""
    repository = call.repository()
    pull = call.pull(repository)
    found = call.filtered(repository.discussion(pull).tasks.values(), TASK_FIELDS)
    return call.page(found, lambda one: build.task(call.payloads, repository, pull, one))


def get_task(call: Call) -> web.Response:
    """Answer with a task."""
    repository = call.repository()
    pull = call.pull(repository)
    found = repository.discussion(pull).tasks.get(call.number("task_id", "Task"))
    if found is None:
        raise not_found(f"Task {call.arg('task_id')} not found")
    return call.answer(build.task(call.payloads, repository, pull, found))


def list_pulls_of_user(call: Call) -> web.Response:
    """List the pull requests in a workspace that a user wrote; open ones unless `state` says otherwise."""
    workspace = call.workspace()
    user = call.world.user(call.arg("selected_user"))
    if user is None:
        raise not_found(f"{call.arg('selected_user')} does not exist or is not a user")
    states = call.query.getall("state", ["OPEN"])
    found = [
        (repository, pull)
        for repository in workspace.repositories.values()
        for pull in repository.all_pulls()
        if pull.author == user.index and pull.state in states
    ]
    return call.page(found, lambda one: build.pull_request(call.payloads, *one, in_list=True), cap=50)


def list_pulls_of_commit(call: Call) -> web.Response:
    """List the pull requests that bring a commit."""
    repository = call.repository()
    commit = repository.resolve(call.arg("commit"))
    if commit is None:
        raise not_found("Commit not found")
    place = repository.history.place(commit.hash)
    found: list[Pull] = []
    if place is not None and place[0] == "own":
        pull = repository.pull(place[1])
        found = [pull] if pull is not None else []
    else:
        found = [pull for pull in repository.all_pulls() if commit.hash in (pull.source_hash, pull.merge_hash)]
    return call.page(found, lambda one: build.pull_request(call.payloads, repository, one, in_list=True), default=30)


def _entries(repository: Repository, pulls: Iterable[Pull]) -> list[Entry]:
    found = [
        (stamp(build.moment(entry)), pull.id, place)
        for pull in pulls
        for place, entry in enumerate(_happened(repository, pull))
    ]
    return sorted(found, reverse=True)


def _happened(repository: Repository, pull: Pull) -> list[Event | Comment]:
    discussion = repository.discussion(pull)
    return [*discussion.comments.values(), *discussion.events]


def _first_before(entries: list[Entry], last: tuple[object, ...]) -> int:
    low, high = 0, len(entries)
    while low < high:
        middle = (low + high) // 2
        if entries[middle] < last:
            high = middle
        else:
            low = middle + 1
    return low


def _render(call: Call, repository: Repository, entry: Entry) -> Payload:
    pull = repository.pull(entry[1])
    assert pull is not None  # noqa: S101  # pull requests are never deleted
    return build.activity(call.payloads, repository, pull, _happened(repository, pull)[entry[2]])


def _fields(world: World, repository: Repository) -> Fields[Pull]:
    """Give what pull requests can be filtered and sorted by."""
    fields: dict[str, Getter] = {name: attrgetter(name) for name in PLAIN}
    fields |= {
        "summary.raw": attrgetter("description"),
        "source.branch.name": attrgetter("source_branch"),
        "destination.branch.name": attrgetter("destination_branch"),
        "source.commit.hash": lambda one: one.source_hash and one.source_hash[:12],
        "destination.commit.hash": lambda one: one.destination_hash and one.destination_hash[:12],
        "merge_commit.hash": lambda one: one.merge_hash and one.merge_hash[:12],
        "source.repository.uuid": attrgetter("source_repository"),
        "source.repository.full_name": lambda one: _full_name(world, one.source_repository),
        "destination.repository.full_name": lambda _: repository.full_name,
    }
    for name in ("uuid", "account_id", "nickname", "display_name"):
        fields[f"author.{name}"] = _account(world, name, attrgetter("author"))
        fields[f"closed_by.{name}"] = _account(world, name, attrgetter("closed_by"))
        fields[f"reviewers.{name}"] = _reviewers(world, name)
    return fields


def _account(world: World, name: str, index: Callable[[Pull], int | None]) -> Getter:
    def get(pull: Pull) -> object:
        found = index(pull)
        return None if found is None else getattr(world.users[found], name)

    return get


def _reviewers(world: World, name: str) -> Getter:
    return lambda pull: [getattr(world.users[index], name) for index in pull.reviewers]


def _full_name(world: World, uuid: str | None) -> str | None:
    found = world.repository_by_uuid(uuid)
    return found.full_name if found is not None else None


PULLS = "/repositories/{workspace}/{repo_slug}/pullrequests"
PULL = PULLS + "/{pull_request_id}"
OPERATIONS = (
    Operation("GET", PULLS, list_pulls, "pullrequest"),
    Operation("GET", PULLS + "/activity", list_activity, "pullrequest"),
    Operation("GET", PULL, get_pull, "pullrequest"),
    Operation("GET", PULL + "/activity", list_activity, "pullrequest"),
    Operation("GET", PULL + "/commits", list_pull_commits, "pullrequest"),
    Operation("GET", PULL + "/statuses", list_pull_statuses, "pullrequest"),
    Operation("GET", PULL + "/comments", list_comments, "pullrequest"),
    Operation("GET", PULL + "/comments/{comment_id}", get_comment, "pullrequest"),
    Operation("GET", PULL + "/tasks", list_tasks, "pullrequest"),
    Operation("GET", PULL + "/tasks/{task_id}", get_task, "pullrequest"),
    Operation("GET", "/workspaces/{workspace}/pullrequests/{selected_user}", list_pulls_of_user, "pullrequest"),
    Operation(
        "GET", "/repositories/{workspace}/{repo_slug}/commit/{commit}/pullrequests", list_pulls_of_commit, "pullrequest"
    ),
)
