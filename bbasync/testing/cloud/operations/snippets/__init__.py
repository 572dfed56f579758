"""Snippets and who watches them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.cloud.http import Call, Part, json_response, not_found, refusal
from bbasync.testing.cloud.payloads import hrefs, stamp
from bbasync.testing.history import Commit
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from aiohttp import web

    from bbasync.testing.cloud.payloads import Payload
    from bbasync.testing.cloud.world import Workspace
    from bbasync.testing.cloud.world.snippets import Snippet

operations: Operations[Call] = Operations()

ROLES = ("owner", "contributor", "member")


@operations("GET /snippets/{workspace}", "snippet")
def list_snippets(call: Call) -> Result:
    """List the snippets of a workspace, by what the user is to them: members see all of them."""
    workspace, role = call.workspace(), call.query.get("role", "member")
    if role not in ROLES:
        raise refusal(400, f"{role} is not a valid role")
    found = [one for one in call.world.snippets.values() if one.workspace == workspace.slug]
    if role == "owner":
        found = [one for one in found if one.creator == call.me]
    elif role == "contributor":
        found = [one for one in found if any(commit.user == call.me for commit in one.commits)]
    return call.page(found, lambda one: reference(call, one))


@operations("POST /snippets", "snippet:write")
def create_own(call: Call) -> Result:
    """Create a snippet; nobody here has a workspace of their own, so that the first one takes it."""
    if call.anonymous:
        raise refusal(401, "Access denied.")
    return _create(call, call.world.workspaces[call.caller.workspace or next(iter(call.world.workspaces))])


@operations("POST /snippets/{workspace}", "snippet:write")
def create(call: Call) -> Result:
    """Create a snippet in a workspace."""
    return _create(call, call.workspace())


@operations("GET /snippets/{workspace}/{encoded_id}", "snippet")
@operations("GET /snippets/{workspace}/{encoded_id}/{node_id}", "snippet")
def get(call: Call) -> Result:
    """Answer with a snippet and links to its files, at a commit if one is named."""
    snippet = find(call)
    return _payload(call, snippet, find_commit(call, snippet, "node_id"))


@operations("PUT /snippets/{workspace}/{encoded_id}", "snippet:write")
@operations("PUT /snippets/{workspace}/{encoded_id}/{node_id}", "snippet:write")
def update(call: Call) -> Result:
    """Change a snippet, if the commit that is named is the latest one."""
    snippet = _find_latest(call)
    _change(call, snippet)
    return _payload(call, snippet, snippet.head)


@operations("DELETE /snippets/{workspace}/{encoded_id}", "snippet:write")
@operations("DELETE /snippets/{workspace}/{encoded_id}/{node_id}", "snippet:write")
def delete(call: Call) -> Result:
    """Delete a snippet, if the commit that is named is the latest one."""
    del call.world.snippets[_find_latest(call).id]
    return None


@operations("GET /snippets/{workspace}/{encoded_id}/watchers", "snippet")
def list_watchers(call: Call) -> Result:
    """List the watchers."""
    return call.page(find(call).watchers, lambda user: call.payloads.user(user) or {})


@operations("GET /snippets/{workspace}/{encoded_id}/watch", "snippet")
def get_watch(call: Call) -> Result:
    """Tell by the status whether the user watches the snippet."""
    if call.anonymous or call.me not in find(call).watchers:
        raise not_found("You are not watching this snippet")
    return None


@operations("PUT /snippets/{workspace}/{encoded_id}/watch", "snippet:write")
def watch(call: Call) -> Result:
    """Watch a snippet."""
    watchers = find(call, to_change=True).watchers
    watchers[:] = [*(user for user in watchers if user != call.me), call.me]
    return None


@operations("DELETE /snippets/{workspace}/{encoded_id}/watch", "snippet:write")
def unwatch(call: Call) -> Result:
    """Stop watching a snippet."""
    watchers = find(call, to_change=True).watchers
    watchers[:] = [user for user in watchers if user != call.me]
    return None


def find(call: Call, *, to_change: bool = False) -> Snippet:
    """Find the snippet that the path names; what may not be seen does not exist."""
    workspace = call.world.workspace(call.arg("workspace"))
    found = call.world.snippets.get(call.arg("encoded_id"))
    is_hidden = call.anonymous or (workspace is not None and call.caller.workspace not in (None, workspace.slug))
    if workspace is None or found is None or found.workspace != workspace.slug or (found.is_private and is_hidden):
        raise not_found("Snippet not found")
    if to_change and is_hidden:
        raise refusal(401 if call.anonymous else 403, "Access denied.")
    return found


def find_commit(call: Call, snippet: Snippet, argument: str) -> Commit:
    """Find the commit that the path names, the latest one if it names none."""
    name = call.request.match_info.get(argument, snippet.head.hash)
    found = snippet.commit(name)
    if found is None:
        raise not_found(f"Commit {name} not found")
    return found


def reference(call: Call, snippet: Snippet) -> Payload:
    """Build a snippet without its files."""
    own = f"{call.payloads.base}/snippets/{snippet.workspace}/{snippet.id}"
    page = f"{call.payloads.web}/snippets/{snippet.workspace}/{snippet.id}"
    links = hrefs(self=own, html=page, comments=f"{own}/comments", watchers=f"{own}/watchers", commits=f"{own}/commits")
    at = f"{own}/{snippet.head.hash}"
    clone = {"clone": [{"name": "https", "href": f"{page}/{snippet.id}.git"}]}
    return {
        "type": "snippet",
        "id": snippet.id,
        "title": snippet.title,
        "scm": "git",
        "is_private": snippet.is_private,
        "created_on": stamp(snippet.created_on),
        "updated_on": stamp(snippet.updated_on),
        "owner": call.payloads.owner(call.world.workspaces[snippet.workspace]),
        "creator": call.payloads.user(snippet.creator),
        "links": links | hrefs(diff=f"{at}/diff", patch=f"{at}/patch") | clone,
    }


def _payload(call: Call, snippet: Snippet, commit: Commit) -> Payload:
    found = reference(call, snippet)
    own, page = (found["links"][name]["href"] for name in ("self", "html"))
    found["files"] = {
        name: {
            "links": hrefs(self=f"{own}/{commit.hash}/files/{name}", html=f"{page}/revisions/{commit.hash}#file-{name}")
        }
        for name in snippet.files.tree(commit.hash)
    }
    return found


def _find_latest(call: Call) -> Snippet:
    snippet = find(call, to_change=True)
    if find_commit(call, snippet, "node_id") is not snippet.head:
        raise refusal(405, "The commit is not the latest of the snippet")
    return snippet


def _create(call: Call, workspace: Workspace) -> web.Response:
    snippet = call.world.create_snippet(workspace, call.me)
    try:
        _change(call, snippet)
    except BaseException:
        del call.world.snippets[snippet.id]
        raise
    payload = _payload(call, snippet, snippet.head)
    response = json_response(payload, status=201)
    response.headers["Location"] = payload["links"]["self"]["href"]
    return response


def _change(call: Call, snippet: Snippet) -> None:
    """Apply a body, multipart or JSON, and commit what it does to files; the first change is always a commit."""
    body = call.form or call.json()
    changes: dict[str, bytes | None] = dict.fromkeys(
        (name for name in call.form.getall("files", []) if isinstance(name, str)), None
    )
    known = snippet.files.tree(snippet.head.hash) if snippet.commits else {}
    if unknown := changes.keys() - known.keys():
        raise refusal(400, "Bad request", fields={"files": [f"{name} is not in the snippet" for name in unknown]})
    changes |= {part.filename: part.content for part in call.form.getall("file", []) if isinstance(part, Part)}
    if "title" in body:
        snippet.title = str(body["title"] or "")
    if "is_private" in body:
        snippet.is_private = str(body["is_private"]).lower() == "true"
    snippet.updated_on = call.world.now()
    if changes or not snippet.commits:
        parents = (snippet.head.hash,) if snippet.commits else ()
        message = "Edited snippet" if parents else "Created snippet"
        snippet.add(Commit(call.world.new_hash(), parents, snippet.updated_on, message, user=call.me, changes=changes))
