"""Files and directories of a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.commits import Commit
from bbasync.datacenter.models.source import DirectoryEntry, FileLine, FileSize, LastModified, PathType
from bbasync.request import Part, SubPath
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from contextlib import AbstractAsyncContextManager

    from bbasync.datacenter.models.changes import NodeType
    from bbasync.datacenter.models.source import ArchiveFormat
    from bbasync.paging import Paging
    from bbasync.request import Content
    from bbasync.session import Stream

__all__ = ["Source"]


class Source(Service):
    """Files and directories: `bb.source`.

    `at` is a commit hash, branch or tag, by default the default branch; a full name such as `refs/heads/main` is never
    ambiguous.
    """

    @lists
    def list_root(
        self, project_key: str, repository_slug: str, *, at: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[DirectoryEntry]:
        """List the files and directories in the root directory.

        Permission: REPO_READ.
        """
        return self._list(
            DirectoryEntry,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/browse",
            (project_key, repository_slug),
            query={"at": at},
            paging=paging,
        )

    @lists
    def list_directory(
        self, project_key: str, repository_slug: str, path: str, *, at: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[DirectoryEntry]:
        """List the files and directories in a directory; DecodeError if `path` is a file.

        Permission: REPO_READ.
        """
        return self._list(
            DirectoryEntry,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/browse/{path}",
            (project_key, repository_slug, SubPath(path)),
            query={"at": at},
            paging=paging,
        )

    @lists
    def list_lines(
        self,
        project_key: str,
        repository_slug: str,
        path: str,
        *,
        at: str | None = None,
        blame: bool = False,
        paging: Paging | None = None,
    ) -> AsyncGenerator[FileLine]:
        """List the lines of a text file, with the commits that last changed them if `blame`.

        DecodeError if `path` is a directory or a binary file. `read` returns the content as it is.

        Permission: REPO_READ.
        """
        return self._list(
            FileLine,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/browse/{path}",
            (project_key, repository_slug, SubPath(path)),
            query={"at": at, "blame": blame},
            paging=paging,
        )

    async def get_type(self, project_key: str, repository_slug: str, path: str, *, at: str | None = None) -> NodeType:
        """Return whether a path is a file, a directory or a submodule; NotFoundError if it does not exist.

        Permission: REPO_READ.
        """
        found = await self._call(
            PathType,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/browse/{path}",
            (project_key, repository_slug, SubPath(path)),
            query={"at": at, "type": True},
        )
        return found.type

    async def get_size(self, project_key: str, repository_slug: str, path: str, *, at: str | None = None) -> int:
        """Return the size of a file in bytes.

        Permission: REPO_READ.
        """
        found = await self._call(
            FileSize,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/browse/{path}",
            (project_key, repository_slug, SubPath(path)),
            query={"at": at, "size": True},
        )
        return found.size

    async def edit_file(
        self,
        project_key: str,
        repository_slug: str,
        path: str,
        *,
        content: Content,
        branch: str,
        message: str | None = None,
        source_commit_id: str | None = None,
        source_branch: str | None = None,
    ) -> Commit:
        """Commit new content of a file to a branch and return the commit.

        `source_commit_id` is the commit that the file was read at; omit it to create a file. ConflictError if the file
        has changed since, if it exists already, or if the content is the same. `source_branch` creates `branch` from
        that branch. An uploaded file is streamed, and reopened for every attempt. PermissionDeniedError for access
        tokens of projects and repositories, which have no user.

        Permission: REPO_WRITE.
        """
        texts = {
            "branch": branch,
            "message": message,
            "sourceCommitId": source_commit_id,
            "sourceBranch": source_branch,
        }
        filename = path.rstrip("/").rpartition("/")[2]
        return await self._call(
            Commit,
            "PUT /api/latest/projects/{projectKey}/repos/{repositorySlug}/browse/{path}",
            (project_key, repository_slug, SubPath(path)),
            parts=(
                *(Part(name=name, content=text) for name, text in texts.items() if text is not None),
                Part(name="content", content=content, filename=filename),
            ),
            repeatable=False,
        )

    @lists
    def list_files(
        self, project_key: str, repository_slug: str, *, at: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[str]:
        """List the paths of all files.

        Permission: REPO_READ.
        """
        return self._list(
            str,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/files",
            (project_key, repository_slug),
            query={"at": at},
            paging=paging,
        )

    @lists
    def list_files_in(
        self, project_key: str, repository_slug: str, path: str, *, at: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[str]:
        """List the paths of all files below a directory, relative to it.

        Permission: REPO_READ.
        """
        return self._list(
            str,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/files/{path}",
            (project_key, repository_slug, SubPath(path)),
            query={"at": at},
            paging=paging,
        )

    async def get_last_modified(self, project_key: str, repository_slug: str, *, at: str) -> LastModified:
        """Return the files and directories in the root directory with the last commit to each, up to `at`.

        Permission: REPO_READ.
        """
        return await self._call(
            LastModified,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/last-modified",
            (project_key, repository_slug),
            query={"at": at},
        )

    async def get_last_modified_in(self, project_key: str, repository_slug: str, path: str, *, at: str) -> LastModified:
        """Return the files and directories in a directory with the last commit to each, up to `at`.

        Permission: REPO_READ.
        """
        return await self._call(
            LastModified,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/last-modified/{path}",
            (project_key, repository_slug, SubPath(path)),
            query={"at": at},
        )

    def open_archive(
        self,
        project_key: str,
        repository_slug: str,
        *,
        at: str | None = None,
        format: ArchiveFormat | str | None = None,
        path: Sequence[str] | None = None,
        prefix: str | None = None,
    ) -> AbstractAsyncContextManager[Stream]:
        """Open an archive of the repository as a stream: `async with ... as stream: async for chunk in stream`.

        `format` defaults to ZIP. `path` limits the archive to these files and directories; `prefix` is the directory
        in the archive that contains them.

        Permission: REPO_READ.
        """
        return self._open(
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/archive",
            (project_key, repository_slug),
            query={"at": at, "format": format, "path": path, "prefix": prefix},
        )

    async def read(
        self,
        project_key: str,
        repository_slug: str,
        path: str,
        *,
        at: str | None = None,
        markup: bool | None = None,
        html_escape: bool | None = None,
        include_heading_id: bool | None = None,
        hardwrap: bool | None = None,
    ) -> bytes:
        """Return the content of a file.

        `markup` returns it rendered as HTML instead. Then `html_escape` (by default true) escapes HTML in the file,
        `include_heading_id` (false) adds IDs to headings, and `hardwrap` (true) turns line breaks into `<br>`; these
        defaults are properties of the server.

        Permission: REPO_READ.
        """
        return await self._read(
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/raw/{path}",
            (project_key, repository_slug, SubPath(path)),
            query={
                "at": at,
                "markup": markup,
                "htmlEscape": html_escape,
                "includeHeadingId": include_heading_id,
                "hardwrap": hardwrap,
            },
        )

    def open(
        self, project_key: str, repository_slug: str, path: str, *, at: str | None = None
    ) -> AbstractAsyncContextManager[Stream]:
        """Open a file as a stream: `async with ... as stream: async for chunk in stream`.

        Permission: REPO_READ.
        """
        return self._open(
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/raw/{path}",
            (project_key, repository_slug, SubPath(path)),
            query={"at": at},
        )

    async def read_readme(
        self,
        project_key: str,
        repository_slug: str,
        *,
        at: str | None = None,
        markup: bool | None = None,
        html_escape: bool | None = None,
        include_heading_id: bool | None = None,
        hardwrap: bool | None = None,
    ) -> bytes:
        """Return the README (README, README.md or README.txt); NotFoundError if there is none.

        `markup` and the options that go with it are those of `read`.

        Permission: REPO_READ.
        """
        return await self._read(
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/readme",
            (project_key, repository_slug),
            query={
                "at": at,
                "markup": markup,
                "htmlEscape": html_escape,
                "includeHeadingId": include_heading_id,
                "hardwrap": hardwrap,
            },
        )

    async def read_license(
        self,
        project_key: str,
        repository_slug: str,
        *,
        at: str | None = None,
        markup: bool | None = None,
        html_escape: bool | None = None,
        include_heading_id: bool | None = None,
        hardwrap: bool | None = None,
    ) -> bytes:
        """Return the license (LICENSE, LICENSE.md or LICENSE.txt); NotFoundError if there is none.

        `markup` and the options that go with it are those of `read`.

        Permission: REPO_READ.
        """
        return await self._read(
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/license",
            (project_key, repository_slug),
            query={
                "at": at,
                "markup": markup,
                "htmlEscape": html_escape,
                "includeHeadingId": include_heading_id,
                "hardwrap": hardwrap,
            },
        )

    async def read_contributing(
        self,
        project_key: str,
        repository_slug: str,
        *,
        at: str | None = None,
        markup: bool | None = None,
        html_escape: bool | None = None,
        include_heading_id: bool | None = None,
        hardwrap: bool | None = None,
    ) -> bytes:
        """Return the contributing guidelines (CONTRIBUTING, CONTRIBUTING.md or CONTRIBUTING.txt); NotFoundError if there is none.

        `markup` and the options that go with it are those of `read`.

        Permission: REPO_READ.
        """
        return await self._read(
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/contributing",
            (project_key, repository_slug),
            query={
                "at": at,
                "markup": markup,
                "htmlEscape": html_escape,
                "includeHeadingId": include_heading_id,
                "hardwrap": hardwrap,
            },
        )
