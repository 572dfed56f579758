"""Default tasks: the tasks that new pull requests begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.default_tasks import DefaultTask
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.datacenter.models.ref_matchers import RefMatcher
    from bbasync.paging import Paging

__all__ = ["DefaultTasks"]


class DefaultTasks(Service):
    """Default tasks of projects and repositories: `bb.default_tasks`.

    Matchers select pull requests by their from ref (`source_matcher`) and to ref (`target_matcher`), such as
    `RefMatcher.of("BRANCH", "refs/heads/main")`; without them, a task is for all pull requests.
    """

    @lists
    def list_project_tasks(
        self, project_key: str, *, markup: bool | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[DefaultTask]:
        """List the default tasks of a project; `markup=True` adds the text as HTML.

        Permission: PROJECT_VIEW.
        """
        return self._list(
            DefaultTask,
            "GET /default-tasks/latest/projects/{projectKey}/tasks",
            (project_key,),
            query={"markup": markup or None},
            paging=paging,
        )

    async def create_project_task(
        self,
        project_key: str,
        *,
        description: str,
        source_matcher: RefMatcher | None = None,
        target_matcher: RefMatcher | None = None,
    ) -> DefaultTask:
        """Create a default task of a project.

        Permission: PROJECT_ADMIN.
        """
        return await self._call(
            DefaultTask,
            "POST /default-tasks/latest/projects/{projectKey}/tasks",
            (project_key,),
            json=_body(description, source_matcher, target_matcher),
        )

    async def update_project_task(
        self,
        project_key: str,
        task_id: int,
        *,
        description: str,
        source_matcher: RefMatcher | None = None,
        target_matcher: RefMatcher | None = None,
    ) -> DefaultTask:
        """Replace a default task of a project; BadRequestError if it does not exist.

        Permission: PROJECT_ADMIN.
        """
        return await self._call(
            DefaultTask,
            "PUT /default-tasks/latest/projects/{projectKey}/tasks/{taskId}",
            (project_key, task_id),
            json=_body(description, source_matcher, target_matcher),
        )

    async def delete_project_task(self, project_key: str, task_id: int) -> None:
        """Delete a default task of a project.

        Permission: PROJECT_ADMIN.
        """
        await self._run("DELETE /default-tasks/latest/projects/{projectKey}/tasks/{taskId}", (project_key, task_id))

    async def delete_all_project_tasks(self, project_key: str) -> None:
        """Delete all default tasks of a project.

        Permission: PROJECT_ADMIN.
        """
        await self._run("DELETE /default-tasks/latest/projects/{projectKey}/tasks", (project_key,))

    @lists
    def list_repository_tasks(
        self, project_key: str, repository_slug: str, *, markup: bool | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[DefaultTask]:
        """List the default tasks of a repository; `markup=True` adds the text as HTML.

        Permission: REPO_VIEW.
        """
        return self._list(
            DefaultTask,
            "GET /default-tasks/latest/projects/{projectKey}/repos/{repositorySlug}/tasks",
            (project_key, repository_slug),
            query={"markup": markup or None},
            paging=paging,
        )

    async def create_repository_task(
        self,
        project_key: str,
        repository_slug: str,
        *,
        description: str,
        source_matcher: RefMatcher | None = None,
        target_matcher: RefMatcher | None = None,
    ) -> DefaultTask:
        """Create a default task of a repository.

        Permission: REPO_ADMIN.
        """
        return await self._call(
            DefaultTask,
            "POST /default-tasks/latest/projects/{projectKey}/repos/{repositorySlug}/tasks",
            (project_key, repository_slug),
            json=_body(description, source_matcher, target_matcher),
        )

    async def update_repository_task(
        self,
        project_key: str,
        repository_slug: str,
        task_id: int,
        *,
        description: str,
        source_matcher: RefMatcher | None = None,
        target_matcher: RefMatcher | None = None,
    ) -> DefaultTask:
        """Replace a default task of a repository; BadRequestError if it does not exist.

        Permission: REPO_ADMIN.
        """
        return await self._call(
            DefaultTask,
            "PUT /default-tasks/latest/projects/{projectKey}/repos/{repositorySlug}/tasks/{taskId}",
            (project_key, repository_slug, task_id),
            json=_body(description, source_matcher, target_matcher),
        )

    async def delete_repository_task(self, project_key: str, repository_slug: str, task_id: int) -> None:
        """Delete a default task of a repository.

        Permission: REPO_ADMIN.
        """
        await self._run(
            "DELETE /default-tasks/latest/projects/{projectKey}/repos/{repositorySlug}/tasks/{taskId}",
            (project_key, repository_slug, task_id),
        )

    async def delete_all_repository_tasks(self, project_key: str, repository_slug: str) -> None:
        """Delete all default tasks of a repository.

        Permission: REPO_ADMIN.
        """
        await self._run(
            "DELETE /default-tasks/latest/projects/{projectKey}/repos/{repositorySlug}/tasks",
            (project_key, repository_slug),
        )


def _body(description: str, source_matcher: RefMatcher | None, target_matcher: RefMatcher | None) -> dict[str, object]:
    return {
        "description": description,
        "sourceMatcher": source_matcher and source_matcher.body(),
        "targetMatcher": target_matcher and target_matcher.body(),
    }
