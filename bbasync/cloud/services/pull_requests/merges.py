"""Merges of pull requests, and the checks that run before them."""

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
_FIRST_POLL_DELAY: Final = 0.5
_POLL_DELAY_FACTOR: Final = 1.5
_MAX_POLL_DELAY: Final = 10.0


class PullRequestMerges(Service):
    """Merges and the checks before them: part of `bb.pull_requests`."""

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
        """Merge a pull request, wait for the merge to complete, and return the merged pull request.

        The server continues a slow merge in the background; `asynchronous` runs every merge there. The merge task is
        then polled for at most `timeout` seconds; after that, MergeTimeoutError contains the task ID, and the merge
        continues on the server. After a ServerError with status 555 it is unknown whether the pull request was merged:
        check before you retry. `asynchronous` avoids this error. `message` is limited to 128 KiB; the default of
        `close_source_branch` is the setting of the pull request.

        ConflictError if a branch changed during the merge, BadRequestError if the pull request cannot be merged.

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
        task_id = _read_task_id(response)
        deadline = asyncio.timeout(timeout)
        try:
            async with deadline:
                return await self._wait_for_merge(workspace, repo_slug, pull_request_id, task_id)
        except TimeoutError:
            if not deadline.expired():
                raise  # of the credential, or of another callback
            raise MergeTimeoutError(
                f"still merging after {timeout:g} s: call get_merge_task_status with task {task_id!r}, or get the pull "
                "request again, since a task unknown to the server stays PENDING",
                method="POST",
                template=_MERGE.removeprefix("POST "),
                task_id=task_id,
            ) from None

    async def _wait_for_merge(self, workspace: str, repo_slug: str, pull_request_id: int, task_id: str) -> PullRequest:
        """Poll a merge task until it is done, and return the merged pull request; a failed merge raises."""
        delay = _FIRST_POLL_DELAY
        while True:
            await asyncio.sleep(delay)
            task = await self.get_merge_task_status(workspace, repo_slug, pull_request_id, task_id)
            if task.merge_result is not None:
                return task.merge_result
            delay = min(delay * _POLL_DELAY_FACTOR, _MAX_POLL_DELAY)

    async def get_merge_task_status(
        self, workspace: str, repo_slug: str, pull_request_id: int, task_id: str, *, fields: str | None = None
    ) -> MergeTask:
        """Return the status of an asynchronous merge.

        A failed merge raises ConflictError if a branch changed during the merge, BadRequestError otherwise.
        BadRequestError also if the task belongs to another pull request. A task unknown to the server stays PENDING
        indefinitely.

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
        """Return the result of every check that the server runs before a merge, in one response.

        `q` can only exclude two of the checks, with `type != "git_mergeability_check"` and
        `check.kind != "maximum_commits_behind"`, alone or joined by AND. These requests have a rate limit of their
        own, which is not documented.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return await self._call(
            MergeabilityChecks,
            "GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/mergeability/checks",
            (workspace, repo_slug, pull_request_id),
            query={"q": q, "fields": fields},
            group="mergeability",
        )


def _read_task_id(response: RawResponse) -> str:
    """Return the task ID from the Location header of a 202; the rest of that URL is not trusted."""
    path = response.headers.get("location", "").partition("?")[0]
    task_id = unquote(path.rpartition("/merge/task-status/")[2]) if "/merge/task-status/" in path else ""
    if not task_id:
        raise decode_error(_MERGE, response, "its Location contains no merge task; check the state of the pull request")
    return task_id
