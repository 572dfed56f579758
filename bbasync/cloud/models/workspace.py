"""Workspaces."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from attrs import define

from bbasync.model import Model, OpenEnum

__all__ = ["BaseWorkspace", "ForkingMode", "Workspace"]


class ForkingMode(OpenEnum):
    """Where repositories of a workspace may be forked to."""

    ALLOW_FORKS = "allow_forks"
    INTERNAL_ONLY = "internal_only"


@define(kw_only=True)
class BaseWorkspace(Model):
    """A workspace as other objects hold it."""

    types: ClassVar = ("workspace", "workspace_base", "team")
    uuid: str
    """The lasting identifier, in braces."""
    slug: str
    """The name in addresses; changes when the workspace is renamed."""
    name: str | None = None
    """The name shown."""


@define(kw_only=True)
class Workspace(BaseWorkspace):
    """A workspace: the owner of projects and repositories."""

    is_private: bool | None = None
    """Whether only members see it."""
    is_personal: bool | None = None
    """Whether it belongs to one user."""
    is_privacy_enforced: bool | None = None
    """Whether all its content must be private."""
    forking_mode: ForkingMode | None = None
    """Where its repositories may be forked to."""
    created_on: datetime | None = None
    """When it was made."""
    updated_on: datetime | None = None
    """When it was last changed."""
