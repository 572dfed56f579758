"""Comparisons of two commits: commits, changed paths and diffs."""

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

    from bbasync.datacenter.models.diffs import Whitespace
    from bbasync.paging import Paging
    from bbasync.session import Stream

__all__ = ["Comparisons"]


class Comparisons(Service):
    """Comparisons of two commits: `bb.comparisons`.

    Some operations compare what `from_ref` has and `to_ref` lacks, as a pull request does, seen from their merge base.
    Both are hashes, branches or tags, by default the default branch; `from_repo` is the repository of `from_ref` if it
    is another one, an ID or `PROJECT/slug`. The others compare `until` with `since`, by default its first parent.
    """

    @lists
    def list_commits(
        self,
        project_key: str,
        repository_slug: str,
        *,
        from_ref: str | None = None,
        to_ref: str | None = None,
        from_repo: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Commit]:
        """List the commits that are reachable from `from_ref` but not from `to_ref`.

        Permission: REPO_READ.
        """
        return self._list(
            Commit,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/compare/commits",
            (project_key, repository_slug),
            query={"from": from_ref, "to": to_ref, "fromRepo": from_repo},
            paging=paging,
        )

    @lists
    def list_changes(
        self,
        project_key: str,
        repository_slug: str,
        *,
        from_ref: str | None = None,
        to_ref: str | None = None,
        from_repo: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Change]:
        """List the paths that `from_ref` changes in comparison with `to_ref`.

        Permission: REPO_READ.
        """
        return self._list(
            Change,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/compare/changes",
            (project_key, repository_slug),
            query={"from": from_ref, "to": to_ref, "fromRepo": from_repo},
            paging=paging,
        )

    @lists
    def list_changes_since(
        self,
        project_key: str,
        repository_slug: str,
        *,
        until: str,
        since: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Change]:
        """List the paths that differ between `until` and `since`.

        The server truncates the list at its own maximum; the rest cannot be retrieved.

        Permission: REPO_READ.
        """
        return self._list(
            Change,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/changes",
            (project_key, repository_slug),
            query={"until": until, "since": since},
            paging=paging,
        )

    async def get_diff(
        self,
        project_key: str,
        repository_slug: str,
        path: str,
        *,
        from_ref: str | None = None,
        to_ref: str | None = None,
        from_repo: str | None = None,
        src_path: str | None = None,
        context_lines: int | None = None,
        whitespace: Whitespace | str | None = None,
    ) -> Diff:
        """Return the diff of what `from_ref` changes in comparison with `to_ref`; `path="/"` for all files.

        `src_path` is the former path of a file that was moved or copied.

        Permission: REPO_READ.
        """
        return await self._call(
            Diff,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/compare/diff{path}",
            (project_key, repository_slug, SubPath(path)),
            query={
                "from": from_ref,
                "to": to_ref,
                "fromRepo": from_repo,
                "srcPath": src_path,
                "contextLines": context_lines,
                "whitespace": whitespace,
            },
        )

    async def get_diff_stats_summary(
        self,
        project_key: str,
        repository_slug: str,
        path: str,
        *,
        from_ref: str | None = None,
        to_ref: str | None = None,
        from_repo: str | None = None,
        src_path: str | None = None,
        whitespace: Whitespace | str | None = None,
    ) -> DiffStatsSummary:
        """Return the numbers of files and lines that `from_ref` changes in comparison with `to_ref`.

        `path="/"` is for all files. Since 9.1.

        Permission: REPO_READ.
        """
        return await self._call(
            DiffStatsSummary,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/compare/diff-stats-summary{path}",
            (project_key, repository_slug, SubPath(path)),
            query={
                "from": from_ref,
                "to": to_ref,
                "fromRepo": from_repo,
                "srcPath": src_path,
                "whitespace": whitespace,
            },
        )

    # -- as text --------------------------------------------------------------------------------------------------

    async def read_diff(
        self,
        project_key: str,
        repository_slug: str,
        *,
        until: str,
        since: str | None = None,
        src_path: str | None = None,
        context_lines: int | None = None,
        whitespace: Whitespace | str | None = None,
    ) -> bytes:
        """Return the diff between `until` and `since` as text, in the form of `git diff`.

        Permission: REPO_READ.
        """
        return await self._read(
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/diff",
            (project_key, repository_slug),
            query={
                "until": until,
                "since": since,
                "srcPath": src_path,
                "contextLines": context_lines,
                "whitespace": whitespace,
            },
            accept="text/plain",
        )

    def open_diff(
        self,
        project_key: str,
        repository_slug: str,
        *,
        until: str,
        since: str | None = None,
        src_path: str | None = None,
        context_lines: int | None = None,
        whitespace: Whitespace | str | None = None,
    ) -> AbstractAsyncContextManager[Stream]:
        """Open the diff between `until` and `since` as a stream of text.

        Permission: REPO_READ.
        """
        return self._open(
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/diff",
            (project_key, repository_slug),
            query={
                "until": until,
                "since": since,
                "srcPath": src_path,
                "contextLines": context_lines,
                "whitespace": whitespace,
            },
            accept="text/plain",
        )

    async def read_path_diff(
        self,
        project_key: str,
        repository_slug: str,
        path: str,
        *,
        until: str,
        since: str | None = None,
        src_path: str | None = None,
        context_lines: int | None = None,
        whitespace: Whitespace | str | None = None,
    ) -> bytes:
        """Return the diff of a file or directory between `until` and `since` as text.

        `src_path` is the former path of a file that was moved or copied.

        Permission: REPO_READ.
        """
        return await self._read(
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/diff/{path}",
            (project_key, repository_slug, SubPath(path)),
            query={
                "until": until,
                "since": since,
                "srcPath": src_path,
                "contextLines": context_lines,
                "whitespace": whitespace,
            },
            accept="text/plain",
        )

    def open_patch(
        self,
        project_key: str,
        repository_slug: str,
        *,
        until: str,
        since: str | None = None,
        all_ancestors: bool | None = None,
    ) -> AbstractAsyncContextManager[Stream]:
        """Open the commits from `since` to `until` as a stream of text, in the form of `git format-patch`.

        Without `since` it is one commit; with `all_ancestors`, `since` is ignored and every commit is included.

        Permission: REPO_READ.
        """
        return self._open(
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/patch",
            (project_key, repository_slug),
            query={"until": until, "since": since, "allAncestors": all_ancestors},
            accept="text/plain",
        )
