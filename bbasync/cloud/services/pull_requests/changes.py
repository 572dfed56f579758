"""Changes of pull requests: commits, diffs, patches and conflicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.commits import Commit
from bbasync.cloud.models.commits.diffs import DiffStat, FileConflict
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from contextlib import AbstractAsyncContextManager

    from bbasync.paging import Paging
    from bbasync.session import Stream

__all__ = ["PullRequestChanges"]


class PullRequestChanges(Service):
    """Commits and changes of pull requests: part of `bb.pull_requests`.

    Except for `list_commits`, the server redirects to the corresponding operation of the repository, which costs an
    extra request.
    """

    @lists
    def list_commits(
        self,
        workspace: str,
        repo_slug: str,
        pull_request_id: int,
        *,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Commit]:
        """List the commits that a merge brings into the destination.

        Empty if the source branch was deleted; NotFoundError if its repository (a fork) was deleted.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return self._list(
            Commit,
            "GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/commits",
            (workspace, repo_slug, pull_request_id),
            query={"fields": fields},
            paging=paging,
        )

    @lists
    def list_diffstat(
        self,
        workspace: str,
        repo_slug: str,
        pull_request_id: int,
        *,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[DiffStat]:
        """List the changed files, with the number of lines added and removed in each.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return self._list(
            DiffStat,
            "GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/diffstat",
            (workspace, repo_slug, pull_request_id),
            query={"fields": fields},
            paging=paging,
        )

    @lists
    def list_file_conflicts(
        self,
        workspace: str,
        repo_slug: str,
        pull_request_id: int,
        *,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[FileConflict]:
        """List the files that cannot be merged automatically.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return self._list(
            FileConflict,
            "GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/conflicts",
            (workspace, repo_slug, pull_request_id),
            query={"fields": fields},
            paging=paging,
        )

    async def read_diff(self, workspace: str, repo_slug: str, pull_request_id: int) -> bytes:
        """Return the diff in git's format, as bytes in whatever encodings the files use.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return await self._read(
            "GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/diff",
            (workspace, repo_slug, pull_request_id),
        )

    def open_diff(self, workspace: str, repo_slug: str, pull_request_id: int) -> AbstractAsyncContextManager[Stream]:
        """Open the diff as a stream: `async with ... as stream: async for chunk in stream`.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return self._open(
            "GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/diff",
            (workspace, repo_slug, pull_request_id),
        )

    async def read_patch(self, workspace: str, repo_slug: str, pull_request_id: int) -> bytes:
        """Return the commits as a series of patches in the email format that `git am` accepts.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return await self._read(
            "GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/patch",
            (workspace, repo_slug, pull_request_id),
        )

    def open_patch(self, workspace: str, repo_slug: str, pull_request_id: int) -> AbstractAsyncContextManager[Stream]:
        """Open the patch as a stream: `async with ... as stream: async for chunk in stream`.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return self._open(
            "GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/patch",
            (workspace, repo_slug, pull_request_id),
        )
