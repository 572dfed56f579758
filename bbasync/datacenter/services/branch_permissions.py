"""Branch permissions: restrictions of branches and tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bbasync.datacenter.models.branch_permissions import Restriction
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from bbasync.datacenter.models.branch_permissions import RestrictionRequest, RestrictionType
    from bbasync.datacenter.models.ref_matchers import RefMatcherTypeId
    from bbasync.paging import Paging

__all__ = ["BranchPermissions"]

_BULK: Final = {"Content-Type": "application/vnd.atl.bitbucket.bulk+json"}
"""The server takes an array of restrictions under this type only."""


class BranchPermissions(Service):
    """Restrictions of what may be done to branches and tags: `bb.branch_permissions`."""

    @lists
    def list_project_restrictions(
        self,
        project_key: str,
        *,
        matcher_type: RefMatcherTypeId | str | None = None,
        matcher_id: str | None = None,
        type: RestrictionType | str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Restriction]:
        """List the restrictions of a project.

        `matcher_id` requires `matcher_type`.

        Permission: PROJECT_ADMIN.
        """
        return self._list(
            Restriction,
            "GET /branch-permissions/latest/projects/{projectKey}/restrictions",
            (project_key,),
            query={"matcherType": matcher_type, "matcherId": matcher_id, "type": type},
            paging=paging,
        )

    async def create_project_restrictions(
        self, project_key: str, *, restrictions: Sequence[RestrictionRequest]
    ) -> list[Restriction]:
        """Create restrictions of a project, one or several.

        One of the same type and matcher as an existing restriction replaces it.

        Permission: PROJECT_ADMIN.
        """
        return await self._call_each(
            Restriction,
            "POST /branch-permissions/latest/projects/{projectKey}/restrictions",
            (project_key,),
            json=[restriction.body() for restriction in restrictions],
            headers=_BULK,
        )

    async def get_project_restriction(self, project_key: str, id: int) -> Restriction:
        """Return a restriction of a project.

        Permission: PROJECT_ADMIN.
        """
        return await self._call(
            Restriction, "GET /branch-permissions/latest/projects/{projectKey}/restrictions/{id}", (project_key, id)
        )

    async def delete_project_restriction(self, project_key: str, id: int) -> None:
        """Delete a restriction of a project.

        Permission: PROJECT_ADMIN.
        """
        await self._run("DELETE /branch-permissions/latest/projects/{projectKey}/restrictions/{id}", (project_key, id))

    @lists
    def list_repository_restrictions(
        self,
        project_key: str,
        repository_slug: str,
        *,
        matcher_type: RefMatcherTypeId | str | None = None,
        matcher_id: str | None = None,
        type: RestrictionType | str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Restriction]:
        """List the restrictions of a repository.

        `matcher_id` requires `matcher_type`.

        Permission: REPO_ADMIN.
        """
        return self._list(
            Restriction,
            "GET /branch-permissions/latest/projects/{projectKey}/repos/{repositorySlug}/restrictions",
            (project_key, repository_slug),
            query={"matcherType": matcher_type, "matcherId": matcher_id, "type": type},
            paging=paging,
        )

    async def create_repository_restrictions(
        self, project_key: str, repository_slug: str, *, restrictions: Sequence[RestrictionRequest]
    ) -> list[Restriction]:
        """Create restrictions of a repository, one or several.

        One of the same type and matcher as an existing restriction replaces it.

        Permission: REPO_ADMIN.
        """
        return await self._call_each(
            Restriction,
            "POST /branch-permissions/latest/projects/{projectKey}/repos/{repositorySlug}/restrictions",
            (project_key, repository_slug),
            json=[restriction.body() for restriction in restrictions],
            headers=_BULK,
        )

    async def get_repository_restriction(self, project_key: str, repository_slug: str, id: int) -> Restriction:
        """Return a restriction of a repository.

        Permission: REPO_ADMIN.
        """
        return await self._call(
            Restriction,
            "GET /branch-permissions/latest/projects/{projectKey}/repos/{repositorySlug}/restrictions/{id}",
            (project_key, repository_slug, id),
        )

    async def delete_repository_restriction(self, project_key: str, repository_slug: str, id: int) -> None:
        """Delete a restriction of a repository.

        Permission: REPO_ADMIN.
        """
        await self._run(
            "DELETE /branch-permissions/latest/projects/{projectKey}/repos/{repositorySlug}/restrictions/{id}",
            (project_key, repository_slug, id),
        )
