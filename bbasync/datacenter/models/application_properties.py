"""Properties of the server."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.model import Model

__all__ = ["ApplicationProperties"]


@define(kw_only=True)
class ApplicationProperties(Model):
    """Version and name of the server."""

    version: str
    """The version, such as `9.4.2`."""
    build_number: str
    """The build number."""
    build_date: datetime
    """When it was built."""
    display_name: str
    """The name of the server."""
