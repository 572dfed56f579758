"""Tags of a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.tags import Tag
from bbasync.request import SubPath
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.datacenter.models.refs import RefOrder
    from bbasync.datacenter.models.tags import TagType
    from bbasync.paging import Paging

__all__ = ["Tags"]


class Tags(Service):
    """Tags: `bb.tags`."""

    @lists
    def list(
        self,
        project_key: str,
        repository_slug: str,
        *,
        filter_text: str | None = None,
        order_by: RefOrder | str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Tag]:
        """List the tags, by default those of the newest commits first.

        Permission: REPO_READ.
        """
        return self._list(
            Tag,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/tags",
            (project_key, repository_slug),
            query={"filterText": filter_text, "orderBy": order_by},
            paging=paging,
        )

    async def create(
        self, project_key: str, repository_slug: str, *, name: str, start_point: str, message: str | None = None
    ) -> Tag:
        """Create a tag at a commit or ref, annotated if there is a message.

        Permission: REPO_WRITE.
        """
        return await self._call(
            Tag,
            "POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/tags",
            (project_key, repository_slug),
            json={"name": name, "startPoint": start_point, "message": message},
        )

    async def get(self, project_key: str, repository_slug: str, name: str) -> Tag:
        """Return a tag; its name may hold slashes.

        Permission: REPO_READ.
        """
        return await self._call(
            Tag,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/tags/{name}",
            (project_key, repository_slug, _in_path(name)),
        )

    async def create_git_tag(
        self,
        project_key: str,
        repository_slug: str,
        *,
        name: str,
        start_point: str,
        type: TagType | str,
        message: str | None = None,
        force: bool | None = None,
    ) -> Tag:
        """Create a tag of the given type at a commit or ref; `force` moves an existing one.

        An annotated tag requires a message.

        Permission: REPO_WRITE.
        """
        return await self._call(
            Tag,
            "POST /git/latest/projects/{projectKey}/repos/{repositorySlug}/tags",
            (project_key, repository_slug),
            json={"name": name, "startPoint": start_point, "type": type, "message": message, "force": force},
        )

    async def delete(self, project_key: str, repository_slug: str, name: str) -> None:
        """Delete a tag.

        Permission: REPO_WRITE.
        """
        await self._run(
            "DELETE /git/latest/projects/{projectKey}/repos/{repositorySlug}/tags/{name}",
            (project_key, repository_slug, _in_path(name)),
        )


def _in_path(name: str) -> SubPath:
    """Return a name as a path, whose slashes stay; one at an end is dropped from a path, which names another tag."""
    if name.startswith("/") or name.endswith("/"):
        raise ValueError(f"name must not start or end with a slash, got {name!r}")
    return SubPath(name)
