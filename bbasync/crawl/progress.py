"""How far a crawl is, in plain numbers that whoever draws them may read at any time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from attrs import define, field, frozen

from bbasync.rate import RateTracker

if TYPE_CHECKING:
    from .steps import Outcome

__all__ = ["CrawlReport", "Failure", "Progress", "WorkspaceProgress"]

_BELOW: Final[Mapping[str, Sequence[str]]] = {
    "workspaces": ("projects", "members", "repositories"),
    "repositories": ("refs", "branches", "tags", "activity"),
    "refs": ("commits",),
    "activity": ("pull_requests",),
    "pull_requests": ("comments", "pull_request_commits", "statuses"),
}


@define(kw_only=True, eq=False)
class WorkspaceProgress:
    """One workspace of a crawl."""

    workspace: str
    resumed: bool = False
    """Whether an earlier process had begun this crawl."""
    done: int = 0
    """Listings read to the end by this process."""
    rows: int = 0
    """Rows written by this process, those that replace others too."""
    pages: int = 0
    """Pages read by this process."""
    failed: int = 0
    """Listings that failed, some of which may yet succeed."""
    finished: bool = False
    waiting: Counter[str] = field(factory=Counter[str])
    """Listings that are still to be read, by kind."""
    _pages: Counter[str] = field(factory=Counter[str], init=False, repr=False)
    _ended: Counter[str] = field(factory=Counter[str], init=False, repr=False)
    _added: Counter[str] = field(factory=Counter[str], init=False, repr=False)

    @property
    def pending(self) -> int:
        """Listings that are still to be read."""
        return self.waiting.total()

    @property
    def remaining(self) -> int:
        """About how many requests remain, judged by those so far; more become known as the crawl continues."""
        return round(sum(number * self._cost(kind) for kind, number in self.waiting.items()))

    def _cost(self, kind: str) -> float:
        """Return how many requests a listing and what it gives rise to have taken on average."""
        ended = max(1, self._ended[kind])
        own = max(1.0, self._pages[kind] / ended)
        return own + sum(self._added[below] / ended * self._cost(below) for below in _BELOW.get(kind, ()))

    def note(self, kind: str, outcome: Outcome) -> None:
        """Count what became of a page."""
        self._count(kind, outcome)
        self.rows += outcome.rows
        self.pages += 1
        self._pages[kind] += 1
        self.done += outcome.left and not outcome.failed
        self.failed += outcome.failed

    def note_failure(self, kind: str, outcome: Outcome) -> None:
        """Count a listing that failed."""
        self._count(kind, outcome)
        self.failed += 1

    def _count(self, kind: str, outcome: Outcome) -> None:
        self.waiting += outcome.added
        self._added += outcome.added
        if outcome.left:
            self.waiting[kind] -= 1
            self._ended[kind] += 1


@define(kw_only=True, eq=False)
class Progress:
    """A whole crawl."""

    rates: RateTracker
    on_change: Callable[[Progress], object] | None = field(default=None, repr=False)
    """Called after every page and every answer; cheap things only."""
    workspaces: dict[str, WorkspaceProgress] = field(factory=dict[str, WorkspaceProgress])
    requests: int = 0
    """Requests sent by this process, repeated ones too."""

    @property
    def tokens_left(self) -> int | None:
        """Requests that may be sent now, over all budgets; None if nothing limits them."""
        left = [state.left for state in self.rates.snapshot() if state.left is not None]
        return sum(left) if left else None

    def changed(self) -> None:
        """Tell the observer."""
        if self.on_change is not None:
            self.on_change(self)


@frozen(kw_only=True)
class Failure:
    """A listing that could not be read."""

    key: str
    """Which, such as `acme/api/pull_requests/17/comments`."""
    error: str
    """One line."""
    is_final: bool
    """Whether trying again in the same crawl was of no use: not allowed, not found or gone."""


@frozen(kw_only=True)
class CrawlReport:
    """What a crawl did."""

    workspaces: Sequence[WorkspaceProgress]
    failures: Sequence[Failure]
    requests: int
    """Requests sent, repeated ones too."""
    seconds: float

    @property
    def is_complete(self) -> bool:
        """Whether everything was read."""
        return not self.failures
