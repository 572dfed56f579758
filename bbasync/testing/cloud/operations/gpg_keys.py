"""GPG keys of users."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from urllib.parse import quote

from bbasync.testing.cloud.http import Call, refusal
from bbasync.testing.cloud.payloads import hrefs, stamp
from bbasync.testing.collection import Collection
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from bbasync.testing.cloud.payloads import Payload

operations: Operations[Call] = Operations()

HIDDEN = ("key", "subkeys")
"""Fields that are sent only if `fields` names them."""


def _render(call: Call, stored: Payload) -> Payload:
    user, fingerprint = call.user("selected_user"), stored["fingerprint"]
    own = f"{call.payloads.base}/users/{quote(user.uuid)}/gpg-keys/{fingerprint.upper()}"
    return {
        "type": "gpg_key",
        "fingerprint": fingerprint,
        "key_id": fingerprint[-16:],
        "name": stored.get("name") or "",
        "key": stored["key"],
        "subkeys": [],
        "parent_fingerprint": None,
        "created_on": stored["added_on"],
        "added_on": stored["added_on"],
        "expires_on": None,
        "last_used": None,
        "owner": call.payloads.user(user.index),
        "links": hrefs(self=own),
    }


def _alone(call: Call, stored: Payload) -> Payload:
    call.hidden = HIDDEN
    return _render(call, stored)


KEYS: Collection[Call] = Collection(
    operations,
    "/users/{selected_user}/gpg-keys/{fingerprint}",
    "fingerprint",
    read="account",
    write="account:write",
    verbs="get delete",
    render=_alone,
    key_of=lambda _call, name: name.lower(),
)


@operations("GET /users/{selected_user}/gpg-keys", "account")
def list_keys(call: Call) -> Result:
    """List the keys of a user."""
    call.hidden = [f"values.{name}" for name in HIDDEN]
    return call.page(list(KEYS.items(call).values()), lambda one: _render(call, one))


@operations("POST /users/{selected_user}/gpg-keys", "account:write", status=201)
def create_key(call: Call) -> Result:
    """Add a key, whose fingerprint is made up from its text."""
    body = call.json()
    text = str(body.get("key") or "").strip()
    if not text.startswith("-----BEGIN PGP PUBLIC KEY BLOCK-----"):
        raise refusal(400, "Bad request", fields={"key": ["Invalid GPG key"]})
    fingerprint = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    stored = {"fingerprint": fingerprint, "key": text, "name": body.get("name"), "added_on": stamp(call.world.now())}
    KEYS.items(call)[fingerprint] = stored
    return _alone(call, stored)
