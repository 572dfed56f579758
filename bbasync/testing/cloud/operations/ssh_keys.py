"""SSH keys of users."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING
from urllib.parse import quote

from bbasync.testing.cloud.operations.deploy_keys import dated, public_key
from bbasync.testing.cloud.payloads import hrefs
from bbasync.testing.collection import Collection
from bbasync.testing.operations import Operations

if TYPE_CHECKING:
    from bbasync.testing.cloud.http import Call
    from bbasync.testing.cloud.payloads import Payload

operations: Operations[Call] = Operations()


def _render(call: Call, stored: Payload) -> Payload:
    user = call.user("selected_user")
    rendered = public_key(stored)
    own = f"{call.payloads.base}/users/{quote(user.uuid)}/ssh-keys/{quote(stored['uuid'])}"
    return rendered | {
        "type": "ssh_key",
        "uuid": stored["uuid"],
        "expires_on": stored.get("expires_on"),
        "fingerprint": _fingerprint(rendered["key"]),
        "owner": call.payloads.user(user.index),
        "links": hrefs(self=own),
    }


def _fingerprint(key: str) -> str:
    data = key.split()[1]
    try:
        content = base64.b64decode(data + "=" * (-len(data) % 4))
    except binascii.Error:
        content = data.encode()  # the made-up keys of tests have fingerprints too
    return base64.b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")


def _added(call: Call) -> Payload:
    return {**dated(call), "expires_on": call.query.get("expires_on")}


Collection(
    operations,
    "/users/{selected_user}/ssh-keys/{key_id}",
    "uuid",
    required=("key",),
    read="account",
    write="account:write",
    render=_render,
    key_of=lambda _call, name: name if name.startswith("{") else f"{{{name}}}",
    added=_added,
)
