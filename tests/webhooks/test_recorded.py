"""Every recorded body becomes its typed event, signed or not, and nothing of it is lost."""

from __future__ import annotations

from typing import Any, Final

import orjson
import pytest

from bbasync.model import Model
from bbasync.webhooks import Product, cloud, datacenter, parse, sign
from tests.meta.vendor import DATA, needs_data, recordings
from tests.webhooks.deliveries import SECRET

pytestmark = needs_data

ROWS: Final = [row for row in recordings() if row["kind"] == "webhook"]
PRODUCTS: Final = {"cloud": Product.CLOUD, "dc": Product.DATA_CENTER}
EVENTS: Final = {"cloud": cloud.EVENTS, "dc": datacenter.EVENTS}
MAIN: Final = {
    "repo:push": "push",
    "repo:refs_changed": "changes",
    "repo:modified": "new",
    "repo:fork": "fork",
    "repo:forked": "repository",
    "repo:updated": "changes",
    "repo:commit_comment_created": "comment",
    "repo:comment:added": "comment",
    "repo:comment:edited": "comment",
    "repo:comment:deleted": "comment",
    "repo:commit_status_created": "commit_status",
    "repo:commit_status_updated": "commit_status",
    "mirror:repo_synchronized": "mirror_server",
    "issue:comment_created": "issue",
}
"""What an event is about; that of the others is a pull request."""


def raw_of(value: object) -> Any:
    """Return what a field was read from."""
    if isinstance(value, Model):
        return value.raw
    items: Any = value
    return (
        [raw_of(item) for item in items] if isinstance(value, list) else {name: raw_of(items[name]) for name in items}
    )


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_a_recorded_body_becomes_its_event(row: dict[str, Any]) -> None:
    body = (DATA / "recorded" / str(row["file"])).read_bytes()
    key, product = row["event_key"], PRODUCTS[row["api"]]
    request = "X-Request-UUID" if product is Product.CLOUD else "X-Request-Id"
    event = parse({"x-event-key": key, request: "1", "x-hub-signature": sign(body, SECRET)}, body, secret=SECRET)
    assert type(event) is EVENTS[row["api"]][key]
    assert event.raw == orjson.loads(body)
    assert (event.delivery.product, event.delivery.request_id) == (product, "1")
    about = MAIN.get(key, "pullrequest" if product is Product.CLOUD else "pull_request")
    wire = {"pull_request": "pullRequest", "mirror_server": "mirrorServer"}.get(about, about)
    assert raw_of(getattr(event, about)) == event.raw[wire]


def test_there_are_many_recorded_bodies() -> None:
    assert len(ROWS) > 100
