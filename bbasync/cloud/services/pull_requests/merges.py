"""Merges of pull requests, and what stands in their way."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from bbasync.cloud.models.pull_requests import PullRequest
from bbasync.cloud.models.pull_requests.merges import MergeabilityChecks, MergeTask
from bbasync.errors import MergeTimeoutError
from bbasync.request import decode_error
from bbasync.service import Service

if TYPE_CHECKING:
    from bbasync.cloud.models.refs import MergeStrategy
    from bbasync.request import RawResponse

__all__ = ["PullRequestMerges"]

_MERGE: Final = "POST /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/merge"
_ACCEPTED: Final = 202
_FIRST_PAUSE: Final = 0.5
_GROWTH: Final = 1.5
_LONGEST_PAUSE: Final = 10.0


class PullRequestMerges(Service):
    """Merges and the checks before them, a part of `bb.pull_requests`."""

    async def merge(
        self,
        workspace: str,
        repo_slug: str,
        pull_request_id: int,
        *,
        message: str | None = None,
        close_source_branch: bool | None = None,
        merge_strategy: MergeStrategy | str | None = None,
        asynchronous: bool = False,
        timeout: float = 300.0,
    ) -> PullRequest:
        """Merge a pull request, and return it as it is then.

        The server goes on in the background with a merge that takes long, and with `asynchronous` with every one.
        Then its task is asked for the end, for at most `timeout` seconds; the TimeoutError after that names the task,
        and the merge still goes on. A ServerError with status 555 leaves it unknown whether it merged: look before you
        repeat it; `asynchronous` avoids it. `message` has up to 128 KiB; without `close_source_branch` what the pull
        request says holds.

        ConflictError if a branch moved meanwhile, BadRequestError if it cannot be merged.

        Scope: pullrequest:write (OAuth), read:pullrequest:bitbucket, write:pullrequest:bitbucket (API token).
        """
        response = await self._send(
            _MERGE,
            (workspace, repo_slug, pull_request_id),
            query={"async": True if asynchronous else None},
            json={"message": message, "close_source_branch": close_source_branch, "merge_strategy": merge_strategy},
        )
        if response.status != _ACCEPTED:
            return self._structure(PullRequest, _MERGE, response)
        task_id = _task_id(response)
        try:
            async with asyncio.timeout(timeout):
                return await self._merged(workspace, repo_slug, pull_request_id, task_id)
        except TimeoutError:
            raise MergeTimeoutError(
                f"still merging after {timeout:g} s: ask get_merge_task_status for task {task_id!r}, or read the pull "
                "request again, since a task that the server does not know stays PENDING",
                method="POST",
                template=_MERGE.removeprefix("POST "),
                task_id=task_id,
            ) from None

    async def _merged(self, workspace: str, repo_slug: str, pull_request_id: int, task_id: str) -> PullRequest:
        """Return the pull request when the task has merged it; a failed one raises."""
        pause = _FIRST_PAUSE
        while True:
            await asyncio.sleep(pause)
            task = await self.get_merge_task_status(workspace, repo_slug, pull_request_id, task_id)
            if task.merge_result is not None:
                return task.merge_result
            pause = min(pause * _GROWTH, _LONGEST_PAUSE)

    async def get_merge_task_status(
        self, workspace: str, repo_slug: str, pull_request_id: int, task_id: str, *, fields: str | None = None
    ) -> MergeTask:
        """Return how far a merge is that the server does on its own.

        A failed merge raises: ConflictError if a branch moved meanwhile, BadRequestError otherwise, also if the task
        is of another pull request. One that the server does not know stays PENDING for ever.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return await self._call(
            MergeTask,
            "GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/merge/task-status/{task_id}",
            (workspace, repo_slug, pull_request_id, task_id),
            query={"fields": fields},
        )

    async def get_mergeability_checks(
        self, workspace: str, repo_slug: str, pull_request_id: int, *, q: str | None = None, fields: str | None = None
    ) -> MergeabilityChecks:
        """Return all checks that the server makes before a merge, and how each came out, in one answer.

        `q` can leave two of them out, and nothing else: `type != "git_mergeability_check"` and
        `check.kind != "maximum_commits_behind"`, alone or with AND between them. The vendor limits these requests
        apart from the others and does not say to how many.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return await self._call(
            MergeabilityChecks,
            "GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/mergeability/checks",
            (workspace, repo_slug, pull_request_id),
            query={"q": q, "fields": fields},
            group="mergeability",
        )


def _task_id(response: RawResponse) -> str:
    """Return the task that a 202 names in its Location; the rest of that address is not trusted."""
    path = response.headers.get("location", "").partition("?")[0]
    task_id = unquote(path.rpartition("/merge/task-status/")[2]) if "/merge/task-status/" in path else ""
    if not task_id:
        raise decode_error(_MERGE, response, "Location names no task of the merge; look at the pull request's state")
    return task_id
