"""Files of snippets and their history."""

from __future__ import annotations

import mimetypes
from typing import TYPE_CHECKING

from aiohttp import web

from bbasync.testing.cloud.http import Call, not_found
from bbasync.testing.cloud.operations.snippets import find, find_commit, reference
from bbasync.testing.cloud.payloads import hrefs, stamp, text
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from bbasync.testing.cloud.payloads import Payload
    from bbasync.testing.cloud.world.snippets import Snippet
    from bbasync.testing.history import Commit

operations: Operations[Call] = Operations()


@operations("GET /snippets/{workspace}/{encoded_id}/files/{path}", "snippet")
def get_file(call: Call) -> Result:
    """Redirect to a file at the latest commit."""
    snippet, path = find(call), call.arg("path")
    _content(snippet, snippet.head, path)
    own = f"{call.payloads.base}/snippets/{snippet.workspace}/{snippet.id}"
    path = call.request.rel_url.raw_path.partition("/files/")[2]
    return web.Response(status=302, headers={"Location": f"{own}/{snippet.head.hash}/files/{path}"})


@operations("GET /snippets/{workspace}/{encoded_id}/{node_id}/files/{path}", "snippet")
def get_file_of_commit(call: Call) -> Result:
    """Answer with the bytes of a file."""
    snippet, path = find(call), call.arg("path")
    content = _content(snippet, find_commit(call, snippet, "node_id"), path)
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    return web.Response(body=content, headers={"Content-Type": kind, "Content-Disposition": "attachment"})


@operations("GET /snippets/{workspace}/{encoded_id}/commits", "snippet")
def list_commits(call: Call) -> Result:
    """List the commits, newest first."""
    snippet = find(call)
    return call.page(snippet.commits[::-1], lambda one: _payload(call, snippet, one))


@operations("GET /snippets/{workspace}/{encoded_id}/commits/{revision}", "snippet")
def get_commit(call: Call) -> Result:
    """Answer with a commit."""
    snippet = find(call)
    return _payload(call, snippet, find_commit(call, snippet, "revision"))


@operations("GET /snippets/{workspace}/{encoded_id}/{revision}/diff", "snippet")
def get_diff(call: Call) -> Result:
    """Answer with what a commit changed, as a diff."""
    snippet = find(call)
    return web.Response(
        body=_diff(snippet, find_commit(call, snippet, "revision"), call.query.get("path")), content_type="text/plain"
    )


@operations("GET /snippets/{workspace}/{encoded_id}/{revision}/patch", "snippet")
def get_patch(call: Call) -> Result:
    """Answer with a commit, as `git format-patch` writes it."""
    snippet = find(call)
    commit = find_commit(call, snippet, "revision")
    date = commit.date.strftime("%a, %d %b %Y %H:%M:%S %z")
    author = call.payloads.author(commit)["raw"]
    head = f"From {commit.hash} Mon Sep 17 00:00:00 2001\nFrom: {author}\nDate: {date}\n"
    head += f"Subject: [PATCH] {commit.message}\n\n---\n"
    return web.Response(body=head.encode() + _diff(snippet, commit), content_type="text/plain")


def _content(snippet: Snippet, commit: Commit, path: str) -> bytes:
    files = snippet.files.tree(commit.hash)
    if path not in files:
        raise not_found(f"{path} not found")
    return files[path]


def _diff(snippet: Snippet, commit: Commit, path: str | None = None) -> bytes:
    changes = snippet.files.changes(commit.parents[0] if commit.parents else None, commit.hash)
    return b"".join(one.patch for one in changes if path is None or path in (one.old, one.new))


def _payload(call: Call, snippet: Snippet, commit: Commit) -> Payload:
    own = f"{call.payloads.base}/snippets/{snippet.workspace}/{snippet.id}"
    page = f"{call.payloads.web}/snippets/{snippet.workspace}/{snippet.id}"
    return {
        "type": "snippet_commit",
        "hash": commit.hash,
        "date": stamp(commit.date),
        "message": commit.message,
        "summary": text(commit.message),
        "author": call.payloads.author(commit),
        "parents": [
            {"type": "snippet_commit", "hash": one, "links": hrefs(self=f"{own}/commits/{one}")}
            for one in commit.parents
        ],
        "snippet": reference(call, snippet),
        "links": hrefs(
            self=f"{own}/commits/{commit.hash}",
            html=f"{page}/revisions/{commit.hash}",
            diff=f"{own}/{commit.hash}/diff",
        ),
    }
