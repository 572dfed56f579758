"""Merges of pull requests, and the checks before them."""

from __future__ import annotations

from bbasync.datacenter.models.pull_requests import PullRequest
from bbasync.datacenter.models.pull_requests.merges import Mergeability
from bbasync.service import Service

__all__ = ["PullRequestMerges"]


class PullRequestMerges(Service):
    """Merges and the checks before them, a part of `bb.pull_requests`."""

    async def get_mergeability(self, project_key: str, repository_slug: str, pull_request_id: int) -> Mergeability:
        """Return whether an open pull request can be merged, and the vetoes of merge checks if not.

        Permission: REPO_READ.
        """
        return await self._call(
            Mergeability,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/merge",
            (project_key, repository_slug, pull_request_id),
        )

    async def merge(
        self,
        project_key: str,
        repository_slug: str,
        pull_request_id: int,
        *,
        version: int,
        message: str | None = None,
        strategy_id: str | None = None,
        auto_subject: bool | None = None,
        auto_merge: bool | None = None,
        bypass_merge_queue: bool | None = None,
    ) -> PullRequest:
        """Merge a pull request; with `auto_merge`, the server merges it once all merge checks pass.

        `strategy_id` is one of the repository's merge strategies, such as `squash`. The server prepends a generated
        subject to the message unless `auto_subject` is False.

        Permission: REPO_WRITE.
        """
        return await self._call(
            PullRequest,
            "POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/merge",
            (project_key, repository_slug, pull_request_id),
            query={"version": version},
            json={
                "message": message,
                "strategyId": strategy_id,
                "autoSubject": auto_subject,
                "autoMerge": auto_merge,
                "bypassMergeQueue": bypass_merge_queue,
            },
        )
