"""Tags."""

from __future__ import annotations

from attrs import define

from bbasync.datacenter.models.refs import BaseRef
from bbasync.model import OpenEnum

__all__ = ["Tag", "TagType"]


class TagType(OpenEnum):
    """Type of a tag: only an annotated one has a message, a tagger and a date."""

    ANNOTATED = "ANNOTATED"
    LIGHTWEIGHT = "LIGHTWEIGHT"


@define(kw_only=True)
class Tag(BaseRef):
    """A tag."""

    latest_commit: str
    """Hash of the commit that it points to."""
    latest_changeset: str | None = None
    """The same as `latest_commit`, under its former name; None if not sent."""
    hash: str | None = None
    """Hash of the tag object; None for a lightweight tag."""
