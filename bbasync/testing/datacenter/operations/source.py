"""Source."""

from __future__ import annotations

import mimetypes
from typing import TYPE_CHECKING

import attrs
from aiohttp import web

from bbasync.testing.datacenter.http import Call, resolve, revision
from bbasync.testing.datacenter.hunks import lines_of
from bbasync.testing.datacenter.payloads import VALIDATION, path_of, refuse
from bbasync.testing.history.files import blob_id
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from bbasync.testing.datacenter.payloads import Json
    from bbasync.testing.datacenter.world import Repository

operations: Operations[Call] = Operations()


@attrs.define
class Node:
    """What a path is at one commit: a file, or a directory with the files below it by relative path."""

    revision: str
    path: str
    content: bytes | None
    files: dict[str, bytes]


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/files")
@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/files/{path}")
def list_files(call: Call) -> Result:
    """List the paths of all files below a directory, as plain strings."""
    node = _node(call)
    if node.content is not None:
        raise refuse(400, f"{node.path} is a file", VALIDATION)
    return call.page(sorted(node.files), str)


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/raw/{path}")
def raw(call: Call) -> Result:
    """Return the bytes of a file, with the content type of its name."""
    node = _node(call)
    if node.content is None:
        raise refuse(400, f"{node.path} is a directory", VALIDATION)
    kind = mimetypes.guess_type(node.path)[0] or "application/octet-stream"
    if kind.startswith("text/"):  # the server shows no text as anything but plain, lest a browser runs it
        kind = "text/plain;charset=UTF-8"
    return web.Response(body=node.content, headers={"Content-Type": kind})


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/browse")
@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/browse/{path}")
def browse(call: Call) -> Result:
    """Return a directory as a page of children, a file as a page of lines, or only its size or type."""
    node = _node(call)
    if call.flag("size"):
        return {"size": len(node.content or b"")}
    if call.flag("type"):
        return {"type": "DIRECTORY" if node.content is None else "FILE"}
    if node.content is None:
        children = _children(node)
        page = call.envelope(children, lambda child: child)
        return {"path": path_of(node.path), "revision": node.revision, "children": page}
    if b"\0" in node.content:
        return {"binary": True, "path": path_of(node.path)}
    page = call.envelope(lines_of(node.content), lambda line: {"text": line})
    return {"lines": page.pop("values"), **page}


@operations("PUT /api/latest/projects/{projectKey}/repos/{repositorySlug}/browse/{path}")
def edit(call: Call) -> Result:
    """Commit new content of one file from a multipart form."""
    repository = call.writable()
    if call.credential in ("project_token", "repository_token"):
        raise refuse(403, "A token without a user cannot edit files", None)
    if not call.request.content_type.startswith("multipart/"):
        raise refuse(400, "The content must be sent as multipart/form-data", VALIDATION, context="content")
    form = call.form
    branch, path = form.get("branch", b"").decode(), call.arg("path")
    for name in ("branch", "content"):
        if name not in form:
            raise refuse(400, f"{name} must be given", VALIDATION, context=name)
    parent = _parent(repository, branch, form.get("sourceBranch", b"").decode())
    _check_source(repository, path, parent, form.get("sourceCommitId", b"").decode())
    message = form.get("message", b"").decode() or f"{path} edited online"
    parents, changes = (parent,) if parent else (), {path: form["content"]}
    commit = call.world.commit(repository, parents=parents, author=call.me, message=message, changes=changes)
    old = call.world.move_branch(repository, branch, commit.hash, call.me)
    call.tell.on_ref(repository, call.me, f"refs/heads/{branch}", old, commit.hash)
    return call.payloads.commit(commit)


def _node(call: Call) -> Node:
    repository, path = call.repository(), call.arguments.get("path", "").strip("/")
    at = call.query.get("at") or f"refs/heads/{repository.default_branch}"
    tree = repository.files.tree(revision(call, repository, "at"))
    if path in tree:
        return Node(at, path, tree[path], {})
    below = {
        name[len(path) + 1 if path else 0 :]: tree[name] for name in tree if not path or name.startswith(f"{path}/")
    }
    if not below:
        raise refuse(
            404,
            f'The path "{path}" does not exist at revision "{at}"',
            "content.NoSuchPathException",
        )
    return Node(at, path, None, below)


def _children(node: Node) -> list[Json]:
    children: dict[str, Json] = {}
    for name, content in sorted(node.files.items()):
        first, _, rest = name.partition("/")
        if rest:
            children.setdefault(first, {"path": path_of(first), "type": "DIRECTORY"})
        else:
            children[first] = {
                "path": path_of(first),
                "contentId": blob_id(content),
                "type": "FILE",
                "size": len(content),
            }
    return list(children.values())


def _parent(repository: Repository, branch: str, source: str) -> str | None:
    """Return the tip to build on: the branch's, or `sourceBranch` for a new one; None in an empty repository."""
    branches = repository.branches
    if branch in branches or not (source or branches):
        return branches.get(branch)
    if not source:
        raise refuse(404, f"Branch {branch} does not exist in {repository.path}.", "repository.NoSuchBranchException")
    return resolve(repository, source)


def _check_source(repository: Repository, path: str, parent: str | None, source: str) -> None:
    """Refuse an edit that was not made from the file's last content."""
    files = repository.files
    current = files.tree(parent).get(path)
    if source and files.tree(resolve(repository, source)).get(path) != current:
        raise refuse(409, f"{path} has changed since {source}.", "content.FileContentOutOfDateException")
    if not source and current is not None:
        raise refuse(409, f"{path} exists already.", "content.FileAlreadyExistsException")
