"""Repositories."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from attrs import define

from bbasync.cloud.models.projects import BaseProject
from bbasync.cloud.models.users import Account
from bbasync.cloud.models.workspaces import BaseWorkspace
from bbasync.model import Model, OpenEnum

__all__ = ["BaseRepository", "ForkPolicy", "InheritanceState", "MainBranch", "Repository", "RepositoryRole"]


class ForkPolicy(OpenEnum):
    """Who may fork a repository."""

    ALLOW_FORKS = "allow_forks"
    NO_PUBLIC_FORKS = "no_public_forks"
    NO_FORKS = "no_forks"


class RepositoryRole(OpenEnum):
    """Role of the authenticated user in a repository; each role includes those after it."""

    OWNER = "owner"
    ADMIN = "admin"
    CONTRIBUTOR = "contributor"
    MEMBER = "member"


@define(kw_only=True)
class MainBranch(Model):
    """The main branch of a repository, by name only."""

    name: str
    """The branch name."""


@define(kw_only=True)
class BaseRepository(Model):
    """A repository as embedded in other objects."""

    types: ClassVar = ("repository",)
    uuid: str
    """The UUID, in braces; it survives renames."""
    full_name: str
    """The full name, `workspace/repo_slug`."""
    name: str
    """The display name."""


@define(kw_only=True)
class Repository(BaseRepository):
    """A repository."""

    slug: str
    """The name in URLs; changes when the repository is renamed."""
    is_private: bool
    """Whether only users with access can see it."""
    scm: str
    """The version control system: `git`."""
    created_on: datetime
    """When it was created."""
    updated_on: datetime
    """When it was last changed; a push does not necessarily change this."""
    owner: Account | None = None
    """The owning user or team."""
    workspace: BaseWorkspace | None = None
    """The workspace that contains it."""
    project: BaseProject | None = None
    """The project that contains it."""
    parent: BaseRepository | None = None
    """The repository it was forked from; None if it is not a fork."""
    mainbranch: MainBranch | None = None
    """The main branch; None if the repository is empty."""
    description: str | None = None
    """The description."""
    size: int | None = None
    """Size in bytes."""
    language: str | None = None
    """The main programming language, in lower case; empty if not set."""
    fork_policy: ForkPolicy | None = None
    """Who may fork it."""
    has_issues: bool | None = None
    """Whether it had an issue tracker; Bitbucket has removed issue trackers."""
    has_wiki: bool | None = None
    """Whether it had a wiki; Bitbucket has removed wikis."""
    website: str | None = None
    """URL of its website."""
    override_settings: dict[str, bool] | None = None
    """Which project settings it overrides, by setting name."""


@define(kw_only=True)
class InheritanceState(Model):
    """Which settings a repository overrides and which it inherits from its project."""

    default_merge_strategy: bool | None = None
    """Flag of the default merge strategy; Bitbucket does not document what True means."""
    branching_model: bool | None = None
    """Flag of the branching model; Bitbucket does not document what True means."""
    override_settings: dict[str, bool] | None = None
    """The flags by name; None unless the response has the documented form."""
