"""Diffs of commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.diff_stats import DiffStatsSummary
from bbasync.datacenter.models.diffs import Diff
from bbasync.request import SubPath
from bbasync.service import Service

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from bbasync.datacenter.models.diffs import Whitespace
    from bbasync.session import Stream

__all__ = ["CommitDiffs"]


class CommitDiffs(Service):
    """Diffs of commits, a part of `bb.commits`.

    They compare a commit with `since`, by default its first parent. `path` is a file or directory, or "/" for all
    files. `src_path` is the former path of a file that was moved or copied; `auto_src_path` lets the server find it.
    """

    async def get_diff(
        self,
        project_key: str,
        repository_slug: str,
        commit_id: str,
        path: str,
        *,
        since: str | None = None,
        src_path: str | None = None,
        auto_src_path: bool | None = None,
        context_lines: int | None = None,
        whitespace: Whitespace | str | None = None,
        filter: str | None = None,
        with_comments: bool | None = None,
        avatar_size: int | None = None,
        avatar_scheme: str | None = None,
    ) -> Diff:
        """Return the diff of a commit, with the comments on it unless `with_comments=False`.

        `filter` is a text that paths or lines contain. The server truncates a large diff; the rest cannot be retrieved.

        Permission: REPO_READ.
        """
        return await self._call(
            Diff,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/diff/{path}",
            (project_key, repository_slug, commit_id, SubPath(path)),
            query={
                "since": since,
                "srcPath": src_path,
                "autoSrcPath": auto_src_path,
                "contextLines": context_lines,
                "whitespace": whitespace,
                "filter": filter,
                "withComments": with_comments,
                "avatarSize": avatar_size,
                "avatarScheme": avatar_scheme,
            },
        )

    def open_diff(
        self,
        project_key: str,
        repository_slug: str,
        commit_id: str,
        path: str,
        *,
        since: str | None = None,
        src_path: str | None = None,
        auto_src_path: bool | None = None,
        whitespace: Whitespace | str | None = None,
    ) -> AbstractAsyncContextManager[Stream]:
        """Open the diff of a commit as a stream of text, in the form of `git diff`.

        Permission: REPO_READ.
        """
        return self._open(
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/diff/{path}",
            (project_key, repository_slug, commit_id, SubPath(path)),
            query={"since": since, "srcPath": src_path, "autoSrcPath": auto_src_path, "whitespace": whitespace},
            accept="text/plain",
        )

    async def get_diff_stats_summary(
        self,
        project_key: str,
        repository_slug: str,
        commit_id: str,
        path: str,
        *,
        since: str | None = None,
        src_path: str | None = None,
        auto_src_path: bool | None = None,
        whitespace: Whitespace | str | None = None,
    ) -> DiffStatsSummary:
        """Return the numbers of files and lines that a commit changes.

        Since 9.1.

        Permission: REPO_READ.
        """
        return await self._call(
            DiffStatsSummary,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/diff-stats-summary/{path}",
            (project_key, repository_slug, commit_id, SubPath(path)),
            query={"since": since, "srcPath": src_path, "autoSrcPath": auto_src_path, "whitespace": whitespace},
        )
