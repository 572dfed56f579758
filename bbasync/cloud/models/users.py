"""Accounts: users, teams and apps; the e-mail addresses of the authenticated user."""

from __future__ import annotations

from datetime import datetime

from attrs import define, field

from bbasync.model import Model, OpenEnum, wire

__all__ = ["Account", "AccountType", "Author", "Email"]


class AccountType(OpenEnum):
    """What an account is."""

    USER = "user"
    TEAM = "team"
    APP_USER = "app_user"


@define(kw_only=True)
class Account(Model):
    """A user, a team or an app; other objects hold the first six fields only."""

    type: AccountType
    """What it is."""
    uuid: str
    """The lasting identifier, in braces."""
    display_name: str
    """The name shown; may change and is not unique."""
    account_id: str | None = None
    """The Atlassian account's id; teams have none."""
    nickname: str | None = None
    """A short name; not unique and no way to address a user."""
    username: str | None = None
    """A team's name; users have none since 2019."""
    account_status: str | None = None
    """`active`, `inactive` or `closed`, in a full user only."""
    created_on: datetime | None = None
    """When it was made, in a full user only."""
    has_2fa_enabled: bool | None = None
    """Whether two-step verification is on; only of the credential's own user."""
    is_staff: bool | None = None
    """Whether it is the vendor's staff."""
    kind: str | None = None
    """The kind of an app."""


@define(kw_only=True)
class Author(Model):
    """Who wrote a commit, as git has it."""

    raw_author: str = field(metadata=wire("raw"))
    """The name and address as git has them, `Name <address>`."""
    user: Account | None = None
    """The account with that address; None where the address belongs to none."""


@define(kw_only=True)
class Email(Model):
    """An e-mail address."""

    email: str
    """The address."""
    is_primary: bool
    """Whether mail goes there first."""
    is_confirmed: bool | None = None
    """Whether the user has proved to own it."""
