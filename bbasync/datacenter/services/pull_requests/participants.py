"""Who takes part in a pull request: reviewers and what they said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.pull_requests import Participant, ParticipantRole, ParticipantStatus
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.paging import Paging

__all__ = ["PullRequestParticipants"]


class PullRequestParticipants(Service):
    """The participants of pull requests."""

    @lists
    def list_participants(
        self, project_key: str, repository_slug: str, pull_request_id: int, *, paging: Paging | None = None
    ) -> AsyncGenerator[Participant]:
        """List the author, the reviewers and all others who took part.

        Permission: REPO_READ.
        """
        return self._list(
            Participant,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/participants",
            (project_key, repository_slug, pull_request_id),
            paging=paging,
        )

    async def add_reviewer(
        self, project_key: str, repository_slug: str, pull_request_id: int, *, username: str
    ) -> Participant:
        """Ask a user, by the name to log in with, to review a pull request; one who is asked already stays so.

        Permission: REPO_WRITE.
        """
        return await self._call(
            Participant,
            "POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/participants",
            (project_key, repository_slug, pull_request_id),
            json={"user": {"name": username}, "role": ParticipantRole.REVIEWER},
        )

    async def remove_reviewer(
        self, project_key: str, repository_slug: str, pull_request_id: int, user_slug: str
    ) -> None:
        """Ask a reviewer no more; they stay a participant, as everybody who took part does.

        Permission: REPO_WRITE.
        """
        await self._run(
            "DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/participants/{userSlug}",
            (project_key, repository_slug, pull_request_id, user_slug),
        )

    async def set_status(
        self,
        project_key: str,
        repository_slug: str,
        pull_request_id: int,
        user_slug: str,
        *,
        status: ParticipantStatus | str,
        last_reviewed_commit: str | None = None,
        version: int | None = None,
    ) -> Participant:
        """Say what the user thinks of a pull request; `user_slug` must be the user's own.

        With `last_reviewed_commit`, ConflictError if the source has moved on since; with `version`, if anything
        has changed. The author cannot review.

        Permission: REPO_READ.
        """
        return await self._call(
            Participant,
            "PUT /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/participants/{userSlug}",
            (project_key, repository_slug, pull_request_id, user_slug),
            query={"version": version},
            json={"status": status, "lastReviewedCommit": last_reviewed_commit},
            repeatable=version is None,
        )

    async def approve(
        self, project_key: str, repository_slug: str, pull_request_id: int, user_slug: str
    ) -> Participant:
        """Approve a pull request as it is now; `user_slug` must be the user's own.

        Permission: REPO_READ.
        """
        return await self.set_status(
            project_key, repository_slug, pull_request_id, user_slug, status=ParticipantStatus.APPROVED
        )

    async def request_changes(
        self, project_key: str, repository_slug: str, pull_request_id: int, user_slug: str
    ) -> Participant:
        """Say that a pull request needs work; `user_slug` must be the user's own.

        Permission: REPO_READ.
        """
        return await self.set_status(
            project_key, repository_slug, pull_request_id, user_slug, status=ParticipantStatus.NEEDS_WORK
        )

    async def unapprove(
        self, project_key: str, repository_slug: str, pull_request_id: int, user_slug: str
    ) -> Participant:
        """Take back what the user said of a pull request; `user_slug` must be the user's own.

        Permission: REPO_READ.
        """
        return await self.set_status(
            project_key, repository_slug, pull_request_id, user_slug, status=ParticipantStatus.UNAPPROVED
        )
