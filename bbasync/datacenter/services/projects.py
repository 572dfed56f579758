"""Projects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.project import Project
from bbasync.service import Service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bbasync.paging import Paging

__all__ = ["Projects"]


class Projects(Service):
    """Projects: `bb.projects`.

    The key of a user's personal project is `~` and the user's slug, as in `~jane`; `list` leaves these out.
    """

    async def list(
        self, *, name: str | None = None, permission: str | None = None, paging: Paging | None = None
    ) -> AsyncIterator[Project]:
        """List the projects that the user may see.

        `name` selects by a part of the name, `permission` those in which the user has it, such as PROJECT_WRITE.

        Permission: none.
        """
        request = self._build("GET", "/api/latest/projects", query={"name": name, "permission": permission})
        async with self._pages(Project, request, paging) as pages:
            async for page in pages:
                for project in page:
                    yield project

    async def create(
        self,
        *,
        key: str,
        name: str | None = None,
        description: str | None = None,
        public: bool | None = None,
        avatar: str | None = None,
    ) -> Project:
        """Create a project, named as its key unless `name` is given.

        `avatar` is a picture as a data URI in Base64, such as `data:image/png;base64,...`.

        Permission: PROJECT_CREATE.
        """
        request = self._build(
            "POST",
            "/api/latest/projects",
            json={"key": key, "name": name, "description": description, "public": public, "avatar": avatar},
        )
        return await self._fetch(Project, request)

    async def get(self, project_key: str) -> Project:
        """Return a project.

        Permission: PROJECT_VIEW.
        """
        request = self._build("GET", "/api/latest/projects/{projectKey}", (project_key,))
        return await self._fetch(Project, request)

    async def update(
        self,
        project_key: str,
        *,
        key: str | None = None,
        name: str | None = None,
        description: str | None = None,
        public: bool | None = None,
        avatar: str | None = None,
    ) -> Project:
        """Change what is given of a project; a new `key` changes its addresses.

        Permission: PROJECT_ADMIN.
        """
        request = self._build(
            "PUT",
            "/api/latest/projects/{projectKey}",
            (project_key,),
            json={"key": key, "name": name, "description": description, "public": public, "avatar": avatar},
            repeatable=key is None,  # once the key has changed, a repetition finds nothing
        )
        return await self._fetch(Project, request)

    async def delete(self, project_key: str) -> None:
        """Delete a project; ConflictError while it has repositories.

        Permission: PROJECT_ADMIN.
        """
        await self._run(self._build("DELETE", "/api/latest/projects/{projectKey}", (project_key,)))
