"""Comments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.datacenter.http import Call, required, text, value
from bbasync.testing.datacenter.payloads import VALIDATION, refuse
from bbasync.testing.datacenter.world import Comment
from bbasync.testing.operations import Operations, Result, is_number

if TYPE_CHECKING:
    from bbasync.testing.datacenter.payloads import Json
    from bbasync.testing.datacenter.world import PullRequest

operations: Operations[Call] = Operations()


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/comments")
def list_comments(call: Call) -> Result:
    """List the comments on one path, which is required; comments on the whole are among the activities."""
    pull, path = call.pull_request(), call.query.get("path")
    if not path:
        raise refuse(400, "The path parameter is required", VALIDATION, context="path")
    found = [item for item in pull.comments.values() if item.anchor and item.anchor.get("path") == path]
    return call.page(found, call.payloads.comment)


@operations(
    "POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/comments", status=201
)
def create(call: Call) -> Result:
    """Comment on the whole, on a line of a file (`anchor`) or on a comment (`parent`)."""
    return add(call, "NORMAL")


def add(call: Call, severity: str) -> Result:
    """Store a comment, by default of that severity."""
    pull, data = call.pull_request(), call.json()
    author, words, now = call.me, required(data, "text"), call.world.tick()
    parent, anchor = value(data, "parent.id"), value(data, "anchor")
    above = None if parent is None else _find(pull, str(parent))
    comment = Comment(
        id=call.world.next_id(),
        repository=pull.target.repository,
        text=words,
        author=author,
        created=now,
        updated=now,
        parent=above,
    )
    comment.severity = text(data, "severity") or severity
    if isinstance(anchor, dict):
        comment.anchor = {
            "fromHash": pull.target.commit,
            "toHash": pull.source.commit,
            "diffType": "EFFECTIVE",
            "orphaned": False,
            **anchor,
        }
    if above is not None:
        above.replies.append(comment)
    pull.comments[comment.id] = comment
    call.world.record(pull, "COMMENTED", author, now, comment=comment)
    call.tell.on_comment("added", pull, comment, author)
    return call.payloads.comment(comment)


@operations(
    "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/comments/{commentId}"
)
def get(call: Call) -> Result:
    """Return a comment."""
    return call.payloads.comment(_comment(call)[1])


@operations(
    "PUT /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/comments/{commentId}"
)
def update(call: Call) -> Result:
    """Change text, severity or state of the version that the body names; the text is its author's."""
    pull, comment = _comment(call)
    data: Json = call.json()
    _check_version(comment, value(data, "version"))
    words = text(data, "text")
    if words is not None and words != comment.text and call.me is not comment.author:
        raise refuse(401, "Only the author of a comment may change its text", "AuthorisationException")
    previous, comment.text = comment.text, words or comment.text
    comment.severity = text(data, "severity") or comment.severity
    comment.state = text(data, "state") or comment.state
    comment.version, comment.updated = comment.version + 1, call.world.tick()
    if comment.text != previous:
        call.tell.on_comment("edited", pull, comment, call.me, previousComment=previous)
    return call.payloads.comment(comment)


@operations(
    "DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/comments/{commentId}"
)
def delete(call: Call) -> Result:
    """Delete the version that the query names of a comment without replies."""
    pull, comment = _comment(call)
    if call.me is not comment.author:
        call.require("ADMIN", pull.target.repository)
    _check_version(comment, call.query.get("version"))
    if comment.replies:
        raise refuse(409, "A comment with replies cannot be deleted", "comment.CommentDeletionException")
    del pull.comments[comment.id]
    pull.activities = [item for item in pull.activities if item.comment is not comment]
    if comment.parent is not None:
        comment.parent.replies.remove(comment)
    call.tell.on_comment("deleted", pull, comment, call.me)
    return None


def _comment(call: Call) -> tuple[PullRequest, Comment]:
    pull, number = call.pull_request(), call.arg("commentId")
    return pull, _find(pull, number)


def _find(pull: PullRequest, number: str) -> Comment:
    comment = pull.comments.get(int(number)) if is_number(number) else None
    if comment is None:
        raise refuse(404, f"There is no comment {number}.", "comment.NoSuchCommentException")
    return comment


def _check_version(comment: Comment, version: object) -> None:
    if str(version) != str(comment.version):
        raise refuse(
            409,
            "You are attempting to modify a comment based on out-of-date information.",
            "comment.CommentOutOfDateException",
            currentVersion=comment.version,
            expectedVersion=version,
        )
