"""Files and directories, their history, and commits made by upload."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from bbasync.cloud.models.rendered import Rendered
from bbasync.cloud.models.source import CommitDirectory, CommitFile, TreeEntry
from bbasync.request import Part, SubPath, expand
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Mapping
    from contextlib import AbstractAsyncContextManager

    from bbasync.paging import Paging
    from bbasync.session import Stream

__all__ = ["Content", "Source"]

Content = bytes | str | Path | Callable[[], IO[bytes]]
"""What a file is uploaded from: bytes, a text (as UTF-8), a file's path, or a function that opens one as binary."""


class Source(Service):
    """Files and directories of repositories: `bb.source`.

    A `commit` is a hash, a tag or a branch. A branch with a slash in its name is not found here, however it is
    encoded: name the hash of its head. https://github.com/decaporg/decap-cms/issues/2105
    """

    @lists
    def list_root(
        self, workspace: str, repo_slug: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[TreeEntry]:
        """List the root directory at the head of the main branch.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return self._list(
            cast("type[TreeEntry]", TreeEntry),
            "GET /repositories/{workspace}/{repo_slug}/src",
            (workspace, repo_slug),
            query={"fields": fields},
            paging=paging,
        )

    async def get_root_metadata(self, workspace: str, repo_slug: str, *, fields: str | None = None) -> CommitDirectory:
        """Return the root directory at the head of the main branch as an object; it names the commit.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return await self._call(
            CommitDirectory,
            "GET /repositories/{workspace}/{repo_slug}/src",
            (workspace, repo_slug),
            query={"format": "meta", "fields": fields},
        )

    @lists
    def list_directory(
        self,
        workspace: str,
        repo_slug: str,
        commit: str,
        path: str,
        *,
        q: str | None = None,
        sort: str | None = None,
        max_depth: int | None = None,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[TreeEntry]:
        """List the files and directories of a directory, "/" being the root.

        `max_depth` goes into subdirectories, breadth first, 1 being none; a tree too deep for the server is a
        ServerError with status 555. Of a file this is a DecodeError.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return self._list(
            cast("type[TreeEntry]", TreeEntry),
            "GET /repositories/{workspace}/{repo_slug}/src/{commit}/{path}",
            (workspace, repo_slug, commit, SubPath(path)),
            query={"q": q, "sort": sort, "max_depth": max_depth, "fields": fields},
            paging=paging,
        )

    async def get_metadata(
        self, workspace: str, repo_slug: str, commit: str, path: str, *, fields: str | None = None
    ) -> TreeEntry:
        """Return what a file or a directory is: its attributes, its size.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return await self._call(
            cast("type[TreeEntry]", TreeEntry),
            "GET /repositories/{workspace}/{repo_slug}/src/{commit}/{path}",
            (workspace, repo_slug, commit, SubPath(path)),
            query={"format": "meta", "fields": fields},
        )

    async def get_rendered(
        self, workspace: str, repo_slug: str, commit: str, path: str, *, fields: str | None = None
    ) -> Rendered:
        """Return a text file as HTML: Markdown, reStructuredText, Textile or plain text, by the name's extension.

        The server guesses the encoding, so that its `text` may differ from the file's.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return await self._call(
            Rendered,
            "GET /repositories/{workspace}/{repo_slug}/src/{commit}/{path}",
            (workspace, repo_slug, commit, SubPath(path)),
            query={"format": "rendered", "fields": fields},
        )

    async def read(self, workspace: str, repo_slug: str, commit: str, path: str) -> bytes:
        """Return the bytes of a file, those of a large file from Git LFS too; of a directory, its first page as JSON.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return await self._read(
            "GET /repositories/{workspace}/{repo_slug}/src/{commit}/{path}",
            (workspace, repo_slug, commit, SubPath(path)),
            group="raw",
            leaves_origin=True,
        )

    def open(self, workspace: str, repo_slug: str, commit: str, path: str) -> AbstractAsyncContextManager[Stream]:
        """Open a file to read it piece by piece: `async with ... as stream: async for chunk in stream`.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return self._open(
            "GET /repositories/{workspace}/{repo_slug}/src/{commit}/{path}",
            (workspace, repo_slug, commit, SubPath(path)),
            group="raw",
            leaves_origin=True,
        )

    async def get_size(self, workspace: str, repo_slug: str, commit: str, path: str) -> int | None:
        """Return the size of a file in bytes by asking for its headers only; None if the server does not tell.

        The cheapest way to learn whether a file exists: NotFoundError if it does not.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        response = await self._send(
            "HEAD /repositories/{workspace}/{repo_slug}/src/{commit}/{path}",
            (workspace, repo_slug, commit, SubPath(path)),
            group="raw",
            accept="*/*",
            headers={"Accept-Encoding": "identity"},  # of a compressed response the length would be the compressed one
            leaves_origin=True,  # a file of Git LFS lies with the vendor's media service
        )
        length = response.headers.get("content-length", "")
        return int(length) if length.isdecimal() else None

    @lists
    def list_file_history(
        self,
        workspace: str,
        repo_slug: str,
        commit: str,
        path: str,
        *,
        renames: bool | None = None,
        q: str | None = None,
        sort: str | None = None,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[CommitFile]:
        """List the commits up to `commit` that changed a file, the newest first, as the file at each of them.

        It is followed across renames unless `renames=False`. More of the commits than their hashes comes with
        `fields="+values.commit.date"` and is in the `raw` of the file's `commit`.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return self._list(
            CommitFile,
            "GET /repositories/{workspace}/{repo_slug}/filehistory/{commit}/{path}",
            (workspace, repo_slug, commit, SubPath(path)),
            query={"renames": renames, "q": q, "sort": sort, "fields": fields},
            paging=paging,
        )

    async def create_commit(
        self,
        workspace: str,
        repo_slug: str,
        *,
        files: Mapping[str, Content],
        executables: Mapping[str, Content] | None = None,
        links: Mapping[str, str] | None = None,
        deletions: Iterable[str] = (),
        message: str | None = None,
        author: str | None = None,
        parents: str | None = None,
        branch: str | None = None,
    ) -> str | None:
        """Commit files by upload and return the new commit's hash, None if the server does not tell.

        `files` maps paths in the repository to contents: bytes, a text, a `Path` to read, or a function that opens a
        file in binary mode. Files are streamed, and opened again for every attempt.
        `executables` are files with the executable bit, which an upload by `files` takes away. `links` maps symbolic
        links to their targets. What is not named stays as it is; `files={}` with `deletions` only deletes. To rename a
        file, delete it and upload it under its new name.

        The commit goes on top of `branch`, the main branch by default, which is made if there is none of that name;
        a new branch alone is a commit too. `parents` is one hash: where a new branch starts, or what the branch's
        head must be, else ConflictError. `author` reads `Name <address>`.

        ValueError if a path is named twice, leads out of the repository, or nothing would be committed;
        FileNotFoundError for a file that is not there. After a ServerError with status 555 the commit may exist.

        Scope: repository:write (OAuth), write:repository:bitbucket (API token).
        """
        texts = {"message": message, "author": author, "parents": parents, "branch": branch}
        uploads = [*_uploads(files, None), *_uploads(executables, "executable"), *_uploads(links, "link")]
        gone = [_rooted(path) for path in deletions]
        paths = [part.name for part in uploads] + gone
        if not paths and branch is None:
            raise ValueError("nothing to commit: name files, executables, links or deletions, or a new branch")
        if twice := [path for path, times in Counter(paths).items() if times > 1]:
            raise ValueError(f"each path can be named once, got twice: {', '.join(twice)}")
        response = await self._send(
            "POST /repositories/{workspace}/{repo_slug}/src",
            (workspace, repo_slug),
            parts=(
                *(_field(name, text) for name, text in texts.items() if text is not None),
                *(_field("files", path) for path in gone),
                *uploads,
            ),
        )
        location = response.headers.get("location", "")
        return location.rstrip("/").rpartition("/")[2] or None


def _uploads(contents: Mapping[str, Content] | None, attributes: str | None) -> list[Part]:
    """Return the parts of files to upload; FileNotFoundError for one that is not there."""
    parts: list[Part] = []
    for path, content in (contents or {}).items():
        if isinstance(content, Path) and not content.is_file():
            raise FileNotFoundError(f"{content} is no file; it was to become {path}")
        name = _rooted(path)
        parts.append(Part(name=name, content=content, filename=name.rpartition("/")[2], attributes=attributes))
    return parts


def _rooted(path: str) -> str:
    """Return a path with a leading slash, by which no file is taken for a field such as `message`."""
    name = path.strip("/")
    expand("/{path}", (SubPath(name),))  # ValueError for what cannot be a path in a repository
    return "/" + name


def _field(name: str, text: str) -> Part:
    return Part(name=name, content=text, content_type="text/plain; charset=utf-8")
