"""Participants of pull requests: reviewers and their reviews."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.pull_requests import Participant, ParticipantRole, ParticipantStatus
from bbasync.datacenter.models.users import User
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.datacenter.models.pull_requests import Direction
    from bbasync.paging import Paging

__all__ = ["PullRequestParticipants"]


class PullRequestParticipants(Service):
    """Participants and reviews of pull requests, a part of `bb.pull_requests`."""

    @lists
    def list_participants(
        self, project_key: str, repository_slug: str, pull_request_id: int, *, paging: Paging | None = None
    ) -> AsyncGenerator[Participant]:
        """List the participants of a pull request: the author, the reviewers and all others who took part.

        Permission: REPO_READ.
        """
        return self._list(
            Participant,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/participants",
            (project_key, repository_slug, pull_request_id),
            paging=paging,
        )

    @lists
    def list_repository_participants(
        self,
        project_key: str,
        repository_slug: str,
        *,
        filter_text: str | None = None,
        role: ParticipantRole | str | None = None,
        direction: Direction | str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[User]:
        """List the users who take part in any pull request into a repository, or from it with `direction="OUTGOING"`.

        `filter_text` matches any part of the login name, the display name or the email address.

        Permission: REPO_READ.
        """
        return self._list(
            User,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/participants",
            (project_key, repository_slug),
            query={"filter": filter_text, "role": role, "direction": direction},
            paging=paging,
        )

    async def add_reviewer(
        self, project_key: str, repository_slug: str, pull_request_id: int, *, username: str
    ) -> Participant:
        """Add a reviewer by login name; no error is raised if the user already is one.

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
        """Remove a reviewer; the user remains a participant, because participants cannot be removed.

        Permission: REPO_WRITE.
        """
        await self._run(
            "DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/participants/{userSlug}",
            (project_key, repository_slug, pull_request_id, user_slug),
        )

    async def remove_reviewer_by_username(
        self, project_key: str, repository_slug: str, pull_request_id: int, *, username: str
    ) -> None:
        """Remove a reviewer by login name; deprecated by the vendor in favour of `remove_reviewer`.

        Permission: REPO_WRITE.
        """
        await self._run(
            "DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/participants",
            (project_key, repository_slug, pull_request_id),
            query={"username": username},
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
        """Set a review status; `user_slug` must be the authenticated user's slug.

        ConflictError if the from ref has new commits since `last_reviewed_commit`, or if anything has changed since
        `version`. The author cannot review.

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
        """Approve a pull request in its current state; `user_slug` must be the authenticated user's slug.

        Permission: REPO_READ.
        """
        return await self.set_status(
            project_key, repository_slug, pull_request_id, user_slug, status=ParticipantStatus.APPROVED
        )

    async def request_changes(
        self, project_key: str, repository_slug: str, pull_request_id: int, user_slug: str
    ) -> Participant:
        """Mark a pull request as needing work; `user_slug` must be the authenticated user's slug.

        Permission: REPO_READ.
        """
        return await self.set_status(
            project_key, repository_slug, pull_request_id, user_slug, status=ParticipantStatus.NEEDS_WORK
        )

    async def unapprove(
        self, project_key: str, repository_slug: str, pull_request_id: int, user_slug: str
    ) -> Participant:
        """Withdraw an approval or a request for changes; `user_slug` must be the authenticated user's slug.

        Permission: REPO_READ.
        """
        return await self.set_status(
            project_key, repository_slug, pull_request_id, user_slug, status=ParticipantStatus.UNAPPROVED
        )

    async def approve_as_current_user(
        self, project_key: str, repository_slug: str, pull_request_id: int
    ) -> Participant:
        """Approve a pull request without naming the authenticated user; deprecated by the vendor in favour of `approve`.

        Permission: REPO_READ.
        """
        return await self._call(
            Participant,
            "POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/approve",
            (project_key, repository_slug, pull_request_id),
        )

    async def unapprove_as_current_user(
        self, project_key: str, repository_slug: str, pull_request_id: int
    ) -> Participant:
        """Withdraw the authenticated user's approval; deprecated by the vendor in favour of `unapprove`.

        Permission: REPO_READ.
        """
        return await self._call(
            Participant,
            "DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/approve",
            (project_key, repository_slug, pull_request_id),
        )
