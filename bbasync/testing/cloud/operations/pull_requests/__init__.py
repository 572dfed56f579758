"""Pull requests."""

from __future__ import annotations

from array import array
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeAlias

from bbasync.testing.cloud import pull_request_payloads as build
from bbasync.testing.cloud import webhooks as tell
from bbasync.testing.cloud.http import Call, leaf, not_found, refusal
from bbasync.testing.cloud.world.pull_requests import Discussion, Participant, Pull
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bbasync.testing.cloud.payloads import Payload
    from bbasync.testing.cloud.query import Fields
    from bbasync.testing.cloud.world import World
    from bbasync.testing.cloud.world.repository import Repository

operations: Operations[Call] = Operations()

CLOSED = "This pull request is already closed."
MOST_COMMITS = 1000
"""Commits of a fork that are taken over into its parent."""
Getter: TypeAlias = "Callable[[Pull], object]"
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


@operations("POST /repositories/{workspace}/{repo_slug}/pullrequests", "pullrequest:write", status=201)
def create_pull(call: Call) -> Result:
    """Create a pull request; for the same branches as an open one that one is changed instead."""
    repository, body = call.repository(), call.json()
    title, branch = leaf(body, "title"), leaf(body, "source", "branch", "name")
    if not title or not branch:
        missing = {
            name: ["required key not provided"] for name, one in (("title", title), ("source", branch)) if not one
        }
        raise refusal(400, "Bad request", fields=missing)
    source = _source(call, repository, body)
    destination = leaf(body, "destination", "branch", "name") or repository.mainbranch
    head = _head(source, str(branch), "source")
    base = _head(repository, str(destination), "destination")
    if source is not repository:
        _take_over(source, repository, head)
    existing = next(
        (
            pull
            for pull in repository.all_pulls()
            if pull.state == "OPEN"
            and (pull.source_branch, pull.destination_branch) == (branch, destination)
            and pull.source_repository == source.uuid
        ),
        None,
    )
    event = "updated" if existing is not None else "created"
    if existing is None:
        if not len(repository.history.walk([head], [base])):
            raise refusal(400, "There are no changes to be pulled")
        _reviewers(call, body.get("reviewers") or (), call.me)  # what is refused leaves nothing behind
        now = call.world.now()
        existing = Pull(
            id=repository.last_pull + 1,
            title=str(title),
            description="",
            state="OPEN",
            author=call.me,
            created_on=now,
            updated_on=now,
            source_branch=str(branch),
            source_hash=head,
            source_repository=source.uuid,
            destination_branch=str(destination),
            destination_hash=base,
            close_source_branch=False,
            discussion=Discussion({}, {}, []),
        )
        repository.changed_pulls[existing.id] = existing
    payload = _changed(call, repository, existing.id, body, event)
    if event == "created":
        call.fake.pipelines.proposed(call.me, repository, repository.changed_pulls[existing.id])
    return payload


@operations("PUT /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}", "pullrequest:write")
def update_pull(call: Call) -> Result:
    """Change what the body names; a closed pull request stays as it is."""
    repository, body = call.repository(), call.json()
    pull = open_pull_request(call, repository)
    destination = leaf(body, "destination", "branch", "name")
    base = _head(repository, str(destination), "destination") if destination else pull.destination_hash
    return _changed(call, repository, pull.id, body, "updated", destination=destination, base=base)


@operations("POST /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/decline", "pullrequest:write")
def decline(call: Call) -> Result:
    """Close a pull request without merging it."""
    repository = call.repository()
    pull = open_pull_request(call, repository)
    pull = repository.edit(pull.id)
    pull.state, pull.reason, pull.closed_by = "DECLINED", str(leaf(call.json(), "reason") or ""), call.me
    record_update(call, pull)
    tell.on_pull(call, "rejected", repository, pull)
    return build.pull_request(call.payloads, repository, pull)


@operations("GET /repositories/{workspace}/{repo_slug}/pullrequests", "pullrequest")
def list_pulls(call: Call) -> Result:
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
        found = build.pull_request(call.payloads, repository, pull, in_list=True, people=extended)
        if extended:
            build.add_strategies(found)
        return found

    call.pagelen(10, 50)
    call.hidden = build.HIDDEN_IN_LISTS if extended else ()
    return call.page(call.fake.filters.get(key, compute), render, cap=50)


@operations("GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}", "pullrequest")
def get_pull(call: Call) -> Result:
    """Answer with a pull request."""
    repository = call.repository()
    found = build.pull_request(call.payloads, repository, call.pull(repository))
    if "fields" in call.query:
        build.add_strategies(found)
    call.hidden = build.HIDDEN if "fields" in call.query else ()
    return found


@operations("GET /workspaces/{workspace}/pullrequests/{selected_user}", "pullrequest")
def list_pulls_of_user(call: Call) -> Result:
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


@operations("GET /repositories/{workspace}/{repo_slug}/commit/{commit}/pullrequests", "pullrequest")
def list_pulls_of_commit(call: Call) -> Result:
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


def _source(call: Call, repository: Repository, body: Payload) -> Repository:
    name = leaf(body, "source", "repository", "full_name")
    if name is None:
        return repository
    workspace = call.world.workspace(str(name).partition("/")[0])
    found = workspace.repository(str(name).partition("/")[2]) if workspace is not None else None
    if found is None:
        raise refusal(400, "source: repository not found", fields={"source": [f"repository not found: {name}"]})
    return found


def _head(repository: Repository, branch: str, end: str) -> str:
    if branch not in repository.branches:
        message = f"branch not found: {branch}"
        raise refusal(400, f"{end}: {message}", fields={end: [message]})
    return repository.branches[branch]


def _take_over(source: Repository, repository: Repository, head: str) -> None:
    known = list(repository.branches.values())
    commits, _ = source.history.walk([head], known).page(0, MOST_COMMITS)
    for commit in reversed(commits):
        if repository.history.place(commit.hash) is None:
            repository.history.store(commit)


def _reviewers(call: Call, given: Any, author: int | None) -> list[int]:
    found: list[int] = []
    for one in given:
        user = call.world.user(str(leaf(one, "uuid") or leaf(one, "account_id")))
        if user is None:
            raise refusal(400, "Malformed reviewers list", fields={"reviewers": ["Malformed reviewers list"]})
        if user.index == author:
            message = f"{user.display_name} is the author and cannot be included as a reviewer."
            raise refusal(400, message, fields={"reviewers": [message]})
        found.append(user.index)
    return found


def _changed(
    call: Call,
    repository: Repository,
    number: int,
    body: Payload,
    event: str,
    *,
    destination: str | None = None,
    base: str | None = None,
) -> Payload:
    """Apply a body whose references were checked."""
    current = repository.pull(number)
    author = current.author if current is not None else None
    reviewers = _reviewers(call, body["reviewers"], author) if body.get("reviewers") is not None else None
    pull = repository.edit(number)
    pull.title = str(body.get("title", pull.title))
    description = leaf(body, "summary", "raw") if "summary" in body else body.get("description", pull.description)
    pull.description = str(description or "")
    pull.close_source_branch = bool(body.get("close_source_branch", pull.close_source_branch))
    pull.draft = bool(body.get("draft", pull.draft))
    if destination is not None:
        pull.destination_branch, pull.destination_hash = destination, base
    if reviewers is not None:
        for index in set(pull.reviewers) - set(reviewers):
            if pull.participants[index].verdict is None:
                del pull.participants[index]
        pull.reviewers = reviewers
        for index in reviewers:
            pull.participants.setdefault(index, Participant(None, None))
    record_update(call, pull)
    tell.on_pull(call, event, repository, pull)
    return build.pull_request(call.payloads, repository, pull)


def record_update(call: Call, pull: Pull) -> None:
    """Put an update into the activity; only this moves `updated_on`, neither comments nor reviews do."""
    pull.updated_on = call.world.now()
    if pull.discussion is not None:
        pull.discussion.events.append(pull.update_event(pull.updated_on, call.me))


def open_pull_request(call: Call, repository: Repository) -> Pull:
    """Find the pull request that the path names; 400 if it is closed."""
    pull = call.pull(repository)
    if pull.state != "OPEN":
        raise refusal(400, CLOSED)
    return pull


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
        fields[f"reviewers.{name}"] = _reviewer_field(world, name)
    return fields


def _account(world: World, name: str, index: Callable[[Pull], int | None]) -> Getter:
    def get(pull: Pull) -> object:
        found = index(pull)
        return None if found is None else getattr(world.users[found], name)

    return get


def _reviewer_field(world: World, name: str) -> Getter:
    return lambda pull: [getattr(world.users[index], name) for index in pull.reviewers]


def _full_name(world: World, uuid: str | None) -> str | None:
    found = world.repository_by_uuid(uuid)
    return found.full_name if found is not None else None
