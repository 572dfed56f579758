"""Changes between commits: diffs, patches, diffstats and conflicts.

A `spec` is one commit, compared with its first parent, or two as in `source..destination`: the changes that the source
would bring to the destination. This is the reverse of git's order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.commits.diffs import DiffStat, FileConflict
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from contextlib import AbstractAsyncContextManager

    from bbasync.paging import Paging
    from bbasync.request import Query
    from bbasync.session import Stream

__all__ = ["CommitDiffs"]


class CommitDiffs(Service):
    """Changes between commits: part of `bb.commits`."""

    async def read_diff(
        self,
        workspace: str,
        repo_slug: str,
        spec: str,
        *,
        context: int | None = None,
        path: str | Sequence[str] | None = None,
        ignore_whitespace: bool | None = None,
        binary: bool | None = None,
        renames: bool | None = None,
        merge: bool | None = None,
        topic: bool | None = None,
    ) -> bytes:
        """Return a diff in git's format, as bytes in whatever encodings the files use.

        `spec` is one commit, compared with its first parent, or `source..destination`, the reverse of git's order. In
        the second form, the source is compared with the merge base, or with the destination itself if `topic=False`.
        `merge` is the deprecated form of `topic`; ValueError if both are passed. `context` is the number of context
        lines, 3 by default. `path` is one file or several. ServerError with status 555 if the diff is too large for
        the server; the diff of a single file may still be small enough.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        query = _diff_query(
            context=context,
            path=path,
            ignore_whitespace=ignore_whitespace,
            binary=binary,
            renames=renames,
            merge=merge,
            topic=topic,
        )
        return await self._read(
            "GET /repositories/{workspace}/{repo_slug}/diff/{spec}", (workspace, repo_slug, spec), query=query
        )

    def open_diff(
        self,
        workspace: str,
        repo_slug: str,
        spec: str,
        *,
        context: int | None = None,
        path: str | Sequence[str] | None = None,
        ignore_whitespace: bool | None = None,
        binary: bool | None = None,
        renames: bool | None = None,
        merge: bool | None = None,
        topic: bool | None = None,
    ) -> AbstractAsyncContextManager[Stream]:
        """Open a diff as a stream: `async with ... as stream: async for chunk in stream`.

        The arguments are those of `read_diff`.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        query = _diff_query(
            context=context,
            path=path,
            ignore_whitespace=ignore_whitespace,
            binary=binary,
            renames=renames,
            merge=merge,
            topic=topic,
        )
        return self._open(
            "GET /repositories/{workspace}/{repo_slug}/diff/{spec}", (workspace, repo_slug, spec), query=query
        )

    @lists
    def list_diffstat(
        self,
        workspace: str,
        repo_slug: str,
        spec: str,
        *,
        ignore_whitespace: bool | None = None,
        merge: bool | None = None,
        path: str | Sequence[str] | None = None,
        renames: bool | None = None,
        topic: bool | None = None,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[DiffStat]:
        """List the changed files, with the number of lines added and removed in each.

        The arguments are those of `read_diff`, without `context` and `binary`.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        _reject_merge_with_topic(merge, topic)
        return self._list(
            DiffStat,
            "GET /repositories/{workspace}/{repo_slug}/diffstat/{spec}",
            (workspace, repo_slug, spec),
            query={
                "ignore_whitespace": ignore_whitespace,
                "merge": merge,
                "path": path,
                "renames": renames,
                "topic": topic,
                "fields": fields,
            },
            paging=paging,
        )

    @lists
    def list_file_conflicts(
        self, workspace: str, repo_slug: str, spec: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[FileConflict]:
        """List the files that would conflict in a merge; `spec` is `source..destination`.

        Scope: repository (OAuth), none (API token).
        """
        return self._list(
            FileConflict,
            "GET /repositories/{workspace}/{repo_slug}/file-conflicts/{spec}",
            (workspace, repo_slug, spec),
            query={"fields": fields},
            paging=paging,
        )

    async def read_patch(self, workspace: str, repo_slug: str, spec: str) -> bytes:
        """Return a commit as a patch, or the source commits of `source..destination` as a series of patches.

        Unlike a diff, a patch includes authors and commit messages. The bytes are in whatever encodings the files use.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return await self._read("GET /repositories/{workspace}/{repo_slug}/patch/{spec}", (workspace, repo_slug, spec))

    def open_patch(self, workspace: str, repo_slug: str, spec: str) -> AbstractAsyncContextManager[Stream]:
        """Open a patch as a stream: `async with ... as stream: async for chunk in stream`.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return self._open("GET /repositories/{workspace}/{repo_slug}/patch/{spec}", (workspace, repo_slug, spec))


def _reject_merge_with_topic(merge: bool | None, topic: bool | None) -> None:
    if merge is not None and topic is not None:
        raise ValueError("pass topic= or the deprecated merge=, not both")


def _diff_query(
    *,
    context: int | None,
    path: str | Sequence[str] | None,
    ignore_whitespace: bool | None,
    binary: bool | None,
    renames: bool | None,
    merge: bool | None,
    topic: bool | None,
) -> Query:
    _reject_merge_with_topic(merge, topic)
    return {
        "context": context,
        "path": path,
        "ignore_whitespace": ignore_whitespace,
        "binary": binary,
        "renames": renames,
        "merge": merge,
        "topic": topic,
    }
