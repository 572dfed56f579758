"""Commits, changes and diffs of pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.changes import Change
from bbasync.datacenter.models.commits import Commit
from bbasync.datacenter.models.diff_stats import DiffStatsSummary
from bbasync.datacenter.models.diffs import Diff
from bbasync.request import SubPath
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from contextlib import AbstractAsyncContextManager

    from bbasync.datacenter.models.comments import DiffType
    from bbasync.datacenter.models.diffs import Whitespace
    from bbasync.datacenter.models.pull_requests.changes import ChangeScope
    from bbasync.paging import Paging
    from bbasync.session import Stream

__all__ = ["PullRequestChanges"]


class PullRequestChanges(Service):
    """Commits, changes and diffs of pull requests, a part of `bb.pull_requests`."""

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

    async def get_diff(
        self,
        project_key: str,
        repository_slug: str,
        pull_request_id: int,
        path: str,
        *,
        since_id: str | None = None,
        until_id: str | None = None,
        src_path: str | None = None,
        context_lines: int | None = None,
        whitespace: Whitespace | str | None = None,
        with_comments: bool | None = None,
        diff_type: DiffType | str | None = None,
        avatar_size: int | None = None,
        avatar_scheme: str | None = None,
    ) -> Diff:
        """Return the diff of a file or directory as JSON; `/` is the whole pull request.

        The server cuts the diff at its own limits, and marks what it cuts as `truncated`; `read_diff` has no limit.
        `src_path` is the former path of a moved or copied file, without which it appears as added. `since_id` and
        `until_id` are commits to compare. Comments are included unless `with_comments=False`; `diff_type` says to
        which kind of diff they belong. `avatar_size` (pixels) adds avatar URLs to their authors.

        Permission: REPO_READ.
        """
        return await self._call(
            Diff,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/diff/{path}",
            (project_key, repository_slug, pull_request_id, SubPath(path)),
            query={
                "sinceId": since_id,
                "untilId": until_id,
                "srcPath": src_path,
                "contextLines": context_lines,
                "whitespace": whitespace,
                "withComments": with_comments,
                "diffType": diff_type,
                "avatarSize": avatar_size,
                "avatarScheme": avatar_scheme,
            },
        )

    async def read_file_diff(
        self,
        project_key: str,
        repository_slug: str,
        pull_request_id: int,
        path: str,
        *,
        since_id: str | None = None,
        until_id: str | None = None,
        src_path: str | None = None,
        context_lines: int | None = None,
        whitespace: Whitespace | str | None = None,
    ) -> bytes:
        """Return the diff of a file or directory in git's format, as bytes in whatever encodings the files use.

        The arguments are those of `get_diff`.

        Permission: REPO_READ.
        """
        return await self._read(
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/diff/{path}",
            (project_key, repository_slug, pull_request_id, SubPath(path)),
            query={
                "sinceId": since_id,
                "untilId": until_id,
                "srcPath": src_path,
                "contextLines": context_lines,
                "whitespace": whitespace,
            },
            accept="text/plain",
        )

    async def read_diff(
        self,
        project_key: str,
        repository_slug: str,
        pull_request_id: int,
        *,
        context_lines: int | None = None,
        whitespace: Whitespace | str | None = None,
    ) -> bytes:
        """Return the diff of a pull request in git's format, as bytes in whatever encodings the files use.

        Permission: REPO_READ.
        """
        return await self._read(
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}.diff",
            (project_key, repository_slug, pull_request_id),
            query={"contextLines": context_lines, "whitespace": whitespace},
            accept="text/plain",
        )

    def open_diff(
        self,
        project_key: str,
        repository_slug: str,
        pull_request_id: int,
        *,
        context_lines: int | None = None,
        whitespace: Whitespace | str | None = None,
    ) -> AbstractAsyncContextManager[Stream]:
        """Open the diff of a pull request as a stream: `async with ... as stream: async for chunk in stream`.

        Permission: REPO_READ.
        """
        return self._open(
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}.diff",
            (project_key, repository_slug, pull_request_id),
            query={"contextLines": context_lines, "whitespace": whitespace},
            accept="text/plain",
        )

    async def read_patch(self, project_key: str, repository_slug: str, pull_request_id: int) -> bytes:
        """Return a pull request as a patch that `git am` applies, one message a commit.

        Permission: REPO_READ.
        """
        return await self._read(
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}.patch",
            (project_key, repository_slug, pull_request_id),
            accept="text/plain",
        )

    def open_patch(
        self, project_key: str, repository_slug: str, pull_request_id: int
    ) -> AbstractAsyncContextManager[Stream]:
        """Open the patch of a pull request as a stream: `async with ... as stream: async for chunk in stream`.

        Permission: REPO_READ.
        """
        return self._open(
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}.patch",
            (project_key, repository_slug, pull_request_id),
            accept="text/plain",
        )

    async def get_diff_stats_summary(
        self,
        project_key: str,
        repository_slug: str,
        pull_request_id: int,
        path: str,
        *,
        since_id: str | None = None,
        until_id: str | None = None,
        src_path: str | None = None,
        whitespace: Whitespace | str | None = None,
    ) -> DiffStatsSummary:
        """Return how many files and lines of a file or directory change; `/` is the whole pull request.

        The arguments are those of `get_diff`. Since 9.1.

        Permission: REPO_READ.
        """
        return await self._call(
            DiffStatsSummary,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/diff-stats-summary/{path}",
            (project_key, repository_slug, pull_request_id, SubPath(path)),
            query={
                "sinceId": since_id,
                "untilId": until_id,
                "srcPath": src_path,
                "whitespace": whitespace,
            },
        )

    async def get_merge_base(self, project_key: str, repository_slug: str, pull_request_id: int) -> Commit | None:
        """Return the best common ancestor of the two refs, any one of several; None if they have none.

        Permission: REPO_READ.
        """
        operation = (
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/merge-base"
        )
        response = await self._send(operation, (project_key, repository_slug, pull_request_id), needs_body=True)
        return None if response.status == 204 else self._structure(Commit, operation, response)
