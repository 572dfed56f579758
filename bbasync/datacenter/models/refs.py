"""Refs: what branches and tags have in common."""

from __future__ import annotations

from attrs import define

from bbasync.model import Model, OpenEnum

__all__ = ["BaseRef", "RefChange", "RefChangeType", "RefOrder", "RefType", "RefUpdateType", "branch_id"]


class RefType(OpenEnum):
    """Type of a ref."""

    BRANCH = "BRANCH"
    TAG = "TAG"


class RefOrder(OpenEnum):
    """Order of a list of branches or tags."""

    ALPHABETICAL = "ALPHABETICAL"
    MODIFICATION = "MODIFICATION"


class RefChangeType(OpenEnum):
    """Type of the change of a ref."""

    ADD = "ADD"
    UPDATE = "UPDATE"
    DELETE = "DELETE"


class RefUpdateType(OpenEnum):
    """Whether the update of a ref was a forced push; UNRESOLVED until the server has looked."""

    FORCED = "FORCED"
    NOT_FORCED = "NOT_FORCED"
    UNKNOWN = "UNKNOWN"
    UNRESOLVED = "UNRESOLVED"


@define(kw_only=True)
class BaseRef(Model):
    """A ref as embedded in other objects."""

    id: str
    """The full name, such as `refs/heads/main`."""
    display_id: str
    """The short name, such as `main`."""
    type: RefType | None = None
    """Type of the ref; None if not sent."""


@define(kw_only=True)
class RefChange(Model):
    """The change of one branch or tag."""

    ref: BaseRef
    """The branch or tag."""
    ref_id: str
    """Its full name, such as `refs/heads/main`."""
    from_hash: str
    """Hash of the commit before the change; zeros if the ref was created."""
    to_hash: str
    """Hash of the commit after the change; zeros if the ref was deleted."""
    type: RefChangeType
    """Type of the change."""
    updated_type: RefUpdateType | None = None
    """Whether an update was a forced push; None if not sent."""


def branch_id(name: str) -> str:
    """Return the full name of a branch; a name that begins with `refs/` is returned unchanged.

    A short name is ambiguous if a tag has the same name, and the filter `at` of pull requests never matches it.
    """
    return name if name.startswith("refs/") else f"refs/heads/{name}"
