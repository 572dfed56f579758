"""What commits differ in: diffs, patches, diff stats, conflicts.

A `spec` is one commit, compared with its first parent, or two as in `source..destination`: what the source would bring
to the destination. That is the reverse of git's order.
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
    """What commits differ in: part of `bb.commits`."""

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
        """Return a diff as git writes it, in whatever encodings the files have.

        `spec` is one commit, compared with its first parent, or `source..destination`, the reverse of git's order.
        Two are compared from where they parted, with `topic=False` as they are; `merge` is the deprecated form of
        `topic`, and both together are a ValueError. `context` is in lines, 3 by default. `path` names one file or
        several. A diff too large for the server is a ServerError with status 555; single files may still be small
        enough.

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
        """Open a diff to read it piece by piece: `async with ... as stream: async for chunk in stream`.

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
        """List the files that differ, with how many lines each gained and lost.

        The arguments are those of `read_diff`.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        _refuse_both(merge, topic)
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
        """List the files that would conflict if the source of `spec`, `source..destination`, were merged.

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
        """Return a commit as a patch, or the source's commits of `source..destination` as a series of patches.

        Unlike a diff it tells authors and messages. It comes in whatever encodings the files have.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return await self._read("GET /repositories/{workspace}/{repo_slug}/patch/{spec}", (workspace, repo_slug, spec))

    def open_patch(self, workspace: str, repo_slug: str, spec: str) -> AbstractAsyncContextManager[Stream]:
        """Open a patch to read it piece by piece: `async with ... as stream: async for chunk in stream`.

        Scope: repository (OAuth), read:repository:bitbucket (API token).
        """
        return self._open("GET /repositories/{workspace}/{repo_slug}/patch/{spec}", (workspace, repo_slug, spec))


def _refuse_both(merge: bool | None, topic: bool | None) -> None:
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
    _refuse_both(merge, topic)
    return {
        "context": context,
        "path": path,
        "ignore_whitespace": ignore_whitespace,
        "binary": binary,
        "renames": renames,
        "merge": merge,
        "topic": topic,
    }
