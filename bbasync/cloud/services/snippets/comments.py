"""Comments on snippets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.snippets import SnippetComment
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.paging import Paging

__all__ = ["SnippetComments"]


class SnippetComments(Service):
    """Comments on snippets: part of `bb.snippets`."""

    @lists
    def list_comments(
        self,
        workspace: str,
        encoded_id: str,
        *,
        sort: str | None = None,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[SnippetComment]:
        """List the comments on a snippet, oldest first by default.

        Scope: snippet (OAuth), read:snippet:bitbucket (API token).
        """
        return self._list(
            SnippetComment,
            "GET /snippets/{workspace}/{encoded_id}/comments",
            (workspace, encoded_id),
            query={"sort": sort, "fields": fields},
            paging=paging,
        )

    async def create_comment(
        self, workspace: str, encoded_id: str, *, content: str, parent: int | None = None
    ) -> SnippetComment:
        """Create a comment on a snippet; `parent` makes it a reply to the comment with that ID.

        Scope: snippet (OAuth), read:snippet:bitbucket, write:snippet:bitbucket (API token).
        """
        return await self._call(
            SnippetComment,
            "POST /snippets/{workspace}/{encoded_id}/comments",
            (workspace, encoded_id),
            json={"content": {"raw": content}, "parent": {"id": parent}},
        )

    async def get_comment(
        self, workspace: str, encoded_id: str, comment_id: int, *, fields: str | None = None
    ) -> SnippetComment:
        """Return a comment on a snippet.

        Scope: snippet (OAuth), read:snippet:bitbucket (API token).
        """
        return await self._call(
            SnippetComment,
            "GET /snippets/{workspace}/{encoded_id}/comments/{comment_id}",
            (workspace, encoded_id, comment_id),
            query={"fields": fields},
        )

    async def update_comment(self, workspace: str, encoded_id: str, comment_id: int, *, content: str) -> SnippetComment:
        """Replace the text of a comment; only its author may.

        Scope: snippet (OAuth), read:snippet:bitbucket, write:snippet:bitbucket (API token).
        """
        return await self._call(
            SnippetComment,
            "PUT /snippets/{workspace}/{encoded_id}/comments/{comment_id}",
            (workspace, encoded_id, comment_id),
            json={"content": {"raw": content}},
        )

    async def delete_comment(self, workspace: str, encoded_id: str, comment_id: int) -> None:
        """Delete a comment; its author, the creator of the snippet and administrators of the workspace may.

        Scope: snippet (OAuth), write:snippet:bitbucket (API token).
        """
        await self._run(
            "DELETE /snippets/{workspace}/{encoded_id}/comments/{comment_id}", (workspace, encoded_id, comment_id)
        )
