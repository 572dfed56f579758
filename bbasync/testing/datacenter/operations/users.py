"""Users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.datacenter.payloads import refuse
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from bbasync.testing.datacenter.http import Call

operations: Operations[Call] = Operations()


@operations("GET /api/latest/users", "LICENSED_USER")
def list_users(call: Call) -> Result:
    """List the users whose name, display name or address contains the filter."""
    part = call.query.get("filter", "").lower()
    found = [
        user for user in call.world.users.values() if part in f"{user.name}\n{user.display_name}\n{user.email}".lower()
    ]
    return call.page(found, call.payloads.user)


@operations("GET /api/latest/users/{userSlug}", "LICENSED_USER")
def get_user(call: Call) -> Result:
    """Return a user by slug, not by name."""
    user = call.world.users.get(call.arg("userSlug"))
    if user is None:
        raise refuse(404, f"User {call.arg('userSlug')} does not exist.", "user.NoSuchUserException")
    return call.payloads.user(user)
