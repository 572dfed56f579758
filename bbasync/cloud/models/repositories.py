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
    """What the credential's own user is to a repository; each includes those after it."""

    OWNER = "owner"
    ADMIN = "admin"
    CONTRIBUTOR = "contributor"
    MEMBER = "member"


@define(kw_only=True)
class MainBranch(Model):
    """The name of a repository's main branch."""

    name: str
    """The branch's name."""


@define(kw_only=True)
class BaseRepository(Model):
    """A repository as other objects hold it."""

    types: ClassVar = ("repository",)
    uuid: str
    """The lasting identifier, in braces."""
    full_name: str
    """`workspace/repo_slug`."""
    name: str
    """The name shown."""


@define(kw_only=True)
class Repository(BaseRepository):
    """A repository."""

    slug: str
    """The name in addresses; changes when the repository is renamed."""
    is_private: bool
    """Whether only those with access see it."""
    scm: str
    """`git`."""
    created_on: datetime
    """When it was made."""
    updated_on: datetime
    """When it, or a ref of it, was last changed."""
    owner: Account | None = None
    """The owning team or user."""
    workspace: BaseWorkspace | None = None
    """The workspace it belongs to."""
    project: BaseProject | None = None
    """The project it belongs to."""
    parent: BaseRepository | None = None
    """What it was forked from."""
    mainbranch: MainBranch | None = None
    """The main branch; None while the repository is empty."""
    description: str | None = None
    """What it is for."""
    size: int | None = None
    """Its size in bytes."""
    language: str | None = None
    """The main language, in lower case; empty when none is set."""
    fork_policy: ForkPolicy | None = None
    """Who may fork it."""
    has_issues: bool | None = None
    """Whether it had an issue tracker (removed by the vendor)."""
    has_wiki: bool | None = None
    """Whether it had a wiki (removed by the vendor)."""
    website: str | None = None
    """The address of its own site."""
    override_settings: dict[str, bool] | None = None
    """The project's settings that it overrides, by name."""


@define(kw_only=True)
class InheritanceState(Model):
    """Which settings a repository has of its own, and which it takes from its project."""

    default_merge_strategy: bool | None = None
    """The flag of the default merge strategy."""
    branching_model: bool | None = None
    """The flag of the branching model."""
    override_settings: dict[str, bool] | None = None
    """The flags by name, where the vendor sends them as its description says."""
