"""Accounts (users, teams and apps), commit authors, and the email addresses of the authenticated user."""

from __future__ import annotations

from datetime import datetime

from attrs import define, field

from bbasync.model import Model, OpenEnum, wire

__all__ = ["Account", "AccountType", "Author", "Email"]


class AccountType(OpenEnum):
    """Type of an account."""

    USER = "user"
    TEAM = "team"
    APP_USER = "app_user"


@define(kw_only=True)
class Account(Model):
    """A user, a team or an app; when embedded in other objects, only the first six fields are set."""

    type: AccountType
    """Type of the account."""
    uuid: str | None = None
    """The UUID, in braces, stable across renames; None for some commit authors."""
    display_name: str
    """The display name; it can change and is not unique."""
    account_id: str | None = None
    """The Atlassian account ID; None for teams."""
    nickname: str | None = None
    """A short name; not unique, and it cannot identify a user in requests."""
    username: str | None = None
    """The username of a team; users have had none since 2019, except in the response of `GET /user`."""
    account_status: str | None = None
    """`active`, `inactive` or `closed`; None unless the full user was requested."""
    created_on: datetime | None = None
    """When it was created; None unless the full user was requested."""
    has_2fa_enabled: bool | None = None
    """Whether two-step verification is enabled; None except for the authenticated user."""
    is_staff: bool | None = None
    """Whether the account belongs to Atlassian staff."""
    kind: str | None = None
    """The kind of app; None for users and teams."""


@define(kw_only=True)
class Author(Model):
    """The author, committer or tagger as recorded by git."""

    raw_author: str = field(metadata=wire("raw"))
    """The name and address as recorded by git, `Name <address>`."""
    user: Account | None = None
    """The account with that address; None if no account has it."""


@define(kw_only=True)
class Email(Model):
    """An email address."""

    email: str
    """The address."""
    is_primary: bool
    """Whether it is the primary address."""
    is_confirmed: bool | None = None
    """Whether the user has confirmed it."""
