"""Comments on pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.comments import Comment, CommentResolution
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.cloud.models.comments import Inline
    from bbasync.paging import Paging

__all__ = ["PullRequestComments"]


class PullRequestComments(Service):
    """Comments on pull requests: part of `bb.pull_requests`."""

    @lists
    def list_comments(
        self,
        workspace: str,
        repo_slug: str,
        pull_request_id: int,
        *,
        q: str | None = None,
        sort: str | None = None,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Comment]:
        """List the comments on a pull request, including replies and inline comments, oldest first.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return self._list(
            Comment,
            "GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/comments",
            (workspace, repo_slug, pull_request_id),
            query={"q": q, "sort": sort, "fields": fields},
            paging=paging,
        )

    async def create_comment(
        self,
        workspace: str,
        repo_slug: str,
        pull_request_id: int,
        *,
        content: str,
        inline: Inline | None = None,
        parent: int | None = None,
        pending: bool | None = None,
    ) -> Comment:
        """Create a comment on a pull request.

        `content` is Markdown. `inline` places the comment in a file; `parent` makes it a reply to the comment with
        that ID. A `pending` comment is visible only to its author until the review is published.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return await self._call(
            Comment,
            "POST /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/comments",
            (workspace, repo_slug, pull_request_id),
            json={
                "content": {"raw": content},
                "inline": inline.body() if inline is not None else None,
                "parent": {"id": parent},
                "pending": pending,
            },
        )

    async def get_comment(
        self, workspace: str, repo_slug: str, pull_request_id: int, comment_id: int, *, fields: str | None = None
    ) -> Comment:
        """Return a comment.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return await self._call(
            Comment,
            "GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/comments/{comment_id}",
            (workspace, repo_slug, pull_request_id, comment_id),
            query={"fields": fields},
        )

    async def update_comment(
        self,
        workspace: str,
        repo_slug: str,
        pull_request_id: int,
        comment_id: int,
        *,
        content: str | None = None,
        pending: bool | None = None,
    ) -> Comment:
        """Change the text of a comment, or whether it is pending.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return await self._call(
            Comment,
            "PUT /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/comments/{comment_id}",
            (workspace, repo_slug, pull_request_id, comment_id),
            json={"content": {"raw": content}, "pending": pending},
        )

    async def delete_comment(self, workspace: str, repo_slug: str, pull_request_id: int, comment_id: int) -> None:
        """Delete a comment.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        await self._run(
            "DELETE /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/comments/{comment_id}",
            (workspace, repo_slug, pull_request_id, comment_id),
        )

    async def resolve_comment(
        self, workspace: str, repo_slug: str, pull_request_id: int, comment_id: int
    ) -> CommentResolution:
        """Resolve the thread that a comment starts.

        PermissionDeniedError if the comment is a reply or is not on the diff; ConflictError if the thread is already
        resolved.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return await self._call(
            CommentResolution,
            "POST /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/comments/{comment_id}/resolve",
            (workspace, repo_slug, pull_request_id, comment_id),
        )

    async def reopen_comment(self, workspace: str, repo_slug: str, pull_request_id: int, comment_id: int) -> None:
        """Reopen a resolved thread; NotFoundError if it is not resolved.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        await self._run(
            "DELETE /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/comments/{comment_id}/resolve",
            (workspace, repo_slug, pull_request_id, comment_id),
        )
