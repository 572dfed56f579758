"""Downloads of repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.downloads import Download
from bbasync.request import Part, expand
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping
    from contextlib import AbstractAsyncContextManager

    from bbasync.cloud.services.source import Content
    from bbasync.paging import Paging
    from bbasync.session import Stream

__all__ = ["Downloads"]


class Downloads(Service):
    """Downloads of repositories: `bb.downloads`."""

    @lists
    def list(
        self, workspace: str, repo_slug: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[Download]:
        """List the downloads of a repository.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return self._list(
            Download,
            "GET /repositories/{workspace}/{repo_slug}/downloads",
            (workspace, repo_slug),
            query={"fields": fields},
            paging=paging,
        )

    async def upload(self, workspace: str, repo_slug: str, *, files: Mapping[str, Content]) -> None:
        """Upload files, replacing downloads of the same names.

        `files` maps file names to contents: bytes, a string, a `Path` to read, or a function that opens a file in
        binary mode. Files are streamed, and reopened for every attempt. ValueError if there are none, or if a name is
        empty or contains a slash; FileNotFoundError if a `Path` does not exist.

        Scope: repository:write (OAuth), write:repository:bitbucket (API token).
        """
        if not files:
            raise ValueError("nothing to upload: pass files")
        for name in files:
            expand("/{filename}", (name,))  # raises ValueError for what cannot be the last segment of its URL
            if "/" in name:
                raise ValueError(f"the name of a download must not contain a slash, got {name!r}")
        await self._run(
            "POST /repositories/{workspace}/{repo_slug}/downloads",
            (workspace, repo_slug),
            parts=tuple(Part(name="files", content=content, filename=name) for name, content in files.items()),
            accept="*/*",  # the vendor documents no body, and answers 406 to types that it does not have
            repeatable=True,  # the second upload replaces the first
        )

    async def read(self, workspace: str, repo_slug: str, filename: str) -> bytes:
        """Return the content of a download; it is stored on another host, which is asked without the credential.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return await self._read(
            "GET /repositories/{workspace}/{repo_slug}/downloads/{filename}",
            (workspace, repo_slug, filename),
            group="raw",
            leaves_origin=True,
        )

    def open(self, workspace: str, repo_slug: str, filename: str) -> AbstractAsyncContextManager[Stream]:
        """Open a download as a stream: `async with ... as stream: async for chunk in stream`.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return self._open(
            "GET /repositories/{workspace}/{repo_slug}/downloads/{filename}",
            (workspace, repo_slug, filename),
            group="raw",
            leaves_origin=True,
        )

    async def delete(self, workspace: str, repo_slug: str, filename: str) -> None:
        """Delete a download.

        Scope: repository:write (OAuth), write:repository:bitbucket (API token).
        """
        await self._run(
            "DELETE /repositories/{workspace}/{repo_slug}/downloads/{filename}", (workspace, repo_slug, filename)
        )
