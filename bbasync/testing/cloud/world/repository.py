"""One repository of the fake world: refs, pull requests, statuses, and what the API changed in them."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import attrs

from bbasync.testing.cloud.world import pull_requests as world_pulls
from bbasync.testing.cloud.world.pipelines import Pipelines
from bbasync.testing.cloud.world.pull_requests import Comment, Discussion, Participant, Pull, Status
from bbasync.testing.cloud.world.reports import Report
from bbasync.testing.history import SHORTEST, Commit, History, number_of
from bbasync.testing.history.files import Files
from bbasync.testing.history.hours import to_date
from bbasync.testing.history.timeline import BLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


Counts: TypeAlias = dict[str, int]

TRUNK_STATUSES = (1, 0, 0, 0, 2, 0, 0, 0)
PULL_STATUSES = (1, 2, 0, 3, 1)
DECLINE_REASONS = ("Not needed any more", "", "Too large, I will split it", "", "Superseded by another approach")


def make_uuid(key: str) -> str:
    """Derive an identifier, in the braces of the vendor."""
    return "{" + str(uuid.UUID(bytes=hashlib.blake2b(key.encode(), digest_size=16).digest(), version=4)) + "}"


@attrs.define
class Tag:
    """A tag; an annotated one has a message, a date and a tagger."""

    hash: str
    message: str | None = None
    date: datetime | None = None
    user: int | None = None


@attrs.define
class Hook:
    """A webhook; its secret can be written, never read."""

    uuid: str
    url: str
    description: str
    events: list[str]
    active: bool
    created_at: datetime
    secret: str | None = None


@attrs.define
class Download:
    """A file among the downloads of a repository."""

    content: bytes
    user: int
    created_on: datetime
    downloads: int = 0


@attrs.define(eq=False)
class Repository:
    """A repository; `workspace` and `project` are slug and key."""

    workspace: str
    slug: str
    name: str
    uuid: str
    project: str
    history: History
    users: int
    created_on: datetime
    updated_on: datetime
    parent: Repository | None = None
    is_private: bool = True
    description: str = ""
    language: str = ""
    website: str | None = None
    fork_policy: str = "no_public_forks"
    mainbranch: str | None = "main"
    has_issues: bool = False
    has_wiki: bool = False
    size: int = 0
    empty_status: int = 404
    """What listing the commits answers while there are none: 404, or 200 with an empty page."""
    git_dir: Path | None = None
    """The git repository that its clone link serves, if there is one."""
    hooks: dict[str, Hook] = attrs.field(factory=dict[str, Hook])
    downloads: dict[str, Download] = attrs.field(factory=dict[str, Download])
    default_reviewers: list[int] = attrs.field(factory=list[int])
    watchers: list[int] = attrs.field(factory=list[int])
    override_settings: dict[str, bool] = attrs.field(
        factory=lambda: {"default_merge_strategy": True, "branching_model": True}
    )
    """Whether it has settings of its own, instead of those of its project."""
    reports: dict[str, dict[str, Report]] = attrs.field(factory=dict[str, "dict[str, Report]"])
    """Reports by commit, then by external ID."""
    commit_comments: dict[str, dict[int, Comment]] = attrs.field(factory=dict[str, dict[int, Comment]])
    commit_participants: dict[str, dict[int, Participant]] = attrs.field(factory=dict[str, dict[int, Participant]])
    pipelines: Pipelines = attrs.field(factory=Pipelines)
    changed_pulls: dict[int, Pull] = attrs.field(factory=dict[int, Pull])
    changed_statuses: dict[str, dict[str, Status]] = attrs.field(factory=dict[str, dict[str, Status]])
    version: int = 0
    """Grows with every change."""
    files: Files = attrs.field(init=False)
    _trunk: str | None = attrs.field(init=False)
    """The branch that the computed history is of, whichever is the main branch later."""
    _branches: dict[str, str] | None = None
    _tags: dict[str, Tag] | None = None

    def __attrs_post_init__(self) -> None:
        self.files = Files(self.history)
        self._trunk = self.mainbranch

    @property
    def pulls(self) -> int:
        """How many pull requests are computed; those made through the API follow."""
        return self.history.pulls

    @property
    def full_name(self) -> str:
        """Workspace and slug."""
        return f"{self.workspace}/{self.slug}"

    @property
    def branches(self) -> dict[str, str]:
        """Head commit by branch name."""
        if self._branches is None:
            self._branches = self._compute_branches()
        return self._branches

    @property
    def tags(self) -> dict[str, Tag]:
        """Tags by name."""
        if self._tags is None:
            self._tags = self._compute_tags()
        return self._tags

    def resolve(self, name: str) -> Commit | None:
        """Find the commit that a branch, a tag, HEAD or the beginning of a hash names."""
        if name == "HEAD" and self.mainbranch is not None:
            name = self.mainbranch
        if name in self.branches:
            return self.history.find(self.branches[name])
        if name in self.tags:
            return self.history.find(self.tags[name].hash)
        return self.history.find(name) if len(name) >= SHORTEST else None

    def commit(self, hash_: str) -> Commit:
        """Give a commit that is known to exist."""
        return self.history.commit(hash_)

    @property
    def last_pull(self) -> int:
        """The highest number of a pull request."""
        return max(self.pulls, max(self.changed_pulls, default=0))

    def pull(self, number: int) -> Pull | None:
        """Return a pull request, computed if nobody changed it; an open one follows its branches."""
        pull = self.changed_pulls.get(number)
        if pull is None and 0 < number <= self.pulls:
            pull = self._compute_pull(number)
        if pull is not None and pull.state == "OPEN":
            pull.destination_hash = self.branches.get(pull.destination_branch, pull.destination_hash)
            if pull.source_repository == self.uuid:
                pull.source_hash = self.branches.get(pull.source_branch, pull.source_hash)
        return pull

    def all_pulls(self) -> Iterator[Pull]:
        """Give all pull requests in the order of their numbers."""
        for number in range(1, self.last_pull + 1):
            pull = self.pull(number)
            if pull is not None:
                yield pull

    def discussion(self, pull: Pull) -> Discussion:
        """Give comments, tasks and events of a pull request."""
        if pull.discussion is not None:
            return pull.discussion
        draw = number_of(self.history.own_key, pull.id)
        return world_pulls.compute_discussion(pull, self.history.timeline.course(pull.id), draw, self.history)

    def edit(self, number: int) -> Pull:
        """Keep a pull request, so that changes to it stay; KeyError if there is none."""
        pull = self.pull(number)
        if pull is None:
            raise KeyError(number)
        pull.discussion = self.discussion(pull)
        self.changed_pulls[number] = pull
        self.version += 1
        return pull

    def pull_commits(self, pull: Pull) -> list[Commit]:
        """Give the commits that a pull request brings, newest first."""
        if pull.source_hash is None:
            if pull.id > self.pulls:
                return []
            steps = range(self.history.timeline.course(pull.id).commits - 1, -1, -1)
            return [self.history.own_commit(pull.id, step) for step in steps]
        base = pull.destination_hash
        found, _ = self.history.walk([pull.source_hash], [base] if base else []).page(0, 250)
        return found

    def statuses(self, commit: str) -> dict[str, Status]:
        """Give the build statuses of a commit by key."""
        if commit in self.changed_statuses:
            return self.changed_statuses[commit]
        state = ""
        match self.history.place(commit):
            case ("trunk", index, _):
                count = TRUNK_STATUSES[index % BLOCK]
            case ("own", pull, step):
                count, state = self._own_builds(pull, step)
            case _:
                count = 0
        found = self.history.find(commit) if count else None
        if found is None:
            return {}
        end = to_date(self.history.timeline.end)
        return world_pulls.compute_statuses(found.hash, count, found.date, end, state=state)

    def _own_builds(self, pull: int, step: int) -> tuple[int, str]:
        """Give how many builds a commit of a pull request has, and the state of the first if that is known."""
        state = self.history.timeline.course(pull).build_of(step)
        return (0, "") if state is None else (PULL_STATUSES[pull % len(PULL_STATUSES)], state)

    def counts(self) -> Counts:
        """Count what the API lists, by resource."""
        found = dict.fromkeys(("comments", "tasks", "activity", "pull_request_commits", "statuses"), 0)
        found |= {
            "branches": len(self.branches),
            "tags": len(self.tags),
            "commits": len(self.history.walk(self.branches.values())),
            "pull_requests": self.pulls,
        }
        for number in range(1, self.pulls + 1):
            course = self.history.timeline.course(number)
            found["comments"] += len(course.comments)
            found["tasks"] += world_pulls.count_tasks(number)
            found["activity"] += 1 + len(course.updates) + len(course.approvals) + len(course.comments)
            found["activity"] += course.requested is not None
            found["pull_request_commits"] += course.commits
            if not self._is_lost(number):
                found["statuses"] += len(self.statuses(self.history.head_of(number)))
        for number, pull in self.changed_pulls.items():
            if number <= self.pulls:
                self._count_pull(self._compute_pull(number), found, -1)
            self._count_pull(pull, found, 1)
        return found

    def _count_pull(self, pull: Pull, counts: Counts, sign: int) -> None:
        discussion = self.discussion(pull)
        counts["pull_requests"] += sign
        counts["comments"] += sign * len(discussion.comments)
        counts["tasks"] += sign * len(discussion.tasks)
        counts["activity"] += sign * (len(discussion.events) + len(discussion.comments))
        counts["pull_request_commits"] += sign * len(self.pull_commits(pull))
        counts["statuses"] += sign * (len(self.statuses(pull.source_hash)) if pull.source_hash else 0)

    def _compute_branches(self) -> dict[str, str]:
        history = self.history
        if not history.length or self._trunk is None:
            return {}
        found = {
            self._trunk: history.trunk_hash(history.length - 1),
            "develop": history.trunk_hash(history.length - 1),
            "release/1.0": history.trunk_hash(history.length // 2),
        }
        for number in range(1, self.pulls + 1):
            state = history.timeline.course(number).state
            if state == "OPEN" or (state == "MERGED" and self._is_kept(number)):
                found[history.words.branch(number)] = history.head_of(number)
        return found

    def _compute_tags(self) -> dict[str, Tag]:
        history = self.history
        found: dict[str, Tag] = {}
        for place in range(min(5, history.length)):
            commit = history.trunk_commit(history.length * (place + 1) // 6)
            if place % 2:
                found[f"v1.{place}"] = Tag(commit.hash)
            else:
                name = f"v1.{place}" if place else "release/#1-größe"
                found[name] = Tag(
                    commit.hash, f"Release {place}\n", commit.date + timedelta(hours=1), place % self.users
                )
        return found

    def _is_kept(self, number: int) -> bool:
        """Tell whether a pull request keeps its source branch when it is merged."""
        return number % 7 == 3

    def _is_lost(self, number: int) -> bool:
        """Tell whether a pull request came from a fork that was deleted."""
        return number % 3 == 0 and self.history.timeline.course(number).state == "DECLINED"

    def _compute_pull(self, number: int) -> Pull:
        history, course = self.history, self.history.timeline.course(number)
        draw = number_of(history.own_key, number)
        merge_hash: str | None = None
        if course.state == "MERGED":
            merge_hash, destination_hash = history.merge_of(number)
        else:
            destination_hash = history.trunk_hash(history.base_of(number))
        lost = self._is_lost(number)
        removed = course.removed[0] if course.removed is not None else None
        reviewers = [user for user in course.reviewers if user != removed]
        return Pull(
            id=number,
            title=history.words.title(history.own_key, number),
            description=f"Part of **API-{number}**.\r\n\r\n- [x] tests\r\n" if draw % 3 else "",
            state=course.state,
            author=course.author,
            created_on=to_date(course.opened),
            updated_on=to_date(max(course.updates, default=course.opened)),
            source_branch=history.words.branch(number),
            source_hash=None if lost else history.head_of(number),
            source_repository=None if lost else self.uuid,
            destination_branch=self._trunk or "main",
            destination_hash=destination_hash,
            merge_hash=merge_hash,
            closed_by=course.closed_by,
            reason=DECLINE_REASONS[draw % len(DECLINE_REASONS)] if course.state == "DECLINED" else "",
            close_source_branch=not self._is_kept(number),
            draft=course.draft and course.ready is None,
            reviewers=reviewers,
            participants=world_pulls.compute_participants(course, draw, reviewers),
            comment_count=len(course.comments),
            task_count=min(world_pulls.count_tasks(number), 1),  # all but the first are resolved
        )


def by_uuid_or_slug(found: Mapping[str, Repository], name: str) -> Repository | None:
    """Find a repository by its slug or its uuid in braces."""
    if name.startswith("{"):
        return next((one for one in found.values() if one.uuid == name), None)
    return found.get(name.lower())
