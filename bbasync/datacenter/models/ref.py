"""Refs: branches and tags."""

from __future__ import annotations

from attrs import define

from bbasync.model import Model, OpenEnum

__all__ = ["BaseRef", "Branch", "BranchOrder", "RefType", "branch_id"]


class RefType(OpenEnum):
    """What a ref is."""

    BRANCH = "BRANCH"
    TAG = "TAG"


class BranchOrder(OpenEnum):
    """How a list of branches is sorted."""

    ALPHABETICAL = "ALPHABETICAL"
    MODIFICATION = "MODIFICATION"


@define(kw_only=True)
class BaseRef(Model):
    """A ref as other objects hold it."""

    id: str
    """The whole name, such as `refs/heads/main`."""
    display_id: str
    """The name as it is shown, such as `main`."""
    type: RefType | None = None
    """What it is; not every object tells."""


@define(kw_only=True)
class Branch(BaseRef):
    """A branch."""

    latest_commit: str
    """The commit at its head."""
    is_default: bool
    """Whether it is the repository's default branch."""
    latest_changeset: str | None = None
    """The commit at its head, under its former name."""
    metadata: dict[str, object] | None = None
    """What plugins tell (such as commits ahead and behind), by their keys; only when asked for with `details`."""


def branch_id(name: str) -> str:
    """Return the whole name of a branch; one that begins with `refs/` is whole already.

    A short name that is a tag's too is ambiguous, and the filter `at` of pull requests finds nothing by it.
    """
    return name if name.startswith("refs/") else f"refs/heads/{name}"
