"""The activities of pull requests."""

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
    """The activities of pull requests, a part of `bb.pull_requests`."""

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
        """List what happened to a pull request, the newest first; comments are among it, with their replies.

        The list begins with the activity `from_id`, or with the comment of that id (`from_type="COMMENT"`).

        Permission: REPO_READ.
        """
        if (from_id is None) is not (from_type is None):
            raise ValueError("from_id and from_type go together")
        return self._list(
            Activity,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/activities",
            (project_key, repository_slug, pull_request_id),
            query={"fromId": from_id, "fromType": from_type},
            paging=paging,
        )
