"""HTTP access tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.access_tokens import HttpAccessToken, NewHttpAccessToken
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from bbasync.datacenter.models.permissions import Permission
    from bbasync.paging import Paging

__all__ = ["AccessTokens"]


class AccessTokens(Service):
    """HTTP access tokens of projects, repositories and users: `bb.access_tokens`.

    They cannot be managed with an HTTP access token; use `BasicAuth`.
    """

    @lists
    def list_project_tokens(self, project_key: str, *, paging: Paging | None = None) -> AsyncGenerator[HttpAccessToken]:
        """List the HTTP access tokens of a project, without their values.

        Permission: PROJECT_ADMIN.
        """
        return self._list(
            HttpAccessToken, "GET /access-tokens/latest/projects/{projectKey}", (project_key,), paging=paging
        )

    async def create_project_token(
        self, project_key: str, *, name: str, permissions: Sequence[Permission | str], expiry_days: int | None = None
    ) -> NewHttpAccessToken:
        """Create an HTTP access token of a project; its value is in `token` of this response only.

        `permissions` are at most one on projects and one on repositories. Without `expiry_days` it does not expire,
        unless the server requires it.

        Permission: PROJECT_ADMIN.
        """
        return await self._call(
            NewHttpAccessToken,
            "PUT /access-tokens/latest/projects/{projectKey}",
            (project_key,),
            json={"name": name, "permissions": permissions, "expiryDays": expiry_days},
            repeatable=False,  # each creates another one
        )

    async def get_project_token(self, project_key: str, token_id: str) -> HttpAccessToken:
        """Return an HTTP access token of a project, without its value.

        Permission: PROJECT_ADMIN.
        """
        return await self._call(
            HttpAccessToken, "GET /access-tokens/latest/projects/{projectKey}/{tokenId}", (project_key, token_id)
        )

    async def update_project_token(
        self,
        project_key: str,
        token_id: str,
        *,
        name: str | None = None,
        permissions: Sequence[Permission | str] | None = None,
        expiry_days: int | None = None,
    ) -> HttpAccessToken:
        """Update the given fields of an HTTP access token of a project.

        Permission: PROJECT_ADMIN.
        """
        return await self._call(
            HttpAccessToken,
            "POST /access-tokens/latest/projects/{projectKey}/{tokenId}",
            (project_key, token_id),
            json={"name": name, "permissions": permissions, "expiryDays": expiry_days},
            repeatable=True,
        )

    async def delete_project_token(self, project_key: str, token_id: str) -> None:
        """Revoke an HTTP access token of a project.

        Permission: PROJECT_ADMIN.
        """
        await self._run("DELETE /access-tokens/latest/projects/{projectKey}/{tokenId}", (project_key, token_id))

    @lists
    def list_repository_tokens(
        self, project_key: str, repository_slug: str, *, paging: Paging | None = None
    ) -> AsyncGenerator[HttpAccessToken]:
        """List the HTTP access tokens of a repository, without their values.

        Permission: REPO_ADMIN.
        """
        return self._list(
            HttpAccessToken,
            "GET /access-tokens/latest/projects/{projectKey}/repos/{repositorySlug}",
            (project_key, repository_slug),
            paging=paging,
        )

    async def create_repository_token(
        self,
        project_key: str,
        repository_slug: str,
        *,
        name: str,
        permissions: Sequence[Permission | str],
        expiry_days: int | None = None,
    ) -> NewHttpAccessToken:
        """Create an HTTP access token of a repository; its value is in `token` of this response only.

        `permissions` are at most one on projects and one on repositories. Without `expiry_days` it does not expire,
        unless the server requires it.

        Permission: REPO_ADMIN.
        """
        return await self._call(
            NewHttpAccessToken,
            "PUT /access-tokens/latest/projects/{projectKey}/repos/{repositorySlug}",
            (project_key, repository_slug),
            json={"name": name, "permissions": permissions, "expiryDays": expiry_days},
            repeatable=False,  # each creates another one
        )

    async def get_repository_token(self, project_key: str, repository_slug: str, token_id: str) -> HttpAccessToken:
        """Return an HTTP access token of a repository, without its value.

        Permission: REPO_ADMIN.
        """
        return await self._call(
            HttpAccessToken,
            "GET /access-tokens/latest/projects/{projectKey}/repos/{repositorySlug}/{tokenId}",
            (project_key, repository_slug, token_id),
        )

    async def update_repository_token(
        self,
        project_key: str,
        repository_slug: str,
        token_id: str,
        *,
        name: str | None = None,
        permissions: Sequence[Permission | str] | None = None,
        expiry_days: int | None = None,
    ) -> HttpAccessToken:
        """Update the given fields of an HTTP access token of a repository.

        Permission: REPO_ADMIN.
        """
        return await self._call(
            HttpAccessToken,
            "POST /access-tokens/latest/projects/{projectKey}/repos/{repositorySlug}/{tokenId}",
            (project_key, repository_slug, token_id),
            json={"name": name, "permissions": permissions, "expiryDays": expiry_days},
            repeatable=True,
        )

    async def delete_repository_token(self, project_key: str, repository_slug: str, token_id: str) -> None:
        """Revoke an HTTP access token of a repository.

        Permission: REPO_ADMIN.
        """
        await self._run(
            "DELETE /access-tokens/latest/projects/{projectKey}/repos/{repositorySlug}/{tokenId}",
            (project_key, repository_slug, token_id),
        )

    @lists
    def list_user_tokens(self, user_slug: str, *, paging: Paging | None = None) -> AsyncGenerator[HttpAccessToken]:
        """List the HTTP access tokens of a user, without their values.

        Permission: none for oneself, ADMIN to list, read and revoke those of others.
        """
        return self._list(HttpAccessToken, "GET /access-tokens/latest/users/{userSlug}", (user_slug,), paging=paging)

    async def create_user_token(
        self, user_slug: str, *, name: str, permissions: Sequence[Permission | str], expiry_days: int | None = None
    ) -> NewHttpAccessToken:
        """Create an HTTP access token of a user; its value is in `token` of this response only.

        `permissions` are at most one on projects and one on repositories. Without `expiry_days` it does not expire,
        unless the server requires it.

        Permission: none for oneself, ADMIN to list, read and revoke those of others.
        """
        return await self._call(
            NewHttpAccessToken,
            "PUT /access-tokens/latest/users/{userSlug}",
            (user_slug,),
            json={"name": name, "permissions": permissions, "expiryDays": expiry_days},
            repeatable=False,  # each creates another one
        )

    async def get_user_token(self, user_slug: str, token_id: str) -> HttpAccessToken:
        """Return an HTTP access token of a user, without its value.

        Permission: none for oneself, ADMIN to list, read and revoke those of others.
        """
        return await self._call(
            HttpAccessToken, "GET /access-tokens/latest/users/{userSlug}/{tokenId}", (user_slug, token_id)
        )

    async def update_user_token(
        self,
        user_slug: str,
        token_id: str,
        *,
        name: str | None = None,
        permissions: Sequence[Permission | str] | None = None,
        expiry_days: int | None = None,
    ) -> HttpAccessToken:
        """Update the given fields of an HTTP access token of a user.

        Permission: none for oneself, ADMIN to list, read and revoke those of others.
        """
        return await self._call(
            HttpAccessToken,
            "POST /access-tokens/latest/users/{userSlug}/{tokenId}",
            (user_slug, token_id),
            json={"name": name, "permissions": permissions, "expiryDays": expiry_days},
            repeatable=True,
        )

    async def delete_user_token(self, user_slug: str, token_id: str) -> None:
        """Revoke an HTTP access token of a user.

        Permission: none for oneself, ADMIN to list, read and revoke those of others.
        """
        await self._run("DELETE /access-tokens/latest/users/{userSlug}/{tokenId}", (user_slug, token_id))
