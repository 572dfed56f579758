"""Pull requests and what hangs on them, computed from (seed, repository, number) until somebody changes them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs

from bbasync.testing.history.hours import to_date
from bbasync.testing.history.timeline import REPLACED, State

if TYPE_CHECKING:
    from bbasync.testing.history import History
    from bbasync.testing.history.timeline import Course

Verdict: TypeAlias = Literal["approved", "changes_requested"]

TASKS = (0, 1, 0, 0, 2, 0, 0)
"""Tasks by number."""
STATUSES = ("SUCCESSFUL",) * 7 + ("FAILED", "SUCCESSFUL", "STOPPED")

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
    """A comment on a pull request or a commit; `user` is None if the account was deleted."""

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
    """An entry of the activity other than a comment; what an update shows of the pull request is of that moment."""

    kind: Literal["update", "approval", "changes_requested"]
    date: datetime
    user: int | None
    state: State = "OPEN"
    title: str = ""
    draft: bool = False
    reviewers: tuple[int, ...] = ()
    source_hash: str | None = None


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
    """A pull request; accounts are indices of users, None if the account was deleted."""

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
    """Its uuid; None if the fork was deleted."""
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

    def update_event(self, date: datetime, user: int | None) -> Event:
        """Make the entry of the activity which shows the pull request as it is now."""
        reviewers = tuple(self.reviewers)
        return Event("update", date, user, self.state, self.title, self.draft, reviewers, self.source_hash)


def count_tasks(number: int) -> int:
    """Give how many tasks a computed pull request has; all but the first are resolved."""
    return TASKS[number % len(TASKS)]


def compute_discussion(pull: Pull, course: Course, draw: int, history: History) -> Discussion:
    """Compute the comments, tasks and events of a pull request that nobody has changed."""
    comments: dict[int, Comment] = {}
    for place, (time, user) in enumerate(zip(course.comments, _commenters(course, draw), strict=True)):
        date = to_date(time)
        number = draw >> place % 48
        comment = Comment(pull.id * 1000 + place, user, REMARKS[number % 6], date, date)
        if place == 1:
            comment.inline = {"from": None, "to": number % 40 + 1, "path": "src/größe.py"}
        elif place == 2:  # the third answers the second
            comment.parent = comment.id - 1
        comments[comment.id] = comment
    tasks: dict[int, Task] = {}
    date = pull.created_on if course.first_review is None else to_date(course.first_review)
    for place in range(count_tasks(pull.id)):
        task = Task(pull.id * 1000 + place, course.reviewers[0], f"Check step {place + 1}", date, date)
        if place:
            task.resolved_by, task.resolved_on = task.user, date
        tasks[task.id] = task
    reviews = [Event("approval", to_date(time), user) for user, time in course.approvals]
    if course.requested is not None:
        reviews.insert(0, Event("changes_requested", to_date(course.requested), course.reviewers[0]))
    return Discussion(comments, tasks, [*_updates(pull, course, history), *reviews])


def _commenters(course: Course, draw: int) -> list[int | None]:
    return [course.commenter(place, draw >> place % 48) for place in range(len(course.comments))]


def _updates(pull: Pull, course: Course, history: History) -> list[Event]:
    """Compute what changed the pull request itself, from when it was opened on."""
    source = None
    if pull.source_hash is not None:
        source = history.own_hash(pull.id, REPLACED if course.forced else course.first_commits - 1)
    now = Event("update", pull.created_on, pull.author, "OPEN", pull.title, course.draft, course.reviewers, source)
    found = [now]
    for time in sorted(course.updates):
        now = attrs.evolve(now, date=to_date(time), user=pull.author)
        if time == course.ready:
            now.draft = False
        if time == course.pushed and source is not None:
            now.source_hash = pull.source_hash
        if course.removed is not None and time == course.removed[1]:
            now.reviewers = tuple(user for user in now.reviewers if user != course.removed[0])
        if time == course.closed:
            now.state, now.user = pull.state, pull.closed_by
        found.append(now)
    return found


def compute_participants(course: Course, draw: int, reviewers: list[int]) -> dict[int, Participant]:
    """Compute the participants: reviewers, removed ones who commented, and who gave a verdict, with the last one."""
    found = {user: Participant(None, None) for user in reviewers}
    if course.removed is not None and course.removed[0] in _commenters(course, draw):
        found[course.removed[0]] = Participant(None, None)
    if course.requested is not None:
        found[course.reviewers[0]] = Participant("changes_requested", to_date(course.requested))
    for user, time in course.approvals:
        found[user] = Participant("approved", to_date(time))
    if course.withdrawn is not None:
        user, time = course.withdrawn
        found[user] = Participant(None, to_date(time))
    return found


def compute_statuses(hash_: str, count: int, date: datetime, end: datetime, *, state: str = "") -> dict[str, Status]:
    """Compute the build statuses of a commit, with the state of the first if it is known; later builds are running."""
    found: dict[str, Status] = {}
    for place in range(count):
        number = int(hash_[8 * place + 8 : 8 * place + 16], 16)
        begun, ended = date + timedelta(seconds=5 + number % 90), date + timedelta(seconds=100 + number % 1500)
        if begun > end:
            break
        one = state if state and not place else STATUSES[number % len(STATUSES)]
        if ended > end:
            one, ended = "INPROGRESS", begun
        key = f"ci-{place + 1}"
        url = f"https://ci.example.invalid/{hash_[:8]}/{place + 1}"
        found[key] = Status(key, one, url, f"Build {place + 1}", "", begun, ended)
    return found
