"""Comments on commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.comments import Comment, Inline
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.paging import Paging

__all__ = ["CommitComments"]


class CommitComments(Service):
    """Comments on commits: part of `bb.commits`."""

    @lists
    def list_comments(
        self,
        workspace: str,
        repo_slug: str,
        commit: str,
        *,
        q: str | None = None,
        sort: str | None = None,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Comment]:
        """List the comments on a commit, including inline comments, oldest first.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return self._list(
            Comment,
            "GET /repositories/{workspace}/{repo_slug}/commit/{commit}/comments",
            (workspace, repo_slug, commit),
            query={"q": q, "sort": sort, "fields": fields},
            paging=paging,
        )

    async def create_comment(
        self,
        workspace: str,
        repo_slug: str,
        commit: str,
        *,
        content: str,
        inline: Inline | None = None,
        parent: int | None = None,
    ) -> Comment:
        """Create a comment on a commit.

        `inline` places the comment on a line of a file; `parent` makes it a reply to the comment with that ID.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return await self._call(
            Comment,
            "POST /repositories/{workspace}/{repo_slug}/commit/{commit}/comments",
            (workspace, repo_slug, commit),
            json={
                "content": {"raw": content},
                "inline": inline.body() if inline is not None else None,
                "parent": {"id": parent},
            },
        )

    async def get_comment(
        self, workspace: str, repo_slug: str, commit: str, comment_id: int, *, fields: str | None = None
    ) -> Comment:
        """Return a comment on a commit.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return await self._call(
            Comment,
            "GET /repositories/{workspace}/{repo_slug}/commit/{commit}/comments/{comment_id}",
            (workspace, repo_slug, commit, comment_id),
            query={"fields": fields},
        )

    async def update_comment(
        self, workspace: str, repo_slug: str, commit: str, comment_id: int, *, content: str
    ) -> Comment:
        """Replace the text of a comment; its position cannot be changed.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return await self._call(
            Comment,
            "PUT /repositories/{workspace}/{repo_slug}/commit/{commit}/comments/{comment_id}",
            (workspace, repo_slug, commit, comment_id),
            json={"content": {"raw": content}},
        )

    async def delete_comment(self, workspace: str, repo_slug: str, commit: str, comment_id: int) -> None:
        """Delete a comment; one with replies is still listed, with empty content and marked `deleted`.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        await self._run(
            "DELETE /repositories/{workspace}/{repo_slug}/commit/{commit}/comments/{comment_id}",
            (workspace, repo_slug, commit, comment_id),
        )
