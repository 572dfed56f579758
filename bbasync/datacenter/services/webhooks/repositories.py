"""Webhooks of repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.webhooks import Invocation, InvocationHistory, Webhook
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from bbasync.datacenter.models.webhooks import InvocationOutcome, WebhookCredentials, WebhookEvent, WebhookScope
    from bbasync.paging import Paging

__all__ = ["RepositoryWebhooks"]


class RepositoryWebhooks(Service):
    """Webhooks of repositories, a part of `bb.webhooks`."""

    @lists
    def list_repository_webhooks(
        self,
        project_key: str,
        repository_slug: str,
        *,
        event: Sequence[WebhookEvent | str] | None = None,
        statistics: bool | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Webhook]:
        """List the webhooks of a repository, excluding those of its project, by default for any event.

        Permission: REPO_ADMIN.
        """
        return self._list(
            Webhook,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/webhooks",
            (project_key, repository_slug),
            query={"event": event, "statistics": statistics},
            paging=paging,
        )

    async def create_repository_webhook(
        self,
        project_key: str,
        repository_slug: str,
        *,
        name: str,
        url: str,
        events: Sequence[WebhookEvent | str],
        active: bool | None = None,
        secret: str | None = None,
        ssl_verification_required: bool | None = None,
        credentials: WebhookCredentials | None = None,
    ) -> Webhook:
        """Create a webhook on a repository.

        With a `secret`, deliveries are signed. `credentials` are sent to the URL with HTTP Basic authentication.

        Permission: REPO_ADMIN.
        """
        return await self._call(
            Webhook,
            "POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/webhooks",
            (project_key, repository_slug),
            json={
                "name": name,
                "url": url,
                "events": list(events),
                "active": active,
                "configuration": {"secret": secret},
                "sslVerificationRequired": ssl_verification_required,
                "credentials": credentials and credentials.body(),
            },
        )

    async def get_repository_webhook(
        self, project_key: str, repository_slug: str, webhook_id: int, *, statistics: bool | None = None
    ) -> Webhook:
        """Return a webhook of a repository.

        Permission: REPO_ADMIN.
        """
        return await self._call(
            Webhook,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/webhooks/{webhookId}",
            (project_key, repository_slug, webhook_id),
            query={"statistics": statistics},
        )

    async def update_repository_webhook(
        self,
        project_key: str,
        repository_slug: str,
        webhook_id: int,
        *,
        name: str,
        url: str,
        events: Sequence[WebhookEvent | str],
        active: bool | None = None,
        secret: str | None = None,
        ssl_verification_required: bool | None = None,
        credentials: WebhookCredentials | None = None,
    ) -> Webhook:
        """Replace a webhook of a repository.

        The vendor does not say whether a secret and credentials that are not passed are kept.

        Permission: REPO_ADMIN.
        """
        return await self._call(
            Webhook,
            "PUT /api/latest/projects/{projectKey}/repos/{repositorySlug}/webhooks/{webhookId}",
            (project_key, repository_slug, webhook_id),
            json={
                "name": name,
                "url": url,
                "events": list(events),
                "active": active,
                "configuration": {"secret": secret},
                "sslVerificationRequired": ssl_verification_required,
                "credentials": credentials and credentials.body(),
            },
        )

    async def delete_repository_webhook(self, project_key: str, repository_slug: str, webhook_id: int) -> None:
        """Delete a webhook of a repository.

        Permission: REPO_ADMIN.
        """
        await self._run(
            "DELETE /api/latest/projects/{projectKey}/repos/{repositorySlug}/webhooks/{webhookId}",
            (project_key, repository_slug, webhook_id),
        )

    async def test_repository_webhook(
        self,
        project_key: str,
        repository_slug: str,
        *,
        url: str,
        webhook_id: int | None = None,
        ssl_verification_required: bool | None = None,
        credentials: WebhookCredentials | None = None,
    ) -> dict[str, object]:
        """Send a test delivery to a URL, as webhooks of a repository would, and return what was sent and received.

        `webhook_id` is the webhook that the test is for, if it exists already. The vendor documents no fields of the
        result.

        Permission: REPO_ADMIN.
        """
        return await self._call(
            dict[str, object],
            "POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/webhooks/test",
            (project_key, repository_slug),
            query={
                "url": url,
                "webhookId": webhook_id,
                "sslVerificationRequired": ssl_verification_required,
            },
            json=credentials.body() if credentials else {},
        )

    async def get_latest_repository_invocation(
        self,
        project_key: str,
        repository_slug: str,
        webhook_id: int,
        *,
        event: WebhookEvent | str | None = None,
        outcome: InvocationOutcome | str | None = None,
    ) -> Invocation | None:
        """Return the latest delivery of a webhook of a repository, optionally of one event or outcome; None if there is none.

        Permission: REPO_ADMIN.
        """
        operation = "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/webhooks/{webhookId}/latest"
        response = await self._send(
            operation, (project_key, repository_slug, webhook_id), query={"event": event, "outcome": outcome}
        )
        return None if response.status == 204 else self._structure(Invocation, operation, response)

    async def get_repository_statistics(
        self, project_key: str, repository_slug: str, webhook_id: int, *, event: WebhookEvent | str | None = None
    ) -> InvocationHistory:
        """Return the statistics of a webhook of a repository, by default for all events together.

        Permission: REPO_ADMIN.
        """
        return await self._call(
            InvocationHistory,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/webhooks/{webhookId}/statistics",
            (project_key, repository_slug, webhook_id),
            query={"event": event},
        )

    async def get_repository_statistics_summary(
        self, project_key: str, repository_slug: str, webhook_id: int
    ) -> dict[str, InvocationHistory]:
        """Return the statistics of a webhook of a repository by event; empty if nothing was delivered yet.

        Permission: REPO_ADMIN.
        """
        operation = (
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/webhooks/{webhookId}/statistics/summary"
        )
        response = await self._send(operation, (project_key, repository_slug, webhook_id))
        if response.status == 204:
            return {}
        return self._structure(dict[str, InvocationHistory], operation, response)

    @lists
    def search_repository_webhooks(
        self,
        project_key: str,
        repository_slug: str,
        *,
        scope_type: Sequence[WebhookScope | str] | None = None,
        event: Sequence[WebhookEvent | str] | None = None,
        statistics: bool | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Webhook]:
        """List the webhooks of a repository and of its project; `scope_type` selects one of the two.

        Permission: REPO_ADMIN.
        """
        return self._list(
            Webhook,
            "GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/webhooks/search",
            (project_key, repository_slug),
            query={"scopeType": scope_type, "event": event, "statistics": statistics},
            paging=paging,
        )
