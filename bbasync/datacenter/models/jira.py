"""Jira issues, and the export of development information to Jira."""

from __future__ import annotations

from attrs import define, frozen

from bbasync.datacenter.models.changes import Change
from bbasync.datacenter.models.commits import BaseCommit, Commit
from bbasync.datacenter.models.repositories import Repository
from bbasync.model import Model

__all__ = [
    "BackfillError",
    "BackfillReport",
    "BackfillRepository",
    "BackfillStatus",
    "Changeset",
    "ChangesetChanges",
    "CommentIssue",
    "JiraIssue",
    "JiraProjectLink",
]


@define(kw_only=True)
class JiraIssue(Model):
    """A Jira issue."""

    key: str
    """The key, such as `JRA-9`."""
    url: str
    """URL of the issue."""


@define(kw_only=True)
class CommentIssue(Model):
    """A Jira issue that was created for a comment."""

    comment_id: int
    """ID of the comment."""
    issue_key: str
    """Key of the issue."""


@define(kw_only=True)
class JiraProjectLink(Model):
    """The link from a project to a project of Jira."""

    application_link_id: str
    """ID of the link between the two applications."""
    project_id: int
    """ID of the project in Jira."""
    project_key: str
    """Key of the project in Jira."""
    project_name: str
    """Name of the project in Jira."""
    display_url: str
    """URL of Jira."""


@define(kw_only=True)
class ChangesetChanges(Model):
    """The first changed paths of a changeset."""

    values: list[Change]
    """The paths."""
    is_last_page: bool | None = None
    """Whether these are all; None if not sent."""


@define(kw_only=True)
class Changeset(Model):
    """A commit that names a Jira issue, with what it changed."""

    to_commit: Commit
    """The commit."""
    from_commit: BaseCommit | None = None
    """Its parent; None for the first commit."""
    repository: Repository | None = None
    """The repository that contains it; None if not sent."""
    changes: ChangesetChanges | None = None
    """The changed paths; None if not sent."""


@frozen(kw_only=True)
class BackfillRepository:
    """A repository to export."""

    project_key: str
    """Key of the project."""
    slug: str
    """Slug of the repository."""

    def body(self) -> dict[str, object]:
        """Return the request payload."""
        return {"projectKey": self.project_key, "slug": self.slug}


@define(kw_only=True)
class BackfillStatus(Model):
    """State of the running export, or of the last one."""

    states: dict[str, int]
    """Number of repositories by state: NOT_STARTED, QUEUED, SYNCING, SYNCED, CANCELED or ERROR."""


@define(kw_only=True)
class BackfillError(Model):
    """A repository whose export failed."""

    project_key: str
    """Key of the project."""
    repo_slug: str
    """Slug of the repository."""
    error: str
    """What went wrong."""


@define(kw_only=True)
class BackfillReport(Model):
    """The repositories whose export failed."""

    errors: list[BackfillError]
    """The failures."""
