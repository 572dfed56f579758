"""Hooks of projects and repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.hooks import Hook
from bbasync.request import UNSET, as_object
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from bbasync.datacenter.models.hooks import HookType
    from bbasync.paging import Paging

__all__ = ["Hooks"]


class Hooks(Service):
    """Hooks, plugins that run on pushes and merges: `bb.hooks`. URLs that the server calls are webhooks.

    A hook's key is `plugin:module`, as in `hook.details.key`.
    """

    @lists
    def list_project_hooks(
        self, project_key: str, *, type: HookType | str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[Hook]:
        """List the hooks that the server has for a project, enabled or not.

        Permission: PROJECT_READ.
        """
        return self._list(
            Hook,
            "GET /api/latest/projects/{projectKey}/settings/hooks",
            (project_key,),
            query={"type": type},
            paging=paging,
        )

    async def get_project_hook(self, project_key: str, hook_key: str) -> Hook:
        """Return a hook with its state in a project.

        Permission: PROJECT_READ.
        """
        return await self._call(
            Hook, "GET /api/latest/projects/{projectKey}/settings/hooks/{hookKey}", (project_key, hook_key)
        )

    async def enable_project_hook(
        self, project_key: str, hook_key: str, *, settings: Mapping[str, object] | None = None
    ) -> Hook:
        """Enable a hook in a project, with new settings if given; BadRequestError if it requires others.

        Permission: PROJECT_ADMIN.
        """
        return await self._call(
            Hook,
            "PUT /api/latest/projects/{projectKey}/settings/hooks/{hookKey}/enabled",
            (project_key, hook_key),
            json=UNSET if settings is None else dict(settings),
        )

    async def disable_project_hook(self, project_key: str, hook_key: str) -> Hook:
        """Disable a hook in a project; its settings remain.

        Permission: PROJECT_ADMIN.
        """
        return await self._call(
            Hook, "DELETE /api/latest/projects/{projectKey}/settings/hooks/{hookKey}/enabled", (project_key, hook_key)
        )

    async def get_project_hook_settings(self, project_key: str, hook_key: str) -> dict[str, object] | None:
        """Return the settings of a hook in a project, whose keys the hook defines; None if it has none.

        Permission: PROJECT_READ.
        """
        response = await self._send(
            "GET /api/latest/projects/{projectKey}/settings/hooks/{hookKey}/settings", (project_key, hook_key)
        )
        return as_object(response.json()) or None

    async def update_project_hook_settings(
        self, project_key: str, hook_key: str, *, settings: Mapping[str, object]
    ) -> dict[str, object]:
        """Replace the settings of a hook in a project, of at most 32 KB; BadRequestError if the hook refuses them.

        Keys whose value is None are not sent.

        Permission: PROJECT_ADMIN.
        """
        return await self._call(
            dict[str, object],
            "PUT /api/latest/projects/{projectKey}/settings/hooks/{hookKey}/settings",
            (project_key, hook_key),
            json=dict(settings),
        )

    @lists
    def list_repository_hooks(
        self,
        project_key: str,
        repository_slug: str,
        *,
        type: HookType | str | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Hook]:
        """List the hooks that the server has for a repository, enabled or not.

        Permission: REPO_ADMIN.
        """
        return self._list(
            Hook,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/settings/hooks",
            (project_key, repository_slug),
            query={"type": type},
            paging=paging,
        )

    async def get_repository_hook(self, project_key: str, repository_slug: str, hook_key: str) -> Hook:
        """Return a hook with its state in a repository.

        Permission: REPO_ADMIN.
        """
        return await self._call(
            Hook,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/settings/hooks/{hookKey}",
            (project_key, repository_slug, hook_key),
        )

    async def delete_repository_hook_configuration(self, project_key: str, repository_slug: str, hook_key: str) -> None:
        """Delete the state and the settings of a hook in a repository, which inherits those of the project again.

        Permission: REPO_ADMIN.
        """
        await self._run(
            "DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/settings/hooks/{hookKey}",
            (project_key, repository_slug, hook_key),
        )

    async def enable_repository_hook(
        self, project_key: str, repository_slug: str, hook_key: str, *, settings: Mapping[str, object] | None = None
    ) -> Hook:
        """Enable a hook in a repository, with new settings if given; BadRequestError if it requires others.

        Permission: REPO_ADMIN.
        """
        return await self._call(
            Hook,
            "PUT /api/latest/projects/{projectKey}/repos/{repositorySlug}/settings/hooks/{hookKey}/enabled",
            (project_key, repository_slug, hook_key),
            json=UNSET if settings is None else dict(settings),
        )

    async def disable_repository_hook(self, project_key: str, repository_slug: str, hook_key: str) -> Hook:
        """Disable a hook in a repository; its settings remain.

        Permission: REPO_ADMIN.
        """
        return await self._call(
            Hook,
            "DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/settings/hooks/{hookKey}/enabled",
            (project_key, repository_slug, hook_key),
        )

    async def get_repository_hook_settings(
        self, project_key: str, repository_slug: str, hook_key: str
    ) -> dict[str, object] | None:
        """Return the settings of a hook in a repository, whose keys the hook defines; None if it has none.

        Permission: REPO_ADMIN.
        """
        response = await self._send(
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/settings/hooks/{hookKey}/settings",
            (project_key, repository_slug, hook_key),
        )
        return as_object(response.json()) or None

    async def update_repository_hook_settings(
        self, project_key: str, repository_slug: str, hook_key: str, *, settings: Mapping[str, object]
    ) -> dict[str, object]:
        """Replace the settings of a hook in a repository, of at most 32 KB; BadRequestError if the hook refuses them.

        Keys whose value is None are not sent.

        Permission: REPO_ADMIN.
        """
        return await self._call(
            dict[str, object],
            "PUT /api/latest/projects/{projectKey}/repos/{repositorySlug}/settings/hooks/{hookKey}/settings",
            (project_key, repository_slug, hook_key),
            json=dict(settings),
        )

    async def read_avatar(self, hook_key: str, *, version: str | None = None) -> bytes:
        """Return the picture of a hook; with any `version`, HTTP caches may keep it for long.

        Permission: none.
        """
        return await self._read("GET /api/latest/hooks/{hookKey}/avatar", (hook_key,), query={"version": version})
