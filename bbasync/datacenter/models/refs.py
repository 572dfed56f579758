"""Refs: what branches and tags share."""

from __future__ import annotations

from attrs import define

from bbasync.model import Model, OpenEnum

__all__ = ["BaseRef", "RefType", "branch_id"]


class RefType(OpenEnum):
    """What a ref is."""

    BRANCH = "BRANCH"
    TAG = "TAG"


@define(kw_only=True)
class BaseRef(Model):
    """A ref as other objects hold it."""

    id: str
    """The whole name, such as `refs/heads/main`."""
    display_id: str
    """The name as it is shown, such as `main`."""
    type: RefType | None = None
    """What it is; not every object tells."""


def branch_id(name: str) -> str:
    """Return the whole name of a branch; one that begins with `refs/` is whole already.

    A short name that is a tag's too is ambiguous, and the filter `at` of pull requests finds nothing by it.
    """
    return name if name.startswith("refs/") else f"refs/heads/{name}"
