"""Groups of reviewers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.reviewer_groups import ReviewerGroup
from bbasync.datacenter.models.users import User, user_reference
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from bbasync.paging import Paging

__all__ = ["ReviewerGroups"]


class ReviewerGroups(Service):
    """Groups of reviewers of projects and repositories: `bb.reviewer_groups`."""

    @lists
    def list_project_groups(self, project_key: str, *, paging: Paging | None = None) -> AsyncGenerator[ReviewerGroup]:
        """List the groups of a project.

        Permission: PROJECT_READ.
        """
        return self._list(
            ReviewerGroup,
            "GET /api/latest/projects/{projectKey}/settings/reviewer-groups",
            (project_key,),
            paging=paging,
        )

    async def create_project_group(
        self,
        project_key: str,
        *,
        name: str,
        description: str | None = None,
        users: Sequence[User] | None = None,
    ) -> ReviewerGroup:
        """Create a group of a project; ConflictError if the name is taken.

        Permission: PROJECT_ADMIN.
        """
        return await self._call(
            ReviewerGroup,
            "POST /api/latest/projects/{projectKey}/settings/reviewer-groups",
            (project_key,),
            json=_body(name, description, users),
        )

    async def get_project_group(self, project_key: str, id: int) -> ReviewerGroup:
        """Return a group of a project.

        Permission: PROJECT_READ.
        """
        return await self._call(
            ReviewerGroup, "GET /api/latest/projects/{projectKey}/settings/reviewer-groups/{id}", (project_key, id)
        )

    async def update_project_group(
        self,
        project_key: str,
        id: int,
        *,
        name: str | None = None,
        description: str | None = None,
        users: Sequence[User] | None = None,
    ) -> ReviewerGroup:
        """Update the given fields of a group of a project; `users` replaces all members.

        Permission: PROJECT_ADMIN.
        """
        return await self._call(
            ReviewerGroup,
            "PUT /api/latest/projects/{projectKey}/settings/reviewer-groups/{id}",
            (project_key, id),
            json=_body(name, description, users),
        )

    async def delete_project_group(self, project_key: str, id: int) -> None:
        """Delete a group of a project.

        Permission: PROJECT_ADMIN.
        """
        await self._run("DELETE /api/latest/projects/{projectKey}/settings/reviewer-groups/{id}", (project_key, id))

    @lists
    def list_repository_groups(
        self, project_key: str, repository_slug: str, *, paging: Paging | None = None
    ) -> AsyncGenerator[ReviewerGroup]:
        """List the groups of a repository and its project.

        Permission: REPO_READ.
        """
        return self._list(
            ReviewerGroup,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/settings/reviewer-groups",
            (project_key, repository_slug),
            paging=paging,
        )

    async def create_repository_group(
        self,
        project_key: str,
        repository_slug: str,
        *,
        name: str,
        description: str | None = None,
        users: Sequence[User] | None = None,
    ) -> ReviewerGroup:
        """Create a group of a repository; ConflictError if the name is taken.

        Permission: REPO_ADMIN.
        """
        return await self._call(
            ReviewerGroup,
            "POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/settings/reviewer-groups",
            (project_key, repository_slug),
            json=_body(name, description, users),
        )

    async def get_repository_group(self, project_key: str, repository_slug: str, id: int) -> ReviewerGroup:
        """Return a group of a repository.

        Permission: REPO_READ.
        """
        return await self._call(
            ReviewerGroup,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/settings/reviewer-groups/{id}",
            (project_key, repository_slug, id),
        )

    async def update_repository_group(
        self,
        project_key: str,
        repository_slug: str,
        id: int,
        *,
        name: str | None = None,
        description: str | None = None,
        users: Sequence[User] | None = None,
    ) -> ReviewerGroup:
        """Update the given fields of a group of a repository; `users` replaces all members.

        Permission: REPO_ADMIN.
        """
        return await self._call(
            ReviewerGroup,
            "PUT /api/latest/projects/{projectKey}/repos/{repositorySlug}/settings/reviewer-groups/{id}",
            (project_key, repository_slug, id),
            json=_body(name, description, users),
        )

    async def delete_repository_group(self, project_key: str, repository_slug: str, id: int) -> None:
        """Delete a group of a repository.

        Permission: REPO_ADMIN.
        """
        await self._run(
            "DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/settings/reviewer-groups/{id}",
            (project_key, repository_slug, id),
        )

    async def get_repository_group_users(self, project_key: str, repository_slug: str, id: int) -> list[User]:
        """Return the members of a group who can review: licensed users who can read the repository; in one response.

        Permission: REPO_READ.
        """
        return await self._call(
            list[User],
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/settings/reviewer-groups/{id}/users",
            (project_key, repository_slug, id),
        )


def _body(name: str | None, description: str | None, users: Sequence[User] | None) -> dict[str, object]:
    members = None if users is None else [user_reference(user) for user in users]
    return {"name": name, "description": description, "users": members}
