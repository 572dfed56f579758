"""Ref matchers: which branches and tags something applies to."""

from __future__ import annotations

from attrs import define

from bbasync.model import Model, OpenEnum

__all__ = ["RefMatcher", "RefMatcherKind", "RefMatcherType"]


class RefMatcherType(OpenEnum):
    """Type of a matcher."""

    BRANCH = "BRANCH"
    PATTERN = "PATTERN"
    MODEL_CATEGORY = "MODEL_CATEGORY"
    MODEL_BRANCH = "MODEL_BRANCH"
    ANY_REF = "ANY_REF"


@define(kw_only=True)
class RefMatcherKind(Model):
    """Type of a matcher, with its name."""

    id: RefMatcherType
    """The type."""
    name: str
    """The name to display."""


@define(kw_only=True)
class RefMatcher(Model):
    """Selects branches and tags by name, by pattern or by their place in the branching model."""

    id: str
    """A full name such as `refs/heads/main`, a pattern, or a branch or category of the branching model."""
    display_id: str
    """The text to display."""
    type: RefMatcherKind
    """The type."""
    active: bool | None = None
    """Whether it can match anything, which a branch that the model lacks cannot; None if not sent."""
