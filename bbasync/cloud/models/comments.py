"""Comments on commits and pull requests."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.cloud.models.commits import BaseCommit
from bbasync.cloud.models.pull_requests import BasePullRequest
from bbasync.cloud.models.rendered import Rendered
from bbasync.cloud.models.users import Account
from bbasync.model import Model

__all__ = ["BaseComment", "Comment", "CommentResolution", "Inline"]


@define(kw_only=True)
class Inline(Model):
    """The position of a comment in a file; without a line, the comment applies to the whole file."""

    path: str
    """The path of the file."""
    from_: int | None = None
    """The line in the old version, or the last of several; starts at 1."""
    to: int | None = None
    """The line in the new version, or the last of several; starts at 1."""
    start_from: int | None = None
    """The first of several lines in the old version; None for a single line."""
    start_to: int | None = None
    """The first of several lines in the new version; None for a single line."""
    outdated: bool | None = None
    """Whether the line has changed since the comment was made; not sent in requests."""
    context_lines: str | None = None
    """The surrounding lines, as a diff; not sent in requests."""

    def body(self) -> dict[str, object]:
        """Return the request payload."""
        return {
            "path": self.path,
            "from": self.from_,
            "to": self.to,
            "start_from": self.start_from,
            "start_to": self.start_to,
        }


@define(kw_only=True)
class CommentResolution(Model):
    """The resolution of a comment thread."""

    user: Account | None = None
    """The user who resolved it."""
    created_on: datetime | None = None
    """When it was resolved."""


@define(kw_only=True)
class BaseComment(Model):
    """A comment as embedded in other objects."""

    id: int
    """The ID."""


@define(kw_only=True)
class Comment(BaseComment):
    """A comment on a commit or a pull request."""

    content: Rendered
    """The text; empty if the comment was deleted."""
    created_on: datetime
    """When it was created."""
    updated_on: datetime
    """When it was last changed."""
    deleted: bool
    """Whether it was deleted; a deleted comment with replies keeps its place."""
    user: Account | None = None
    """The author; None if the account was deleted."""
    parent: BaseComment | None = None
    """The comment it replies to; None if it is not a reply."""
    inline: Inline | None = None
    """The position in a file; None for a comment on the commit or pull request as a whole."""
    commit: BaseCommit | None = None
    """The commit; None for a comment on a pull request."""
    pullrequest: BasePullRequest | None = None
    """The pull request; None for a comment on a commit."""
    resolution: CommentResolution | None = None
    """The resolution of its thread; None while unresolved."""
    pending: bool | None = None
    """Whether it belongs to a review that its author has not published yet."""
