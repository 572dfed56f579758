"""Labels of repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.labels import Label, Labelable
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.datacenter.models.labels import LabelableType
    from bbasync.paging import Paging

__all__ = ["Labels"]


class Labels(Service):
    """Labels: `bb.labels`."""

    @lists
    def list(self, *, prefix: str | None = None, paging: Paging | None = None) -> AsyncGenerator[Label]:
        """List the labels of all repositories.

        Permission: LICENSED_USER.
        """
        return self._list(Label, "GET /api/latest/labels", query={"prefix": prefix}, paging=paging)

    async def get(self, label_name: str) -> Label:
        """Return a label; NotFoundError if it does not exist.

        Permission: LICENSED_USER.
        """
        return await self._call(Label, "GET /api/latest/labels/{labelName}", (label_name,))

    @lists
    def list_labeled(
        self, label_name: str, *, type: LabelableType | str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[Labelable]:
        """List the repositories that have a label and that the authenticated user can see.

        Permission: LICENSED_USER.
        """
        return self._list(
            Labelable,
            "GET /api/latest/labels/{labelName}/labeled",
            (label_name,),
            query={"type": type},
            paging=paging,
        )

    @lists
    def list_repository_labels(
        self, project_key: str, repository_slug: str, *, paging: Paging | None = None
    ) -> AsyncGenerator[Label]:
        """List the labels of a repository.

        Permission: REPO_READ.
        """
        return self._list(
            Label,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/labels",
            (project_key, repository_slug),
            paging=paging,
        )

    async def add_to_repository(self, project_key: str, repository_slug: str, *, name: str) -> Label:
        """Add a label to a repository, and create it if it does not exist.

        BadRequestError if the repository has it already, or if the name is anything but 3 to 50 of a-z, 0-9 and `-`.

        Permission: REPO_ADMIN.
        """
        return await self._call(
            Label,
            "POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/labels",
            (project_key, repository_slug),
            json={"name": name},
        )

    async def remove_from_repository(self, project_key: str, repository_slug: str, label_name: str) -> None:
        """Remove a label from a repository.

        Permission: REPO_ADMIN.
        """
        await self._run(
            "DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/labels/{labelName}",
            (project_key, repository_slug, label_name),
        )
