"""Projects."""

from __future__ import annotations

from attrs import define

from bbasync.datacenter.models.users import User
from bbasync.model import Model, OpenEnum

__all__ = ["Project", "ProjectType"]


class ProjectType(OpenEnum):
    """Whose a project is."""

    NORMAL = "NORMAL"
    PERSONAL = "PERSONAL"


@define(kw_only=True)
class Project(Model):
    """A project: a group of repositories, or all those of one user."""

    key: str
    """The short name in addresses, `~` and the user's slug for a personal one."""
    id: int
    """The lasting identifier."""
    name: str
    """The name shown."""
    type: ProjectType
    """Whether it is one user's own."""
    public: bool | None = None
    """Whether anonymous callers see it; some versions leave it out of personal projects."""
    description: str | None = None
    """What it is for."""
    owner: User | None = None
    """The user of a personal project."""
    scope: str | None = None
    """The level of settings it stands for, where the server sends it."""
    avatar: str | None = None
    """The picture as a data URI, where the server sends it."""
    avatar_url: str | None = None
    """The picture's address, where the server sends it."""
