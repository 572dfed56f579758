"""Commits of a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.changes import Change
from bbasync.datacenter.models.commits import Commit, RefChangeActivity
from bbasync.datacenter.models.refs import BaseRef
from bbasync.datacenter.services.commits.comments import CommitComments
from bbasync.datacenter.services.commits.diffs import CommitDiffs
from bbasync.service import lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.datacenter.models.commits import MergeFilter
    from bbasync.paging import Paging

__all__ = ["Commits"]


class Commits(CommitComments, CommitDiffs):
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

    async def get_merge_base(
        self, project_key: str, repository_slug: str, commit_id: str, *, other_commit_id: str
    ) -> Commit | None:
        """Return the best common ancestor of two commits, any one of several; None if they have none.

        Permission: REPO_READ.
        """
        operation = "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/merge-base"
        response = await self._send(
            operation, (project_key, repository_slug, commit_id), query={"otherCommitId": other_commit_id}
        )
        return None if response.status == 204 else self._structure(Commit, operation, response)

    async def watch(self, project_key: str, repository_slug: str, commit_id: str) -> None:
        """Notify the authenticated user of comments on a commit.

        Permission: REPO_READ.
        """
        await self._run(
            "POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/watch",
            (project_key, repository_slug, commit_id),
            repeatable=True,
        )

    async def unwatch(self, project_key: str, repository_slug: str, commit_id: str) -> None:
        """Stop notifying the authenticated user of comments on a commit.

        Permission: REPO_READ.
        """
        await self._run(
            "DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/watch",
            (project_key, repository_slug, commit_id),
        )

    @lists
    def list_ref_change_activities(
        self, project_key: str, repository_slug: str, *, ref: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[RefChangeActivity]:
        """List the changes of branches and tags, such as pushes, newest first; `ref` is a full name.

        Permission: REPO_ADMIN.
        """
        return self._list(
            RefChangeActivity,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/ref-change-activities",
            (project_key, repository_slug),
            query={"ref": ref},
            paging=paging,
        )

    @lists
    def list_ref_change_branches(
        self, project_key: str, repository_slug: str, *, filter_text: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[BaseRef]:
        """List the branches that `list_ref_change_activities` has changes of, deleted ones too.

        Permission: REPO_ADMIN.
        """
        return self._list(
            BaseRef,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/ref-change-activities/branches",
            (project_key, repository_slug),
            query={"filterText": filter_text},
            paging=paging,
        )
