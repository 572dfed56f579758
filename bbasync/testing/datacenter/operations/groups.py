"""Groups of users; tests change their members in `world.groups`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.datacenter.payloads import group, refuse
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from bbasync.testing.datacenter.http import Call

operations: Operations[Call] = Operations()


@operations("GET /api/latest/groups", "LICENSED_USER")
def list_names(call: Call) -> Result:
    """List the names of the groups, filtered."""
    return call.page(_names(call), str)


@operations("GET /api/latest/admin/groups", "LICENSED_USER")
def list_groups(call: Call) -> Result:
    """List the groups, filtered by name."""
    return call.page(_names(call), lambda name: {**group(name), "deletable": True})


@operations("GET /api/latest/admin/groups/more-members", "LICENSED_USER")
def list_members(call: Call) -> Result:
    """List the members of the group that `context` names."""
    name, part = call.query.get("context", ""), call.query.get("filter", "").lower()
    if name not in call.world.groups:
        raise refuse(404, f"Group {name} does not exist.", "NoSuchEntityException")
    members = [user for user in call.world.users.values() if user.name in call.world.groups[name]]
    found = [user for user in members if part in f"{user.name}\n{user.display_name}\n{user.email}".lower()]
    return call.page(found, call.payloads.user)


def _names(call: Call) -> list[str]:
    part = call.query.get("filter", "").lower()
    return sorted(name for name in call.world.groups if part in name.lower())
