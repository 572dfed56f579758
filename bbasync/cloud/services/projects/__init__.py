"""Projects and their default reviewers and permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.default_reviewers import DefaultReviewer
from bbasync.cloud.models.projects import Project
from bbasync.cloud.models.users import Account
from bbasync.service import lists

from .permissions import ProjectPermissions

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bbasync.paging import Paging

__all__ = ["Projects"]


class Projects(ProjectPermissions):
    """Projects and their default reviewers and permissions: `bb.projects`."""

    @lists
    def list(
        self, workspace: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[Project]:
        """List the projects of a workspace.

        Scope: project (OAuth), read:project:bitbucket (API token).
        """
        return self._list(
            Project, "GET /workspaces/{workspace}/projects", (workspace,), query={"fields": fields}, paging=paging
        )

    async def create(
        self,
        workspace: str,
        *,
        key: str,
        name: str,
        description: str | None = None,
        is_private: bool | None = None,
        avatar: str | None = None,
    ) -> Project:
        """Create a project.

        `avatar` is the URL of an image, or the image itself as a `data:` URL.

        Scope: project:admin (OAuth), admin:project:bitbucket (API token).
        """
        return await self._call(
            Project,
            "POST /workspaces/{workspace}/projects",
            (workspace,),
            json={
                "key": key,
                "name": name,
                "description": description,
                "is_private": is_private,
                "links": {"avatar": {"href": avatar}},
            },
        )

    async def get(self, workspace: str, project_key: str, *, fields: str | None = None) -> Project:
        """Return a project.

        Scope: project (OAuth), read:project:bitbucket (API token).
        """
        return await self._call(
            Project,
            "GET /workspaces/{workspace}/projects/{project_key}",
            (workspace, project_key),
            query={"fields": fields},
        )

    async def update(
        self,
        workspace: str,
        project_key: str,
        *,
        key: str | None = None,
        name: str | None = None,
        description: str | None = None,
        is_private: bool | None = None,
        avatar: str | None = None,
    ) -> Project:
        """Update a project, or create it if no project has this key; creating it requires `name`.

        A new `key` changes the URL of the project and frees its old key, so a request with `key` is not retried after a
        failure.
        `avatar` is the URL of an image, or the image itself as a `data:` URL.

        Scope: project:admin (OAuth), admin:project:bitbucket (API token).
        """
        return await self._call(
            Project,
            "PUT /workspaces/{workspace}/projects/{project_key}",
            (workspace, project_key),
            json={
                "key": key,
                "name": name,
                "description": description,
                "is_private": is_private,
                "links": {"avatar": {"href": avatar}},
            },
            repeatable=key is None,
        )

    async def delete(self, workspace: str, project_key: str) -> None:
        """Delete a project permanently; it must not contain any repositories.

        Scope: project:admin (OAuth), admin:project:bitbucket (API token).
        """
        await self._run("DELETE /workspaces/{workspace}/projects/{project_key}", (workspace, project_key))

    @lists
    def list_default_reviewers(
        self, workspace: str, project_key: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[DefaultReviewer]:
        """List the default reviewers of a project; they are added to every new pull request in its repositories.

        Scope: project:admin (OAuth), read:pullrequest:bitbucket (API token).
        """
        return self._list(
            DefaultReviewer,
            "GET /workspaces/{workspace}/projects/{project_key}/default-reviewers",
            (workspace, project_key),
            query={"fields": fields},
            paging=paging,
        )

    async def get_default_reviewer(
        self, workspace: str, project_key: str, selected_user: str, *, fields: str | None = None
    ) -> Account:
        """Return a default reviewer of a project by UUID (in braces) or account ID.

        Scope: project:admin (OAuth), read:pullrequest:bitbucket (API token).
        """
        return await self._call(
            Account,
            "GET /workspaces/{workspace}/projects/{project_key}/default-reviewers/{selected_user}",
            (workspace, project_key, selected_user),
            query={"fields": fields},
        )

    async def add_default_reviewer(self, workspace: str, project_key: str, selected_user: str) -> Account:
        """Add a user to the default reviewers of a project; adding a user again has no effect.

        Scope: project:admin (OAuth), admin:project:bitbucket (API token).
        """
        return await self._call(
            Account,
            "PUT /workspaces/{workspace}/projects/{project_key}/default-reviewers/{selected_user}",
            (workspace, project_key, selected_user),
        )

    async def remove_default_reviewer(self, workspace: str, project_key: str, selected_user: str) -> None:
        """Remove a user from the default reviewers of a project.

        Scope: project:admin (OAuth), admin:project:bitbucket (API token).
        """
        await self._run(
            "DELETE /workspaces/{workspace}/projects/{project_key}/default-reviewers/{selected_user}",
            (workspace, project_key, selected_user),
        )
