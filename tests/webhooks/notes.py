"""A router whose handlers note what they were called with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from bbasync.webhooks import Event, WebhookRouter
from tests.webhooks import deliveries
from tests.webhooks.deliveries import SECRET


class Notes:
    """Handlers that note what they were called with."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str | None]] = []

    def handler(self, name: str, seconds: float = 0) -> Callable[[Event], Any]:
        async def handle(event: Event) -> None:
            await asyncio.sleep(seconds)
            self.seen.append((name, event.delivery.request_id))

        return handle

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.seen]


def router(*, on_error: Callable[[Event, BaseException], object] | None = None, **options: Any) -> WebhookRouter:
    return WebhookRouter(secret=SECRET, on_error=on_error, **options)


def deliver(to: WebhookRouter, request: str = "1", **options: Any) -> int:
    return to.accept(*deliveries.cloud(request=request, **options))
