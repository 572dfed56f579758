"""Application properties."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from bbasync.model import Model, OpenEnum, wire

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ApplicationProperty", "PropertyAttribute"]


class PropertyAttribute(OpenEnum):
    """Who may read or change an application property."""

    PUBLIC = "public"
    READ_ONLY = "read_only"


@define(kw_only=True)
class ApplicationProperty(Model):
    """An application property: a JSON object that an app has stored."""

    attributes: list[PropertyAttribute] | None = field(default=None, metadata=wire("_attributes"))
    """Who may read or change it; None if not set."""

    @property
    def value(self) -> Mapping[str, object]:
        """The object that was stored, without the attributes."""
        return {name: value for name, value in self.raw.items() if name != "_attributes"}
