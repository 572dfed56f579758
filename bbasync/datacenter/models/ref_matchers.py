"""Ref matchers: which branches a rule applies to."""

from __future__ import annotations

from attrs import define

from bbasync.model import Model, OpenEnum

__all__ = ["RefMatcher", "RefMatcherType", "RefMatcherTypeId"]


class RefMatcherTypeId(OpenEnum):
    """What the ID of a ref matcher is: a branch, a pattern, or a branch or category of the branching model."""

    ANY_REF = "ANY_REF"
    BRANCH = "BRANCH"
    PATTERN = "PATTERN"
    MODEL_CATEGORY = "MODEL_CATEGORY"
    MODEL_BRANCH = "MODEL_BRANCH"


@define(kw_only=True)
class RefMatcherType(Model):
    """The type of a ref matcher."""

    id: RefMatcherTypeId
    """The type."""
    name: str | None = None
    """The display name; None if not sent, not needed in requests."""


@define(kw_only=True)
class RefMatcher(Model):
    """A set of branches: `RefMatcher.of("BRANCH", "refs/heads/main")`."""

    id: str
    """A full name for BRANCH, a pattern such as `release/*` for PATTERN; see `RefMatcherTypeId`."""
    type: RefMatcherType
    """The type."""
    display_id: str | None = None
    """The ID as displayed; None if not sent, not needed in requests."""
    active: bool | None = None
    """Whether it matches any branch at present; None if not sent, not sent in requests."""

    @classmethod
    def of(cls, type: RefMatcherTypeId | str, id: str) -> RefMatcher:
        """Return a matcher to send."""
        return cls(id=id, type=RefMatcherType(id=RefMatcherTypeId(type)))

    def body(self) -> dict[str, object]:
        """Return the request payload."""
        return {"id": self.id, "displayId": self.display_id, "type": {"id": self.type.id, "name": self.type.name}}
