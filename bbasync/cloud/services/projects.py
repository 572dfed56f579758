"""Projects, their default reviewers and permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.account import Account
from bbasync.cloud.models.default_reviewer import DefaultReviewer
from bbasync.cloud.models.project import Project
from bbasync.cloud.query import page_fields
from bbasync.cloud.services.project_permissions import ProjectPermissions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bbasync.paging import Paging

__all__ = ["Projects"]


class Projects(ProjectPermissions):
    """Projects, their default reviewers and permissions: `bb.projects`."""

    async def list(
        self, workspace: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncIterator[Project]:
        """List the projects of a workspace.

        Scope: project (OAuth), read:project:bitbucket (API token).
        """
        request = self._build(
            "GET", "/workspaces/{workspace}/projects", (workspace,), query={"fields": page_fields(fields)}
        )
        async with self._pages(Project, request, paging) as pages:
            async for page in pages:
                for project in page:
                    yield project

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

        `avatar` is the URL of a picture, or the picture itself as a `data:` URL.

        Scope: project:admin (OAuth), admin:project:bitbucket (API token).
        """
        request = self._build(
            "POST",
            "/workspaces/{workspace}/projects",
            (workspace,),
            json={
                "key": key,
                "name": name,
                "description": description,
                "is_private": is_private,
                "links": {"avatar": {"href": avatar}},
            },
        )
        return await self._fetch(Project, request)

    async def get(self, workspace: str, project_key: str, *, fields: str | None = None) -> Project:
        """Return a project.

        Scope: project (OAuth), read:project:bitbucket (API token).
        """
        request = self._build(
            "GET",
            "/workspaces/{workspace}/projects/{project_key}",
            (workspace, project_key),
            query={"fields": fields},
        )
        return await self._fetch(Project, request)

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
        """Change a project, or create it where there is none with this key (which takes a `name`).

        A new `key` moves the project: its old key is then free, so such a request is not repeated after a failure.
        `avatar` is the URL of a picture, or the picture itself as a `data:` URL.

        Scope: project:admin (OAuth), admin:project:bitbucket (API token).
        """
        request = self._build(
            "PUT",
            "/workspaces/{workspace}/projects/{project_key}",
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
        return await self._fetch(Project, request)

    async def delete(self, workspace: str, project_key: str) -> None:
        """Delete a project, for good; it must hold no repositories.

        Scope: project:admin (OAuth), admin:project:bitbucket (API token).
        """
        request = self._build("DELETE", "/workspaces/{workspace}/projects/{project_key}", (workspace, project_key))
        await self._run(request)

    async def list_default_reviewers(
        self, workspace: str, project_key: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncIterator[DefaultReviewer]:
        """List who is asked to review every new pull request in the repositories of a project.

        Scope: project:admin (OAuth), read:pullrequest:bitbucket (API token).
        """
        request = self._build(
            "GET",
            "/workspaces/{workspace}/projects/{project_key}/default-reviewers",
            (workspace, project_key),
            query={"fields": page_fields(fields)},
        )
        async with self._pages(DefaultReviewer, request, paging) as pages:
            async for page in pages:
                for reviewer in page:
                    yield reviewer

    async def get_default_reviewer(
        self, workspace: str, project_key: str, selected_user: str, *, fields: str | None = None
    ) -> Account:
        """Return a default reviewer of a project, by UUID in braces or by account id.

        Scope: project:admin (OAuth), read:pullrequest:bitbucket (API token).
        """
        request = self._build(
            "GET",
            "/workspaces/{workspace}/projects/{project_key}/default-reviewers/{selected_user}",
            (workspace, project_key, selected_user),
            query={"fields": fields},
        )
        return await self._fetch(Account, request)

    async def add_default_reviewer(self, workspace: str, project_key: str, selected_user: str) -> Account:
        """Make a user a default reviewer of a project; one who is already stays so.

        Scope: project:admin (OAuth), admin:project:bitbucket (API token).
        """
        request = self._build(
            "PUT",
            "/workspaces/{workspace}/projects/{project_key}/default-reviewers/{selected_user}",
            (workspace, project_key, selected_user),
        )
        return await self._fetch(Account, request)

    async def remove_default_reviewer(self, workspace: str, project_key: str, selected_user: str) -> None:
        """Take a user off the default reviewers of a project.

        Scope: project:admin (OAuth), admin:project:bitbucket (API token).
        """
        request = self._build(
            "DELETE",
            "/workspaces/{workspace}/projects/{project_key}/default-reviewers/{selected_user}",
            (workspace, project_key, selected_user),
        )
        await self._run(request)
