"""Reviews of pull requests, and default reviewers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.cloud import pull_request_payloads as build
from bbasync.testing.cloud import webhooks as tell
from bbasync.testing.cloud.http import Call, not_found
from bbasync.testing.cloud.world.pull_requests import Event, Participant
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from bbasync.testing.cloud.payloads import Payload
    from bbasync.testing.cloud.world.pull_requests import Verdict

operations: Operations[Call] = Operations()

EVENTS: dict[Verdict, tuple[str, str]] = {
    "approved": ("approved", "unapproved"),
    "changes_requested": ("changes_request_created", "changes_request_removed"),
}


@operations("POST /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/approve", "pullrequest:write")
def approve(call: Call) -> Result:
    """Approve."""
    return _review(call, "approved")


@operations(
    "POST /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/request-changes", "pullrequest:write"
)
def request_changes(call: Call) -> Result:
    """Request changes."""
    return _review(call, "changes_requested")


@operations("DELETE /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/approve", "pullrequest:write")
def unapprove(call: Call) -> Result:
    """Take an approval back."""
    _withdraw(call, "approved")
    return None


@operations(
    "DELETE /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/request-changes", "pullrequest:write"
)
def withdraw_request(call: Call) -> Result:
    """Take a request for changes back."""
    _withdraw(call, "changes_requested")
    return None


@operations("GET /repositories/{workspace}/{repo_slug}/default-reviewers", "pullrequest")
def list_default_reviewers(call: Call) -> Result:
    """List the default reviewers."""
    return call.page(call.repository().default_reviewers, lambda index: call.payloads.user(index) or {})


@operations("GET /repositories/{workspace}/{repo_slug}/effective-default-reviewers", "pullrequest")
def list_effective_default_reviewers(call: Call) -> Result:
    """List the default reviewers of a repository and of its project, with where they come from."""
    repository = call.repository()
    project = call.world.workspaces[repository.workspace].projects.get(repository.project)
    inherited = project.default_reviewers if project is not None else []
    sources = dict.fromkeys(repository.default_reviewers, "repository") | dict.fromkeys(inherited, "project")
    return call.page(list(sources.items()), lambda one: call.payloads.default_reviewer(*one))


@operations("GET /repositories/{workspace}/{repo_slug}/default-reviewers/{target_username}", "pullrequest")
def get_default_reviewer(call: Call) -> Result:
    """Answer with a default reviewer."""
    user = call.user("target_username")
    if user.index not in call.repository().default_reviewers:
        raise not_found(f"{call.arg('target_username')} is not a default reviewer")
    return call.payloads.user(user.index) or {}


@operations("PUT /repositories/{workspace}/{repo_slug}/default-reviewers/{target_username}", "repository:admin")
def put_default_reviewer(call: Call) -> Result:
    """Add a default reviewer; once more changes nothing."""
    repository, user = call.repository(), call.user("target_username")
    if user.index not in repository.default_reviewers:
        repository.default_reviewers.append(user.index)
    return call.payloads.user(user.index) or {}


@operations("DELETE /repositories/{workspace}/{repo_slug}/default-reviewers/{target_username}", "repository:admin")
def delete_default_reviewer(call: Call) -> Result:
    """Remove a default reviewer."""
    repository, user = call.repository(), call.user("target_username")
    if user.index not in repository.default_reviewers:
        raise not_found(f"{call.arg('target_username')} is not a default reviewer")
    repository.default_reviewers.remove(user.index)
    return None


def _review(call: Call, verdict: Verdict) -> Payload:
    repository = call.repository()
    pull = repository.edit(call.pull(repository).id)
    now = call.world.now()
    one = pull.participants[call.me] = Participant(verdict, now)
    if pull.discussion is not None:
        pull.discussion.events.append(Event("approval" if verdict == "approved" else verdict, now, call.me))
    tell.on_review(call, EVENTS[verdict][0], repository, pull, now)
    return build.participant(call.payloads, pull, call.me, one)


def _withdraw(call: Call, verdict: Verdict) -> None:
    repository = call.repository()
    pull = call.pull(repository)
    one = pull.participants.get(call.me)
    if one is None or one.verdict != verdict:
        raise not_found("You have not done so")
    pull, now = repository.edit(pull.id), call.world.now()
    pull.participants[call.me] = Participant(None, now)
    tell.on_review(call, EVENTS[verdict][1], repository, pull, now)
