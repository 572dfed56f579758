"""Activities of pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.pull_requests.activities import Activity
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.datacenter.models.pull_requests.activities import ActivityType
    from bbasync.paging import Paging

__all__ = ["PullRequestActivities"]


class PullRequestActivities(Service):
    """Activities of pull requests, a part of `bb.pull_requests`."""

    @lists
    def list_activities(
        self,
        project_key: str,
        repository_slug: str,
        pull_request_id: int,
        *,
        from_id: int | None = None,
        from_type: ActivityType | str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Activity]:
        """List the activities of a pull request, newest first, including comments with their replies.

        `from_id` and `from_type`, given together, identify the activity or comment at which the list begins.

        Permission: REPO_READ.
        """
        if (from_id is None) is not (from_type is None):
            raise ValueError("from_id and from_type must be given together")
        return self._list(
            Activity,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/activities",
            (project_key, repository_slug, pull_request_id),
            query={"fromId": from_id, "fromType": from_type},
            paging=paging,
        )
