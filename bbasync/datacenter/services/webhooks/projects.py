"""Webhooks of projects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.datacenter.models.webhooks import Invocation, InvocationHistory, Webhook
from bbasync.service import Service, lists

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from bbasync.datacenter.models.webhooks import InvocationOutcome, WebhookCredentials, WebhookEvent
    from bbasync.paging import Paging

__all__ = ["ProjectWebhooks"]


class ProjectWebhooks(Service):
    """Webhooks of projects, a part of `bb.webhooks`."""

    @lists
    def list_project_webhooks(
        self,
        project_key: str,
        *,
        event: Sequence[WebhookEvent | str] | None = None,
        statistics: bool | None = None,
        paging: Paging | None = None,
    ) -> AsyncGenerator[Webhook]:
        """List the webhooks of a project, by default for any event.

        Permission: PROJECT_ADMIN.
        """
        return self._list(
            Webhook,
            "GET /api/latest/projects/{projectKey}/webhooks",
            (project_key,),
            query={"event": event, "statistics": statistics},
            paging=paging,
        )

    async def create_project_webhook(
        self,
        project_key: str,
        *,
        name: str,
        url: str,
        events: Sequence[WebhookEvent | str],
        active: bool | None = None,
        secret: str | None = None,
        ssl_verification_required: bool | None = None,
        credentials: WebhookCredentials | None = None,
    ) -> Webhook:
        """Create a webhook on a project.

        With a `secret`, deliveries are signed. `credentials` are sent to the URL with HTTP Basic authentication.

        Permission: PROJECT_ADMIN.
        """
        return await self._call(
            Webhook,
            "POST /api/latest/projects/{projectKey}/webhooks",
            (project_key,),
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

    async def get_project_webhook(
        self, project_key: str, webhook_id: int, *, statistics: bool | None = None
    ) -> Webhook:
        """Return a webhook of a project.

        Permission: PROJECT_ADMIN.
        """
        return await self._call(
            Webhook,
            "GET /api/latest/projects/{projectKey}/webhooks/{webhookId}",
            (project_key, webhook_id),
            query={"statistics": statistics},
        )

    async def update_project_webhook(
        self,
        project_key: str,
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
        """Replace a webhook of a project.

        The vendor does not say whether a secret and credentials that are not passed are kept.

        Permission: PROJECT_ADMIN.
        """
        return await self._call(
            Webhook,
            "PUT /api/latest/projects/{projectKey}/webhooks/{webhookId}",
            (project_key, webhook_id),
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

    async def delete_project_webhook(self, project_key: str, webhook_id: int) -> None:
        """Delete a webhook of a project.

        Permission: PROJECT_ADMIN.
        """
        await self._run("DELETE /api/latest/projects/{projectKey}/webhooks/{webhookId}", (project_key, webhook_id))

    async def test_project_webhook(
        self,
        project_key: str,
        *,
        url: str,
        webhook_id: int | None = None,
        ssl_verification_required: bool | None = None,
        credentials: WebhookCredentials | None = None,
    ) -> dict[str, object]:
        """Send a test delivery to a URL, as webhooks of a project would, and return what was sent and received.

        `webhook_id` is the webhook that the test is for, if it exists already. The vendor documents no fields of the
        result.

        Permission: PROJECT_ADMIN.
        """
        return await self._call(
            dict[str, object],
            "POST /api/latest/projects/{projectKey}/webhooks/test",
            (project_key,),
            query={
                "url": url,
                "webhookId": webhook_id,
                "sslVerificationRequired": ssl_verification_required,
            },
            json=credentials.body() if credentials else {},
        )

    async def get_latest_project_invocation(
        self,
        project_key: str,
        webhook_id: int,
        *,
        event: WebhookEvent | str | None = None,
        outcome: InvocationOutcome | str | None = None,
    ) -> Invocation | None:
        """Return the latest delivery of a webhook of a project, optionally of one event or outcome; None if there is none.

        Permission: PROJECT_ADMIN.
        """
        operation = "GET /api/latest/projects/{projectKey}/webhooks/{webhookId}/latest"
        response = await self._send(operation, (project_key, webhook_id), query={"event": event, "outcome": outcome})
        return None if response.status == 204 else self._structure(Invocation, operation, response)

    async def get_project_statistics(
        self, project_key: str, webhook_id: int, *, event: WebhookEvent | str | None = None
    ) -> InvocationHistory:
        """Return the statistics of a webhook of a project, by default for all events together.

        Permission: PROJECT_ADMIN.
        """
        return await self._call(
            InvocationHistory,
            "GET /api/latest/projects/{projectKey}/webhooks/{webhookId}/statistics",
            (project_key, webhook_id),
            query={"event": event},
        )

    async def get_project_statistics_summary(self, project_key: str, webhook_id: int) -> dict[str, InvocationHistory]:
        """Return the statistics of a webhook of a project by event; empty if nothing was delivered yet.

        Permission: PROJECT_ADMIN.
        """
        operation = "GET /api/latest/projects/{projectKey}/webhooks/{webhookId}/statistics/summary"
        response = await self._send(operation, (project_key, webhook_id))
        if response.status == 204:
            return {}
        return self._structure(dict[str, InvocationHistory], operation, response)
