"""Repositories."""

from __future__ import annotations

from attrs import define

from bbasync.datacenter.models.projects import Project
from bbasync.model import Model, OpenEnum

__all__ = ["ArchiveFilter", "Repository", "RepositoryPermission", "RepositoryState", "Visibility"]


class RepositoryState(OpenEnum):
    """Whether a repository can be used."""

    AVAILABLE = "AVAILABLE"
    INITIALISATION_FAILED = "INITIALISATION_FAILED"
    INITIALISING = "INITIALISING"
    OFFLINE = "OFFLINE"


class RepositoryPermission(OpenEnum):
    """What a user may do with a repository; each includes the one before."""

    REPO_READ = "REPO_READ"
    REPO_WRITE = "REPO_WRITE"
    REPO_ADMIN = "REPO_ADMIN"


class Visibility(OpenEnum):
    """Who sees a repository."""

    PUBLIC = "public"
    PRIVATE = "private"


class ArchiveFilter(OpenEnum):
    """Which repositories a search returns."""

    ACTIVE = "ACTIVE"
    ARCHIVED = "ARCHIVED"
    ALL = "ALL"


@define(kw_only=True)
class Repository(Model):
    """A repository; its clone addresses are in `links.clone`."""

    slug: str
    """The name in addresses; follows the name when that is changed."""
    id: int
    """The lasting identifier."""
    name: str
    """The name shown."""
    project: Project
    """The project it belongs to."""
    scm_id: str
    """`git`."""
    state: RepositoryState
    """Whether it can be used."""
    status_message: str
    """The state in words."""
    forkable: bool
    """Whether it may be forked."""
    public: bool
    """Whether anonymous callers see it."""
    archived: bool | None = None
    """Whether it is read-only for good."""
    hierarchy_id: str | None = None
    """What it shares with its forks and its origin; pull requests stay within it."""
    default_branch: str | None = None
    """The default branch's name, where the server sends it."""
    description: str | None = None
    """What it is for."""
    origin: Repository | None = None
    """What it was forked from."""
    partition: int | None = None
    """Which of the server's stores holds it, where the server sends it."""
    scope: str | None = None
    """The level of settings it stands for, where the server sends it."""
