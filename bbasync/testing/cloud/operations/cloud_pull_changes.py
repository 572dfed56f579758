"""Changing pull requests: create, update, review, decline and merge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from bbasync.testing.cloud import pull_request_payloads as build
from bbasync.testing.cloud import webhooks as tell
from bbasync.testing.cloud.http import Call, Operation, json_response, leaf, no_content, not_found, refusal
from bbasync.testing.cloud.world.history import Commit
from bbasync.testing.cloud.world.pull_requests import Discussion, Event, Participant, Pull

if TYPE_CHECKING:
    from bbasync.testing.cloud.payloads import Payload
    from bbasync.testing.cloud.world.pull_requests import Verdict
    from bbasync.testing.cloud.world.repository import Repository

STRATEGIES = ("merge_commit", "squash", "fast_forward", "squash_fast_forward", "rebase_fast_forward", "rebase_merge")
EVENTS: dict[Verdict, tuple[str, str]] = {
    "approved": ("approved", "unapproved"),
    "changes_requested": ("changes_request_created", "changes_request_removed"),
}
CLOSED = "This pull request is already closed."
MOST_COMMITS = 1000
"""Commits of a fork that are taken over into its parent."""


def create_pull(call: Call) -> web.Response:
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
    return call.answer(_changed(call, repository, existing.id, body, event), status=201)


def update_pull(call: Call) -> web.Response:
    """Change what the body names; a closed pull request stays as it is."""
    repository, body = call.repository(), call.json()
    pull = _open(call, repository)
    destination = leaf(body, "destination", "branch", "name")
    base = _head(repository, str(destination), "destination") if destination else pull.destination_hash
    payload = _changed(call, repository, pull.id, body, "updated", destination=destination, base=base)
    return call.answer(payload)


def approve(call: Call) -> web.Response:
    """Approve."""
    return _judge(call, "approved")


def request_changes(call: Call) -> web.Response:
    """Request changes."""
    return _judge(call, "changes_requested")


def unapprove(call: Call) -> web.Response:
    """Take an approval back."""
    return _take_back(call, "approved")


def withdraw_request(call: Call) -> web.Response:
    """Take a request for changes back."""
    return _take_back(call, "changes_requested")


def decline(call: Call) -> web.Response:
    """Close a pull request without merging it."""
    repository = call.repository()
    pull = _open(call, repository)
    pull = repository.edit(pull.id)
    pull.state, pull.reason, pull.closed_by = "DECLINED", str(leaf(call.json(), "reason") or ""), call.me
    _record(call, pull)
    tell.on_pull(call, "rejected", repository, pull)
    return call.answer(build.pull_request(call.payloads, repository, pull))


def merge(call: Call) -> web.Response:
    """Merge; with `async=true`, and where merges are slow, only a task to ask for is answered."""
    repository, body = call.repository(), call.json()
    pull = _open(call, repository)
    strategy = body.get("merge_strategy", STRATEGIES[0])
    if strategy not in STRATEGIES:
        raise refusal(400, "Bad request", fields={"merge_strategy": [f"{strategy} is not a valid choice"]})
    pull = repository.edit(pull.id)
    _merge(call, repository, pull, body)
    if call.query.get("async") == "true" or call.merges.slow_merges:
        path = f"{repository.full_name}/pullrequests/{pull.id}/merge/task-status/{call.merges.add(pull.id)}"
        headers = {"Location": f"{call.payloads.base}/repositories/{path}"}
        return web.Response(status=202, body=b'""', content_type="application/json", headers=headers)
    return json_response(_merged_payload(call, repository, pull))


def get_merge_task(call: Call) -> web.Response:
    """Tell how far a merge is; a task that never was is pending for ever."""
    repository = call.repository()
    pull = call.pull(repository)
    own = f"{call.payloads.base}/repositories/{repository.full_name}/pullrequests/{pull.id}"
    if call.merges.pending(call.arg("task_id"), pull.id):
        links = {"self": {"href": f"{own}/merge/task-status/{call.arg('task_id')}"}}
        return json_response({"task_status": "PENDING", "links": links})
    return json_response({"task_status": "SUCCESS", "merge_result": _merged_payload(call, repository, pull)})


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
    _record(call, pull)
    tell.on_pull(call, event, repository, pull)
    return build.pull_request(call.payloads, repository, pull)


def _record(call: Call, pull: Pull) -> None:
    """Put an update into the activity; only this moves `updated_on`, neither comments nor reviews do."""
    pull.updated_on = call.world.now()
    if pull.discussion is not None:
        event = Event("update", pull.updated_on, call.me, state=pull.state, title=pull.title)
        pull.discussion.events.append(event)


def _open(call: Call, repository: Repository) -> Pull:
    pull = call.pull(repository)
    if pull.state != "OPEN":
        raise refusal(400, CLOSED)
    return pull


def _judge(call: Call, verdict: Verdict) -> web.Response:
    repository = call.repository()
    pull = repository.edit(call.pull(repository).id)
    now = call.world.now()
    one = pull.participants[call.me] = Participant(verdict, now)
    if pull.discussion is not None:
        pull.discussion.events.append(Event("approval" if verdict == "approved" else verdict, now, call.me))
    tell.on_review(call, EVENTS[verdict][0], repository, pull, now)
    return call.answer(build.participant(call.payloads, pull, call.me, one))


def _take_back(call: Call, verdict: Verdict) -> web.Response:
    repository = call.repository()
    pull = call.pull(repository)
    one = pull.participants.get(call.me)
    if one is None or one.verdict != verdict:
        raise not_found("You have not reviewed this pull request so")
    pull, now = repository.edit(pull.id), call.world.now()
    pull.participants[call.me] = Participant(None, now)
    tell.on_review(call, EVENTS[verdict][1], repository, pull, now)
    return no_content()


def _merge(call: Call, repository: Repository, pull: Pull, body: Payload) -> None:
    head, base = pull.source_hash, repository.branches.get(pull.destination_branch)
    if head is None or base is None:
        raise refusal(409, "One of the branches of this pull request is gone")
    strategy = str(body.get("merge_strategy", STRATEGIES[0]))
    if strategy == "fast_forward":
        if len(repository.history.walk([base], [head])):
            raise refusal(400, "The destination has commits that the source lacks; it cannot be fast-forwarded")
        pull.merge_hash = head
    else:
        parents = (base, head) if strategy in ("merge_commit", "rebase_merge") else (base,)
        text = body.get("message") or f"Merged in {pull.source_branch} (pull request #{pull.id})\n\n{pull.title}\n"
        fork = repository.history.merge_base(base, head)
        changes = repository.files.overlay(fork.hash if fork is not None else None, head)
        commit = Commit(call.world.new_hash(), parents, call.world.now(), str(text), call.me, changes=changes)
        repository.history.store(commit)
        pull.merge_hash = commit.hash
    pull.destination_hash = base
    repository.branches[pull.destination_branch] = pull.merge_hash
    pull.state, pull.closed_by = "MERGED", call.me
    pull.close_source_branch = bool(body.get("close_source_branch", pull.close_source_branch))
    closes = pull.close_source_branch and pull.source_repository == repository.uuid
    closed = repository.branches.pop(pull.source_branch, None) if closes else None
    _record(call, pull)
    tell.on_pull(call, "fulfilled", repository, pull)
    tell.on_push(call, repository, pull.destination_branch, base, pull.merge_hash)
    if closed is not None:
        tell.on_push(call, repository, pull.source_branch, closed, None)


def _merged_payload(call: Call, repository: Repository, pull: Pull) -> Payload:
    """Build the answer to a merge, the only one that has the whole hash of the merge commit."""
    found = build.pull_request(call.payloads, repository, pull)
    return found | {"merge_commit": {"type": "commit", "hash": pull.merge_hash}}


PULLS = "/repositories/{workspace}/{repo_slug}/pullrequests"
PULL = PULLS + "/{pull_request_id}"
OPERATIONS = (
    Operation("POST", PULLS, create_pull, "pullrequest:write"),
    Operation("PUT", PULL, update_pull, "pullrequest:write"),
    Operation("POST", PULL + "/approve", approve, "pullrequest:write"),
    Operation("DELETE", PULL + "/approve", unapprove, "pullrequest:write"),
    Operation("POST", PULL + "/request-changes", request_changes, "pullrequest:write"),
    Operation("DELETE", PULL + "/request-changes", withdraw_request, "pullrequest:write"),
    Operation("POST", PULL + "/decline", decline, "pullrequest:write"),
    Operation("POST", PULL + "/merge", merge, "pullrequest:write"),
    Operation("GET", PULL + "/merge/task-status/{task_id}", get_merge_task, "pullrequest"),
)
