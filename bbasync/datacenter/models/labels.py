"""Labels of repositories."""

from __future__ import annotations

from attrs import define

from bbasync.datacenter.models.repositories import Repository
from bbasync.model import Model, OpenEnum

__all__ = ["Label", "Labelable", "LabelableType"]


class LabelableType(OpenEnum):
    """Type of an object that has labels."""

    REPOSITORY = "REPOSITORY"


@define(kw_only=True)
class Label(Model):
    """A label."""

    name: str
    """The name, in lower case."""


@define(kw_only=True)
class Labelable(Repository):
    """A repository that has a label."""

    labelable_type: LabelableType | None = None
    """Type of the object; None if not sent."""
