"""Groups of workspace members; those of the API 1.0 have a shape of their own."""

from __future__ import annotations

from attrs import define

from bbasync.cloud.models.users import Account
from bbasync.cloud.models.workspaces import BaseWorkspace
from bbasync.model import Model, OpenEnum

__all__ = ["Group", "GroupPrivilege", "Invitation", "LegacyAccount", "LegacyGroup", "Privilege"]


class Privilege(OpenEnum):
    """Privilege of a group on a repository in the API 1.0."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


@define(kw_only=True)
class Group(Model):
    """A group of workspace members."""

    name: str
    """The display name."""
    slug: str
    """The name in URLs."""
    full_slug: str | None = None
    """The full slug, `workspace:slug`."""
    owner: Account | None = None
    """The owning user or team."""
    workspace: BaseWorkspace | None = None
    """The workspace that contains it."""


@define(kw_only=True)
class LegacyAccount(Model):
    """A user or a workspace in the API 1.0."""

    uuid: str
    """The UUID, in braces."""
    display_name: str
    """The display name."""
    nickname: str
    """A short name; the slug of a workspace."""
    is_team: bool
    """Whether it is a workspace."""
    account_id: str | None = None
    """The Atlassian account ID; None for workspaces."""
    is_active: bool | None = None
    """Whether the account is active; None for workspaces."""


@define(kw_only=True)
class LegacyGroup(Model):
    """A group of workspace members in the API 1.0."""

    name: str
    """The display name."""
    slug: str
    """The name in URLs."""
    owner: LegacyAccount
    """The workspace that contains it."""
    members: list[LegacyAccount]
    """The members."""
    permission: Privilege | None = None
    """The privilege on new repositories; None for none."""
    auto_add: bool | None = None
    """Whether new repositories grant it a privilege; None if not sent."""
    email_forwarding_disabled: bool | None = None
    """Whether its members receive no email; None if not sent."""


@define(kw_only=True)
class GroupPrivilege(Model):
    """The privilege of a group on a repository in the API 1.0."""

    repo: str
    """The repository, `workspace/slug`."""
    privilege: Privilege
    """The privilege."""
    group: LegacyGroup
    """The group."""


@define(kw_only=True)
class Invitation(Model):
    """An invitation to a repository in the API 1.0."""

    email: str
    """The address it was sent to."""
    permission: Privilege
    """The privilege it offers."""
    invited_by: LegacyAccount | None = None
    """The user who sent it."""
