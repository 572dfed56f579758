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
    """Where in a file a comment stands; one without a line is about the whole file."""

    path: str
    """The file's path in the repository."""
    from_: int | None = None
    """The line in the old version, the last one if there are several; counted from 1."""
    to: int | None = None
    """The line in the new version, the last one if there are several; counted from 1."""
    start_from: int | None = None
    """The first of several lines in the old version."""
    start_to: int | None = None
    """The first of several lines in the new version."""
    outdated: bool | None = None
    """Whether the line has changed since; not sent in requests."""
    context_lines: str | None = None
    """The lines around it, as a diff; not sent in requests."""

    def body(self) -> dict[str, object]:
        """Return it as requests carry it."""
        return {
            "path": self.path,
            "from": self.from_,
            "to": self.to,
            "start_from": self.start_from,
            "start_to": self.start_to,
        }


@define(kw_only=True)
class CommentResolution(Model):
    """That a comment's thread was resolved."""

    user: Account | None = None
    """Who resolved it."""
    created_on: datetime | None = None
    """When."""


@define(kw_only=True)
class BaseComment(Model):
    """A comment as other objects hold it."""

    id: int
    """The identifier."""


@define(kw_only=True)
class Comment(BaseComment):
    """A comment on a commit or on a pull request."""

    content: Rendered
    """The text; empty once the comment is deleted."""
    created_on: datetime
    """When it was written."""
    updated_on: datetime
    """When it was last changed."""
    deleted: bool
    """Whether it was deleted; one with replies stays in its place."""
    user: Account | None = None
    """Who wrote it; None when the account is gone."""
    parent: BaseComment | None = None
    """The comment it replies to."""
    inline: Inline | None = None
    """Where in a file it stands; None for one on the whole."""
    commit: BaseCommit | None = None
    """The commit it is on."""
    pullrequest: BasePullRequest | None = None
    """The pull request it is on."""
    resolution: CommentResolution | None = None
    """Who resolved its thread; None while it is open."""
    pending: bool | None = None
    """Whether it waits for its author to publish the review."""
