"""Projects."""

from __future__ import annotations

from attrs import define

from bbasync.datacenter.models.users import User
from bbasync.model import Model, OpenEnum

__all__ = ["Project", "ProjectType"]


class ProjectType(OpenEnum):
    """Type of a project."""

    NORMAL = "NORMAL"
    PERSONAL = "PERSONAL"


@define(kw_only=True)
class Project(Model):
    """A project: a group of repositories, or the personal repositories of a user."""

    key: str
    """The short name in URLs; `~` and the user's slug for a personal project."""
    id: int
    """The ID; it survives renames."""
    name: str
    """The display name."""
    type: ProjectType
    """Whether it is a personal project."""
    public: bool | None = None
    """Whether anonymous users can see it; None for personal projects on some servers."""
    description: str | None = None
    """The description; None if there is none."""
    owner: User | None = None
    """The owner of a personal project; None for other projects."""
    scope: str | None = None
    """The settings scope, such as `PROJECT`; None if not sent."""
    avatar: str | None = None
    """The avatar as a data URI; None if not sent."""
    avatar_url: str | None = None
    """URL of the avatar; None if not sent."""
