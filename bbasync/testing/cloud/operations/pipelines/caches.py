"""Caches, which the steps of successful pipelines store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.cloud.operations.pipelines import not_found
from bbasync.testing.cloud.pipelines import cache_content
from bbasync.testing.cloud.world.pipelines import CACHES
from bbasync.testing.collection import Collection
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from bbasync.testing.cloud.http import Call
    from bbasync.testing.cloud.payloads import Payload

operations: Operations[Call] = Operations()

collection = Collection(
    operations,
    CACHES,
    "uuid",
    read="pipeline",
    write="pipeline:write",
    verbs="list delete",
    render=lambda _call, stored: {"type": "pipeline_cache"} | stored,
)


@operations("DELETE /repositories/{workspace}/{repo_slug}/pipelines-config/caches", "pipeline:write")
def delete_caches(call: Call) -> Result:
    """Delete the caches of a name."""
    items, name = _items(call), call.query.get("name")
    found = [key for key, one in items.items() if one["name"] == name]
    if not found:
        raise not_found(f"There is no cache {name}")
    for key in found:
        del items[key]
    return None


@operations(f"GET {CACHES}/content-uri", "pipeline")
def get_content(call: Call) -> Result:
    """Answer with the URL of the content of a cache."""
    found = _items(call).get(call.arg("cache_uuid"))
    if found is None:
        raise not_found(f"There is no cache {call.arg('cache_uuid')}")
    return {"uri": call.fake.files.publish(f"{found['name']}.tar", cache_content(found["name"]))}


def _items(call: Call) -> dict[str, Payload]:
    return call.stored.setdefault((CACHES, "", call.repository().uuid), {})
