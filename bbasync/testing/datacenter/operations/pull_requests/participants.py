"""Participants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from bbasync.testing.datacenter.http import Call, required, text
from bbasync.testing.datacenter.operations.pull_requests import (
    check_version,
    require_open,
    reviewers_of,
    tell_reviewers,
)
from bbasync.testing.datacenter.payloads import VALIDATION, answer, no_content, refuse
from bbasync.testing.datacenter.world import Participant, PullRequest
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from aiohttp import web

    from bbasync.testing.datacenter.world import User

operations: Operations[Call] = Operations()

STATUSES = ("UNAPPROVED", "NEEDS_WORK", "APPROVED")


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/participants")
def list_participants(call: Call) -> Result:
    """List the author, the reviewers and all who took part."""
    pull = call.pull_request()
    everybody = [Participant(user=pull.author, role="AUTHOR"), *pull.participants]
    return call.page(everybody, call.payloads.participant)


@operations("POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/participants")
def assign_role(call: Call) -> Result:
    """Make a user a reviewer."""
    pull, data = call.pull_request("WRITE"), call.json()
    name = required(data, "user.name")
    user = call.world.user_named(name)
    if user is None:
        raise refuse(404, f"{name} is not a user.", "user.NoSuchUserException")
    if text(data, "role") != "REVIEWER" or user is pull.author:
        raise refuse(400, "Only the role REVIEWER can be assigned, and not to the author", VALIDATION, context="role")
    asked, item = reviewers_of(pull), _join(pull, user)
    item.role = "REVIEWER"
    tell_reviewers(call, pull, call.me, asked)
    return call.payloads.participant(item)


@operations(
    "PUT /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/participants/{userSlug}"
)
def set_status(call: Call) -> Result:
    """Set the caller's own status, and nobody else's."""
    pull, data = call.pull_request(), call.json()
    user, status = call.me, (text(data, "status") or "").upper()
    if call.arg("userSlug") != user.slug:
        raise refuse(403, "You may only update your own status", "AuthorisationException")
    if status not in STATUSES:
        raise refuse(400, f"status must be one of {', '.join(STATUSES)}", VALIDATION, context="status")
    if "version" in call.query:
        check_version(call, pull, call.query["version"])
    pull.refresh()
    if text(data, "lastReviewedCommit") not in (None, pull.source.commit):
        raise refuse(409, "The source branch has moved on", "pull.PullRequestOutOfDateException")
    return _review(call, pull, user, status)


@operations(
    "DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/participants/{userSlug}"
)
def unassign(call: Call) -> Result:
    """Reduce a reviewer to a participant; whoever took part once remains one."""
    return _unassign(call, call.world.users.get(call.arg("userSlug")))


def _join(pull: PullRequest, user: User) -> Participant:
    item = pull.participant(user)
    if item is None:
        item = Participant(user=user, role="REVIEWER")
        pull.participants.append(item)
    return item


def _review(call: Call, pull: PullRequest, user: User, status: str) -> web.Response:
    require_open(pull)
    if user is pull.author:
        message = "The author of a pull request cannot review it"
        raise refuse(409, message, "pull.InvalidPullRequestRoleException")
    item = _join(pull, user)
    previous = item.status
    if previous != status:
        action = {"NEEDS_WORK": "REVIEWED"}.get(status, status)
        call.world.record(pull, action, user, call.world.tick())
    item.role, item.status = "REVIEWER", status
    item.last_reviewed = item.last_reviewed if status == "UNAPPROVED" else pull.source.commit
    if previous != status:
        call.tell.on_review(pull, item, previous)
    return answer(call.payloads.participant(item))


def _unassign(call: Call, user: User | None) -> web.Response:
    pull = call.pull_request("WRITE")
    if user is None:
        raise refuse(404, "There is no such user.", "user.NoSuchUserException")
    asked, item = reviewers_of(pull), pull.participant(user)
    if item is not None:
        item.role = "PARTICIPANT"
        tell_reviewers(call, pull, call.me, asked)
    return no_content()


@operations("POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/approve")
def approve(call: Call) -> Result:
    """Approve on behalf of the caller (deprecated in favour of the status)."""
    return _review(call, call.pull_request(), call.me, "APPROVED")


@operations("DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/approve")
def unapprove(call: Call) -> Result:
    """Take the caller's approval back (deprecated in favour of the status)."""
    return _review(call, call.pull_request(), call.me, "UNAPPROVED")


@operations(
    "DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/participants"
)
def unassign_named(call: Call) -> Result:
    """Reduce the reviewer of that `username` (deprecated in favour of the slug in the path)."""
    return _unassign(call, call.world.user_named(call.query.get("username", "")))
