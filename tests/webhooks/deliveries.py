"""Deliveries as Bitbucket sends them."""

from __future__ import annotations

import json
from typing import Any, Final

from bbasync.webhooks import sign

SECRET: Final = "Gr8*hush/hush=Qz3"

CREATED: Final[dict[str, Any]] = {
    "actor": {"type": "user", "uuid": "{a}", "display_name": "Ann"},
    "repository": {"type": "repository", "uuid": "{r}", "full_name": "acme/api", "name": "api", "extra": {"kept": 1}},
    "pullrequest": {"id": 7, "title": "Größe ändern ☃", "state": "OPEN", "created_on": "2026-05-01T10:00:00+00:00"},
}
OPENED: Final[dict[str, Any]] = {
    "eventKey": "pr:opened",
    "date": "2026-05-01T20:00:00+1000",
    "actor": {"name": "ann", "slug": "ann", "id": 1, "displayName": "Ann", "active": True, "type": "NORMAL"},
    "pullRequest": {"id": 8, "version": 0, "title": "Fix", "state": "OPEN", "createdDate": 1777629600000},
}


def encoded(payload: object) -> bytes:
    return json.dumps(payload, ensure_ascii=False).encode()


def cloud(
    payload: object = CREATED,
    *,
    key: str = "pullrequest:created",
    request: str = "11111111-2222",
    attempt: int = 1,
    secret: str | None = SECRET,
) -> tuple[dict[str, str], bytes]:
    """Return headers and body of a delivery of Cloud's."""
    body = encoded(payload)
    headers = {
        "X-Event-Key": key,
        "X-Hook-UUID": "{hook}",
        "X-Request-UUID": request,
        "X-Attempt-Number": str(attempt),
    }
    return headers | signature(body, secret), body


def data_center(
    payload: object = OPENED, *, key: str = "pr:opened", request: str = "33333333-4444", secret: str | None = SECRET
) -> tuple[dict[str, str], bytes]:
    """Return headers and body of a delivery of Data Center's."""
    body = encoded(payload)
    return {"X-Event-Key": key, "X-Request-Id": request} | signature(body, secret), body


def signature(body: bytes, secret: str | None) -> dict[str, str]:
    return {} if secret is None else {"X-Hub-Signature": sign(body, secret)}
