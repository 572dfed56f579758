"""How far a crawl is: bars on a terminal, a plain line every few seconds elsewhere."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

if TYPE_CHECKING:
    from types import TracebackType

    from bbasync.crawl import Progress as CrawlProgress

__all__ = ["Display"]

_EVERY: Final = 0.2
_EVERY_PLAIN: Final = 5.0


class Display:
    """Draws what `show` was last given; an async context manager."""

    def __init__(self, output: TextIO) -> None:
        self._console = Console(file=output, highlight=False)
        self._progress: CrawlProgress | None = None
        self._bars = Progress(
            TextColumn("{task.description:20}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("{task.fields[told]}"),
            console=self._console,
            auto_refresh=False,
            disable=not self._console.is_terminal,
        )
        self._ids: dict[str, TaskID] = {}
        self._started = time.monotonic()
        self._ticker: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._started = time.monotonic()
        self._bars.start()
        self._ticker = asyncio.create_task(self._tick())
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.wait([self._ticker])
        if exc is None or self._console.is_terminal:
            self._draw()
        self._bars.stop()

    def show(self, progress: CrawlProgress) -> None:
        """Remember how far the crawl is; it is drawn when the time has come."""
        self._progress = progress

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_EVERY if self._console.is_terminal else _EVERY_PLAIN)
            self._draw()

    def _draw(self) -> None:
        progress = self._progress
        if progress is None:
            return
        if self._console.is_terminal:
            self._draw_bars(progress)
        elif any(one.pages for one in progress.workspaces.values()):
            listings = ", ".join(
                f"{one.workspace} {one.done}/{one.done + one.pending} listings {one.rows} rows"
                for one in progress.workspaces.values()
            )
            self._console.print(f"{listings}; {self._summary(progress)}", soft_wrap=True)

    def _draw_bars(self, progress: CrawlProgress) -> None:
        for one in progress.workspaces.values():
            if one.workspace not in self._ids:
                self._ids[one.workspace] = self._bars.add_task(one.workspace, told="")
            told = f"{one.rows:,} rows" + (f", {one.failed} failed" if one.failed else "")
            self._bars.update(
                self._ids[one.workspace], completed=one.done, total=max(1, one.done + one.pending), told=told
            )
        if "" not in self._ids:
            self._ids[""] = self._bars.add_task("all", told="")
        done = sum(one.done for one in progress.workspaces.values())
        pending = sum(one.pending for one in progress.workspaces.values())
        self._bars.update(self._ids[""], completed=done, total=max(1, done + pending), told=self._summary(progress))
        self._bars.refresh()

    def _summary(self, progress: CrawlProgress) -> str:
        seconds = max(0.001, time.monotonic() - self._started)
        rate = progress.requests / seconds
        remaining = sum(one.remaining for one in progress.workspaces.values())
        told = [f"{progress.requests:,} requests", f"{rate:.1f}/s"]
        if (left := progress.tokens_left) is not None:
            told.append(f"{left:,} tokens left")
        if remaining:
            told.append(f"about {remaining:,} requests to go")
        return ", ".join(told)
