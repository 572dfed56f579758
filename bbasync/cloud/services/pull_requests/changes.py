"""What pull requests change: commits, diffs, patches and conflicts."""

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
    """Commits and changes of pull requests, a part of `bb.pull_requests`.

    All but the commits are answered by a redirect to the repository's own listing or text, which costs a request more.
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

        Empty when the source branch is gone; NotFoundError when its repository, a fork, is gone.

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
        """List the changed files and how many lines of each.

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
        """List the files that cannot be merged by themselves.

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
        """Return the diff as git writes it, in whatever encodings the files have.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return await self._read(
            "GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/diff",
            (workspace, repo_slug, pull_request_id),
        )

    def open_diff(self, workspace: str, repo_slug: str, pull_request_id: int) -> AbstractAsyncContextManager[Stream]:
        """Read the diff piece by piece, as `async with bb.pull_requests.open_diff(...) as stream`.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return self._open(
            "GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/diff",
            (workspace, repo_slug, pull_request_id),
        )

    async def read_patch(self, workspace: str, repo_slug: str, pull_request_id: int) -> bytes:
        """Return the commits as a series of mails that `git am` takes.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return await self._read(
            "GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/patch",
            (workspace, repo_slug, pull_request_id),
        )

    def open_patch(self, workspace: str, repo_slug: str, pull_request_id: int) -> AbstractAsyncContextManager[Stream]:
        """Read the patch piece by piece, as `async with bb.pull_requests.open_patch(...) as stream`.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return self._open(
            "GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/patch",
            (workspace, repo_slug, pull_request_id),
        )
