"""Files of snippets and their history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.snippets import SnippetCommit
from bbasync.request import SubPath
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from contextlib import AbstractAsyncContextManager

    from bbasync.paging import Paging
    from bbasync.session import Stream

__all__ = ["SnippetFiles"]


class SnippetFiles(Service):
    """Files of snippets and their history: part of `bb.snippets`."""

    async def read(self, workspace: str, encoded_id: str, path: str) -> bytes:
        """Return the current content of a file.

        Scope: snippet (OAuth), read:snippet:bitbucket (API token).
        """
        return await self._read(
            "GET /snippets/{workspace}/{encoded_id}/files/{path}", (workspace, encoded_id, SubPath(path))
        )

    def open(self, workspace: str, encoded_id: str, path: str) -> AbstractAsyncContextManager[Stream]:
        """Open the current content of a file as a stream: `async with ... as stream: async for chunk in stream`.

        Scope: snippet (OAuth), read:snippet:bitbucket (API token).
        """
        return self._open("GET /snippets/{workspace}/{encoded_id}/files/{path}", (workspace, encoded_id, SubPath(path)))

    async def read_revision(self, workspace: str, encoded_id: str, node_id: str, path: str) -> bytes:
        """Return the content of a file at a commit.

        Scope: snippet (OAuth), read:snippet:bitbucket (API token).
        """
        return await self._read(
            "GET /snippets/{workspace}/{encoded_id}/{node_id}/files/{path}",
            (workspace, encoded_id, node_id, SubPath(path)),
        )

    def open_revision(
        self, workspace: str, encoded_id: str, node_id: str, path: str
    ) -> AbstractAsyncContextManager[Stream]:
        """Open the content of a file at a commit as a stream.

        Scope: snippet (OAuth), read:snippet:bitbucket (API token).
        """
        return self._open(
            "GET /snippets/{workspace}/{encoded_id}/{node_id}/files/{path}",
            (workspace, encoded_id, node_id, SubPath(path)),
        )

    @lists
    def list_commits(
        self, workspace: str, encoded_id: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[SnippetCommit]:
        """List the commits of a snippet, newest first.

        Scope: snippet (OAuth), read:snippet:bitbucket (API token).
        """
        return self._list(
            SnippetCommit,
            "GET /snippets/{workspace}/{encoded_id}/commits",
            (workspace, encoded_id),
            query={"fields": fields},
            paging=paging,
        )

    async def get_commit(
        self, workspace: str, encoded_id: str, revision: str, *, fields: str | None = None
    ) -> SnippetCommit:
        """Return a commit of a snippet.

        Scope: snippet (OAuth), read:snippet:bitbucket (API token).
        """
        return await self._call(
            SnippetCommit,
            "GET /snippets/{workspace}/{encoded_id}/commits/{revision}",
            (workspace, encoded_id, revision),
            query={"fields": fields},
        )

    async def read_diff(self, workspace: str, encoded_id: str, revision: str, *, path: str | None = None) -> bytes:
        """Return the diff of a commit against its first parent, or the part of it on one file.

        It is not decoded, since it holds the bytes of files of any encoding.

        Scope: snippet (OAuth), read:snippet:bitbucket (API token).
        """
        return await self._read(
            "GET /snippets/{workspace}/{encoded_id}/{revision}/diff",
            (workspace, encoded_id, revision),
            query={"path": path},
        )

    def open_diff(
        self, workspace: str, encoded_id: str, revision: str, *, path: str | None = None
    ) -> AbstractAsyncContextManager[Stream]:
        """Open the diff of a commit against its first parent as a stream.

        Scope: snippet (OAuth), read:snippet:bitbucket (API token).
        """
        return self._open(
            "GET /snippets/{workspace}/{encoded_id}/{revision}/diff",
            (workspace, encoded_id, revision),
            query={"path": path},
        )

    async def read_patch(self, workspace: str, encoded_id: str, revision: str) -> bytes:
        """Return a commit as a patch, with its author, date and message.

        Scope: snippet (OAuth), read:snippet:bitbucket (API token).
        """
        return await self._read(
            "GET /snippets/{workspace}/{encoded_id}/{revision}/patch", (workspace, encoded_id, revision)
        )

    def open_patch(self, workspace: str, encoded_id: str, revision: str) -> AbstractAsyncContextManager[Stream]:
        """Open a commit as a patch, as a stream.

        Scope: snippet (OAuth), read:snippet:bitbucket (API token).
        """
        return self._open("GET /snippets/{workspace}/{encoded_id}/{revision}/patch", (workspace, encoded_id, revision))
