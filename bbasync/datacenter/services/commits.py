"""Commits of a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.changes import Change
from bbasync.datacenter.models.commits import Commit
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.datacenter.models.commits import MergeFilter
    from bbasync.paging import Paging

__all__ = ["Commits"]


class Commits(Service):
    """Commits: `bb.commits`."""

    @lists
    def list(
        self,
        project_key: str,
        repository_slug: str,
        *,
        until: str | None = None,
        since: str | None = None,
        path: str | None = None,
        merges: MergeFilter | str | None = None,
        follow_renames: bool | None = None,
        ignore_missing: bool | None = None,
        with_counts: bool | None = None,
        avatar_size: int | None = None,
        avatar_scheme: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Commit]:
        """List the commits reachable from `until` (a hash or ref, by default the default branch) but not from `since`.

        `path` limits the list to commits that touch it; if it is a single file, `follow_renames` includes its history
        before renames. `ignore_missing` makes the list empty if `until` or `since` does not exist. `with_counts` adds
        `authorCount` and `totalCount` to the pages (see `Paging.on_page`). `avatar_size` (pixels) adds avatar URLs to
        authors.

        Permission: REPO_READ.
        """
        return self._list(
            Commit,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/commits",
            (project_key, repository_slug),
            query={
                "until": until,
                "since": since,
                "path": path,
                "merges": merges,
                "followRenames": follow_renames,
                "ignoreMissing": ignore_missing,
                "withCounts": with_counts,
                "avatarSize": avatar_size,
                "avatarScheme": avatar_scheme,
            },
            paging=paging,
        )

    async def get(self, project_key: str, repository_slug: str, commit_id: str, *, path: str | None = None) -> Commit:
        """Return a commit; with `path`, the latest commit up to `commit_id` that touches the path.

        Permission: REPO_READ.
        """
        return await self._call(
            Commit,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}",
            (project_key, repository_slug, commit_id),
            query={"path": path},
        )

    @lists
    def list_changes(
        self,
        project_key: str,
        repository_slug: str,
        commit_id: str,
        *,
        since: str | None = None,
        with_comments: bool | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Change]:
        """List the paths that differ between a commit and `since`, by default its first parent.

        The server truncates the list at its own maximum; the rest cannot be retrieved.

        Permission: REPO_READ.
        """
        return self._list(
            Change,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/changes",
            (project_key, repository_slug, commit_id),
            query={"since": since, "withComments": with_comments},
            paging=paging,
        )
