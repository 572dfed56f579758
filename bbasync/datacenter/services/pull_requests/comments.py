"""Comments and tasks of pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.comments import Comment
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from bbasync.datacenter.models.comments import AnchorState, CommentAnchor, CommentSeverity, CommentState, DiffType
    from bbasync.paging import Paging

__all__ = ["PullRequestComments"]


class PullRequestComments(Service):
    """Comments and tasks (comments of severity BLOCKER) of pull requests, a part of `bb.pull_requests`."""

    @lists
    def list_comments(
        self,
        project_key: str,
        repository_slug: str,
        pull_request_id: int,
        *,
        path: str,
        anchor_state: AnchorState | str | None = None,
        diff_type: Sequence[DiffType | str] | None = None,
        state: Sequence[CommentState | str] | None = None,
        from_hash: str | None = None,
        to_hash: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Comment]:
        """List the comments on a file; only `list_activities` returns those on the pull request as a whole.

        `anchor_state` selects comments on lines that still exist, or that no longer exist. The diff types RANGE and
        COMMIT require `from_hash` and `to_hash`.

        Permission: REPO_READ.
        """
        return self._list(
            Comment,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/comments",
            (project_key, repository_slug, pull_request_id),
            query={
                "path": path,
                "anchorState": anchor_state,
                "diffType": diff_type,
                "state": state,
                "fromHash": from_hash,
                "toHash": to_hash,
            },
            paging=paging,
        )

    async def create_comment(
        self,
        project_key: str,
        repository_slug: str,
        pull_request_id: int,
        *,
        text: str,
        parent_id: int | None = None,
        anchor: CommentAnchor | None = None,
        severity: CommentSeverity | str | None = None,
        state: CommentState | str | None = None,
    ) -> Comment:
        """Create a comment on a pull request as a whole, on a file (`anchor`), or in reply to a comment (`parent_id`).

        `severity="BLOCKER"` creates a task. `state="PENDING"` adds the comment to an unfinished review.

        Permission: REPO_READ.
        """
        return await self._call(
            Comment,
            "POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/comments",
            (project_key, repository_slug, pull_request_id),
            json={
                "text": text,
                "parent": {"id": parent_id},
                "anchor": anchor and anchor.body(),
                "severity": severity,
                "state": state,
            },
        )

    async def get_comment(
        self, project_key: str, repository_slug: str, pull_request_id: int, comment_id: int
    ) -> Comment:
        """Return a comment.

        Permission: REPO_READ.
        """
        return await self._call(
            Comment,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/comments/{commentId}",
            (project_key, repository_slug, pull_request_id, comment_id),
        )

    async def update_comment(
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
        """Update the given fields of a comment; only its author can change the text.

        `state="RESOLVED"` resolves a task.

        Permission: REPO_READ.
        """
        return await self._call(
            Comment,
            "PUT /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/comments/{commentId}",
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

    async def delete_comment(
        self, project_key: str, repository_slug: str, pull_request_id: int, comment_id: int, *, version: int
    ) -> None:
        """Delete a comment; ConflictError if it has replies.

        Permission: REPO_READ, REPO_ADMIN for comments of others.
        """
        await self._run(
            "DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/comments/{commentId}",
            (project_key, repository_slug, pull_request_id, comment_id),
            query={"version": version},
            repeatable=False,
        )

    async def apply_suggestion(
        self,
        project_key: str,
        repository_slug: str,
        pull_request_id: int,
        comment_id: int,
        *,
        comment_version: int,
        pull_request_version: int,
        suggestion_index: int,
        commit_message: str | None = None,
    ) -> None:
        """Commit a change that a comment suggests to the from branch.

        `suggestion_index` counts the suggestions of the comment. ConflictError if the change no longer fits.

        Permission: REPO_READ, and REPO_WRITE on the repository of the from ref.
        """
        await self._run(
            "POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/comments/{commentId}/apply-suggestion",
            (project_key, repository_slug, pull_request_id, comment_id),
            json={
                "commentVersion": comment_version,
                "pullRequestVersion": pull_request_version,
                "suggestionIndex": suggestion_index,
                "commitMessage": commit_message,
            },
        )
