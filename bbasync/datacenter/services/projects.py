"""Projects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.projects import Project
from bbasync.request import Part
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.paging import Paging
    from bbasync.request import Content

__all__ = ["Projects"]


class Projects(Service):
    """Projects: `bb.projects`.

    The key of a personal project is `~` followed by the user's slug, as in `~jane`; `list` omits personal projects.
    """

    @lists
    def list(
        self, *, name: str | None = None, permission: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[Project]:
        """List the projects that the authenticated user can see.

        `name` matches any part of the project name. `permission`, such as PROJECT_WRITE, limits the list to projects
        on which the user has it.

        Permission: none.
        """
        return self._list(
            Project, "GET /api/latest/projects", query={"name": name, "permission": permission}, paging=paging
        )

    async def create(
        self,
        *,
        key: str,
        name: str | None = None,
        description: str | None = None,
        public: bool | None = None,
        avatar: str | None = None,
    ) -> Project:
        """Create a project; `name` defaults to the key.

        `avatar` is a Base64-encoded image as a data URI, such as `data:image/png;base64,...`.

        Permission: PROJECT_CREATE.
        """
        return await self._call(
            Project,
            "POST /api/latest/projects",
            json={"key": key, "name": name, "description": description, "public": public, "avatar": avatar},
        )

    async def get(self, project_key: str) -> Project:
        """Return a project.

        Permission: PROJECT_VIEW.
        """
        return await self._call(Project, "GET /api/latest/projects/{projectKey}", (project_key,))

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
        """Update the given fields of a project; a new `key` changes its URLs.

        Permission: PROJECT_ADMIN.
        """
        return await self._call(
            Project,
            "PUT /api/latest/projects/{projectKey}",
            (project_key,),
            json={"key": key, "name": name, "description": description, "public": public, "avatar": avatar},
            repeatable=key is None,
        )

    async def delete(self, project_key: str) -> None:
        """Delete a project; ConflictError if it contains repositories.

        Permission: PROJECT_ADMIN.
        """
        await self._run("DELETE /api/latest/projects/{projectKey}", (project_key,))

    async def read_avatar(self, project_key: str, *, size: int | None = None) -> bytes:
        """Return the avatar of a project as a PNG image, as close to `size` (pixels) as the server has it.

        Permission: PROJECT_VIEW.
        """
        return await self._read(
            "GET /api/latest/projects/{projectKey}/avatar.png", (project_key,), query={"s": size}, accept="image/png"
        )

    async def update_avatar(self, project_key: str, *, avatar: Content) -> None:
        """Replace the avatar of a project, by default with at most 1 MiB and 1024 by 1024 pixels.

        `avatar` is an image, preferably PNG or JPEG: bytes, a `Path` to read, or a function that opens a file in
        binary mode.

        Permission: PROJECT_ADMIN.
        """
        await self._run(
            "POST /api/latest/projects/{projectKey}/avatar.png",
            (project_key,),
            parts=(Part(name="avatar", content=avatar, filename="avatar.png", content_type="image/png"),),
            repeatable=True,
        )
