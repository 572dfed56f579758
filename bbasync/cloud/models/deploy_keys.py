"""Deploy keys: SSH keys that give access to a repository or a project instead of to an account."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.cloud.models.projects import BaseProject
from bbasync.cloud.models.repositories import BaseRepository
from bbasync.cloud.models.users import Account
from bbasync.model import Model

__all__ = ["BaseDeployKey", "DeployKey", "ProjectDeployKey"]


@define(kw_only=True)
class BaseDeployKey(Model):
    """A deploy key."""

    id: int
    """The ID."""
    key: str
    """The public key, without its comment."""
    label: str
    """The display name."""
    comment: str | None = None
    """The comment of the public key."""
    created_on: datetime | None = None
    """When it was added; `added_on` in the vendor's description."""
    added_on: datetime | None = None
    """When it was added; None in the responses that the vendor shows, which have `created_on`."""
    last_used: datetime | None = None
    """When it was last used; None if never."""


@define(kw_only=True)
class DeployKey(BaseDeployKey):
    """A deploy key of a repository."""

    repository: BaseRepository | None = None
    """The repository."""
    owner: Account | None = None
    """The owner; None if not sent."""


@define(kw_only=True)
class ProjectDeployKey(BaseDeployKey):
    """A deploy key of a project, which gives access to its repositories."""

    project: BaseProject | None = None
    """The project."""
    created_by: Account | None = None
    """The user who added it; None if not sent."""
