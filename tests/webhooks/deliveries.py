"""Deliveries as Bitbucket sends them."""

from __future__ import annotations

import json
from typing import Any, Final

import attrs

from bbasync.webhooks import cloud as cloud_events
from bbasync.webhooks import datacenter as datacenter_events
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
STATES: Final = {
    "pullrequest:fulfilled": "MERGED",
    "pullrequest:rejected": "DECLINED",
    "pr:merged": "MERGED",
    "pr:declined": "DECLINED",
}
VALUES: Final[dict[str, Any]] = {
    "changes": [],
    "commit": "f00",
    "date": "2026-05-01T20:00:00+1000",
    "ref_limit_exceeded": False,
    "resource_spans": [],
    "test": True,
    **{name: [] for name in ("added_reviewers", "removed_reviewers", "secret_locations")},
    **dict.fromkeys(("previous_comment", "previous_status", "sync_type"), "TEXT"),
}
"""What required fields hold that are not objects."""


def camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(map(str.capitalize, rest))


def smallest(key: str) -> dict[str, Any]:
    """Return a body of an event key that has the required fields and nothing else."""
    of_data_center = key in datacenter_events.EVENTS
    cls: type = (datacenter_events.EVENTS if of_data_center else cloud_events.EVENTS)[key]
    required = [field.name for field in attrs.fields(cls) if field.default is attrs.NOTHING]
    body = {name: VALUES.get(name, {}) for name in required}
    body |= {name: {"state": STATES.get(key, "OPEN")} for name in body if name in {"pullrequest", "pull_request"}}
    if of_data_center or key == cloud_events.PipelineSpanCreated.key:
        body = {camel(name): value for name, value in body.items()}
    return body | ({"eventKey": key} if of_data_center and key != "diagnostics:ping" else {})


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
