"""Comments on commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.cloud import pull_request_payloads as build
from bbasync.testing.cloud import webhooks as tell
from bbasync.testing.cloud.http import Call, not_found
from bbasync.testing.cloud.operations.commits import resolve
from bbasync.testing.cloud.operations.pull_requests.comments import COMMENT_FIELDS, new_comment, text_of
from bbasync.testing.cloud.payloads import hrefs
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from bbasync.testing.cloud.payloads import Payload
    from bbasync.testing.cloud.world.pull_requests import Comment
    from bbasync.testing.cloud.world.repository import Repository
    from bbasync.testing.history import Commit

operations: Operations[Call] = Operations()


@operations("GET /repositories/{workspace}/{repo_slug}/commit/{commit}/comments", "repository")
def list_comments(call: Call) -> Result:
    """List the comments on a commit."""
    repository, commit, comments = _comments(call)
    found = call.filtered(comments.values(), COMMENT_FIELDS)
    return call.page(found, lambda one: _payload(call, repository, commit, one))


@operations("POST /repositories/{workspace}/{repo_slug}/commit/{commit}/comments", "repository", status=201)
def create_comment(call: Call) -> Result:
    """Comment on a commit."""
    repository, commit, comments = _comments(call)
    payload = _payload(call, repository, commit, new_comment(call, comments))
    tell.on_commit_comment(call, repository, commit, payload)
    return payload


@operations("GET /repositories/{workspace}/{repo_slug}/commit/{commit}/comments/{comment_id}", "repository")
def get_comment(call: Call) -> Result:
    """Answer with a comment on a commit."""
    repository, commit, comments = _comments(call)
    return _payload(call, repository, commit, _find(call, comments))


@operations("PUT /repositories/{workspace}/{repo_slug}/commit/{commit}/comments/{comment_id}", "repository", status=201)
def update_comment(call: Call) -> Result:
    """Change the text of a comment on a commit; the vendor answers 201."""
    repository, commit, comments = _comments(call)
    comment = _find(call, comments)
    comment.text, comment.updated_on = text_of(call.json()), call.world.now()
    return _payload(call, repository, commit, comment)


@operations("DELETE /repositories/{workspace}/{repo_slug}/commit/{commit}/comments/{comment_id}", "repository")
def delete_comment(call: Call) -> Result:
    """Delete a comment on a commit."""
    _, _, comments = _comments(call)
    del comments[_find(call, comments).id]
    return None


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
