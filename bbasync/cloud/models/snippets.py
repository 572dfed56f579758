"""Snippets, their commits and comments."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.cloud.models.comments import BaseComment
from bbasync.cloud.models.commits import BaseCommit
from bbasync.cloud.models.rendered import Rendered
from bbasync.cloud.models.users import Account, Author
from bbasync.model import Model, OpenEnum

__all__ = ["BaseSnippet", "Snippet", "SnippetComment", "SnippetCommit", "SnippetRole"]


class SnippetRole(OpenEnum):
    """Role of the authenticated user in a snippet."""

    OWNER = "owner"
    CONTRIBUTOR = "contributor"
    MEMBER = "member"


@define(kw_only=True)
class BaseSnippet(Model):
    """A snippet as embedded in other objects."""

    id: str
    """The ID, a short text such as `77gaA`."""
    title: str
    """The title; empty for none."""


@define(kw_only=True)
class Snippet(BaseSnippet):
    """A snippet."""

    is_private: bool
    """Whether only members of the workspace can see it."""
    created_on: datetime
    """When it was created."""
    updated_on: datetime
    """When its files or properties were last changed."""
    scm: str
    """The kind of repository that holds its files: `git`."""
    files: dict[str, object] | None = None
    """Its files by name, each an object of links; None if not sent."""
    owner: Account | None = None
    """The workspace or user that it belongs to."""
    creator: Account | None = None
    """The user who created it; None if the account was deleted."""


@define(kw_only=True)
class SnippetCommit(BaseCommit):
    """A commit of a snippet."""

    date: datetime
    """When it was committed."""
    message: str
    """The full message."""
    author: Author
    """The author."""
    parents: list[BaseCommit] | None = None
    """The commits it follows; empty for the first."""
    snippet: BaseSnippet | None = None
    """The snippet."""


@define(kw_only=True)
class SnippetComment(BaseComment):
    """A comment on a snippet."""

    content: Rendered
    """The text; empty if the comment was deleted."""
    created_on: datetime
    """When it was created."""
    updated_on: datetime
    """When it was last changed."""
    deleted: bool | None = None
    """Whether it was deleted; None if not sent."""
    user: Account | None = None
    """The author; None if the account was deleted."""
    parent: BaseComment | None = None
    """The comment it replies to; None if it is not a reply."""
    snippet: BaseSnippet | None = None
    """The snippet."""
