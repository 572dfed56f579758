"""Operations of FakeDataCenter on the files of a repository."""

from __future__ import annotations

import mimetypes
from typing import TYPE_CHECKING

import attrs
from aiohttp import BodyPartReader, web

from bbasync.testing.datacenter.http import LOGIN, Operations, resolve, revision, signature, user_of
from bbasync.testing.datacenter.payloads import VALIDATION, answer, path_of, refuse
from bbasync.testing.datacenter.world.history import content_id, lines_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bbasync.testing.datacenter.payloads import Json
    from bbasync.testing.datacenter.world import Repository
    from bbasync.testing.server import Route


@attrs.define
class Node:
    """What a path is at one commit: a file, or a directory with the files below it by relative path."""

    revision: str
    path: str
    content: bytes | None
    files: dict[str, bytes]


class ContentOperations(Operations):
    """Listing, reading and editing files."""

    def routes(self) -> Iterable[Route]:
        """Give the operations below /rest/api/latest."""
        repository = "/projects/{key}/repos/{slug}"
        return (
            ("GET", f"{repository}/files", self.list_files),
            ("GET", f"{repository}/files/{{path}}", self.list_files),
            ("GET", f"{repository}/browse", self.browse),
            ("GET", f"{repository}/browse/{{path}}", self.browse),
            ("PUT", f"{repository}/browse/{{path}}", self.edit),
            ("GET", f"{repository}/raw/{{path}}", self.raw),
        )

    def _node(self, request: web.Request) -> Node:
        repository, path = self.repository(request), request.match_info.get("path", "").strip("/")
        at = request.query.get("at") or f"refs/heads/{repository.history.default_branch}"
        tree = repository.history.tree(revision(request, repository, "at"))
        if path in tree:
            return Node(at, path, tree[path], {})
        below = {
            name[len(path) + 1 if path else 0 :]: tree[name] for name in tree if not path or name.startswith(f"{path}/")
        }
        if not below:
            raise refuse(
                404,
                f'The path "{path}" does not exist at revision "{request.query.get("at", "")}"',
                "content.NoSuchPathException",
            )
        return Node(at, path, None, below)

    async def list_files(self, request: web.Request) -> web.Response:
        """List the paths of all files below a directory, as plain strings."""
        node = self._node(request)
        if node.content is not None:
            raise refuse(400, f"{node.path} is a file", VALIDATION)
        return self.payloads.page(request, sorted(node.files), str)

    async def raw(self, request: web.Request) -> web.Response:
        """Return the bytes of a file, with the content type of its name."""
        node = self._node(request)
        if node.content is None:
            raise refuse(400, f"{node.path} is a directory", VALIDATION)
        kind = mimetypes.guess_type(node.path)[0] or "application/octet-stream"
        if kind.startswith("text/"):  # the server shows no text as anything but plain, lest a browser runs it
            kind = "text/plain;charset=UTF-8"
        return web.Response(body=node.content, headers={"Content-Type": kind})

    async def browse(self, request: web.Request) -> web.Response:
        """Return a directory as a page of children, a file as a page of lines, or only its size or type."""
        node, query = self._node(request), request.query
        if query.get("size") == "true":
            return answer({"size": len(node.content or b"")})
        if query.get("type") == "true":
            return answer({"type": "DIRECTORY" if node.content is None else "FILE"})
        if node.content is None:
            children = self._children(node)
            page = self.payloads.envelope(request, children, lambda child: child)
            return answer({"path": path_of(node.path), "revision": node.revision, "children": page})
        if b"\0" in node.content:
            return answer({"binary": True, "path": path_of(node.path)})
        page = self.payloads.envelope(request, lines_of(node.content), lambda line: {"text": line})
        return answer({"lines": page.pop("values"), **page})

    def _children(self, node: Node) -> list[Json]:
        children: dict[str, Json] = {}
        for name, content in sorted(node.files.items()):
            first, _, rest = name.partition("/")
            if rest:
                children.setdefault(first, {"path": path_of(first), "type": "DIRECTORY"})
            else:
                children[first] = {
                    "path": path_of(first),
                    "contentId": content_id(content),
                    "type": "FILE",
                    "size": len(content),
                }
        return list(children.values())

    async def edit(self, request: web.Request) -> web.Response:
        """Commit new content of one file from a multipart form."""
        repository = self.writable(request)
        if request[LOGIN].credential in ("project_token", "repository_token"):
            raise refuse(403, "A token without a user cannot edit files", None)
        if not request.content_type.startswith("multipart/"):
            raise refuse(400, "The content must be sent as multipart/form-data", VALIDATION, context="content")
        form = await _form(request)
        branch, path = form.get("branch", b"").decode(), request.match_info["path"]
        for name in ("branch", "content"):
            if name not in form:
                raise refuse(400, f"{name} must be given", VALIDATION, context=name)
        parent = self._parent(repository, branch, form.get("sourceBranch", b"").decode())
        self._check_source(repository, path, parent, form.get("sourceCommitId", b"").decode())
        message = form.get("message", b"").decode() or f"{path} edited online"
        commit = repository.history.commit(
            parents=(parent,) if parent else (),
            author=signature(user_of(request)),
            date=self.world.tick(),
            message=message,
            changes={path: form["content"]},
        )
        old = repository.history.branches.get(branch)
        repository.history.branches[branch] = commit.id
        self.tell.on_ref(repository, user_of(request), f"refs/heads/{branch}", old, commit.id)
        return answer(self.payloads.commit(commit))

    def _parent(self, repository: Repository, branch: str, source: str) -> str | None:
        """Return the tip to build on: the branch's, or `sourceBranch` for a new one; None in an empty repository."""
        branches = repository.history.branches
        if branch in branches or not (source or branches):
            return branches.get(branch)
        if not source:
            raise refuse(
                404, f"Branch {branch} does not exist in {repository.path}.", "repository.NoSuchBranchException"
            )
        return resolve(repository, source)

    def _check_source(self, repository: Repository, path: str, parent: str | None, source: str) -> None:
        """Refuse an edit that was not made from the file's last content."""
        history = repository.history
        current = history.tree(parent).get(path)
        if source and history.tree(resolve(repository, source)).get(path) != current:
            raise refuse(409, f"{path} has changed since {source}.", "content.FileContentOutOfDateException")
        if not source and current is not None:
            raise refuse(409, f"{path} exists already.", "content.FileAlreadyExistsException")


async def _form(request: web.Request) -> dict[str, bytes]:
    fields: dict[str, bytes] = {}
    async for part in await request.multipart():
        if isinstance(part, BodyPartReader) and part.name:
            fields[part.name] = bytes(await part.read())
    return fields
