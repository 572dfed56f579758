"""Source."""

from __future__ import annotations

import mimetypes
from typing import TYPE_CHECKING

from aiohttp import web

from bbasync.testing.datacenter.http import Call, resolve, revision
from bbasync.testing.datacenter.hunks import lines_of
from bbasync.testing.datacenter.payloads import VALIDATION, path_of, refuse
from bbasync.testing.history.files import blob_id
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from bbasync.testing.datacenter.payloads import Json
    from bbasync.testing.datacenter.world import Repository
    from bbasync.testing.history.files import Entry

operations: Operations[Call] = Operations()


ALL_LEVELS = 1_000_000


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/files")
@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/files/{path}")
def list_files(call: Call) -> Result:
    """List the paths of all files below a directory, as plain strings."""
    repository, commit, entry = _find(call)
    if entry.size is not None:
        raise refuse(400, f"{entry.path} is a file", VALIDATION)
    start = len(entry.path) + 1 if entry.path else 0
    below = _list(repository, commit, entry.path, ALL_LEVELS)
    return call.page(sorted(one.path[start:] for one in below if one.size is not None), str)


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/raw/{path}")
def raw(call: Call) -> Result:
    """Return the bytes of a file, with the content type of its name."""
    repository, commit, entry = _find(call)
    if entry.size is None:
        raise refuse(400, f"{entry.path} is a directory", VALIDATION)
    kind = mimetypes.guess_type(entry.path)[0] or "application/octet-stream"
    if kind.startswith("text/"):  # the server shows no text as anything but plain, lest a browser runs it
        kind = "text/plain;charset=UTF-8"
    return web.Response(body=repository.files.content(commit, entry.path), headers={"Content-Type": kind})


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/browse")
@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/browse/{path}")
def browse(call: Call) -> Result:
    """Return a directory as a page of children, a file as a page of lines, or only its size or type."""
    repository, commit, entry = _find(call)
    if call.flag("size"):
        return {"size": entry.size or 0}
    if call.flag("type"):
        return {"type": "DIRECTORY" if entry.size is None else "FILE"}
    if entry.size is None:
        return _directory(call, repository, commit, entry.path)
    content = repository.files.content(commit, entry.path)
    if b"\0" in content:
        return {"binary": True, "path": path_of(entry.path)}
    page = call.envelope(lines_of(content), lambda line: {"text": line})
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
    branch, source, told, message = (
        form.get(name, b"").decode(errors="replace") for name in ("branch", "sourceBranch", "sourceCommitId", "message")
    )
    path = call.arg("path")
    for name in ("branch", "content"):
        if name not in form:
            raise refuse(400, f"{name} must be given", VALIDATION, context=name)
    parent = _parent(repository, branch, source)
    _check_source(repository, path, parent, told)
    commit = call.world.commit(
        repository,
        parents=(parent,) if parent else (),
        author=call.me,
        message=message or f"{path} edited online",
        changes={path: form["content"]},
    )
    old = call.world.move_branch(repository, branch, commit.hash, call.me)
    call.tell.on_ref(repository, call.me, f"refs/heads/{branch}", old, commit.hash)
    return call.payloads.commit(commit)


def _at(call: Call, repository: Repository) -> str:
    return call.query.get("at") or f"refs/heads/{repository.default_branch}"


def _find(call: Call) -> tuple[Repository, str, Entry]:
    """Return what the path is at the commit that `at` names."""
    repository, path = call.repository(), call.arguments.get("path", "").strip("/")
    commit = revision(call, repository, "at")
    entry = repository.files.entry(commit, path)
    if entry is None:
        message = f'The path "{path}" does not exist at revision "{_at(call, repository)}"'
        raise refuse(404, message, "content.NoSuchPathException")
    return repository, commit, entry


def _directory(call: Call, repository: Repository, commit: str, path: str) -> Json:
    start = len(path) + 1 if path else 0

    def render(entry: Entry) -> Json:
        name = path_of(entry.path[start:])
        if entry.size is None:
            return {"path": name, "type": "DIRECTORY"}
        content = blob_id(repository.files.content(commit, entry.path))
        return {"path": name, "contentId": content, "type": "FILE", "size": entry.size}

    children = sorted(_list(repository, commit, path), key=_place)
    return {"path": path_of(path), "revision": _at(call, repository), "children": call.envelope(children, render)}


def _list(repository: Repository, commit: str, path: str, depth: int = 1) -> list[Entry]:
    """List files and directories; submodules are not simulated."""
    found = repository.files.listing(commit, path, depth)
    return [one for one in found if "subrepository" not in one.attributes]


def _place(entry: Entry) -> str:
    """Return what git sorts by: a directory stands where its files do."""
    return f"{entry.path}/" if entry.size is None else entry.path


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
