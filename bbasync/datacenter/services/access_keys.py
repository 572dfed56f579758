"""Access keys of projects and repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.access_keys import AccessKey
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from bbasync.datacenter.models.access_keys import ProjectKeyPermission, RepositoryKeyPermission
    from bbasync.paging import Paging

__all__ = ["AccessKeys"]


class AccessKeys(Service):
    """Access keys, SSH keys that give access to a project or a repository: `bb.access_keys`.

    The SSH keys of users are in `bb.ssh_keys`.
    """

    @lists
    def list_project_keys(
        self,
        project_key: str,
        *,
        filter_text: str | None = None,
        permission: ProjectKeyPermission | str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[AccessKey]:
        """List the access keys of a project whose labels begin with `filter_text`.

        Permission: PROJECT_ADMIN.
        """
        return self._list(
            AccessKey,
            "GET /keys/latest/projects/{projectKey}/ssh",
            (project_key,),
            query={"filter": filter_text, "permission": permission},
            paging=paging,
        )

    async def create_project_key(
        self,
        project_key: str,
        *,
        text: str,
        permission: ProjectKeyPermission | str,
        label: str | None = None,
        expiry_days: int | None = None,
    ) -> AccessKey:
        """Give an SSH key (`text`, the public key) access to a project.

        `label` defaults to the comment of the key. BadRequestError if the key is not valid, ConflictError if it belongs
        to a user.

        Permission: PROJECT_ADMIN.
        """
        return await self._call(
            AccessKey,
            "POST /keys/latest/projects/{projectKey}/ssh",
            (project_key,),
            json={"key": {"text": text, "label": label, "expiryDays": expiry_days}, "permission": permission},
        )

    async def get_project_key(self, project_key: str, key_id: int) -> AccessKey:
        """Return an access key of a project; `key_id` is the ID of the SSH key.

        Permission: PROJECT_ADMIN.
        """
        return await self._call(AccessKey, "GET /keys/latest/projects/{projectKey}/ssh/{keyId}", (project_key, key_id))

    async def update_project_key_permission(
        self, project_key: str, key_id: int, permission: ProjectKeyPermission | str
    ) -> AccessKey:
        """Set the permission of an access key on a project.

        Permission: PROJECT_ADMIN.
        """
        return await self._call(
            AccessKey,
            "PUT /keys/latest/projects/{projectKey}/ssh/{keyId}/permission/{permission}",
            (project_key, key_id, permission),
        )

    async def delete_project_key(self, project_key: str, key_id: int) -> None:
        """Revoke the access of an SSH key to a project; no error is raised if it has none.

        Its access to other projects and repositories remains.

        Permission: PROJECT_ADMIN.
        """
        await self._run("DELETE /keys/latest/projects/{projectKey}/ssh/{keyId}", (project_key, key_id))

    @lists
    def list_repository_keys(
        self,
        project_key: str,
        repository_slug: str,
        *,
        filter_text: str | None = None,
        effective: bool | None = None,
        minimum_permission: RepositoryKeyPermission | str | None = None,
        permission: RepositoryKeyPermission | str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[AccessKey]:
        """List the access keys of a repository whose labels begin with `filter_text`.

        `effective` includes the keys of the project.

        Permission: REPO_ADMIN.
        """
        return self._list(
            AccessKey,
            "GET /keys/latest/projects/{projectKey}/repos/{repositorySlug}/ssh",
            (project_key, repository_slug),
            query={
                "filter": filter_text,
                "effective": effective,
                "minimumPermission": minimum_permission,
                "permission": permission,
            },
            paging=paging,
        )

    async def create_repository_key(
        self,
        project_key: str,
        repository_slug: str,
        *,
        text: str,
        permission: RepositoryKeyPermission | str,
        label: str | None = None,
        expiry_days: int | None = None,
    ) -> AccessKey:
        """Give an SSH key (`text`, the public key) access to a repository.

        `label` defaults to the comment of the key. BadRequestError if the key is not valid, ConflictError if it belongs
        to a user.

        Permission: REPO_ADMIN.
        """
        return await self._call(
            AccessKey,
            "POST /keys/latest/projects/{projectKey}/repos/{repositorySlug}/ssh",
            (project_key, repository_slug),
            json={"key": {"text": text, "label": label, "expiryDays": expiry_days}, "permission": permission},
        )

    async def get_repository_key(self, project_key: str, repository_slug: str, key_id: int) -> AccessKey:
        """Return an access key of a repository; `key_id` is the ID of the SSH key.

        Permission: REPO_ADMIN.
        """
        return await self._call(
            AccessKey,
            "GET /keys/latest/projects/{projectKey}/repos/{repositorySlug}/ssh/{keyId}",
            (project_key, repository_slug, key_id),
        )

    async def update_repository_key_permission(
        self, project_key: str, repository_slug: str, key_id: int, permission: RepositoryKeyPermission | str
    ) -> AccessKey:
        """Set the permission of an access key on a repository.

        Permission: REPO_ADMIN.
        """
        return await self._call(
            AccessKey,
            "PUT /keys/latest/projects/{projectKey}/repos/{repositorySlug}/ssh/{keyId}/permission/{permission}",
            (project_key, repository_slug, key_id, permission),
        )

    async def delete_repository_key(self, project_key: str, repository_slug: str, key_id: int) -> None:
        """Revoke the access of an SSH key to a repository; no error is raised if it has none.

        Its access to other projects and repositories remains.

        Permission: REPO_ADMIN.
        """
        await self._run(
            "DELETE /keys/latest/projects/{projectKey}/repos/{repositorySlug}/ssh/{keyId}",
            (project_key, repository_slug, key_id),
        )

    async def get_projects(self, key_id: int) -> list[AccessKey]:
        """Return the projects that an SSH key gives access to; none unless the user administers one of them.

        Permission: PROJECT_ADMIN.
        """
        return await self._call_each(AccessKey, "GET /keys/latest/ssh/{keyId}/projects", (key_id,))

    async def get_repositories(self, key_id: int, *, with_restrictions: bool | None = None) -> list[AccessKey]:
        """Return the repositories that an SSH key gives access to; none unless the user administers one of them.

        `with_restrictions` adds `readOnly` to `raw`: whether a restriction keeps the user from changing the access.

        Permission: REPO_ADMIN.
        """
        return await self._call_each(
            AccessKey, "GET /keys/latest/ssh/{keyId}/repos", (key_id,), query={"withRestrictions": with_restrictions}
        )

    async def delete(
        self, key_id: int, *, projects: Sequence[str] = (), repositories: Sequence[tuple[str, str]] = ()
    ) -> None:
        """Revoke the access of an SSH key to several projects (keys) and repositories (project key and slug).

        ValueError if there are none.

        Permission: PROJECT_ADMIN, REPO_ADMIN.
        """
        if not projects and not repositories:
            raise ValueError("nothing to revoke: pass projects or repositories")
        await self._run(
            "DELETE /keys/latest/ssh/{keyId}",
            (key_id,),
            json={
                "projects": [{"key": key} for key in projects],
                "repositories": [{"slug": slug, "project": {"key": key}} for key, slug in repositories],
            },
        )
