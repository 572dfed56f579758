"""Files and directories, their history, and commits created by uploading files."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, cast

from bbasync.cloud.models.rendered import Rendered
from bbasync.cloud.models.source import CommitDirectory, CommitFile, TreeEntry
from bbasync.request import Content, Part, SubPath, expand
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Mapping
    from contextlib import AbstractAsyncContextManager

    from bbasync.cloud.models.source import ArchiveFormat
    from bbasync.paging import Paging
    from bbasync.session import Stream

__all__ = ["Content", "Source"]


class Source(Service):
    """Files and directories of repositories: `bb.source`.

    A `commit` is a hash, a tag or a branch. A branch whose name contains a slash is not found here, however it is
    encoded: pass the hash of its head. https://github.com/decaporg/decap-cms/issues/2105
    """

    @lists
    def list_root(
        self, workspace: str, repo_slug: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[TreeEntry]:
        """List the files and directories in the root directory at the head of the main branch.

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
        """Return the metadata of the root directory at the head of the main branch, including the commit.

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
        """List the files and directories in a directory; the root is `"/"`.

        `max_depth` is the number of directory levels to list, breadth first; 1 excludes the contents of
        subdirectories. ServerError with status 555 if the tree is too deep for the server; DecodeError if `path` is a
        file.

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
        """Return the metadata of a file or directory, such as its attributes and size.

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
        """Return a text file rendered as HTML; the extension selects Markdown, reStructuredText, Textile or plain text.

        The server guesses the encoding of the file, so `text` may differ from its actual content.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return await self._call(
            Rendered,
            "GET /repositories/{workspace}/{repo_slug}/src/{commit}/{path}",
            (workspace, repo_slug, commit, SubPath(path)),
            query={"format": "rendered", "fields": fields},
        )

    async def read(self, workspace: str, repo_slug: str, commit: str, path: str) -> bytes:
        """Return the content of a file, even if it is stored in Git LFS; for a directory, its first page as JSON.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return await self._read(
            "GET /repositories/{workspace}/{repo_slug}/src/{commit}/{path}",
            (workspace, repo_slug, commit, SubPath(path)),
            group="raw",
            leaves_origin=True,
        )

    def open(self, workspace: str, repo_slug: str, commit: str, path: str) -> AbstractAsyncContextManager[Stream]:
        """Open a file as a stream: `async with ... as stream: async for chunk in stream`.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return self._open(
            "GET /repositories/{workspace}/{repo_slug}/src/{commit}/{path}",
            (workspace, repo_slug, commit, SubPath(path)),
            group="raw",
            leaves_origin=True,
        )

    async def get_size(self, workspace: str, repo_slug: str, commit: str, path: str) -> int | None:
        """Return the size of a file in bytes from a HEAD request; None if the server does not report it.

        This is the cheapest way to find out whether a file exists: NotFoundError if it does not.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        response = await self._send(
            "HEAD /repositories/{workspace}/{repo_slug}/src/{commit}/{path}",
            (workspace, repo_slug, commit, SubPath(path)),
            group="raw",
            accept="*/*",
            headers={"Accept-Encoding": "identity"},  # otherwise the length may be the compressed one
            leaves_origin=True,  # files in Git LFS are on the vendor's media service
        )
        length = response.headers.get("content-length", "")
        return int(length) if length.isdecimal() else None

    def open_archive(
        self, workspace: str, repo_slug: str, ref: str, format: ArchiveFormat | str
    ) -> AbstractAsyncContextManager[Stream]:
        """Open an archive of all files at a commit as a stream: `async with ... as stream: async for chunk in stream`.

        It is read from the website, not from the API, and spends a budget of its own. OAuth and access tokens are
        known to be accepted there. TransportError if the website asks to log in instead.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return self._open(
            "GET https://bitbucket.org/{workspace}/{repo_slug}/get/{ref}.{format}",
            (workspace, repo_slug, ref, format),
            group="archive",
            leaves_origin=True,
        )

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
        """List the versions of a file, one for each commit up to `commit` that changed it, newest first.

        Renames are followed unless `renames=False`. Commits contain only their hash by default; for example,
        `fields="+values.commit.date"` adds the date to the `raw` of a file's `commit`.

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
        """Commit uploaded files and return the hash of the new commit; None if the server does not report it.

        `files` maps paths in the repository to contents: bytes, a string, a `Path` to read, or a function that opens a
        file in binary mode. Files are streamed, and reopened for every attempt.
        `executables` are files with the executable bit, which uploading with `files` removes. `links` maps symbolic
        links to their targets. Other files are not changed; `files={}` with `deletions` only deletes. To rename a
        file, delete it and upload it under its new name.

        The commit is added to `branch`, by default the main branch; a branch that does not exist is created, even if
        no files are passed. `parents` is a single hash: the start of a new branch, or the expected head of an existing
        one (ConflictError if the head differs). `author` has the form `Name <address>`.

        ValueError if a path is passed twice or points outside the repository, or if there is nothing to commit;
        FileNotFoundError if a `Path` does not exist. After a ServerError with status 555 the commit may exist.

        Scope: repository:write (OAuth), write:repository:bitbucket (API token).
        """
        texts = {"message": message, "author": author, "parents": parents, "branch": branch}
        uploads = [*_file_parts(files, None), *_file_parts(executables, "executable"), *_file_parts(links, "link")]
        deleted = [_with_leading_slash(path) for path in deletions]
        paths = [part.name for part in uploads] + deleted
        if not paths and branch is None:
            raise ValueError("nothing to commit: pass files, executables, links or deletions, or a new branch")
        if duplicates := [path for path, count in Counter(paths).items() if count > 1]:
            raise ValueError(f"each path can be passed only once, got duplicates: {', '.join(duplicates)}")
        response = await self._send(
            "POST /repositories/{workspace}/{repo_slug}/src",
            (workspace, repo_slug),
            parts=(
                *(_text_part(name, text) for name, text in texts.items() if text is not None),
                *(_text_part("files", path) for path in deleted),
                *uploads,
            ),
            headers={"Accept": "*/*"},  # the vendor documents no body, and so no media type
        )
        location = response.headers.get("location", "")
        return location.rstrip("/").rpartition("/")[2] or None


def _file_parts(contents: Mapping[str, Content] | None, attributes: str | None) -> list[Part]:
    """Return the multipart parts of the files to upload."""
    parts: list[Part] = []
    for path, content in (contents or {}).items():
        name = _with_leading_slash(path)
        parts.append(Part(name=name, content=content, filename=name.rpartition("/")[2], attributes=attributes))
    return parts


def _with_leading_slash(path: str) -> str:
    """Return a path with a leading slash, so that a file cannot be mistaken for a field such as `message`."""
    name = path.strip("/")
    expand("/{path}", (SubPath(name),))  # raises ValueError if it cannot be a path in a repository
    return "/" + name


def _text_part(name: str, text: str) -> Part:
    return Part(name=name, content=text, content_type="text/plain; charset=utf-8")
