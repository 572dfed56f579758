"""Commits and their approvals; comments and diffs have modules of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bbasync.cloud.models.commits import Commit
from bbasync.cloud.models.participants import Participant
from bbasync.request import encode_query
from bbasync.service import lists

from .comments import CommitComments
from .diffs import CommitDiffs

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from bbasync.paging import Paging
    from bbasync.request import Query

__all__ = ["Commits"]

_MAX_QUERY_LENGTH: Final = 2000
"""Length in characters above which `include` and `exclude` are sent in the body: proxies reject long URLs."""


class Commits(CommitComments, CommitDiffs):
    """Commits, their comments and approvals, diffs and patches: `bb.commits`."""

    @lists
    def list(
        self,
        workspace: str,
        repo_slug: str,
        *,
        include: Sequence[str] | None = None,
        exclude: Sequence[str] | None = None,
        path: str | None = None,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Commit]:
        """List the commits of all branches and tags, newest first.

        `include` and `exclude` are branches, tags or hashes, as in `git log include ^exclude`; NotFoundError if one
        does not exist. `path` selects the commits that changed a file or a directory. Revisions that are too long for
        a URL are sent in a POST, which changes nothing on the server and is retried like a GET.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return self._list_revisions(
            "GET /repositories/{workspace}/{repo_slug}/commits",
            "POST /repositories/{workspace}/{repo_slug}/commits",
            (workspace, repo_slug),
            {"include": include and [*include], "exclude": exclude and [*exclude]},
            query={"path": path, "fields": fields},
            paging=paging,
        )

    @lists
    def list_from(
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
    ) -> AsyncGenerator[Commit]:
        """List the history of a branch, tag or commit, newest first.

        NotFoundError if `revision` is a name that contains a slash: pass the hash, or use `list(include=[name])`.
        https://github.com/mantisbt-plugins/source-integration/issues/137
        `include` adds the histories of other revisions; `exclude` and `path` are as in `list`.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return self._list_revisions(
            "GET /repositories/{workspace}/{repo_slug}/commits/{revision}",
            "POST /repositories/{workspace}/{repo_slug}/commits/{revision}",
            (workspace, repo_slug, revision),
            {"include": include and [*include], "exclude": exclude and [*exclude]},
            query={"path": path, "fields": fields},
            paging=paging,
        )

    def _list_revisions(
        self,
        by_get: str,
        by_post: str,
        arguments: Sequence[str],
        revisions: Query,
        *,
        query: Query,
        paging: Paging | None,
    ) -> AsyncGenerator[Commit]:
        if len(encode_query(revisions)) <= _MAX_QUERY_LENGTH:
            return self._list(Commit, by_get, arguments, query={**revisions, **query}, paging=paging)
        return self._list(Commit, by_post, arguments, query=query, form=revisions, repeatable=True, paging=paging)

    async def get(self, workspace: str, repo_slug: str, commit: str, *, fields: str | None = None) -> Commit:
        """Return a commit by its full or abbreviated hash.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return await self._call(
            Commit,
            "GET /repositories/{workspace}/{repo_slug}/commit/{commit}",
            (workspace, repo_slug, commit),
            query={"fields": fields},
        )

    async def get_merge_base(
        self, workspace: str, repo_slug: str, revspec: str, *, fields: str | None = None
    ) -> Commit:
        """Return the best common ancestor of two commits; an arbitrary one if there are several.

        `revspec` is `one..other`.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return await self._call(
            Commit,
            "GET /repositories/{workspace}/{repo_slug}/merge-base/{revspec}",
            (workspace, repo_slug, revspec),
            query={"fields": fields},
        )

    async def approve(self, workspace: str, repo_slug: str, commit: str) -> Participant:
        """Approve a commit as the authenticated user.

        Scope: repository:write (OAuth), read:repository:bitbucket, write:repository:bitbucket (API token).
        """
        return await self._call(
            Participant,
            "POST /repositories/{workspace}/{repo_slug}/commit/{commit}/approve",
            (workspace, repo_slug, commit),
        )

    async def unapprove(self, workspace: str, repo_slug: str, commit: str) -> None:
        """Withdraw the approval of a commit.

        Scope: repository:write (OAuth), write:repository:bitbucket (API token).
        """
        await self._run(
            "DELETE /repositories/{workspace}/{repo_slug}/commit/{commit}/approve", (workspace, repo_slug, commit)
        )
