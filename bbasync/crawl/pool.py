"""The workers of one credential.

A worker has one page in work at a time, and asks for the next only when that is committed: however the process ends,
at most one page of each worker is asked for again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Final

from attrs import define, evolve, field

from bbasync.errors import (
    AuthenticationError,
    BitbucketError,
    GoneError,
    NotFoundError,
    PagingError,
    PaymentRequiredError,
    PermissionDeniedError,
    ResponseError,
    clip,
)

from . import steps, tasks
from .fetch import fetch, page_of, without_missing_heads
from .progress import Failure, Progress, WorkspaceProgress
from .steps import Scope
from .store import StoreError
from .tasks import Run, Task

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection

    from bbasync.cloud.session import CloudSession

    from .plan import CrawlOptions
    from .store import Store

__all__ = ["FINAL", "Pool"]

FINAL: Final = (GoneError, NotFoundError, PaymentRequiredError, PermissionDeniedError)
"""Answers that asking again does not change."""


@define(eq=False)
class _Place:
    """One workspace in this process."""

    scope: Scope
    progress: WorkspaceProgress
    taken: set[str] = field(factory=set[str])
    """The keys of the tasks that are in work, or about to be."""


class Pool:
    """Crawls the workspaces of one credential."""

    def __init__(self, session: CloudSession, store: Store, options: CrawlOptions, progress: Progress) -> None:
        self._session = session
        self._store = store
        self._options = options
        self._progress = progress
        self._places: dict[str, _Place] = {}
        self._ready: deque[Task] = deque()
        self._claiming = asyncio.Lock()
        self._changed = asyncio.Event()
        self._tried_again = False
        self._is_over = False
        self._refused: AuthenticationError | None = None
        self.first_error: BitbucketError | None = None

    async def begin(self, workspaces: Sequence[str]) -> None:
        """Take up the workspaces' unfinished crawls, or start new ones."""
        options = self._options
        for name in workspaces:

            def begin(connection: Connection, name: str = name) -> tuple[Run, dict[str, int]]:
                root = Task(workspace=name, kind="workspaces")
                run = tasks.begin(connection, name, options.identity(), partial(options.includes, name), root)
                return run, tasks.waiting(connection, run.number)

            run, waiting = await self._store.run(begin)
            progress = WorkspaceProgress(workspace=name, resumed=run.resumed)
            progress.waiting.update(waiting)
            self._progress.workspaces[name] = progress
            self._places[name] = _Place(Scope(run=run.number, options=options), progress)

    async def end(self) -> list[Failure]:
        """Close the runs that are at their end; return what could not be read."""
        failures: list[Failure] = []
        for name, place in self._places.items():
            place.progress.finished = await self._store.run(partial(tasks.end, run=place.scope.run))
            if self._refused is not None:
                failures.append(Failure(key=name, error=clip(str(self._refused)), is_final=False))
            troubles = await self._store.run(partial(tasks.troubles, run=place.scope.run))
            failures += [Failure(key=key, error=error, is_final=state == "final") for key, state, error in troubles]
        return failures

    async def work(self) -> None:
        """Read listings until there are none left; any number of workers may do so at once."""
        while (task := await self._claim()) is not None:
            place = self._places[task.workspace]
            try:
                await self._read(place, task)
            finally:
                place.taken.discard(task.key)
                self._changed.set()

    # -- which listing next ---------------------------------------------------------------------------------------

    async def _claim(self) -> Task | None:
        async with self._claiming:
            while not self._ready and not self._is_over:
                self._changed.clear()
                if await self._refill():
                    break
                if any(place.taken for place in self._places.values()):
                    await self._changed.wait()
                elif not await self._try_again():
                    self._is_over = True
            return None if self._is_over else self._ready.popleft()

    async def _refill(self) -> bool:
        """Claim some tasks of each workspace that has any, so that all of them advance."""
        if self._refused is not None:
            return False
        places = [place for place in self._places.values() if place.progress.pending > len(place.taken)]
        share = -(-self._options.workers // max(1, len(places)))

        def claim(connection: Connection) -> list[list[Task]]:
            return [tasks.claim(connection, place.scope.run, share, place.taken) for place in places]

        claimed = await self._store.run(claim) if places else []
        for place, some in zip(places, claimed, strict=True):
            place.taken.update(task.key for task in some)
            self._ready.extend(some)
        return bool(self._ready)

    async def _try_again(self) -> bool:
        """Make what failed pending once more, at the end of the crawl; return whether anything is pending."""
        has_read = any(place.progress.pages for place in self._places.values())
        again = has_read and not self._tried_again and self._refused is None
        self._tried_again = True
        for place in self._places.values():

            def count(connection: Connection, run: int = place.scope.run) -> dict[str, int]:
                if again:
                    tasks.retry(connection, run)
                return tasks.waiting(connection, run)

            place.progress.waiting.clear()
            place.progress.waiting.update(await self._store.run(count))
        return self._refused is None and any(place.progress.pending for place in self._places.values())

    # -- one listing ----------------------------------------------------------------------------------------------

    async def _read(self, place: _Place, task: Task) -> None:
        seen: set[str] = set()
        following: Task | None = task
        while following is not None and self._refused is None:
            if following.cursor is None:
                seen.clear()  # the listing begins, perhaps again
            else:
                seen.add(following.cursor)
            following = await self._read_page(place, following, seen)
            self._changed.set()
            self._progress.changed()

    async def _read_page(self, place: _Place, task: Task, seen: Collection[str]) -> Task | None:
        try:
            page = await fetch(self._session, task)
            if page.next in seen:
                raise PagingError(f"{task.key}: the server names a next page that was read already")
            outcome = await self._store.run(partial(steps.apply, scope=place.scope, task=task, page=page))
        except StoreError:
            raise
        except AuthenticationError as error:
            self._refused = self.first_error = error
            return None
        except BitbucketError as error:
            return await self._fail(place, task, error)
        place.progress.note(task.kind, outcome)
        return outcome.following

    async def _fail(self, place: _Place, task: Task, error: BitbucketError) -> Task | None:
        if isinstance(error, ResponseError):
            exclude = without_missing_heads(task, error)
            if exclude is not None:
                task = evolve(task, cursor=None, arguments={**task.arguments, "exclude": exclude})
                return task if await self._store.run(partial(tasks.advance, task=task)) else None
        if isinstance(error, NotFoundError) and task.kind == "commits" and task.cursor is None:
            # a repository without commits may say so this way
            outcome = await self._store.run(partial(steps.apply, scope=place.scope, task=task, page=page_of([])))
            place.progress.note(task.kind, outcome)
            return outcome.following
        if self.first_error is None:
            self.first_error = error
        outcome = await self._store.run(
            partial(
                steps.fail,
                scope=place.scope,
                task=task,
                error=clip(str(error)),
                is_final=isinstance(error, FINAL)
                and task.cursor is None,  # a page can disappear while its listing exists
                is_denied=isinstance(error, PermissionDeniedError),
            )
        )
        place.progress.note_failure(task.kind, outcome)
        return None
