"""Merges and rebases of pull requests, and the checks before them."""

from __future__ import annotations

from bbasync.datacenter.models.pull_requests import PullRequest
from bbasync.datacenter.models.pull_requests.merges import (
    AutoMergeRequest,
    AutoMergeResult,
    CommitMessageSuggestion,
    Mergeability,
    Rebaseability,
    RebaseResult,
)
from bbasync.service import Service

__all__ = ["PullRequestMerges"]


class PullRequestMerges(Service):
    """Merges, rebases and the checks before them, a part of `bb.pull_requests`."""

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

    async def get_auto_merge(self, project_key: str, repository_slug: str, pull_request_id: int) -> AutoMergeRequest:
        """Return the request to merge a pull request automatically, which `merge` makes with `auto_merge`.

        Permission: REPO_READ.
        """
        return await self._call(
            AutoMergeRequest,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/auto-merge",
            (project_key, repository_slug, pull_request_id),
        )

    async def try_auto_merge(self, project_key: str, repository_slug: str, pull_request_id: int) -> AutoMergeResult:
        """Try at once to merge a pull request for which an automatic merge was requested.

        BadRequestError if none was requested, PermissionDeniedError if the repository does not allow automatic merges.

        Permission: REPO_WRITE.
        """
        return await self._call(
            AutoMergeResult,
            "POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/auto-merge",
            (project_key, repository_slug, pull_request_id),
        )

    async def cancel_auto_merge(self, project_key: str, repository_slug: str, pull_request_id: int) -> None:
        """Cancel the request to merge a pull request automatically; ConflictError if it is no longer open.

        Permission: REPO_WRITE.
        """
        await self._run(
            "DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/auto-merge",
            (project_key, repository_slug, pull_request_id),
        )

    async def get_commit_message_suggestion(
        self, project_key: str, repository_slug: str, pull_request_id: int
    ) -> CommitMessageSuggestion:
        """Return the message that the server suggests for the merge commit.

        Permission: REPO_READ.
        """
        return await self._call(
            CommitMessageSuggestion,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/commit-message-suggestion",
            (project_key, repository_slug, pull_request_id),
        )

    async def get_rebaseability(self, project_key: str, repository_slug: str, pull_request_id: int) -> Rebaseability:
        """Return why the authenticated user cannot rebase a pull request, no vetoes if nothing prevents it.

        Permission: REPO_READ.
        """
        return await self._call(
            Rebaseability,
            "GET /git/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/rebase",
            (project_key, repository_slug, pull_request_id),
        )

    async def rebase(
        self, project_key: str, repository_slug: str, pull_request_id: int, *, version: int
    ) -> RebaseResult:
        """Rebase a pull request, which rewrites its from branch and cannot be undone.

        ConflictError if commits conflict, if none would remain, or if a veto forbids it.

        Permission: REPO_READ, and REPO_WRITE on the repository of the from ref.
        """
        return await self._call(
            RebaseResult,
            "POST /git/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/rebase",
            (project_key, repository_slug, pull_request_id),
            json={"version": version},
        )
