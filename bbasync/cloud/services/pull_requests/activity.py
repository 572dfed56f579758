"""Activity of pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.pull_requests.activity import PullRequestActivity
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.paging import Paging

__all__ = ["PullRequestActivities"]


class PullRequestActivities(Service):
    """Activity of pull requests: part of `bb.pull_requests`."""

    @lists
    def list_activity(
        self,
        workspace: str,
        repo_slug: str,
        pull_request_id: int,
        *,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[PullRequestActivity]:
        """List the activity of a pull request, newest first.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return self._list(
            PullRequestActivity,
            "GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/activity",
            (workspace, repo_slug, pull_request_id),
            query={"fields": fields},
            paging=paging,
        )

    @lists
    def list_repository_activity(
        self, workspace: str, repo_slug: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[PullRequestActivity]:
        """List the activity of all pull requests of a repository, newest first.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return self._list(
            PullRequestActivity,
            "GET /repositories/{workspace}/{repo_slug}/pullrequests/activity",
            (workspace, repo_slug),
            query={"fields": fields},
            paging=paging,
        )
