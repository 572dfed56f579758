"""Comments on commits, approvals of them, and build statuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.cloud import pull_request_payloads as build
from bbasync.testing.cloud import webhooks as tell
from bbasync.testing.cloud.http import Call, Operation, no_content, not_found, refusal
from bbasync.testing.cloud.operations.cloud_comments import new_comment, text_of
from bbasync.testing.cloud.operations.cloud_commits import COMMIT, resolve
from bbasync.testing.cloud.operations.cloud_pulls import COMMENT_FIELDS
from bbasync.testing.cloud.payloads import hrefs
from bbasync.testing.cloud.world.pull_requests import Participant, Status

if TYPE_CHECKING:
    from aiohttp import web

    from bbasync.testing.cloud.payloads import Payload
    from bbasync.testing.cloud.world.history import Commit
    from bbasync.testing.cloud.world.pull_requests import Comment
    from bbasync.testing.cloud.world.repository import Repository

STATES = ("SUCCESSFUL", "FAILED", "INPROGRESS", "STOPPED")


def list_comments(call: Call) -> web.Response:
    """List the comments on a commit."""
    repository, commit, comments = _comments(call)
    found = call.filtered(comments.values(), COMMENT_FIELDS)
    return call.page(found, lambda one: _payload(call, repository, commit, one))


def create_comment(call: Call) -> web.Response:
    """Comment on a commit."""
    repository, commit, comments = _comments(call)
    payload = _payload(call, repository, commit, new_comment(call, comments))
    tell.on_commit_comment(call, repository, commit, payload)
    return call.answer(payload, status=201)


def get_comment(call: Call) -> web.Response:
    """Answer with a comment on a commit."""
    repository, commit, comments = _comments(call)
    return call.answer(_payload(call, repository, commit, _find(call, comments)))


def update_comment(call: Call) -> web.Response:
    """Change the text of a comment on a commit; the vendor answers 201."""
    repository, commit, comments = _comments(call)
    comment = _find(call, comments)
    comment.text, comment.updated_on = text_of(call.json()), call.world.now()
    return call.answer(_payload(call, repository, commit, comment), status=201)


def delete_comment(call: Call) -> web.Response:
    """Delete a comment on a commit."""
    _, _, comments = _comments(call)
    del comments[_find(call, comments).id]
    return no_content()


def approve(call: Call) -> web.Response:
    """Approve a commit."""
    repository = call.repository()
    commit = resolve(repository, call.arg("commit"))
    one = Participant("approved", call.world.now())
    repository.commit_participants.setdefault(commit.hash, {})[call.me] = one
    return call.answer(call.payloads.participant(call.me, "PARTICIPANT", one))


def unapprove(call: Call) -> web.Response:
    """Take the approval of a commit back."""
    repository = call.repository()
    commit = resolve(repository, call.arg("commit"))
    if repository.commit_participants.get(commit.hash, {}).pop(call.me, None) is None:
        raise not_found("You have not approved this commit")
    return no_content()


def create_status(call: Call) -> web.Response:
    """Set a build status; one of the same key is replaced."""
    body = call.flat()
    missing = {name: ["This field is required."] for name in ("key", "state", "url") if not body.get(name)}
    if missing:
        raise refusal(400, "Bad request", fields=missing)
    return _save_status(call, str(body["key"]), body, status=201)


def get_status(call: Call) -> web.Response:
    """Answer with a build status."""
    repository = call.repository()
    commit = resolve(repository, call.arg("commit"))
    status = repository.statuses(commit.hash).get(call.arg("key"))
    if status is None:
        raise not_found(f"{call.arg('key')} is not the key of a status of {commit.hash}")
    return call.answer(call.payloads.status(repository, commit.hash, status))


def update_status(call: Call) -> web.Response:
    """Change a build status."""
    get_status(call)
    return _save_status(call, call.arg("key"), call.flat(), status=200)


def _save_status(call: Call, key: str, body: Payload, *, status: int) -> web.Response:
    repository = call.repository()
    commit = resolve(repository, call.arg("commit"))
    if body.get("state", "SUCCESSFUL") not in STATES:
        raise refusal(400, "Bad request", fields={"state": [f"{body['state']} is not a valid choice"]})
    statuses = repository.changed_statuses[commit.hash] = repository.statuses(commit.hash)
    now, new = call.world.now(), key not in statuses
    found = statuses.setdefault(key, Status(key, "", "", "", "", now, now))
    for name in ("state", "url", "name", "description", "refname"):
        if name in body:
            setattr(found, name, body[name])
    found.updated_on = now
    tell.on_status(call, repository, commit.hash, found, new=new)
    return call.answer(call.payloads.status(repository, commit.hash, found), status=status)


def _comments(call: Call) -> tuple[Repository, Commit, dict[int, Comment]]:
    repository = call.repository()
    commit = resolve(repository, call.arg("commit"))
    return repository, commit, repository.commit_comments.setdefault(commit.hash, {})


def _find(call: Call, comments: dict[int, Comment]) -> Comment:
    found = comments.get(call.number("comment_id", "Comment"))
    if found is None:
        raise not_found(call.arg("comment_id"))
    return found


def _payload(call: Call, repository: Repository, commit: Commit, comment: Comment) -> Payload:
    reference = call.payloads.commit_reference(repository, commit.hash)
    own = reference["links"]["self"]["href"]
    found: Payload = {"type": "commit_comment", "commit": reference}
    found |= build.comment_fields(call.payloads, comment)
    found["links"] = hrefs(self=f"{own}/comments/{comment.id}", html=reference["links"]["html"]["href"])
    if comment.parent is not None:
        found["parent"] = {"id": comment.parent, "links": hrefs(self=f"{own}/comments/{comment.parent}")}
    return found


OPERATIONS = (
    Operation("GET", COMMIT + "/comments", list_comments, "repository"),
    Operation("POST", COMMIT + "/comments", create_comment, "repository"),
    Operation("GET", COMMIT + "/comments/{comment_id}", get_comment, "repository"),
    Operation("PUT", COMMIT + "/comments/{comment_id}", update_comment, "repository"),
    Operation("DELETE", COMMIT + "/comments/{comment_id}", delete_comment, "repository"),
    Operation("POST", COMMIT + "/approve", approve, "repository:write"),
    Operation("DELETE", COMMIT + "/approve", unapprove, "repository:write"),
    Operation("POST", COMMIT + "/statuses/build", create_status, "repository"),
    Operation("GET", COMMIT + "/statuses/build/{key}", get_status, "repository"),
    Operation("PUT", COMMIT + "/statuses/build/{key}", update_status, "repository"),
)
