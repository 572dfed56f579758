"""Tasks of pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.pull_requests.tasks import Task
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.cloud.models.pull_requests.tasks import TaskState
    from bbasync.paging import Paging

__all__ = ["PullRequestTasks"]


class PullRequestTasks(Service):
    """Tasks of pull requests: part of `bb.pull_requests`."""

    @lists
    def list_tasks(
        self,
        workspace: str,
        repo_slug: str,
        pull_request_id: int,
        *,
        q: str | None = None,
        sort: str | None = None,
        fields: str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Task]:
        """List the tasks of a pull request, including resolved ones, oldest first.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return self._list(
            Task,
            "GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/tasks",
            (workspace, repo_slug, pull_request_id),
            query={"q": q, "sort": sort, "fields": fields},
            paging=paging,
        )

    async def create_task(
        self,
        workspace: str,
        repo_slug: str,
        pull_request_id: int,
        *,
        content: str,
        comment_id: int | None = None,
        pending: bool | None = None,
    ) -> Task:
        """Create a task on a pull request, or on one of its comments.

        A `pending` task is visible only to its author until the review is published.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return await self._call(
            Task,
            "POST /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/tasks",
            (workspace, repo_slug, pull_request_id),
            json={"content": {"raw": content}, "comment": {"id": comment_id}, "pending": pending},
        )

    async def get_task(
        self, workspace: str, repo_slug: str, pull_request_id: int, task_id: int, *, fields: str | None = None
    ) -> Task:
        """Return a task.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return await self._call(
            Task,
            "GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/tasks/{task_id}",
            (workspace, repo_slug, pull_request_id, task_id),
            query={"fields": fields},
        )

    async def update_task(
        self,
        workspace: str,
        repo_slug: str,
        pull_request_id: int,
        task_id: int,
        *,
        content: str | None = None,
        state: TaskState | str | None = None,
    ) -> Task:
        """Change the text of a task, or resolve or reopen it with `state`.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        return await self._call(
            Task,
            "PUT /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/tasks/{task_id}",
            (workspace, repo_slug, pull_request_id, task_id),
            json={"content": {"raw": content}, "state": state},
        )

    async def delete_task(self, workspace: str, repo_slug: str, pull_request_id: int, task_id: int) -> None:
        """Delete a task.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        await self._run(
            "DELETE /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/tasks/{task_id}",
            (workspace, repo_slug, pull_request_id, task_id),
        )
