"""Repositories."""

from __future__ import annotations

from attrs import define

from bbasync.datacenter.models.projects import Project
from bbasync.model import Model, OpenEnum

__all__ = ["ArchiveFilter", "Repository", "RepositoryPermission", "RepositoryState", "Visibility"]


class RepositoryState(OpenEnum):
    """State of a repository."""

    AVAILABLE = "AVAILABLE"
    INITIALISATION_FAILED = "INITIALISATION_FAILED"
    INITIALISING = "INITIALISING"
    OFFLINE = "OFFLINE"


class RepositoryPermission(OpenEnum):
    """Permission on a repository; each includes the previous one."""

    REPO_READ = "REPO_READ"
    REPO_WRITE = "REPO_WRITE"
    REPO_ADMIN = "REPO_ADMIN"


class Visibility(OpenEnum):
    """Visibility of a repository."""

    PUBLIC = "public"
    PRIVATE = "private"


class ArchiveFilter(OpenEnum):
    """Filter of a search by whether repositories are archived."""

    ACTIVE = "ACTIVE"
    ARCHIVED = "ARCHIVED"
    ALL = "ALL"


@define(kw_only=True)
class Repository(Model):
    """A repository; its clone URLs are in `links.clone`."""

    slug: str
    """The name in URLs; changes when the repository is renamed."""
    id: int
    """The ID; it survives renames."""
    name: str
    """The display name."""
    project: Project
    """The project that contains it."""
    scm_id: str
    """The version control system, `git`."""
    state: RepositoryState
    """State of the repository."""
    status_message: str
    """The state as text."""
    forkable: bool
    """Whether it can be forked."""
    public: bool
    """Whether anonymous users can see it."""
    archived: bool | None = None
    """Whether it is archived, and therefore read-only; None if not sent."""
    hierarchy_id: str | None = None
    """ID shared with its forks and its origin, between which pull requests are possible; None if not sent."""
    default_branch: str | None = None
    """Name of the default branch; None if not sent."""
    description: str | None = None
    """The description; None if there is none."""
    origin: Repository | None = None
    """The repository that it was forked from; None if it is not a fork."""
    partition: int | None = None
    """The storage partition on the server; None if not sent."""
    scope: str | None = None
    """The settings scope, such as `REPOSITORY`; None if not sent."""
