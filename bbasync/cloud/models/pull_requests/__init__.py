"""Pull requests."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.cloud.models.commits import BaseCommit
from bbasync.cloud.models.participants import Participant
from bbasync.cloud.models.refs import MergeStrategy
from bbasync.cloud.models.rendered import Rendered
from bbasync.cloud.models.repositories import BaseRepository
from bbasync.cloud.models.users import Account
from bbasync.model import Model, OpenEnum

__all__ = [
    "BasePullRequest",
    "PullRequest",
    "PullRequestBranch",
    "PullRequestEndpoint",
    "PullRequestState",
    "RenderedPullRequest",
]


class PullRequestState(OpenEnum):
    """State of a pull request."""

    OPEN = "OPEN"
    MERGED = "MERGED"
    DECLINED = "DECLINED"
    SUPERSEDED = "SUPERSEDED"


@define(kw_only=True)
class PullRequestBranch(Model):
    """A branch as embedded in pull requests."""

    name: str
    """The name, without `refs/heads/`."""
    merge_strategies: list[MergeStrategy] | None = None
    """The merge strategies that the destination allows; None unless requested with `fields`."""
    default_merge_strategy: MergeStrategy | None = None
    """The default merge strategy of the destination; None unless requested with `fields`."""


@define(kw_only=True)
class PullRequestEndpoint(Model):
    """The source or destination of a pull request."""

    branch: PullRequestBranch
    """The branch, with its name at that time."""
    commit: BaseCommit | None = None
    """The head of the branch; None if the branch or the repository was deleted."""
    repository: BaseRepository | None = None
    """The repository; None if it was deleted, as forks may be."""


@define(kw_only=True)
class RenderedPullRequest(Model):
    """The rendered texts of a pull request."""

    title: Rendered | None = None
    """The title."""
    description: Rendered | None = None
    """The description."""
    reason: Rendered | None = None
    """The reason for declining."""


@define(kw_only=True)
class BasePullRequest(Model):
    """A pull request as embedded in other objects."""

    id: int
    """The number, unique within the repository."""
    title: str
    """The title."""
    draft: bool | None = None
    """Whether it is a draft."""


@define(kw_only=True)
class PullRequest(BasePullRequest):
    """A pull request."""

    state: PullRequestState
    """State of the pull request."""
    author: Account | None
    """The author; None if the account was deleted."""
    source: PullRequestEndpoint
    """The source."""
    destination: PullRequestEndpoint
    """The destination."""
    created_on: datetime
    """When it was created."""
    updated_on: datetime
    """When it was last changed."""
    comment_count: int
    """Number of comments."""
    task_count: int
    """Number of open tasks."""
    close_source_branch: bool
    """Whether merging deletes the source branch."""
    description: str | None = None
    """The description, as written."""
    reason: str | None = None
    """The reason for declining; empty if not declined."""
    queued: bool | None = None
    """Whether it is waiting in the merge queue of the destination."""
    merge_commit: BaseCommit | None = None
    """The merge commit, None until merged; its hash has 40 characters in the response of the merge and 12 later."""
    closed_by: Account | None = None
    """The user who merged or declined it; None while it is open."""
    closed_on: datetime | None = None
    """When it was merged or declined; None while it is open and in most responses."""
    reviewers: list[Account] | None = None
    """The reviewers; None in lists unless requested with `fields`."""
    participants: list[Participant] | None = None
    """The reviewers and commenters and their verdicts; None in lists unless requested with `fields`."""
    summary: Rendered | None = None
    """The rendered description."""
    rendered: RenderedPullRequest | None = None
    """The rendered texts."""
