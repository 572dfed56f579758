"""Reviews of pull requests: comments that are published together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.comments import Comment
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.datacenter.models.pull_requests import ParticipantStatus
    from bbasync.paging import Paging

__all__ = ["PullRequestReviews"]


class PullRequestReviews(Service):
    """The authenticated user's unfinished review of a pull request, a part of `bb.pull_requests`.

    `create_comment(..., state="PENDING")` begins a review or adds to it.
    """

    @lists
    def list_review_comments(
        self, project_key: str, repository_slug: str, pull_request_id: int, *, paging: Paging | None = None
    ) -> AsyncGenerator[Comment]:
        """List the threads that contain unpublished comments of the authenticated user.

        Permission: REPO_READ.
        """
        return self._list(
            Comment,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/review",
            (project_key, repository_slug, pull_request_id),
            paging=paging,
        )

    async def finish_review(
        self,
        project_key: str,
        repository_slug: str,
        pull_request_id: int,
        *,
        participant_status: ParticipantStatus | str | None = None,
        comment_text: str | None = None,
        last_reviewed_commit: str | None = None,
        version: int | None = None,
    ) -> None:
        """Publish the comments of a review, with a last comment and a review status.

        NotFoundError without an unfinished review. ConflictError if the from ref has new commits since
        `last_reviewed_commit`, or if the pull request has changed since `version`.

        Permission: REPO_READ.
        """
        await self._run(
            "PUT /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/review",
            (project_key, repository_slug, pull_request_id),
            query={"version": version},
            json={
                "participantStatus": participant_status,
                "commentText": comment_text,
                "lastReviewedCommit": last_reviewed_commit,
            },
            repeatable=False,
        )

    async def discard_review(self, project_key: str, repository_slug: str, pull_request_id: int) -> None:
        """Discard an unfinished review and its comments.

        Permission: REPO_READ.
        """
        await self._run(
            "DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/review",
            (project_key, repository_slug, pull_request_id),
        )
