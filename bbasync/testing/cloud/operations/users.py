"""The authenticated user and other users."""

from __future__ import annotations

from bbasync.testing.cloud.http import Call, not_found, refusal
from bbasync.testing.cloud.payloads import Payload, hrefs
from bbasync.testing.operations import Operations, Result

operations: Operations[Call] = Operations()


@operations("GET /user", "account")
def get_user(call: Call) -> Result:
    """Answer with the caller; an access token stands for a pseudo-user."""
    demand_credential(call)
    if call.caller.workspace is not None:
        name = f"{call.caller.workspace} access token"
        return {"type": "app_user", "display_name": name, "uuid": call.world.users[-1].uuid}
    user = call.world.users[call.me]
    return call.payloads.full_user(user) | {"username": user.nickname}  # only the caller's own name is shown


@operations("GET /users/{selected_user}")
def find_user(call: Call) -> Result:
    """Find a user by uuid or account id; user names are no longer known."""
    user = call.world.user(call.arg("selected_user"))
    if user is None:
        raise not_found(f"{call.arg('selected_user')} does not exist or is not a user")
    return call.payloads.full_user(user)


@operations("GET /user/emails", "email")
def list_emails(call: Call) -> Result:
    """List the one address."""
    return call.page([_email(call)], lambda one: one)


@operations("GET /user/emails/{email}", "email")
def get_email(call: Call) -> Result:
    """Return an address of the caller."""
    email = _email(call)
    if call.arg("email") != email["email"]:
        raise not_found(f"{call.arg('email')} is not an address of this account")
    return email


def _email(call: Call) -> Payload:
    demand_credential(call)
    name = "me" if call.me == call.world.me.index else call.world.users[call.me].nickname
    address = f"{name}@example.invalid"
    return {
        "type": "email",
        "email": address,
        "is_primary": True,
        "is_confirmed": True,
        "links": hrefs(self=f"{call.payloads.base}/user/emails/{address}"),
    }


def demand_credential(call: Call) -> None:
    """Refuse anonymous callers with 401."""
    if call.anonymous:
        raise refusal(401, "Authentication is required for this resource.")
