"""How far a crawl is: bars on a terminal, a plain line every few seconds elsewhere."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Final, Self, TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Column, Table

from .text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from bbasync.crawl import Progress, WorkspaceProgress

__all__ = ["Display"]

_EVERY: Final = 0.2
_EVERY_PLAIN: Final = 5.0
_RECENT: Final = 10.0
"""Seconds over which the speed is measured."""
_IN_A_LINE: Final = 5
"""Workspaces that a plain line names."""


class Display:
    """Draws what `show` was last given; an async context manager."""

    def __init__(self, output: TextIO) -> None:
        self._console = Console(file=output, highlight=False, markup=False)
        self._progress: Progress | None = None
        self._live = Live(console=self._console, auto_refresh=False) if self._console.is_terminal else None
        self._samples: deque[tuple[float, int]] = deque()
        self._ticker: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._samples.append((time.monotonic(), 0))
        if self._live is not None:
            self._live.start()
        self._ticker = asyncio.create_task(self._tick())
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if self._ticker is not None:
                self._ticker.cancel()
                await asyncio.wait([self._ticker])
            self._draw()
        finally:
            if self._live is not None:
                self._live.stop()

    def show(self, progress: Progress) -> None:
        """Remember the progress of the crawl; it is drawn at the next interval."""
        self._progress = progress

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_PLAIN if self._live is None else _EVERY)
            self._draw()

    def _draw(self) -> None:
        progress = self._progress
        if progress is None or not any(one.pages for one in progress.workspaces.values()):
            return
        # those that are still being read come first where there is no room for all
        several = sorted(progress.workspaces.values(), key=lambda one: one.pending == 0)
        if self._live is None:
            self._console.print(f"{self._summary(progress)}; {_in_words(several)}", soft_wrap=True)
            return
        room = max(1, self._console.height - 3)
        if len(several) <= room:
            several = list(progress.workspaces.values())
        self._live.update(Group(self._summary(progress), _bars(several, room)), refresh=True)

    def _summary(self, progress: Progress) -> str:
        rate = self._rate(progress.requests)
        parts = [f"{progress.requests:,} requests", f"{rate:.1f}/s"]
        left = progress.tokens_left
        if left is not None:
            parts.append(f"{left:,} tokens left")
        remaining = sum(one.remaining for one in progress.workspaces.values())
        if remaining:
            parts.append(f"about {remaining:,} to go")
        if remaining and left is not None and remaining > left:
            parts.append("more than the budget has now")
        elif remaining and rate:
            parts.append(_duration(remaining / rate))
        return ", ".join(parts)

    def _rate(self, requests: int) -> float:
        """Return the requests a second of late."""
        now, samples = time.monotonic(), self._samples
        samples.append((now, requests))
        while len(samples) > 2 and samples[1][0] <= now - _RECENT:
            samples.popleft()
        since, before = samples[0]
        return (requests - before) / max(now - since, 0.001)


def _bars(several: Sequence[WorkspaceProgress], room: int) -> Table:
    numbers = [Column(justify="right", no_wrap=True) for _ in range(3)]
    table = Table.grid(Column(no_wrap=True, max_width=24), Column(width=20), *numbers, Column(), padding=(0, 1))
    for one in several[:room]:
        known = one.done + one.pending
        table.add_row(
            printable(one.workspace),
            ProgressBar(total=max(1, known), completed=one.done, width=20),
            f"{one.done:,}/{known:,}",
            f"{one.rows:,} rows",
            f"{one.pages:,} pages",
            _state(one),
        )
    if len(several) > room:
        table.add_row(f"and {len(several) - room} more")
    return table


def _in_words(several: Sequence[WorkspaceProgress]) -> str:
    parts: list[str] = []
    for one in several[:_IN_A_LINE]:
        words = f"{printable(one.workspace)} {one.done:,}/{one.done + one.pending:,} listings {one.rows:,} rows"
        parts.append(f"{words} {_state(one)}".rstrip())
    if len(several) > _IN_A_LINE:
        parts.append(f"{len(several) - _IN_A_LINE} more")
    return ", ".join(parts)


def _state(one: WorkspaceProgress) -> str:
    parts = ["resumed"] if one.resumed else []
    return " ".join([*parts, f"{one.failed:,} failed"] if one.failed else parts)


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
