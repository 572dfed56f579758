"""Pull requests and what hangs on them, computed from (seed, repository, number) until somebody changes them."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

import attrs

from bbasync.testing.cloud.world.history import END, SPAN_SECONDS, START

State: TypeAlias = Literal["OPEN", "MERGED", "DECLINED", "SUPERSEDED"]
Verdict: TypeAlias = Literal["approved", "changes_requested"]

# Patterns by number, so that totals are known without looking at every pull request.
STATES: tuple[State, ...] = (
    "DECLINED",
    "OPEN",
    "MERGED",
    "MERGED",
    "OPEN",
    "MERGED",
    "DECLINED",
    "MERGED",
    "OPEN",
    "SUPERSEDED",
)
COMMENTS = (0, 2, 1, 0, 3, 0, 1, 5)
TASKS = (0, 1, 0, 0, 2, 0, 0)
APPROVALS = (1, 0, 2, 0, 0, 1)
STATUSES = (1, 2, 0, 3, 1)
KEPT_BRANCH = 3
"""Merged ones of this place in STATES kept their source branch."""
LOST_FORK = 6
"""Declined ones of this place came from a fork that is gone."""

TITLES = (
    "Retry on 555",
    "Größere Seiten",
    "Rate limit by workspace",
    "Typos",
    "支持中文路径",
    "Follow `next` verbatim",
)
REMARKS = (
    "Looks good.",
    "Why not a set?",
    "Nit: naming",
    "Bitte umbenennen: `größe`",
    "Could you add a test?",
    "+1 🎉",
)


@attrs.define
class Comment:
    """A comment on a pull request or a commit; `user` is None where the account is gone."""

    id: int
    user: int | None
    text: str
    created_on: datetime
    updated_on: datetime
    parent: int | None = None
    inline: dict[str, object] | None = None
    deleted: bool = False
    pending: bool = False
    resolved_by: int | None = None
    resolved_on: datetime | None = None


@attrs.define
class Task:
    """A task on a pull request."""

    id: int
    user: int | None
    text: str
    created_on: datetime
    updated_on: datetime
    comment: int | None = None
    resolved_by: int | None = None
    resolved_on: datetime | None = None


@attrs.define
class Event:
    """An entry of the activity other than a comment; `state` and `title` are those of that moment."""

    kind: Literal["update", "approval", "changes_requested"]
    date: datetime
    user: int | None
    state: State = "OPEN"
    title: str = ""


@attrs.define
class Status:
    """A build status of a commit."""

    key: str
    state: str
    url: str
    name: str
    description: str
    created_on: datetime
    updated_on: datetime
    refname: str | None = None


@attrs.define
class Participant:
    """Somebody who took part in a pull request."""

    verdict: Verdict | None
    date: datetime | None


@attrs.define
class Discussion:
    """Comments, tasks and events of one pull request."""

    comments: dict[int, Comment]
    tasks: dict[int, Task]
    events: list[Event]


@attrs.define
class Pull:
    """A pull request; accounts are indices of users, None where the account is gone."""

    id: int
    title: str
    description: str
    state: State
    author: int | None
    created_on: datetime
    updated_on: datetime
    source_branch: str
    source_hash: str | None
    source_repository: str | None
    """Its uuid; None where the fork is gone."""
    destination_branch: str
    destination_hash: str | None
    merge_hash: str | None = None
    closed_by: int | None = None
    reason: str = ""
    close_source_branch: bool = True
    draft: bool = False
    reviewers: list[int] = attrs.field(factory=list[int])
    participants: dict[int, Participant] = attrs.field(factory=dict[int, Participant])
    discussion: Discussion | None = None
    """Kept once something was changed, computed before."""
    comment_count: int = 0
    task_count: int = 0


def total(pattern: tuple[int, ...], last: int) -> int:
    """Sum a pattern over the numbers 1 to `last`."""
    rounds, rest = divmod(last + 1, len(pattern))
    return rounds * sum(pattern) + sum(pattern[:rest]) - pattern[0]


def state_of(number: int) -> State:
    """Give the state of a computed pull request."""
    return STATES[number % len(STATES)]


def branch_of(number: int) -> str:
    """Give the source branch of a computed pull request."""
    if number % len(STATES) == 4:  # these have a name that wants quoting in a path
        return f"fix/#{number}-größe"
    return f"feature/API-{number}"


def number_of(key: str, number: int) -> int:
    """Draw the number from which the details of a pull request follow."""
    return int.from_bytes(hashlib.blake2b(b"%s/%d" % (key.encode(), number), digest_size=8).digest())


def compute_discussion(pull: Pull, draw: int, users: int) -> Discussion:
    """Compute the comments, tasks and events of a pull request that nobody has changed."""
    comments: dict[int, Comment] = {}
    for place in range(COMMENTS[pull.id % len(COMMENTS)]):
        date = pull.created_on + timedelta(hours=place + 1)
        number = draw >> place
        user = None if (pull.id + place) % 13 == 0 else number % users
        comment = Comment(pull.id * 1000 + place, user, REMARKS[number % 6], date, date)
        if place == 1:
            comment.inline = {"from": None, "to": number % 40 + 1, "path": "src/größe.py"}
        elif place == 2:  # the third answers the second
            comment.parent = comment.id - 1
        comments[comment.id] = comment
    tasks: dict[int, Task] = {}
    for place in range(TASKS[pull.id % len(TASKS)]):
        date = pull.created_on + timedelta(hours=2, minutes=place)
        task = Task(pull.id * 1000 + place, draw % users, f"Check step {place + 1}", date, date)
        if place:
            task.resolved_by, task.resolved_on = task.user, date + timedelta(hours=1)
        tasks[task.id] = task
    events = [Event("update", pull.created_on, pull.author, title=pull.title)]
    events += [
        Event("approval" if one.verdict == "approved" else "changes_requested", one.date, user)
        for user, one in pull.participants.items()
        if one.date is not None
    ]
    if pull.state != "OPEN":
        events.append(Event("update", pull.updated_on, pull.closed_by, state=pull.state, title=pull.title))
    return Discussion(comments, tasks, events)


def compute_dates(number: int, pulls: int, draw: int) -> tuple[datetime, datetime]:
    """Spread creation over the years in the order of numbers; the last update lies between it and the end."""
    created = START + timedelta(seconds=SPAN_SECONDS * number // (pulls + 1), microseconds=draw % 999_983 + 1)
    left = int((END - created).total_seconds())
    days = 86400 * 30 if state_of(number) != "OPEN" else left
    moved = min(left, draw // 7 % max(days, 1))
    return created, created + timedelta(seconds=moved, microseconds=draw // 11 % 999_983)


def compute_statuses(hash_: str, count: int, date: datetime) -> dict[str, Status]:
    """Compute the build statuses of a commit."""
    states = ("SUCCESSFUL", "FAILED", "INPROGRESS", "STOPPED")
    found: dict[str, Status] = {}
    for place in range(count):
        key = f"ci-{place + 1}"
        state = states[int(hash_[place], 16) % 4]
        url = f"https://ci.example.invalid/{hash_[:8]}/{place + 1}"
        ended = date + timedelta(minutes=7 + place)
        found[key] = Status(key, state, url, f"Build {place + 1}", "", date + timedelta(minutes=1), ended)
    return found
