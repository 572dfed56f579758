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
    """How far a pull request is."""

    OPEN = "OPEN"
    MERGED = "MERGED"
    DECLINED = "DECLINED"
    SUPERSEDED = "SUPERSEDED"


@define(kw_only=True)
class PullRequestBranch(Model):
    """A branch as a pull request holds it."""

    name: str
    """The name, without `refs/heads/`."""
    merge_strategies: list[MergeStrategy] | None = None
    """How the destination may be merged into; only when asked for with `fields`."""
    default_merge_strategy: MergeStrategy | None = None
    """How the destination is merged into when nothing is said; only when asked for with `fields`."""


@define(kw_only=True)
class PullRequestEndpoint(Model):
    """One side of a pull request."""

    branch: PullRequestBranch
    """The branch, by its name at the time."""
    commit: BaseCommit | None = None
    """Its head; None when branch or repository is gone."""
    repository: BaseRepository | None = None
    """Where it lives; None when that was deleted, as forks are."""


@define(kw_only=True)
class RenderedPullRequest(Model):
    """The texts of a pull request as they are shown."""

    title: Rendered | None = None
    """The title."""
    description: Rendered | None = None
    """The description."""
    reason: Rendered | None = None
    """Why it was declined."""


@define(kw_only=True)
class BasePullRequest(Model):
    """A pull request as other objects hold it."""

    id: int
    """The number in its repository."""
    title: str
    """The title."""
    draft: bool | None = None
    """Whether it is a draft."""


@define(kw_only=True)
class PullRequest(BasePullRequest):
    """A pull request."""

    state: PullRequestState
    """How far it is."""
    author: Account | None
    """Who opened it; None when the account is gone."""
    source: PullRequestEndpoint
    """What is to be merged."""
    destination: PullRequestEndpoint
    """Into what it is to be merged."""
    created_on: datetime
    """When it was opened."""
    updated_on: datetime
    """When it was last changed."""
    comment_count: int
    """How many comments it has."""
    task_count: int
    """How many of its tasks are open."""
    close_source_branch: bool
    """Whether a merge deletes the source branch."""
    description: str | None = None
    """What it is about, as it was written."""
    reason: str | None = None
    """Why it was declined, empty for the others."""
    queued: bool | None = None
    """Whether it waits in the destination's merge queue."""
    merge_commit: BaseCommit | None = None
    """What the merge made: 40 characters of hash in the answer of the merge, 12 later; None before."""
    closed_by: Account | None = None
    """Who merged or declined it."""
    closed_on: datetime | None = None
    """When it was merged or declined; in few answers only."""
    reviewers: list[Account] | None = None
    """Who was asked to review it; lists leave it out unless asked for with `fields`."""
    participants: list[Participant] | None = None
    """Who reviewed it or commented, and what they said; lists leave it out unless asked for with `fields`."""
    summary: Rendered | None = None
    """The description as it is shown."""
    rendered: RenderedPullRequest | None = None
    """Its texts as they are shown."""
