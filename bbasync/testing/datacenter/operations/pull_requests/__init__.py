"""Pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.datacenter.http import Call, flag, items, required, text, value
from bbasync.testing.datacenter.operations.pull_requests.changes import compare, patch
from bbasync.testing.datacenter.payloads import VALIDATION, refuse
from bbasync.testing.datacenter.world import Participant, PullRequest, Ref, Repository
from bbasync.testing.operations import Operations, Result, is_number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bbasync.testing.datacenter.payloads import Json
    from bbasync.testing.datacenter.world import Activity, User

operations: Operations[Call] = Operations()

STATES = ("OPEN", "DECLINED", "MERGED", "ALL")


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests")
def list_pull_requests(call: Call) -> Result:
    """List pull requests, the last changed first; `at` is a full ref, and anything else finds nothing."""
    repository, query = call.repository(), call.query
    state, incoming = query.get("state", "OPEN").upper(), query.get("direction", "INCOMING").upper() == "INCOMING"
    if state not in STATES:
        raise refuse(400, f"state must be one of {', '.join(STATES)}", VALIDATION, context="state")
    pulls: Iterable[PullRequest] = repository.pull_requests.values()
    if not incoming:
        readable = (item for item in call.world.repositories() if call.world.may(call.user, "READ", item))
        everywhere = (pull for item in readable for pull in item.pull_requests.values())
        pulls = (pull for pull in everywhere if pull.source.repository is repository)
    part, at, draft = query.get("filterText", "").lower(), query.get("at"), call.flag("draft")
    found = [
        pull
        for pull in pulls
        if state in ("ALL", pull.state)
        and part in f"{pull.title}\n{pull.description or ''}".lower()
        and at in (None, f"refs/heads/{(pull.target if incoming else pull.source).branch}")
        and draft in (None, pull.draft)
        and _has_participants(call, pull)
    ]
    newest = query.get("order", "NEWEST").upper() == "NEWEST"
    found.sort(key=lambda pull: (pull.updated, pull.id), reverse=newest)
    return call.page(found, call.payloads.pull_request)


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}")
def get(call: Call) -> Result:
    """Return a pull request."""
    return call.payloads.pull_request(call.pull_request())


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}.diff")
def get_text_diff(call: Call) -> Result:
    """Return the diff as text."""
    return patch(compare(call, call.pull_request())[1])


@operations("POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests", status=201)
def create(call: Call) -> Result:
    """Open a pull request between two branches."""
    target, data = call.repository(), call.json()
    author, title = call.me, required(data, "title")
    if target.archived:
        raise refuse(409, f"{target.path} is archived.", "repository.RepositoryArchivedException")
    source_ref, target_ref = _ref(call, data, "fromRef", target), _ref(call, data, "toRef", target)
    _check_new(call, source_ref, target_ref)
    reviewers = _reviewers(call, data, author)
    now = call.world.tick()
    description, draft = text(data, "description"), flag(data, "draft")
    number = max(target.pull_requests, default=0) + 1
    pull = PullRequest(
        id=number,
        title=title,
        description=description,
        author=author,
        source=source_ref,
        target=target_ref,
        created=now,
        updated=now,
        draft=draft,
    )
    pull.participants = [Participant(user=user, role="REVIEWER") for user in reviewers]
    target.pull_requests[number] = pull
    call.world.record(pull, "OPENED", author, now)
    call.tell.on_pull("opened", pull, author)
    return call.payloads.pull_request(pull)


@operations("PUT /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}")
def update(call: Call) -> Result:
    """Replace title, description, reviewers and target; reviewers and description left out are removed."""
    pull, data = call.pull_request(), call.json()
    _require_author(call, pull)
    check_version(call, pull, value(data, "version"))
    require_open(pull)
    reviewers = _reviewers(call, data, pull.author)
    title, description, old_target, asked = pull.title, pull.description, pull.target, reviewers_of(pull)
    if text(data, "toRef.id"):
        target = _ref(call, data, "toRef", pull.target.repository)
        if target.branch != pull.target.branch:
            _check_new(call, pull.source, target, pull)
            pull.target = target
    pull.title, pull.description = text(data, "title") or pull.title, text(data, "description")
    pull.draft = flag(data, "draft", default=pull.draft)
    joined = [Participant(user=user, role="REVIEWER") for user in reviewers if pull.participant(user) is None]
    pull.participants += joined
    for item in pull.participants:  # whoever took part once remains a participant
        item.role = "REVIEWER" if item.user in reviewers else "PARTICIPANT"
    user = call.me
    entry = record_change(call, pull, "UPDATED", user)
    entry.added_reviewers, entry.removed_reviewers = difference(asked, reviewers_of(pull))
    if (pull.title, pull.description, pull.target) != (title, description, old_target):
        was = {"previousTitle": title, "previousDescription": description}
        call.tell.on_pull("modified", pull, user, **was, previousTarget=call.payloads.previous_target(old_target))
    tell_reviewers(call, pull, user, asked)
    return call.payloads.pull_request(pull)


@operations("DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}")
def delete(call: Call) -> Result:
    """Delete a pull request of the version that the body names."""
    pull, data = call.pull_request(), call.json()
    user = call.me
    if user is not pull.author:
        call.require("ADMIN", pull.target.repository)
    check_version(call, pull, value(data, "version"))
    del pull.target.repository.pull_requests[pull.id]
    call.tell.on_pull("deleted", pull, user)
    return None


@operations("POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/decline")
def decline(call: Call) -> Result:
    """Decline the version that the query names."""
    pull = call.pull_request()
    user = _require_author(call, pull)
    check_version(call, pull, call.query.get("version", value(call.json(), "version")))
    require_open(pull)
    close(call, pull, "DECLINED", user)
    call.tell.on_pull("declined", pull, user)
    return call.payloads.pull_request(pull)


@operations("POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/reopen")
def reopen(call: Call) -> Result:
    """Reopen a declined pull request of the version that the query names."""
    pull = call.pull_request()
    user = _require_author(call, pull)
    check_version(call, pull, call.query.get("version", value(call.json(), "version")))
    if pull.state != "DECLINED":
        raise refuse(409, f"This pull request is {pull.state}, not declined.", "pull.IllegalPullRequestStateException")
    _check_new(call, pull.source, pull.target, pull)
    pull.state, pull.closed = "OPEN", None
    record_change(call, pull, "REOPENED", user)
    return call.payloads.pull_request(pull)


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/pull-requests")
def list_pull_requests_of_commit(call: Call) -> Result:
    """List the pull requests whose source has the commit."""
    repository, commit = call.commit()
    found = [
        pull
        for pull in repository.pull_requests.values()
        if any(item.hash == commit.hash for item in repository.history.log(pull.source.commit, pull.target.commit))
    ]
    return call.page(found, call.payloads.pull_request)


def _has_participants(call: Call, pull: PullRequest) -> bool:
    """Apply the indexed filters username.1, role.1, approved.1 and so on; the first gap ends them."""
    for number in range(1, 11):
        name = call.query.get(f"username.{number}")
        if name is None:
            return True
        author = Participant(user=pull.author, role="AUTHOR")
        role, approved = call.query.get(f"role.{number}"), call.flag(f"approved.{number}")
        if not any(
            item.user.name == name and role in (None, item.role) and approved in (None, item.status == "APPROVED")
            for item in [author, *pull.participants]
        ):
            return False
    return True


def _ref(call: Call, data: Json, side: str, here: Repository) -> Ref:
    name = required(data, f"{side}.id").removeprefix("refs/heads/")
    slug, key = text(data, f"{side}.repository.slug"), text(data, f"{side}.repository.project.key")
    repository = here
    if slug and key:
        try:
            repository = call.world.repository(key, slug)
        except KeyError:
            message = f"Repository {key}/{slug} does not exist."
            raise refuse(404, message, "repository.NoSuchRepositoryException") from None
        call.require("READ", repository)
    tip = repository.branches.get(name)
    if tip is None:
        message = f'Repository "{repository.slug}" has no branch "{name}".'
        raise refuse(404, message, "repository.NoSuchBranchException")
    return Ref(repository=repository, branch=name, commit=tip)


def _check_new(call: Call, source: Ref, target: Ref, ignore: PullRequest | None = None) -> None:
    """Refuse a pull request that exists already or would bring no commit."""
    for pull in target.repository.pull_requests.values():
        same = pull.source.repository is source.repository and pull.source.branch == source.branch
        if pull.state == "OPEN" and same and pull.target.branch == target.branch and pull is not ignore:
            raise refuse(
                409,
                "Only one pull request may be open for a given source and target branch",
                "pull.DuplicatePullRequestException",
                existingPullRequest=call.payloads.pull_request(pull),
            )
    if target.repository.history.contains(target.commit, source.commit):
        message = f'Branch "{target.branch}" is already up to date with branch "{source.branch}".'
        raise refuse(409, message, "pull.EmptyPullRequestException")


def _reviewers(call: Call, data: Json, author: User) -> list[User]:
    """Find the reviewers a body names; all problems are reported at once."""
    found: list[User] = []
    problems: list[Json] = []
    for item in items(data, "reviewers"):
        name = text(item, "user.name") or ""
        user = call.world.user_named(name)
        if user is None:
            problems.append({"context": name, "message": f"{name} is not a user.", "exceptionName": None})
        elif user is author:
            message = f"{name} is the author of the pull request and cannot review it."
            problems.append({"context": name, "message": message, "exceptionName": None})
        elif not call.world.may(user, "READ", call.repository()):
            message = f"{name} may not read the repository and cannot review it."
            problems.append({"context": name, "message": message, "exceptionName": None})
        else:
            found.append(user)
    if problems:
        valid = [call.payloads.user(user) for user in found]
        message = "Some of the reviewers cannot be added"
        exception = "pull.InvalidPullRequestReviewersException"
        raise refuse(409, message, exception, context="reviewers", reviewerErrors=problems, validReviewers=valid)
    return found


def tell_reviewers(call: Call, pull: PullRequest, user: User, before: list[User]) -> None:
    """Tell webhooks which reviewers were added and removed."""
    call.tell.on_reviewers(pull, user, *difference(before, reviewers_of(pull)))


def difference(before: list[User], after: list[User]) -> tuple[list[User], list[User]]:
    """Return who was added and who was removed."""
    return [one for one in after if one not in before], [one for one in before if one not in after]


def _require_author(call: Call, pull: PullRequest) -> User:
    user = call.me
    if user is not pull.author:
        call.require("WRITE", pull.target.repository)
    return user


def check_version(call: Call, pull: PullRequest, version: object) -> None:
    """Refuse a change based on another version; none counts as -1, as on a real server."""
    sent = str(version)
    expected = int(sent) if is_number(sent.removeprefix("-")) else -1
    if expected != pull.version:
        raise refuse(
            409,
            "You are attempting to modify a pull request based on out-of-date information.",
            "pull.PullRequestOutOfDateException",
            currentVersion=pull.version,
            expectedVersion=expected,
            pullRequest=call.payloads.pull_request(pull),
        )


def record_change(call: Call, pull: PullRequest, action: str, user: User) -> Activity:
    """Count the version up and record an activity."""
    pull.version, pull.updated = pull.version + 1, call.world.tick()
    return call.world.record(pull, action, user, pull.updated)


def reviewers_of(pull: PullRequest) -> list[User]:
    """Return the users who are reviewers."""
    return [item.user for item in pull.participants if item.role == "REVIEWER"]


def require_open(pull: PullRequest) -> None:
    """Refuse a closed pull request with 409."""
    if pull.state != "OPEN":
        raise refuse(
            409,
            f"This pull request has been {pull.state.lower()} and cannot be changed.",
            "pull.IllegalPullRequestStateException",
        )


def close(call: Call, pull: PullRequest, state: str, user: User) -> None:
    """Close a pull request."""
    pull.refresh()
    pull.state = state
    record_change(call, pull, state, user)
    pull.closed = pull.updated
