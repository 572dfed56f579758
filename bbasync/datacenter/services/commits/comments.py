"""Comments on commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.comments import Comment
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.datacenter.models.comments import CommentAnchor, CommentSeverity, CommentState
    from bbasync.paging import Paging

__all__ = ["CommitComments"]


class CommitComments(Service):
    """Comments on commits, a part of `bb.commits`.

    `since` is the commit that the diff of the comments starts from: for a merge commit, one of its parents.
    """

    @lists
    def list_comments(
        self,
        project_key: str,
        repository_slug: str,
        commit_id: str,
        *,
        path: str | None = None,
        since: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Comment]:
        """List the comments on a commit; `path` is the file that they are on.

        Permission: REPO_READ.
        """
        return self._list(
            Comment,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/comments",
            (project_key, repository_slug, commit_id),
            query={"path": path, "since": since},
            paging=paging,
        )

    async def create_comment(
        self,
        project_key: str,
        repository_slug: str,
        commit_id: str,
        *,
        text: str,
        parent_id: int | None = None,
        anchor: CommentAnchor | None = None,
        severity: CommentSeverity | str | None = None,
        state: CommentState | str | None = None,
        since: str | None = None,
    ) -> Comment:
        """Create a comment on a commit as a whole, on a file (`anchor`), or in reply to a comment (`parent_id`).

        Permission: REPO_READ.
        """
        return await self._call(
            Comment,
            "POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/comments",
            (project_key, repository_slug, commit_id),
            query={"since": since},
            json={
                "text": text,
                "parent": {"id": parent_id},
                "anchor": anchor and anchor.body(),
                "severity": severity,
                "state": state,
            },
        )

    async def get_comment(self, project_key: str, repository_slug: str, commit_id: str, comment_id: int) -> Comment:
        """Return a comment.

        Permission: REPO_READ.
        """
        return await self._call(
            Comment,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/comments/{commentId}",
            (project_key, repository_slug, commit_id, comment_id),
        )

    async def update_comment(
        self,
        project_key: str,
        repository_slug: str,
        commit_id: str,
        comment_id: int,
        *,
        version: int,
        text: str | None = None,
        severity: CommentSeverity | str | None = None,
        state: CommentState | str | None = None,
        thread_resolved: bool | None = None,
    ) -> Comment:
        """Update the given fields of a comment; only its author can change the text.

        Permission: REPO_READ, REPO_ADMIN for other fields of comments of others.
        """
        return await self._call(
            Comment,
            "PUT /api/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/comments/{commentId}",
            (project_key, repository_slug, commit_id, comment_id),
            json={
                "version": version,
                "text": text,
                "severity": severity,
                "state": state,
                "threadResolved": thread_resolved,
            },
            repeatable=False,
        )

    async def delete_comment(
        self, project_key: str, repository_slug: str, commit_id: str, comment_id: int, *, version: int
    ) -> None:
        """Delete a comment; ConflictError if it has replies.

        Permission: REPO_READ, REPO_ADMIN for comments of others.
        """
        await self._run(
            "DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/comments/{commentId}",
            (project_key, repository_slug, commit_id, comment_id),
            query={"version": version},
            repeatable=False,
        )
