"""Comments on snippets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.cloud import pull_request_payloads as build
from bbasync.testing.cloud.http import Call, not_found, refusal
from bbasync.testing.cloud.operations.pull_requests.comments import COMMENT_FIELDS, new_comment, text_of
from bbasync.testing.cloud.operations.snippets import find, reference
from bbasync.testing.cloud.payloads import hrefs
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from bbasync.testing.cloud.payloads import Payload
    from bbasync.testing.cloud.world.pull_requests import Comment
    from bbasync.testing.cloud.world.snippets import Snippet

operations: Operations[Call] = Operations()


@operations("GET /snippets/{workspace}/{encoded_id}/comments", "snippet")
def list_comments(call: Call) -> Result:
    """List the comments."""
    snippet = find(call)
    found = call.filtered(snippet.comments.values(), COMMENT_FIELDS)
    return call.page(found, lambda one: _payload(call, snippet, one))


@operations("POST /snippets/{workspace}/{encoded_id}/comments", "snippet", status=201)
def create_comment(call: Call) -> Result:
    """Comment on a snippet."""
    snippet = find(call, to_change=True)
    return _payload(call, snippet, new_comment(call, snippet.comments))


@operations("GET /snippets/{workspace}/{encoded_id}/comments/{comment_id}", "snippet")
def get_comment(call: Call) -> Result:
    """Answer with a comment."""
    snippet = find(call)
    return _payload(call, snippet, _find(call, snippet))


@operations("PUT /snippets/{workspace}/{encoded_id}/comments/{comment_id}", "snippet")
def update_comment(call: Call) -> Result:
    """Change the text of a comment, as its author."""
    snippet = find(call, to_change=True)
    comment = _find(call, snippet)
    if comment.user != call.me:
        raise refusal(403, "Only the author can change a comment")
    comment.text, comment.updated_on = text_of(call.json()), call.world.now()
    return _payload(call, snippet, comment)


@operations("DELETE /snippets/{workspace}/{encoded_id}/comments/{comment_id}", "snippet")
def delete_comment(call: Call) -> Result:
    """Delete a comment."""
    snippet = find(call, to_change=True)
    del snippet.comments[_find(call, snippet).id]
    return None


def _find(call: Call, snippet: Snippet) -> Comment:
    found = snippet.comments.get(call.number("comment_id", "Comment"))
    if found is None:
        raise not_found(call.arg("comment_id"))
    return found


def _payload(call: Call, snippet: Snippet, comment: Comment) -> Payload:
    shown = reference(call, snippet)
    own, page = (shown["links"][name]["href"] for name in ("self", "html"))
    found: Payload = {"type": "snippet_comment", "snippet": shown} | build.comment_fields(call.payloads, comment)
    found["links"] = hrefs(self=f"{own}/comments/{comment.id}", html=f"{page}#comment-{comment.id}")
    if comment.parent is not None:
        found["parent"] = {"id": comment.parent, "links": hrefs(self=f"{own}/comments/{comment.parent}")}
    return found
