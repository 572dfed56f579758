"""Build statuses of commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.commit_statuses import CommitStatus, CommitStatusState
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.paging import Paging

__all__ = ["CommitStatuses"]


class CommitStatuses(Service):
    """Build statuses of commits: `bb.commit_statuses`."""

    @lists
    def list(
        self,
        workspace: str,
        repo_slug: str,
        commit: str,
        *,
        refname: str | None = None,
        q: str | None = None,
        sort: str | None = None,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[CommitStatus]:
        """List the statuses of a commit, oldest first.

        `refname` excludes statuses that were reported for another branch.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return self._list(
            CommitStatus,
            "GET /repositories/{workspace}/{repo_slug}/commit/{commit}/statuses",
            (workspace, repo_slug, commit),
            query={"refname": refname, "q": q, "sort": sort, "fields": fields},
            paging=paging,
        )

    @lists
    def list_for_pull_request(
        self,
        workspace: str,
        repo_slug: str,
        pull_request_id: int,
        *,
        q: str | None = None,
        sort: str | None = None,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[CommitStatus]:
        """List the statuses of a pull request.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return self._list(
            CommitStatus,
            "GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/statuses",
            (workspace, repo_slug, pull_request_id),
            query={"q": q, "sort": sort, "fields": fields},
            paging=paging,
        )

    async def create(
        self,
        workspace: str,
        repo_slug: str,
        commit: str,
        *,
        key: str,
        state: CommitStatusState | str,
        name: str | None = None,
        description: str | None = None,
        url: str | None = None,
        refname: str | None = None,
    ) -> CommitStatus:
        """Report the status of a build.

        An existing status of the commit with the same `key` is overwritten, so the request is retried after a failure.
        `url` may contain variables such as `{repository.full_name}`, which are expanded when the URL is displayed. Pull
        requests show the status only if `refname` is their source branch.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return await self._call(
            CommitStatus,
            "POST /repositories/{workspace}/{repo_slug}/commit/{commit}/statuses/build",
            (workspace, repo_slug, commit),
            json={"key": key, "state": state, "name": name, "description": description, "url": url, "refname": refname},
            repeatable=True,
        )

    async def get(
        self, workspace: str, repo_slug: str, commit: str, key: str, *, fields: str | None = None
    ) -> CommitStatus:
        """Return a status of a commit by key.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return await self._call(
            CommitStatus,
            "GET /repositories/{workspace}/{repo_slug}/commit/{commit}/statuses/build/{key}",
            (workspace, repo_slug, commit, key),
            query={"fields": fields},
        )

    async def update(
        self,
        workspace: str,
        repo_slug: str,
        commit: str,
        key: str,
        *,
        state: CommitStatusState | str,
        name: str | None = None,
        description: str | None = None,
        url: str | None = None,
        refname: str | None = None,
    ) -> CommitStatus:
        """Update a status of a commit by key; NotFoundError if it does not exist.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return await self._call(
            CommitStatus,
            "PUT /repositories/{workspace}/{repo_slug}/commit/{commit}/statuses/build/{key}",
            (workspace, repo_slug, commit, key),
            json={
                "key": key,  # required by the vendor's schema, although it cannot be changed
                "state": state,
                "name": name,
                "description": description,
                "url": url,
                "refname": refname,
            },
        )
