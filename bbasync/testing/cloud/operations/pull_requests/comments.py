"""Comments on pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.cloud import pull_request_payloads as build
from bbasync.testing.cloud import webhooks as tell
from bbasync.testing.cloud.http import Call, leaf, not_found, refusal
from bbasync.testing.cloud.payloads import stamp
from bbasync.testing.cloud.world.pull_requests import Comment
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from bbasync.testing.cloud.payloads import Payload
    from bbasync.testing.cloud.query import Fields
    from bbasync.testing.cloud.world.pull_requests import Discussion, Pull
    from bbasync.testing.cloud.world.repository import Repository

operations: Operations[Call] = Operations()

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


@operations(
    "POST /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/comments", "pullrequest", status=201
)
def create_comment(call: Call) -> Result:
    """Comment on a pull request; that counts, and shows in the activity, but does not update it."""
    repository = call.repository()
    pull, discussion = editable_discussion(call, repository)
    comment = new_comment(call, discussion.comments)
    pull.comment_count += 1
    tell.on_comment(call, "created", repository, pull, comment)
    return build.comment(call.payloads, repository, pull, comment)


@operations(
    "PUT /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/comments/{comment_id}", "pullrequest"
)
def update_comment(call: Call) -> Result:
    """Change the text of a comment."""
    repository = call.repository()
    pull, comment = _comment(call, repository)
    comment.text, comment.updated_on = text_of(call.json()), call.world.now()
    tell.on_comment(call, "updated", repository, pull, comment)
    return build.comment(call.payloads, repository, pull, comment)


@operations(
    "DELETE /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/comments/{comment_id}", "pullrequest"
)
def delete_comment(call: Call) -> Result:
    """Delete a comment, which stays in the list, marked and without its text."""
    repository = call.repository()
    pull, comment = _comment(call, repository)
    comment.deleted, comment.updated_on = True, call.world.now()
    pull.comment_count -= 1
    tell.on_comment(call, "deleted", repository, pull, comment)
    return None


@operations(
    "POST /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/comments/{comment_id}/resolve",
    "pullrequest",
)
def resolve_comment(call: Call) -> Result:
    """Resolve the thread of a comment."""
    repository = call.repository()
    pull, comment = _comment(call, repository)
    if comment.resolved_on is not None:
        raise refusal(409, "The comment is resolved already")
    comment.resolved_by, comment.resolved_on = call.me, call.world.now()
    tell.on_comment(call, "resolved", repository, pull, comment)
    user = call.payloads.user(call.me)
    return {"type": "comment_resolution", "user": user, "created_on": stamp(comment.resolved_on)}


@operations(
    "DELETE /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/comments/{comment_id}/resolve",
    "pullrequest",
)
def reopen_comment(call: Call) -> Result:
    """Open the thread of a comment again."""
    repository = call.repository()
    pull, comment = _comment(call, repository)
    if comment.resolved_on is None:
        raise not_found("The comment is not resolved")
    comment.resolved_by = comment.resolved_on = None
    tell.on_comment(call, "reopened", repository, pull, comment)
    return None


@operations("GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/comments", "pullrequest")
def list_comments(call: Call) -> Result:
    """List the comments of a pull request, deleted ones as well."""
    repository = call.repository()
    pull = call.pull(repository)
    found = call.filtered(repository.discussion(pull).comments.values(), COMMENT_FIELDS)
    return call.page(found, lambda one: build.comment(call.payloads, repository, pull, one))


@operations(
    "GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/comments/{comment_id}", "pullrequest"
)
def get_comment(call: Call) -> Result:
    """Answer with a comment."""
    repository = call.repository()
    pull = call.pull(repository)
    found = repository.discussion(pull).comments.get(call.number("comment_id", "Comment"))
    if found is None:
        raise not_found(call.arg("comment_id"))
    return build.comment(call.payloads, repository, pull, found)


def text_of(body: Payload) -> str:
    """Read the text of a comment or task."""
    raw = leaf(body, "content", "raw")
    if not isinstance(raw, str) or not raw:
        raise refusal(400, "Bad request", fields={"content": ["required key not provided"]})
    return raw


def new_comment(call: Call, known: dict[int, Comment]) -> Comment:
    """Read a new comment from the body; a reply names its parent."""
    body = call.json()
    parent = leaf(body, "parent", "id")
    if parent is not None and not (isinstance(parent, int) and parent in known):
        raise refusal(400, "Bad request", fields={"parent": [f"{parent} is not a comment here"]})
    now = call.world.now()
    comment = Comment(call.world.serial(), call.me, text_of(body), now, now, parent=parent)
    inline = body.get("inline")
    comment.inline = {"from": None, "to": None} | inline if inline else None
    comment.pending = bool(body.get("pending", False))
    known[comment.id] = comment
    return comment


def editable_discussion(call: Call, repository: Repository) -> tuple[Pull, Discussion]:
    """Find the pull request and its discussion, for a change."""
    pull = repository.edit(call.pull(repository).id)
    discussion = pull.discussion = repository.discussion(pull)
    return pull, discussion


def _comment(call: Call, repository: Repository) -> tuple[Pull, Comment]:
    pull, discussion = editable_discussion(call, repository)
    comment = discussion.comments.get(call.number("comment_id", "Comment"))
    if comment is None or comment.deleted:
        raise not_found(call.arg("comment_id"))
    return pull, comment
