"""Webhooks of repositories and workspaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.cloud.models.webhooks import EventKey, HookEvent, SubjectType, SubjectTypes, Webhook
from bbasync.request import UNSET, Unset, nullable
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from bbasync.paging import Paging

__all__ = ["Webhooks"]


class Webhooks(Service):
    """Webhooks of repositories and workspaces: `bb.webhooks`."""

    @lists
    def list_repository_hooks(
        self, workspace: str, repo_slug: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[Webhook]:
        """List the webhooks of a repository, excluding those of its workspace.

        Scope: webhook (OAuth), read:webhook:bitbucket (API token).
        """
        return self._list(
            Webhook,
            "GET /repositories/{workspace}/{repo_slug}/hooks",
            (workspace, repo_slug),
            query={"fields": fields},
            group="webhooks",
            paging=paging,
        )

    async def create_repository_hook(
        self,
        workspace: str,
        repo_slug: str,
        *,
        url: str,
        events: Sequence[EventKey | str],
        description: str | None = None,
        active: bool | None = None,
        secret: str | None = None,
    ) -> Webhook:
        """Create a webhook on a repository.

        The host of `url` must resolve to a public address. With a `secret` (at most 128 characters), deliveries are
        signed; the secret is never returned. Each event also requires the scope to read its subject.

        Scope: webhook (OAuth), read:webhook:bitbucket, write:webhook:bitbucket (API token).
        """
        return await self._call(
            Webhook,
            "POST /repositories/{workspace}/{repo_slug}/hooks",
            (workspace, repo_slug),
            json={"url": url, "events": list(events), "description": description, "active": active, "secret": secret},
            group="webhooks",
        )

    async def get_repository_hook(
        self, workspace: str, repo_slug: str, uid: str, *, fields: str | None = None
    ) -> Webhook:
        """Return a webhook of a repository by UUID (in braces).

        Scope: webhook (OAuth), read:webhook:bitbucket (API token).
        """
        return await self._call(
            Webhook,
            "GET /repositories/{workspace}/{repo_slug}/hooks/{uid}",
            (workspace, repo_slug, uid),
            query={"fields": fields},
            group="webhooks",
        )

    async def update_repository_hook(
        self,
        workspace: str,
        repo_slug: str,
        uid: str,
        *,
        url: str | None = None,
        events: Sequence[EventKey | str] | None = None,
        description: str | None = None,
        active: bool | None = None,
        secret: str | Unset | None = UNSET,
    ) -> Webhook:
        """Update a webhook of a repository.

        `secret=None` removes the secret; omit it to keep the current one. Each event also requires the scope to read
        its subject.

        Scope: webhook (OAuth), read:webhook:bitbucket, write:webhook:bitbucket (API token).
        """
        return await self._call(
            Webhook,
            "PUT /repositories/{workspace}/{repo_slug}/hooks/{uid}",
            (workspace, repo_slug, uid),
            json={
                "url": url,
                "events": None if events is None else list(events),
                "description": description,
                "active": active,
                "secret": nullable(secret),
            },
            group="webhooks",
        )

    async def delete_repository_hook(self, workspace: str, repo_slug: str, uid: str) -> None:
        """Delete a webhook of a repository.

        Scope: webhook (OAuth), delete:webhook:bitbucket (API token).
        """
        await self._run(
            "DELETE /repositories/{workspace}/{repo_slug}/hooks/{uid}", (workspace, repo_slug, uid), group="webhooks"
        )

    @lists
    def list_workspace_hooks(
        self, workspace: str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[Webhook]:
        """List the webhooks of a workspace; they fire for events in all its repositories.

        Scope: webhook (OAuth), read:webhook:bitbucket (API token).
        """
        return self._list(
            Webhook,
            "GET /workspaces/{workspace}/hooks",
            (workspace,),
            query={"fields": fields},
            group="webhooks",
            paging=paging,
        )

    async def create_workspace_hook(
        self,
        workspace: str,
        *,
        url: str,
        events: Sequence[EventKey | str],
        description: str | None = None,
        active: bool | None = None,
        secret: str | None = None,
    ) -> Webhook:
        """Create a webhook on a workspace, for events in all its repositories; only workspace owners can do this.

        The host of `url` must resolve to a public address. With a `secret` (at most 128 characters), deliveries are
        signed; the secret is never returned. Each event also requires the scope to read its subject.

        Scope: webhook (OAuth), read:webhook:bitbucket, write:webhook:bitbucket (API token).
        """
        return await self._call(
            Webhook,
            "POST /workspaces/{workspace}/hooks",
            (workspace,),
            json={"url": url, "events": list(events), "description": description, "active": active, "secret": secret},
            group="webhooks",
        )

    async def get_workspace_hook(self, workspace: str, uid: str, *, fields: str | None = None) -> Webhook:
        """Return a webhook of a workspace by UUID (in braces).

        Scope: webhook (OAuth), read:webhook:bitbucket (API token).
        """
        return await self._call(
            Webhook,
            "GET /workspaces/{workspace}/hooks/{uid}",
            (workspace, uid),
            query={"fields": fields},
            group="webhooks",
        )

    async def update_workspace_hook(
        self,
        workspace: str,
        uid: str,
        *,
        url: str | None = None,
        events: Sequence[EventKey | str] | None = None,
        description: str | None = None,
        active: bool | None = None,
        secret: str | Unset | None = UNSET,
    ) -> Webhook:
        """Update a webhook of a workspace.

        `secret=None` removes the secret; omit it to keep the current one. Each event also requires the scope to read
        its subject.

        Scope: webhook (OAuth), read:webhook:bitbucket, write:webhook:bitbucket (API token).
        """
        return await self._call(
            Webhook,
            "PUT /workspaces/{workspace}/hooks/{uid}",
            (workspace, uid),
            json={
                "url": url,
                "events": None if events is None else list(events),
                "description": description,
                "active": active,
                "secret": nullable(secret),
            },
            group="webhooks",
        )

    async def delete_workspace_hook(self, workspace: str, uid: str) -> None:
        """Delete a webhook of a workspace.

        Scope: webhook (OAuth), delete:webhook:bitbucket (API token).
        """
        await self._run("DELETE /workspaces/{workspace}/hooks/{uid}", (workspace, uid), group="webhooks")

    async def get_subject_types(self, *, fields: str | None = None) -> SubjectTypes:
        """Return the types of resources that can have webhooks; no authentication is required.

        Scope: none.
        """
        return await self._call(SubjectTypes, "GET /hook_events", query={"fields": fields}, group="webhooks")

    @lists
    def list_events(
        self, subject_type: SubjectType | str, *, fields: str | None = None, paging: Paging | None = None
    ) -> AsyncGenerator[HookEvent]:
        """List the events that webhooks on a type of resource can subscribe to; no authentication is required.

        Scope: none.
        """
        return self._list(
            HookEvent,
            "GET /hook_events/{subject_type}",
            (subject_type,),
            query={"fields": fields},
            group="webhooks",
            paging=paging,
        )
