"""Reviews of pull requests, and who is asked for them by default."""

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
    """Reviews and default reviewers, a part of `bb.pull_requests`."""

    async def approve(self, workspace: str, repo_slug: str, pull_request_id: int) -> Participant:
        """Approve a pull request as the credential's user; a merged one may be approved as well.

        Scope: pullrequest:write (OAuth), read:pullrequest:bitbucket, write:pullrequest:bitbucket (API token).
        """
        return await self._call(
            Participant,
            "POST /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/approve",
            (workspace, repo_slug, pull_request_id),
        )

    async def unapprove(self, workspace: str, repo_slug: str, pull_request_id: int) -> None:
        """Take the approval of the credential's user back; BadRequestError once the pull request is merged.

        Scope: pullrequest:write (OAuth), write:pullrequest:bitbucket (API token).
        """
        await self._run(
            "DELETE /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/approve",
            (workspace, repo_slug, pull_request_id),
        )

    async def request_changes(self, workspace: str, repo_slug: str, pull_request_id: int) -> Participant:
        """Request changes as the credential's user; BadRequestError once the pull request is merged.

        Scope: pullrequest:write (OAuth), read:pullrequest:bitbucket, write:pullrequest:bitbucket (API token).
        """
        return await self._call(
            Participant,
            "POST /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/request-changes",
            (workspace, repo_slug, pull_request_id),
        )

    async def remove_change_request(self, workspace: str, repo_slug: str, pull_request_id: int) -> None:
        """Take the request for changes of the credential's user back; BadRequestError once it is merged.

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
        """List the default reviewers set in the repository itself.

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
        """List the default reviewers of the repository and those of its project.

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
        """Return a default reviewer; NotFoundError for everybody else.

        `target_username` is a uuid in braces or an Atlassian account id: users have no names in addresses.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return await self._call(
            Account,
            "GET /repositories/{workspace}/{repo_slug}/default-reviewers/{target_username}",
            (workspace, repo_slug, target_username),
            query={"fields": fields},
        )

    async def add_default_reviewer(self, workspace: str, repo_slug: str, target_username: str) -> Account:
        """Add a user to the repository's default reviewers; one who is there stays.

        `target_username` is a uuid in braces or an Atlassian account id. BadRequestError for teams, apps and those
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

        `target_username` is a uuid in braces or an Atlassian account id.

        Scope: repository:admin (OAuth), admin:repository:bitbucket (API token).
        """
        await self._run(
            "DELETE /repositories/{workspace}/{repo_slug}/default-reviewers/{target_username}",
            (workspace, repo_slug, target_username),
        )
