"""Branch permissions: restrictions of what may be done to branches and tags."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, frozen

from bbasync.datacenter.models.access_keys import AccessKey
from bbasync.datacenter.models.ref_matchers import RefMatcher, RefMatcherTypeId
from bbasync.datacenter.models.scopes import Scope
from bbasync.datacenter.models.users import User
from bbasync.model import Model, OpenEnum

__all__ = ["Restriction", "RestrictionRequest", "RestrictionType"]


class RestrictionType(OpenEnum):
    """What a restriction forbids."""

    READ_ONLY = "read-only"
    NO_DELETES = "no-deletes"
    FAST_FORWARD_ONLY = "fast-forward-only"
    PULL_REQUEST_ONLY = "pull-request-only"
    NO_CREATES = "no-creates"


@define(kw_only=True)
class Restriction(Model):
    """A restriction, and who is exempt from it."""

    id: int
    """The ID."""
    type: RestrictionType
    """What it forbids."""
    matcher: RefMatcher
    """The branches and tags that it applies to."""
    users: list[User]
    """The users who are exempt from it."""
    groups: list[str]
    """The names of the groups that are exempt from it."""
    access_keys: list[AccessKey] | None = None
    """The access keys that are exempt from it; None if not sent."""
    scope: Scope | None = None
    """Whether it was made for the project or for the repository; None on older servers."""


@frozen(kw_only=True)
class RestrictionRequest:
    """A restriction to create."""

    type: RestrictionType | str
    """What it forbids."""
    matcher_id: str
    """A full name such as `refs/heads/main`, a pattern, or a branch or category of the branching model."""
    matcher_type: RefMatcherTypeId | str
    """What `matcher_id` is."""
    users: Sequence[str] = ()
    """The slugs of the users who are exempt from it."""
    groups: Sequence[str] = ()
    """The names of the groups that are exempt from it."""
    access_keys: Sequence[int] = ()
    """The IDs of the access keys that are exempt from it."""

    def body(self) -> dict[str, object]:
        """Return the request payload."""
        return {
            "type": self.type,
            "matcher": {"id": self.matcher_id, "type": {"id": self.matcher_type}},
            "users": list(self.users),
            "groups": list(self.groups),
            "accessKeys": list(self.access_keys),
        }
