"""Commits: histories, single ones, approvals; comments and diffs by their own files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.commit import Commit, Participant
from bbasync.cloud.query import page_fields
from bbasync.cloud.services.commit_comments import CommitComments
from bbasync.cloud.services.commit_diffs import CommitDiffs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from bbasync.paging import Paging

__all__ = ["Commits"]


class Commits(CommitComments, CommitDiffs):
    """Commits, their comments and approvals, diffs and patches: `bb.commits`."""

    async def list(
        self,
        workspace: str,
        repo_slug: str,
        *,
        include: Sequence[str] | None = None,
        exclude: Sequence[str] | None = None,
        path: str | None = None,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncIterator[Commit]:
        """List the commits of all branches and tags, the newest first.

        `include` and `exclude` name branches, tags and hashes, as in `git log include ^exclude`; one that is gone is
        a NotFoundError. `path` keeps what changed a file or a directory. Many names go in by `list_by_post`.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        request = self._build(
            "GET",
            "/repositories/{workspace}/{repo_slug}/commits",
            (workspace, repo_slug),
            query={"include": include, "exclude": exclude, "path": path, "fields": page_fields(fields)},
        )
        async with self._pages(Commit, request, paging) as pages:
            async for page in pages:
                for commit in page:
                    yield commit

    async def list_by_post(
        self,
        workspace: str,
        repo_slug: str,
        *,
        include: Sequence[str] | None = None,
        exclude: Sequence[str] | None = None,
        path: str | None = None,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncIterator[Commit]:
        """List commits as `list` does, with more names to include and exclude than an address can hold.

        Nothing is written, so that it is repeated like any other reading.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        request = self._build(
            "POST",
            "/repositories/{workspace}/{repo_slug}/commits",
            (workspace, repo_slug),
            query={"path": path, "fields": page_fields(fields)},
            form={"include": include, "exclude": exclude},
            repeatable=True,
        )
        async with self._pages(Commit, request, paging) as pages:
            async for page in pages:
                for commit in page:
                    yield commit

    async def list_from(
        self,
        workspace: str,
        repo_slug: str,
        revision: str,
        *,
        include: Sequence[str] | None = None,
        exclude: Sequence[str] | None = None,
        path: str | None = None,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncIterator[Commit]:
        """List the history of a branch, a tag or a commit, the newest first.

        A `revision` with a slash in its name is not found; name its hash, or use `list(include=[name])`.
        https://github.com/mantisbt-plugins/source-integration/issues/137
        `include` adds other histories, `exclude` leaves some out, `path` keeps what changed a file or a directory.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        request = self._build(
            "GET",
            "/repositories/{workspace}/{repo_slug}/commits/{revision}",
            (workspace, repo_slug, revision),
            query={"include": include, "exclude": exclude, "path": path, "fields": page_fields(fields)},
        )
        async with self._pages(Commit, request, paging) as pages:
            async for page in pages:
                for commit in page:
                    yield commit

    async def list_from_by_post(
        self,
        workspace: str,
        repo_slug: str,
        revision: str,
        *,
        include: Sequence[str] | None = None,
        exclude: Sequence[str] | None = None,
        path: str | None = None,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncIterator[Commit]:
        """List a history as `list_from` does, with more names to include and exclude than an address can hold.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        request = self._build(
            "POST",
            "/repositories/{workspace}/{repo_slug}/commits/{revision}",
            (workspace, repo_slug, revision),
            query={"path": path, "fields": page_fields(fields)},
            form={"include": include, "exclude": exclude},
            repeatable=True,
        )
        async with self._pages(Commit, request, paging) as pages:
            async for page in pages:
                for commit in page:
                    yield commit

    async def get(self, workspace: str, repo_slug: str, commit: str, *, fields: str | None = None) -> Commit:
        """Return one commit, by its hash, whole or abbreviated.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        request = self._build(
            "GET",
            "/repositories/{workspace}/{repo_slug}/commit/{commit}",
            (workspace, repo_slug, commit),
            query={"fields": fields},
        )
        return await self._fetch(Commit, request)

    async def get_merge_base(
        self, workspace: str, repo_slug: str, revspec: str, *, fields: str | None = None
    ) -> Commit:
        """Return the best common ancestor of two commits, `revspec` being `one..other`; of several, any.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        request = self._build(
            "GET",
            "/repositories/{workspace}/{repo_slug}/merge-base/{revspec}",
            (workspace, repo_slug, revspec),
            query={"fields": fields},
        )
        return await self._fetch(Commit, request)

    async def approve(self, workspace: str, repo_slug: str, commit: str) -> Participant:
        """Approve a commit as the credential's user.

        Scope: repository:write (OAuth), read:repository:bitbucket, write:repository:bitbucket (API token).
        """
        request = self._build(
            "POST", "/repositories/{workspace}/{repo_slug}/commit/{commit}/approve", (workspace, repo_slug, commit)
        )
        return await self._fetch(Participant, request)

    async def unapprove(self, workspace: str, repo_slug: str, commit: str) -> None:
        """Take the approval of a commit back.

        Scope: repository:write (OAuth), write:repository:bitbucket (API token).
        """
        request = self._build(
            "DELETE", "/repositories/{workspace}/{repo_slug}/commit/{commit}/approve", (workspace, repo_slug, commit)
        )
        await self._run(request)
