"""Downloads of a repository."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.cloud.models.users import Account
from bbasync.model import Model

__all__ = ["Download"]


@define(kw_only=True)
class Download(Model):
    """A file among the downloads of a repository."""

    name: str
    """The file name, unique in the repository."""
    size: int
    """Size in bytes."""
    downloads: int | None = None
    """How often it was downloaded."""
    created_on: datetime | None = None
    """When it was uploaded."""
    user: Account | None = None
    """The user who uploaded it; None if the account was deleted."""
