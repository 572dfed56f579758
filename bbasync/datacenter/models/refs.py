"""Refs: what branches and tags have in common."""

from __future__ import annotations

from attrs import define

from bbasync.model import Model, OpenEnum

__all__ = ["BaseRef", "RefType", "branch_id"]


class RefType(OpenEnum):
    """Type of a ref."""

    BRANCH = "BRANCH"
    TAG = "TAG"


@define(kw_only=True)
class BaseRef(Model):
    """A ref as embedded in other objects."""

    id: str
    """The full name, such as `refs/heads/main`."""
    display_id: str
    """The short name, such as `main`."""
    type: RefType | None = None
    """Type of the ref; None if not sent."""


def branch_id(name: str) -> str:
    """Return the full name of a branch; a name that begins with `refs/` is returned unchanged.

    A short name is ambiguous if a tag has the same name, and the filter `at` of pull requests never matches it.
    """
    return name if name.startswith("refs/") else f"refs/heads/{name}"
