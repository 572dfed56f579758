r"""Git-like history for the worlds of both fakes, computed, not stored: (seed, repository, index) gives a commit.

The trunk is a row of blocks of eight commits. In most blocks a side branch of two commits leaves after the second and
is merged by the seventh; every fourth block, and an unfinished last one, is a straight line:

    0 - 1 - 2 ----- 5 - 6 - 7
         \             /
          3 --------- 4

So a commit reaches everything in the blocks before its own, and in its own block what a mask of eight bits says. Pull
requests bring commits of their own, which leave the trunk at one point; those that are merged become one commit of the
trunk (a squash), or one beside it where the trunk has no room. Only commits made through the API are kept.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Literal, TypeAlias, overload

import attrs

from bbasync.testing.history.hours import to_date
from bbasync.testing.history.timeline import BLOCK, REPLACED, SQUASHED, Timeline, lay_out

if TYPE_CHECKING:
    from collections.abc import Iterable

SIDE_PARENTS: tuple[tuple[int, ...], ...] = ((-1,), (0,), (1,), (1,), (3,), (2,), (5, 4), (6,))
SIDE_MASKS = (0b1, 0b11, 0b111, 0b1011, 0b11011, 0b100111, 0b1111111, 0b11111111)
FULL = 0xFF
OWN_CODES_EACH = 64
LOCAL = timezone(timedelta(hours=2))

CODES = 1 << 32
OWN_CODES = 1 << 31
MULTIPLIER = 0x9E3779B1
INVERSE = pow(MULTIPLIER, -1, CODES)
SHORTEST = 7
"""Digits of a hash that are enough to name a commit."""
WHOLE = 40

VERBS = ("Add", "Fix", "Refactor", "Document", "Remove", "Speed up", "Rename", "Test")
THINGS = (
    "the parser",
    "retry handling",
    "the README",
    "Grüße in the mail template",
    "rate limits",
    "日本語 labels",
    "CI",
)
Place: TypeAlias = tuple[Literal["trunk", "own", "stored"], int, int]
"""Where a commit stands: (trunk, index, 0), (own, pull request, step) or (stored, 0, 0)."""

KEPT_LOGS, KEPT_BASES = 100, 1000


@attrs.frozen
class Words:
    """What the people of a made-up world write, which differs from product to product."""

    paths: tuple[str, ...]
    """The files of the trunk; its commits change one after the other."""
    titles: tuple[str, ...]
    strangers: tuple[str, ...]
    """Authors of commits who have no account."""
    branch: Callable[[int], str]
    """The source branch of a pull request."""
    merge: Callable[[int, str, str], str]
    """The message of a merge of a pull request, by number, title and branch."""

    def title(self, key: str, number: int) -> str:
        """Give the title of a computed pull request."""
        return f"{self.titles[number_of(key, number) % len(self.titles)]} ({number})"

    def merge_message(self, key: str, number: int) -> str:
        """Give the message of the commit that merges a computed pull request."""
        return self.merge(number, self.title(key, number), self.branch(number))


NO_WORDS = Words((), (), ("",), str, lambda number, title, branch: f"{number} {title} {branch}")
"""For histories in which nothing is made up."""


@attrs.frozen
class Commit:
    """A commit; `user` is the index of the author's account, None where the address belongs to nobody."""

    hash: str
    parents: tuple[str, ...]
    date: datetime
    message: str
    user: int | None
    raw_author: str = ""
    changes: Mapping[str, bytes | None] = attrs.field(factory=dict[str, "bytes | None"], repr=False)
    """What a stored commit did to files, against its first parent; None deletes."""

    def __deepcopy__(self, memo: dict[int, object]) -> Commit:
        return self  # commits never change


@attrs.define
class Reach:
    """What a set of heads reaches: the trunk below `block`, a mask within it, pull requests' commits, stored ones."""

    block: int = -1
    mask: int = 0
    own: dict[int, int] = attrs.field(factory=dict[int, int])
    """By pull request, how many of its own commits."""
    beside: set[tuple[int, int]] = attrs.field(factory=set[tuple[int, int]])
    """Commits of pull requests beside their branches."""
    stored: set[str] = attrs.field(factory=set[str])

    def add_trunk(self, block: int, mask: int) -> None:
        """Add a commit of the trunk with all that it reaches."""
        if block > self.block:
            self.block, self.mask = block, mask
        elif block == self.block:
            self.mask |= mask


class Walk(Sequence[Commit]):
    """What `include` reaches and `exclude` does not, newest first: stored commits, pull requests' own, the trunk."""

    def __init__(self, history: History, include: Reach, exclude: Reach) -> None:
        self._history = history
        self._starts: dict[tuple[str, int], list[int]] = {}
        self._filtered: dict[str, list[Commit]] = {}
        stored = include.stored - exclude.stored
        self._stored = [name for name in reversed(history.stored) if name in stored]
        self._own = sorted(include.beside - exclude.beside, reverse=True) + [
            (pull, step)
            for pull in sorted(include.own, reverse=True)
            for step in range(include.own[pull] - 1, exclude.own.get(pull, 0) - 1, -1)
        ]
        self._top: list[int] = []
        self._blocks = range(0)
        self._bottom: list[int] = []
        if include.block == exclude.block:
            self._top = _indices(include.block, include.mask & ~exclude.mask)
        elif include.block > exclude.block:
            self._top = _indices(include.block, include.mask)
            self._blocks = range(include.block - 1, max(exclude.block, -1), -1)
            self._bottom = _indices(exclude.block, FULL & ~exclude.mask) if exclude.block >= 0 else []

    def __len__(self) -> int:
        trunk = len(self._top) + BLOCK * len(self._blocks) + len(self._bottom)
        return len(self._stored) + len(self._own) + trunk

    def page(
        self, offset: int, length: int, wanted: Callable[[Commit], bool] | None = None
    ) -> tuple[list[Commit], int | None]:
        """Give up to `length` wanted commits from `offset` on, and the offset of the next page, None at the end."""
        found: list[Commit] = []
        for position in range(offset, len(self)):
            if len(found) == length:
                return found, position
            commit = self[position]
            if wanted is None or wanted(commit):
                found.append(commit)
        return found, None

    def start(self, number: int, length: int, path: str, wanted: Callable[[Commit], bool]) -> int:
        """Return the offset of the `number`-th page of the commits that are `wanted` because they change `path`."""
        starts = self._starts.setdefault((path, length), [0])  # a page is searched once for all that follow it
        while len(starts) < number and starts[-1] < len(self):
            _, following = self.page(starts[-1], length, wanted)
            starts.append(len(self) if following is None else following)
        return starts[min(number, len(starts)) - 1]

    def filtered(self, name: str, wanted: Callable[[Commit], bool]) -> Sequence[Commit]:
        """Return the commits that are `wanted`, found once for all that ask under this name."""
        if name not in self._filtered:
            self._filtered[name] = [commit for commit in self if wanted(commit)]
        return self._filtered[name]

    @overload
    def __getitem__(self, position: int) -> Commit: ...
    @overload
    def __getitem__(self, position: slice) -> list[Commit]: ...
    def __getitem__(self, position: int | slice) -> Commit | list[Commit]:
        found = range(len(self))[position]
        return self._at(found) if isinstance(found, int) else [self._at(one) for one in found]

    def _at(self, position: int) -> Commit:
        if position < len(self._stored):
            return self._history.stored[self._stored[position]]
        position -= len(self._stored)
        if position < len(self._own):
            return self._history.own_commit(*self._own[position])
        position -= len(self._own)
        if position < len(self._top):
            return self._history.trunk_commit(self._top[position])
        block, place = divmod(position - len(self._top), BLOCK)
        if block < len(self._blocks):
            return self._history.trunk_commit(self._blocks[block] * BLOCK + BLOCK - 1 - place)
        return self._history.trunk_commit(self._bottom[place])


class History:
    """The commits of one repository; a fork shares the trunk of its parent by sharing its `trunk_key`."""

    def __init__(self, *, trunk_key: str, own_key: str, timeline: Timeline, authors: int, words: Words) -> None:
        self.trunk_key = trunk_key
        self.own_key = own_key
        self.timeline = timeline
        self.words = words
        self.stored: dict[str, Commit] = {}
        self._logs: dict[tuple[str, str | None], Walk] = {}
        self._bases: dict[tuple[str, str], Commit] = {}
        self._authors = authors

    @property
    def length(self) -> int:
        """How many commits of the trunk are computed."""
        return self.timeline.length

    @property
    def pulls(self) -> int:
        """How many pull requests are computed."""
        return self.timeline.pulls

    def base_of(self, pull: int) -> int:
        """Give the trunk index at which a pull request's own commits leave the trunk: before the first of them."""
        index = self.timeline.merges.before(self.timeline.course(pull).commit_time(0))
        return max(index - index % BLOCK - 1, 0)

    def head_of(self, pull: int) -> str:
        """Give the newest of a pull request's own commits."""
        return self.own_hash(pull, self.timeline.course(pull).commits - 1)

    def own_steps(self, pull: int) -> list[int]:
        """List the steps at which a pull request has commits: those on its branch, and a head that was replaced."""
        course = self.timeline.course(pull)
        return [*range(course.commits), *([REPLACED] if course.forced else [])]

    def merge_of(self, pull: int) -> tuple[str, str]:
        """Give the commit that merges a pull request, and the one before it on the trunk."""
        index = self.timeline.merge_index(pull)
        if index is not None:
            return self.trunk_hash(index), self.trunk_hash(
                index - index % BLOCK + self._parents(*divmod(index, BLOCK))[0]
            )
        return self.own_hash(pull, SQUASHED), self.trunk_hash(self._destination(pull))

    def _destination(self, pull: int) -> int:
        closed = self.timeline.course(pull).closed
        index = self.timeline.merges.before(self.timeline.end if closed is None else closed)
        return max(index - index % BLOCK - 1, self.base_of(pull))

    def trunk_hash(self, index: int) -> str:
        """Give the hash of a commit of the trunk."""
        return _hash(self.trunk_key, index)

    def own_hash(self, pull: int, step: int) -> str:
        """Give the hash of a pull request's own commit."""
        return _hash(self.own_key, OWN_CODES + pull * OWN_CODES_EACH + step)

    def trunk_commit(self, index: int) -> Commit:
        """Give a commit of the trunk."""
        return _commit_at(self, ("trunk", index, 0))

    def own_commit(self, pull: int, step: int) -> Commit:
        """Give a pull request's own commit."""
        return _commit_at(self, ("own", pull, step))

    def compute_trunk_commit(self, index: int) -> Commit:
        """Compute a commit of the trunk."""
        name = self.trunk_hash(index)
        number = int(name[:8], 16)
        merges = self.timeline.merges
        date = to_date(merges.time(index)).replace(microsecond=0)
        if index % 11 == 0:
            date = date.astimezone(LOCAL)
        block, place = divmod(index, BLOCK)
        parents = tuple(self.trunk_hash(block * BLOCK + parent) for parent in self._parents(block, place))
        merged = merges.number(index)
        if merged is not None:
            course = self.timeline.trunk.course(merged)
            return self._commit(name, parents, date, self.words.merge_message(self.trunk_key, merged), course.closed_by)
        if len(parents) > 1:
            message = f"Merge branch 'release/{number % 900 + 100}'\n"
        else:
            message = f"{VERBS[number % 8]} {THINGS[number // 8 % 7]}\n\nStep {index}.\n"
        return self._commit(name, parents, date, message, self._author(number >> 8))

    def compute_own_commit(self, pull: int, step: int) -> Commit:
        """Compute a pull request's own commit."""
        course = self.timeline.course(pull)
        name = self.own_hash(pull, step)
        number = int(name[:8], 16)
        if step == SQUASHED:
            date = to_date(course.closed or course.opened).replace(microsecond=0)
            parents = (self.trunk_hash(self._destination(pull)),)
            return self._commit(name, parents, date, self.words.merge_message(self.own_key, pull), course.closed_by)
        date = to_date(course.opened - 60 if step == REPLACED else course.commit_time(step)).replace(microsecond=0)
        parent = self.own_hash(pull, step - 1) if 0 < step < REPLACED else self.trunk_hash(self.base_of(pull))
        part = 1 if step == REPLACED else step + 1
        author = course.author if number % 8 else self._author(number >> 8)  # colleagues help
        return self._commit(name, (parent,), date, f"{VERBS[number % 8]} part {part} of {pull}\n", author)

    def store(self, commit: Commit) -> None:
        """Keep a commit that was made through the API."""
        self.stored[commit.hash] = commit

    def place(self, prefix: str) -> Place | None:
        """Find a commit by the first seven or more digits of its hash."""
        if prefix in self.stored:
            return ("stored", 0, 0)
        if len(prefix) < WHOLE and any(name.startswith(prefix) for name in self.stored):
            return ("stored", 0, 0)
        return _place_of(self, prefix)

    def compute_place(self, prefix: str) -> Place | None:
        """Find a computed commit by the first seven or more digits of its hash."""
        if not re.fullmatch(rf"[0-9a-f]{{{SHORTEST},40}}", prefix):
            return None
        heads = [prefix[:8]] if len(prefix) > SHORTEST else [f"{prefix}{digit:x}" for digit in range(16)]
        for head in heads:
            index = _code(self.trunk_key, int(head, 16))
            if index < self.length and self.trunk_hash(index).startswith(prefix):
                return ("trunk", index, 0)
            pull, step = divmod(_code(self.own_key, int(head, 16)) - OWN_CODES, OWN_CODES_EACH)
            if 0 < pull <= self.pulls and self.own_hash(pull, step).startswith(prefix) and self._has_own(pull, step):
                return ("own", pull, step)
        return None

    def find(self, prefix: str) -> Commit | None:
        """Give a commit by the first seven or more digits of its hash."""
        place = self.place(prefix)
        if place is None or place[0] != "stored":
            return None if place is None else _commit_at(self, place)
        found = self.stored.get(prefix)
        return found or next(one for name, one in self.stored.items() if name.startswith(prefix))

    def reach(self, heads: Iterable[str]) -> Reach:
        """Compute what the heads reach; unknown ones reach nothing."""
        reached, waiting = Reach(), list(heads)
        while waiting:
            name = waiting.pop()
            stored = self.stored.get(name)
            if stored is not None:
                if name not in reached.stored:
                    reached.stored.add(name)
                    waiting.extend(stored.parents)
                continue
            match self.place(name):
                case ("trunk", index, _):
                    reached.add_trunk(*self.mask(index))
                case ("own", pull, step) if step >= REPLACED:
                    reached.beside.add((pull, step))
                    base = self.base_of(pull) if step == REPLACED else self._destination(pull)
                    reached.add_trunk(*self.mask(base))
                case ("own", pull, step):
                    reached.own[pull] = max(reached.own.get(pull, 0), step + 1)
                    reached.add_trunk(*self.mask(self.base_of(pull)))
                case _:
                    pass
        return reached

    def walk(self, include: Iterable[str], exclude: Iterable[str] = ()) -> Walk:
        """List what `include` reaches and `exclude` does not."""
        return Walk(self, self.reach(include), self.reach(exclude))

    def log(self, until: str, since: str | None = None) -> Walk:
        """List what `until` reaches and `since` does not; commits never change, so it is kept for all its pages."""
        if (until, since) not in self._logs:
            if len(self._logs) >= KEPT_LOGS:
                self._logs.clear()
            self._logs[until, since] = self.walk([until], [] if since is None else [since])
        return self._logs[until, since]

    def contains(self, head: str, commit: str) -> bool:
        """Tell whether a commit is another, or an ancestor of it."""
        return not self.walk([commit], [head])

    def commit(self, hash_: str) -> Commit:
        """Give a commit that is known to exist; KeyError if it does not."""
        found = self.find(hash_)
        if found is None:
            raise KeyError(hash_)
        return found

    def merge_base(self, left: str, right: str) -> Commit | None:
        """Give the newest commit that both reach; commits never change, so it is found once."""
        found = self._bases.get((left, right)) or self.find_base(left, right)
        if found is not None:  # commits of a fork that are unknown now may be known later
            if len(self._bases) >= KEPT_BASES:
                self._bases.clear()
            self._bases[left, right] = found
        return found

    def find_base(self, left: str, right: str) -> Commit | None:
        """Find the newest commit that both reach."""
        one, other = self.reach([left]), self.reach([right])
        common = Reach(own={pull: min(one.own[pull], other.own[pull]) for pull in one.own.keys() & other.own.keys()})
        common.stored = one.stored & other.stored
        common.beside = one.beside & other.beside
        lower, higher = sorted((one, other), key=lambda reach: reach.block)
        common.block = lower.block
        common.mask = lower.mask if lower.block < higher.block else lower.mask & higher.mask
        found, _ = Walk(self, common, Reach()).page(0, 1)
        return found[0] if found else None

    def mask(self, index: int) -> tuple[int, int]:
        """Give the block of a commit of the trunk, and which commits of the block it reaches."""
        block, place = divmod(index, BLOCK)
        return block, SIDE_MASKS[place] if self._has_side(block) else (1 << (place + 1)) - 1

    def _parents(self, block: int, place: int) -> tuple[int, ...]:
        if block == place == 0:
            return ()
        return SIDE_PARENTS[place] if self._has_side(block) else (place - 1,)

    def _has_side(self, block: int) -> bool:
        return block % 4 != 3 and (block + 1) * BLOCK <= self.length  # every fourth block is straight

    def _has_own(self, pull: int, step: int) -> bool:
        course = self.timeline.course(pull)
        if step == REPLACED:
            return course.forced
        if step == SQUASHED:
            return course.state == "MERGED" and self.timeline.merge_index(pull) is None
        return step < course.commits

    def _author(self, number: int) -> int | None:
        return number % self._authors if number % 9 else None

    def _commit(self, name: str, parents: tuple[str, ...], date: datetime, message: str, user: int | None) -> Commit:
        strangers = self.words.strangers
        raw = "" if user is not None else strangers[int(name[0], 16) % len(strangers)]
        return Commit(name, parents, date, message, user, raw)


def empty_history(key: str) -> History:
    """Return the history of a repository without commits."""
    nothing = lay_out(key, pulls=0, length=0, users=2)
    return History(trunk_key=key, own_key=key, timeline=nothing, authors=1, words=NO_WORDS)


def _indices(block: int, mask: int) -> list[int]:
    return [block * BLOCK + place for place in range(BLOCK - 1, -1, -1) if mask >> place & 1]


def _digest(key: str, code: int) -> str:
    return hashlib.blake2b(b"%s/%d" % (key.encode(), code), digest_size=16).hexdigest()


def number_of(key: str, number: int) -> int:
    """Draw the number from which the details of a pull request follow."""
    return int.from_bytes(hashlib.blake2b(b"%s/%d" % (key.encode(), number), digest_size=8).digest())


@functools.lru_cache(maxsize=8192)  # of all histories together: a world may have thousands of them
def _commit_at(history: History, place: Place) -> Commit:
    kind, number, step = place
    return history.compute_trunk_commit(number) if kind == "trunk" else history.compute_own_commit(number, step)


@functools.lru_cache(maxsize=8192)
def _place_of(history: History, prefix: str) -> Place | None:
    return history.compute_place(prefix)


@functools.lru_cache(maxsize=4096)  # a commit is asked for again as the parent of the next
def _hash(key: str, code: int) -> str:
    """Hide the code in the first eight digits by a permutation of 32 bits, so that a hash leads back to its commit."""
    mixed = (code * MULTIPLIER + len(key)) % CODES
    mixed ^= mixed >> 16
    return f"{mixed * MULTIPLIER % CODES:08x}{_digest(key, code)}"


def _code(key: str, mixed: int) -> int:
    mixed = mixed * INVERSE % CODES
    mixed ^= mixed >> 16
    return (mixed - len(key)) * INVERSE % CODES
