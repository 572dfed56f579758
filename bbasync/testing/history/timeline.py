"""When and by whom things happen in one repository, as in a real team; computed from (key, number) on demand.

Delays are log-normal: most are short, some very long. They differ from repository to repository, as do the shares of
bots and drafts. Times are in working seconds (see `hours`), so that few of them fall on nights and weekends. Nothing
lies after the end: what would happen later has not happened yet, and a pull request that would be closed later is open.
"""

from __future__ import annotations

import hashlib
import random
import struct
from array import array
from bisect import bisect_left, bisect_right
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from math import exp, expm1, log1p
from statistics import NormalDist
from typing import Literal, TypeAlias

import attrs

from bbasync.testing.history.hours import HOUR, to_date, to_work

State: TypeAlias = Literal["OPEN", "MERGED", "DECLINED", "SUPERSEDED"]
"""What is superseded on Cloud is declined on Data Center."""

NOW = datetime(2026, 6, 1, 14, 30, tzinfo=UTC)
"""Before this lies what is made up, unless another instant is given."""
SPAN = timedelta(days=5 * 365)
"""How long before that it begins."""
MIXTURE: tuple[State, ...] = ("MERGED", "MERGED", "MERGED", "MERGED", "DECLINED", "SUPERSEDED")
RECENT: tuple[State, ...] = ("OPEN", "OPEN", "OPEN", "OPEN", *MIXTURE)
OLDER: tuple[State, ...] = ("OPEN", "MERGED", "MERGED", "DECLINED", *MIXTURE)
"""States of ten pull requests, in an order of their own in each ten; the newest ten, and the others."""
MERGE_PLACES = (0, 1, 2, 5, 7)
"""Commits of a block of the trunk which can be the merge of a pull request: those of one parent on the main line."""
BLOCK = 8
REPLACED, SQUASHED = 62, 63
"""Commits of a pull request beside its branch: the head before a forced push, and a merge that is not on the trunk."""
BOTS = 2
"""Accounts that follow those of people."""
MOST_COMMITS, MOST_COMMENTS = 60, 40
GROWTH = 3.5
"""A team grows, exponentially: the later, the more pull requests."""
DRAWS = struct.Struct("<32H")
RANGE = 1 << 16
_NORMAL = [NormalDist().inv_cdf((place + 0.5) / 1024) for place in range(1024)]


@attrs.define
class Course:
    """What becomes of a pull request; times in working seconds, None for what has not happened."""

    state: State
    author: int | None
    bot: bool
    opened: float
    reviewers: tuple[int, ...]
    gap: float
    """The time between two of its commits."""
    first_commits: int = 1
    """How many of the commits there are when it is opened."""
    commits: int = 1
    draft: bool = False
    """Whether it is opened as a draft."""
    ready: float | None = None
    first_review: float | None = None
    requested: float | None = None
    """When the first reviewer requests changes."""
    pushed: float | None = None
    """When the commits follow that are not there from the beginning."""
    forced: bool = False
    """Whether that push replaces what was there."""
    mended: bool = False
    """Whether that push mends a build."""
    approvals: list[tuple[int, float]] = attrs.field(factory=list[tuple[int, float]])
    withdrawn: tuple[int, float] | None = None
    """Who takes an approval back."""
    removed: tuple[int, float] | None = None
    """The reviewer who is removed."""
    comments: list[float] = attrs.field(factory=list[float])
    closed: float | None = None
    closed_by: int | None = None

    @property
    def asked(self) -> float:
        """When reviewers can begin."""
        return self.opened if self.ready is None else self.ready

    @property
    def updates(self) -> list[float]:
        """When the pull request itself changes after it was opened."""
        removed = self.removed[1] if self.removed is not None else None
        return [time for time in (self.ready, self.pushed, removed, self.closed) if time is not None]

    def commit_time(self, step: int) -> float:
        """Give the time of a commit: before it is pushed."""
        if step < self.first_commits or self.pushed is None:
            return self.opened - 60 - (self.first_commits - 1 - step) * self.gap
        gap = min(self.gap, (self.pushed - self.opened - 60) / (self.commits - self.first_commits + 1))
        return self.pushed - 30 - (self.commits - 1 - step) * gap

    def commenter(self, place: int, draw: int) -> int | None:
        """Choose who comments: a reviewer first, then reviewers and the author in turn, at times somebody else."""
        if place == 0 or self.author is None:
            return self.reviewers[0]
        if draw % 13 == 0:
            return None
        return self.author if place % 2 else self.reviewers[place // 2 % len(self.reviewers)]

    def build_of(self, step: int) -> str | None:
        """Give the state of the main build of a commit, empty if it may be any; None if the commit was never a head."""
        if step == self.commits - 1:
            return "SUCCESSFUL" if self.mended or self.state == "MERGED" else ""
        if step == (REPLACED if self.forced else self.first_commits - 1):
            return "FAILED" if self.mended else ""
        return None

    def clip(self, end: float) -> None:
        """Drop what would happen after the end."""
        if self.closed is not None and self.closed > end:
            self.state, self.closed, self.closed_by = "OPEN", None, None
        for name in ("ready", "first_review", "requested", "pushed"):
            time = getattr(self, name)
            if time is not None and time > end:
                setattr(self, name, None)
        if self.pushed is None:
            self.forced = self.mended = False
            self.commits = self.first_commits
        limit = end if self.closed is None else self.closed
        self.approvals = [one for one in self.approvals if one[1] <= limit]
        self.comments = [time for time in self.comments if time <= limit]
        if self.withdrawn is not None and (self.withdrawn[1] > limit or not self.approvals):
            self.withdrawn = None
        if self.removed is not None and self.removed[1] > limit:
            self.removed = None


@attrs.frozen
class Truth:
    """What happened to a pull request; None for what has not happened."""

    opened: datetime
    first_review: datetime | None
    """The first comment, approval or request for changes by another than the author."""
    approved: datetime | None
    """The first approval; it may have been withdrawn later."""
    merged: datetime | None
    closed: datetime | None
    """When it was merged, declined or superseded."""


class Merges:
    """Which commits of the trunk merge pull requests, and the time of every commit of the trunk in between."""

    def __init__(self, timeline: Timeline) -> None:
        courses = ((timeline.course(number), number) for number in range(1, timeline.pulls + 1))
        merged = sorted((one.closed, number) for one, number in courses if one.state == "MERGED" and one.closed)
        self._length = timeline.length
        self._positions, self._times, self._numbers = array("d", [0]), array("d", [timeline.begin]), array("L", [0])
        index = 0
        for time, number in merged:
            expected = int(timeline.progress(time) * self._length)
            place = max(index + 1, expected)
            while place % BLOCK not in MERGE_PLACES:
                place += 1
            if place >= self._length or place > expected + BLOCK:  # more merges than commits
                continue
            index = place
            self._positions.append(place)
            self._times.append(time)
            self._numbers.append(number)
        self._positions.append(max(self._length, 1) - 0.98)  # the newest commit is not long ago
        self._times.append(timeline.end)
        self._places = {number: int(place) for number, place in zip(self._numbers, self._positions, strict=False)}

    def index(self, number: int) -> int | None:
        """Give the commit of the trunk that merges a pull request; None if it was merged beside the trunk."""
        return self._places.get(number)

    def number(self, index: int) -> int | None:
        """Give the pull request that a commit of the trunk merges, if it merges one."""
        place = bisect_left(self._positions, index, 1, len(self._numbers))
        return self._numbers[place] if place < len(self._numbers) and self._positions[place] == index else None

    def time(self, index: int) -> float:
        """Give the time of a commit of the trunk."""
        place = bisect_right(self._positions, index, 0, len(self._numbers)) - 1
        return self._times[place] + (index - self._positions[place]) * self._seconds(place)

    def before(self, time: float) -> int:
        """Give the newest commit of the trunk at a time; the first one if there is none yet."""
        place = max(bisect_right(self._times, time, 0, len(self._numbers)) - 1, 0)
        found = self._positions[place] + (time - self._times[place]) / self._seconds(place)
        return max(min(int(found), self._length - 1), 0)

    def _seconds(self, place: int) -> float:
        """Give the time from one commit to the next, between two merges."""
        times, positions = self._times, self._positions
        return (times[place + 1] - times[place]) / (positions[place + 1] - positions[place])


class Timeline:
    """What happens in one repository; a fork's `trunk` is the timeline of its parent."""

    def __init__(
        self,
        key: str,
        *,
        pulls: int,
        length: int,
        users: int,
        begin: datetime,
        end: datetime,
        trunk: Timeline | None = None,
    ) -> None:
        self.pulls = pulls
        self.length = length
        self.begin, self.end = to_work(begin), to_work(end)
        self._key = key
        self._users = users
        self._trunk = trunk
        first, second, third, fourth = struct.unpack("<4H", hashlib.blake2b(key.encode(), digest_size=8).digest())
        self._tempo = 1.0 + 5.0 * (first / RANGE) ** 2
        """Hours until the first review, in the median."""
        self._bots = int(RANGE * 0.25 * second / RANGE)
        self._drafts = int(RANGE * (0.05 + 0.2 * third / RANGE))
        self._oldest: int = fourth % users
        """Who writes most."""
        self.course = lru_cache(maxsize=1024)(self._compute)
        self._states = lru_cache(maxsize=16)(self._shuffle)

    @cached_property
    def merges(self) -> Merges:
        """The merges into the trunk, and the times of its commits."""
        return self._trunk.merges if self._trunk is not None else Merges(self)

    @property
    def trunk(self) -> Timeline:
        """The timeline to which the trunk belongs."""
        return self if self._trunk is None else self._trunk.trunk

    def merge_index(self, number: int) -> int | None:
        """Give the commit of the trunk that merges a pull request of this repository."""
        return self.merges.index(number) if self._trunk is None else None

    def progress(self, time: float) -> float:
        """Give the part of all work that is done at a time."""
        return expm1(GROWTH * (time - self.begin) / (self.end - self.begin)) / expm1(GROWTH)

    def truth(self, number: int) -> Truth:
        """Tell what happened to a pull request."""
        course = self.course(number)
        closed = None if course.closed is None else to_date(course.closed)
        return Truth(
            opened=to_date(course.opened),
            first_review=None if course.first_review is None else to_date(course.first_review),
            approved=to_date(min(time for _, time in course.approvals)) if course.approvals else None,
            merged=closed if course.state == "MERGED" else None,
            closed=closed,
        )

    def draws(self, number: int) -> tuple[int, ...]:
        """Draw 32 numbers of 16 bits, from which a pull request follows."""
        return DRAWS.unpack(hashlib.blake2b(b"%s/%d" % (self._key.encode(), number), digest_size=64).digest())

    def _state(self, number: int) -> State:
        if number == 1:  # nobody has finished it; tests can rely on it
            return "OPEN"
        ten, place = divmod(self.pulls - number, 10)
        return self._states(ten)[place]

    def _shuffle(self, ten: int) -> list[State]:
        """Give the states of ten pull requests, the newest first, which is open if it is the newest of all."""
        states = list(OLDER if ten else RECENT[1:])
        random.Random(f"{self._key}/{ten}").shuffle(states)  # noqa: S311  # nothing secret
        return states if ten else [*RECENT[:1], *states]

    def _compute(self, number: int) -> Course:
        draw = self.draws(number)
        state = self._state(number)
        left = (0.02 + 0.96 * draw[0] / RANGE) * (0.1 if number == self.pulls else 1.0)
        done = 0.01 + 0.99 * (number - left) / self.pulls
        opened = self.begin + (self.end - self.begin) * log1p(done * expm1(GROWTH)) / GROWTH
        bot = draw[1] < self._bots
        author = self._author(number, draw[2], bot=bot)
        course = Course(state, author, bot, opened, self._reviewers(author, draw), _delay(draw[5], 0.7, 1.2))
        if not bot and draw[6] < self._drafts:
            course.draft, course.ready = True, opened + _delay(draw[7], 6.0, 1.2)
        course.commits = course.first_commits = 1 if bot else min(1 + int(0.9 * long_tail(draw[8], 1.2)), MOST_COMMITS)
        if state == "MERGED" or draw[9] < 0.8 * RANGE:
            self._review(course, draw)
        elif draw[9] < 0.85 * RANGE:  # nobody reviews it, and the author works on
            course.pushed, course.forced = course.asked + _delay(draw[10], 3.0, 1.2), True
        self._close(course, draw)
        course.clip(self.end)
        return course

    def _author(self, number: int, draw: int, *, bot: bool) -> int | None:
        if bot:
            return self._users + draw % BOTS
        if number % 17 == 0:
            return None
        return (self._oldest + int(self._users * (draw / RANGE) ** 2)) % self._users

    def _reviewers(self, author: int | None, draw: tuple[int, ...]) -> tuple[int, ...]:
        base = self._oldest if author is None else author
        first = (base + 1 + draw[3] % (self._users - 1)) % self._users
        second = (first + 1 + draw[4] % (self._users - 1)) % self._users
        return (first,) if second == author or draw[4] < RANGE // 4 else (first, second)

    def _review(self, course: Course, draw: tuple[int, ...]) -> None:
        comments = 0 if course.bot else min(int(1.1 * long_tail(draw[11], 1.1)), MOST_COMMENTS)
        approvals = 1 + (draw[12] < 0.45 * RANGE) if course.state == "MERGED" else draw[12] < 0.25 * RANGE
        if comments and draw[12] > 0.9 * RANGE:
            approvals = 0
        if not comments and not approvals:
            comments = 1
        tempo = self._tempo * (0.3 if course.bot else 1.0)
        course.first_review = last = course.asked + _delay(draw[13], tempo, 1.3)
        if not course.bot and draw[14] < 0.12 * RANGE:
            course.requested = last = last + (30 if comments else 0)
        if course.requested is not None or (not course.bot and draw[15] < 0.5 * RANGE):
            course.commits = max(course.commits, 2)
            course.first_commits = max(course.commits - 1 - draw[16] % 3, 1)
            course.pushed = last = last + _delay(draw[10], 3.0, 1.2)
            course.forced = draw[17] < 0.25 * RANGE
            course.mended = draw[18] < 0.4 * RANGE
        if not comments and course.requested is None:
            last = course.first_review  # the approval is the first review
        elif approvals:
            last += _delay(draw[19], tempo / 2, 1.2)
        for user in course.reviewers[:approvals]:
            course.approvals.append((user, last))
            last += _delay(draw[20], tempo / 2, 1.3)
        until = _delay(draw[21], 10.0, 1.3)
        course.comments = [
            course.first_review + until * (place / comments + draw[22] % 97 / 97 / comments if place else 0.0)
            for place in range(comments)
        ]

    def _close(self, course: Course, draw: tuple[int, ...]) -> None:
        times = [course.asked, course.first_review, course.requested, course.pushed, *course.comments[-1:]]
        last = max(time for time in (*times, *(time for _, time in course.approvals)) if time is not None)
        if course.approvals and draw[23] < 0.15 * RANGE and (course.state != "MERGED" or len(course.approvals) > 1):
            user, time = course.approvals[-1]
            course.withdrawn = user, time + _delay(draw[24], 2.0, 1.0)
        reviewed = [user for user, _ in course.approvals]
        spare = [user for user in course.reviewers[1:] if user not in reviewed]
        if spare and draw[25] < 0.3 * RANGE:
            course.removed = spare[0], course.asked + _delay(draw[26], 5.0, 1.0)
        match course.state:
            case "MERGED":
                course.closed = last + _delay(draw[27], 1.0, 1.5)
                course.closed_by = course.reviewers[0] if course.bot or draw[28] % 3 == 0 else course.author
            case "DECLINED":
                course.closed = last + _delay(draw[27], 20.0, 1.6)
                course.closed_by = course.reviewers[0] if draw[28] % 3 == 0 else course.author
            case "SUPERSEDED":
                course.closed, course.closed_by = last + _delay(draw[27], 8.0, 1.5), course.author
            case _:
                pass


def check_now(now: datetime) -> None:
    """Refuse a time without a time zone."""
    if now.tzinfo is None:
        raise ValueError("now= needs a time zone, such as datetime.now(UTC)")


def lay_out(
    key: str, *, pulls: int, length: int, users: int, now: datetime = NOW, trunk: Timeline | None = None
) -> Timeline:
    """Make the timeline of a repository, which begins in the first two years of SPAN, a fork after its trunk."""
    age = hashlib.blake2b(b"%s/age" % key.encode(), digest_size=1).digest()[0] / 256
    begin = now - SPAN + 0.4 * age * SPAN
    if trunk is not None:
        begin = max(begin, to_date(trunk.begin))
    return Timeline(key, pulls=pulls, length=length, users=users, begin=begin, end=now, trunk=trunk)


def long_tail(draw: int, sigma: float) -> float:
    """Draw from the log-normal distribution whose median is 1."""
    return exp(sigma * _NORMAL[draw >> 6])


def _delay(draw: int, hours: float, sigma: float) -> float:
    """Draw a delay whose median is so many working hours."""
    return hours * HOUR * long_tail(draw, sigma)
