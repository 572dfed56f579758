"""Blocker comments (tasks) of pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.comments import BlockerCommentCount, Comment
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from bbasync.datacenter.models.comments import CommentAnchor, CommentSeverity, CommentState
    from bbasync.paging import Paging

__all__ = ["PullRequestBlockerComments"]


class PullRequestBlockerComments(Service):
    """Comments of severity BLOCKER, which the web interface calls tasks, a part of `bb.pull_requests`."""

    @lists
    def list_blocker_comments(
        self,
        project_key: str,
        repository_slug: str,
        pull_request_id: int,
        *,
        state: Sequence[CommentState | str] | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Comment]:
        """List the tasks of a pull request, on files and on the pull request as a whole.

        Permission: REPO_READ.
        """
        return self._list(
            Comment,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/blocker-comments",
            (project_key, repository_slug, pull_request_id),
            query={"state": state},
            paging=paging,
        )

    async def get_blocker_comment_count(
        self,
        project_key: str,
        repository_slug: str,
        pull_request_id: int,
        *,
        state: Sequence[CommentState | str] | None = None,
    ) -> BlockerCommentCount:
        """Return the number of tasks of a pull request by state.

        Permission: REPO_READ.
        """
        return await self._call(
            BlockerCommentCount,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/blocker-comments",
            (project_key, repository_slug, pull_request_id),
            query={"count": True, "state": state},
        )

    async def create_blocker_comment(
        self,
        project_key: str,
        repository_slug: str,
        pull_request_id: int,
        *,
        text: str,
        parent_id: int | None = None,
        anchor: CommentAnchor | None = None,
        state: CommentState | str | None = None,
    ) -> Comment:
        """Create a task on a pull request as a whole, on a file (`anchor`), or in reply to a comment (`parent_id`).

        `state="PENDING"` adds it to an unfinished review.

        Permission: REPO_READ.
        """
        return await self._call(
            Comment,
            "POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/blocker-comments",
            (project_key, repository_slug, pull_request_id),
            json={"text": text, "parent": {"id": parent_id}, "anchor": anchor and anchor.body(), "state": state},
        )

    async def get_blocker_comment(
        self, project_key: str, repository_slug: str, pull_request_id: int, comment_id: int
    ) -> Comment:
        """Return a task.

        Permission: REPO_READ.
        """
        return await self._call(
            Comment,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/blocker-comments/{commentId}",
            (project_key, repository_slug, pull_request_id, comment_id),
        )

    async def update_blocker_comment(
        self,
        project_key: str,
        repository_slug: str,
        pull_request_id: int,
        comment_id: int,
        *,
        version: int,
        text: str | None = None,
        severity: CommentSeverity | str | None = None,
        state: CommentState | str | None = None,
        thread_resolved: bool | None = None,
    ) -> Comment:
        """Update the given fields of a task; only its author can change the text.

        `state="RESOLVED"` resolves it, and `severity="NORMAL"` makes it an ordinary comment.

        Permission: REPO_READ.
        """
        return await self._call(
            Comment,
            "PUT /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/blocker-comments/{commentId}",
            (project_key, repository_slug, pull_request_id, comment_id),
            json={
                "version": version,
                "text": text,
                "severity": severity,
                "state": state,
                "threadResolved": thread_resolved,
            },
            repeatable=False,
        )

    async def delete_blocker_comment(
        self, project_key: str, repository_slug: str, pull_request_id: int, comment_id: int, *, version: int
    ) -> None:
        """Delete a task; ConflictError if it has replies.

        Permission: REPO_READ, REPO_ADMIN for tasks of others.
        """
        await self._run(
            "DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/blocker-comments/{commentId}",
            (project_key, repository_slug, pull_request_id, comment_id),
            query={"version": version},
            repeatable=False,
        )
