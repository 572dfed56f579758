"""Pull requests of the made-up world, with all that has happened to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from bbasync.testing.datacenter.world import (
    Activity,
    Comment,
    Participant,
    PullRequest,
    Ref,
    Repository,
    Rescope,
    User,
    World,
    to_ms,
)
from bbasync.testing.history import number_of
from bbasync.testing.history.hours import to_date
from bbasync.testing.history.timeline import REPLACED

if TYPE_CHECKING:
    from bbasync.testing.history.timeline import Course

Step: TypeAlias = Literal["comment", "ready", "removed", "requested", "pushed", "approved", "withdrawn", "closed"]

FORMER = User(
    id=0, name="former", slug="former", display_name="Former Colleague", email="former@example.net", active=False
)
"""Stands for all whose accounts were deleted."""


def open_pull_request(world: World, repository: Repository, number: int) -> PullRequest:
    """Make a pull request and what has become of it."""
    history, course = repository.history, repository.history.timeline.course(number)
    merge, target = None, history.trunk_hash(history.base_of(number))
    if course.state == "MERGED":
        merge, target = history.merge_of(number)
    draw = number_of(history.own_key, number)
    opened = to_ms(to_date(course.opened))
    first = history.own_hash(number, REPLACED if course.forced else course.first_commits - 1)
    pull = PullRequest(
        id=number,
        title=history.words.title(history.own_key, number),
        description=f"* work for {number}" if draw % 3 else None,
        author=_person(world, course.author),
        source=Ref(repository=repository, branch=history.words.branch(number), commit=first),
        target=Ref(repository=repository, branch="main", commit=target),
        created=opened,
        updated=opened,
        draft=course.draft,
        merge_commit=merge,
    )
    pull.participants = [Participant(user=world.people[user], role="REVIEWER") for user in course.reviewers]
    world.record(pull, "OPENED", pull.author, opened)
    past = Past(world, pull, course, draw)
    for time, step, place in sorted(_steps(course), key=lambda one: one[0]):
        past.take(to_ms(to_date(time)), step, place)
    return pull


def _person(world: World, user: int | None) -> User:
    return FORMER if user is None else world.people[user]


def _steps(course: Course) -> list[tuple[float, Step, int]]:
    """List what happened, with its time and, where it matters, which comment or whose review it was."""
    found: list[tuple[float | None, Step, int]] = [
        (course.ready, "ready", 0),
        (course.requested, "requested", 0),
        (course.pushed, "pushed", 0),
        (course.closed, "closed", 0),
    ]
    found.extend((time, "comment", place) for place, time in enumerate(course.comments))
    found.extend((time, "approved", user) for user, time in course.approvals)
    if course.removed is not None:
        found.append((course.removed[1], "removed", course.removed[0]))
    if course.withdrawn is not None:
        found.append((course.withdrawn[1], "withdrawn", course.withdrawn[0]))
    return [(time, step, place) for time, step, place in found if time is not None]


class Past:
    """What happened to one pull request, taken step by step."""

    def __init__(self, world: World, pull: PullRequest, course: Course, draw: int) -> None:
        self._world = world
        self._pull = pull
        self._course = course
        self._draw = draw

    def take(self, date: int, step: Step, place: int) -> None:
        """Take one step."""
        match step:
            case "comment":
                self._comment(date, place)
            case "ready":
                self._pull.draft = False
                self._change(date, "UPDATED", self._pull.author)
            case "removed":
                removed = self._world.people[place]
                self._join(removed).role = "PARTICIPANT"
                self._change(date, "UPDATED", self._pull.author).removed_reviewers = [removed]
            case "requested":
                self._review(date, self._course.reviewers[0], "REVIEWED", "NEEDS_WORK")
            case "approved":
                self._review(date, place, "APPROVED", "APPROVED")
            case "withdrawn":
                self._review(date, place, "UNAPPROVED", "UNAPPROVED")
            case "pushed":
                self._push(date)
            case "closed":
                self._close(date)

    def _join(self, user: User) -> Participant:
        found = self._pull.participant(user)
        if found is None:
            found = Participant(user=user, role="PARTICIPANT")
            self._pull.participants.append(found)
        return found

    def _change(self, date: int, action: str, user: User) -> Activity:
        self._pull.version, self._pull.updated = self._pull.version + 1, date
        return self._world.record(self._pull, action, user, date)

    def _review(self, date: int, user: int, action: str, status: str) -> None:
        item = self._join(self._world.people[user])
        item.status = status
        if status != "UNAPPROVED":
            item.last_reviewed = self._pull.source.commit
        self._world.record(self._pull, action, item.user, date)

    def _push(self, date: int) -> None:
        pull = self._pull
        history, before = pull.source.repository.history, pull.source.commit
        pull.source.commit, pull.updated = history.head_of(pull.id), date
        target = history.trunk_hash(history.base_of(pull.id))
        self._world.record(pull, "RESCOPED", pull.author, date).rescope = Rescope(
            from_hash=pull.source.commit, previous_from_hash=before, to_hash=target, previous_to_hash=target
        )

    def _close(self, date: int) -> None:
        pull = self._pull
        pull.state, pull.closed = "MERGED" if self._course.state == "MERGED" else "DECLINED", date
        entry = self._change(date, pull.state, _person(self._world, self._course.closed_by))
        entry.merge_commit = pull.merge_commit

    def _comment(self, date: int, place: int) -> None:
        """Comment: the second comment answers the first, the third is on a line; some of the first are tasks."""
        pull, world = self._pull, self._world
        author = _person(world, self._course.commenter(place, self._draw >> place % 48))
        comment = Comment(
            id=world.next_id(),
            repository=pull.target.repository,
            text=f"Looks 👍 but… {place}",
            author=author,
            created=date,
            updated=date,
        )
        if place == 0 and self._draw % 4 == 0:
            comment.severity, comment.state = "BLOCKER", "OPEN" if self._course.closed is None else "RESOLVED"
        elif place == 1:
            comment.parent = next(iter(pull.comments.values()))
            comment.parent.replies.append(comment)
        elif place == 2:
            comment.anchor = {
                "fromHash": pull.target.commit,
                "toHash": pull.source.commit,
                "line": 1,
                "lineType": "CONTEXT",
                "fileType": "TO",
                "path": "README.md",
                "diffType": "EFFECTIVE",
                "orphaned": False,
            }
        pull.comments[comment.id] = comment
        if author is not pull.author:
            self._join(author)
        world.record(pull, "COMMENTED", author, date, comment=comment)
