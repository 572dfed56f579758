"""Commits and changes of pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.changes import Change
from bbasync.datacenter.models.commits import Commit
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.datacenter.models.pull_requests.changes import ChangeScope
    from bbasync.paging import Paging

__all__ = ["PullRequestChanges"]


class PullRequestChanges(Service):
    """Commits and changes of pull requests, a part of `bb.pull_requests`."""

    @lists
    def list_commits(
        self,
        project_key: str,
        repository_slug: str,
        pull_request_id: int,
        *,
        with_counts: bool | None = None,
        avatar_size: int | None = None,
        avatar_scheme: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Commit]:
        """List the commits of a pull request, newest first.

        `with_counts` adds `authorCount` and `totalCount` to the pages (see `Paging.on_page`). `avatar_size` (pixels)
        adds avatar URLs to authors.

        Permission: REPO_READ.
        """
        return self._list(
            Commit,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/commits",
            (project_key, repository_slug, pull_request_id),
            query={"withCounts": with_counts, "avatarSize": avatar_size, "avatarScheme": avatar_scheme},
            paging=paging,
        )

    @lists
    def list_changes(
        self,
        project_key: str,
        repository_slug: str,
        pull_request_id: int,
        *,
        change_scope: ChangeScope | str | None = None,
        since_id: str | None = None,
        until_id: str | None = None,
        with_comments: bool | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Change]:
        """List the paths that a pull request changes.

        `change_scope="UNREVIEWED"` limits the list to changes that the authenticated user has not reviewed yet,
        `"RANGE"` to those between the commits `since_id` and `until_id`. The server truncates the list at its own
        maximum, whatever the page size.

        Permission: REPO_READ.
        """
        return self._list(
            Change,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/changes",
            (project_key, repository_slug, pull_request_id),
            query={
                "changeScope": change_scope,
                "sinceId": since_id,
                "untilId": until_id,
                "withComments": with_comments,
            },
            paging=paging,
        )
