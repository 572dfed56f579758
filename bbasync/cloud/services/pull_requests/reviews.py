"""Reviews of pull requests, and default reviewers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.default_reviewers import DefaultReviewer
from bbasync.cloud.models.participants import Participant
from bbasync.cloud.models.users import Account
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.paging import Paging

__all__ = ["PullRequestReviews"]


class PullRequestReviews(Service):
    """Reviews and default reviewers: part of `bb.pull_requests`."""

    async def approve(self, workspace: str, repo_slug: str, pull_request_id: int) -> Participant:
        """Approve a pull request as the authenticated user; merged pull requests can be approved too.

        Scope: pullrequest:write (OAuth), read:pullrequest:bitbucket, write:pullrequest:bitbucket (API token).
        """
        return await self._call(
            Participant,
            "POST /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/approve",
            (workspace, repo_slug, pull_request_id),
        )

    async def unapprove(self, workspace: str, repo_slug: str, pull_request_id: int) -> None:
        """Withdraw the authenticated user's approval; BadRequestError if the pull request has been merged.

        Scope: pullrequest:write (OAuth), write:pullrequest:bitbucket (API token).
        """
        await self._run(
            "DELETE /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/approve",
            (workspace, repo_slug, pull_request_id),
        )

    async def request_changes(self, workspace: str, repo_slug: str, pull_request_id: int) -> Participant:
        """Request changes as the authenticated user; BadRequestError if the pull request has been merged.

        Scope: pullrequest:write (OAuth), read:pullrequest:bitbucket, write:pullrequest:bitbucket (API token).
        """
        return await self._call(
            Participant,
            "POST /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/request-changes",
            (workspace, repo_slug, pull_request_id),
        )

    async def remove_change_request(self, workspace: str, repo_slug: str, pull_request_id: int) -> None:
        """Withdraw the authenticated user's request for changes; BadRequestError if the pull request has been merged.

        Scope: pullrequest:write (OAuth), write:pullrequest:bitbucket (API token).
        """
        await self._run(
            "DELETE /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/request-changes",
            (workspace, repo_slug, pull_request_id),
        )

    @lists
    def list_default_reviewers(
        self, workspace: str, repo_slug: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[Account]:
        """List the default reviewers set on the repository itself, without those of its project.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return self._list(
            Account,
            "GET /repositories/{workspace}/{repo_slug}/default-reviewers",
            (workspace, repo_slug),
            query={"fields": fields},
            paging=paging,
        )

    @lists
    def list_effective_default_reviewers(
        self, workspace: str, repo_slug: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[DefaultReviewer]:
        """List the default reviewers of the repository, including those inherited from its project.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return self._list(
            DefaultReviewer,
            "GET /repositories/{workspace}/{repo_slug}/effective-default-reviewers",
            (workspace, repo_slug),
            query={"fields": fields},
            paging=paging,
        )

    async def get_default_reviewer(
        self, workspace: str, repo_slug: str, target_username: str, *, fields: str | None = None
    ) -> Account:
        """Return a default reviewer; NotFoundError if the user is not one.

        `target_username` is a UUID in braces or an Atlassian account ID: usernames are no longer used in URLs.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return await self._call(
            Account,
            "GET /repositories/{workspace}/{repo_slug}/default-reviewers/{target_username}",
            (workspace, repo_slug, target_username),
            query={"fields": fields},
        )

    async def add_default_reviewer(self, workspace: str, repo_slug: str, target_username: str) -> Account:
        """Add a user to the repository's default reviewers; no effect if the user is already one.

        `target_username` is a UUID in braces or an Atlassian account ID. BadRequestError for teams, apps and users
        without access to the repository.

        Scope: repository:admin (OAuth), admin:repository:bitbucket (API token).
        """
        return await self._call(
            Account,
            "PUT /repositories/{workspace}/{repo_slug}/default-reviewers/{target_username}",
            (workspace, repo_slug, target_username),
        )

    async def remove_default_reviewer(self, workspace: str, repo_slug: str, target_username: str) -> None:
        """Remove a user from the repository's default reviewers.

        `target_username` is a UUID in braces or an Atlassian account ID.

        Scope: repository:admin (OAuth), admin:repository:bitbucket (API token).
        """
        await self._run(
            "DELETE /repositories/{workspace}/{repo_slug}/default-reviewers/{target_username}",
            (workspace, repo_slug, target_username),
        )
