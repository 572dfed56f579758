"""Watch for changes by polling, where webhooks cannot be received.

Polling takes few requests, continues after temporary errors and can resume from a cursor::

    async for change in watch.pull_requests(bb, "acme", "api", start=cursor):
        ...
        cursor = change.cursor  # store it once the change has been processed

Changes are delivered at least once: after a restart, those since the last stored cursor are yielded again.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import orjson
from attrs import define, field, frozen

from bbasync import aio
from bbasync.errors import DecodeError, NotFoundError, RateLimitError, ServerError, TransportError
from bbasync.paging import Paging
from bbasync.request import as_object

from .query import Q

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from bbasync.cloud.models.commits import Commit
    from bbasync.cloud.models.pipelines import Pipeline, PipelineState
    from bbasync.cloud.models.pull_requests import PullRequest

    from .session import CloudSession

__all__ = ["Change", "commits", "pipeline", "pull_requests"]

T = TypeVar("T")
log = logging.getLogger("bbasync.watch")

_OVERLAP: Final = timedelta(minutes=5)
"""Each poll starts this long before the latest change seen: a change can become visible after a later one."""
_PAGE_SIZE: Final = 50
_RETRIED: Final = (TransportError, ServerError, RateLimitError, DecodeError, NotFoundError)
"""Errors that may be temporary; including 404, which Bitbucket also returns during outages."""
_MAX_BACKOFF: Final = 16
"""The longest pause between failing polls, as a multiple of `every`."""


@frozen
class Change(Generic[T]):
    """A new or changed object, and the cursor from which to resume after it."""

    item: T
    cursor: str
    """The value of `start=` with which to resume, in another process too."""


@define
class _Poller:
    """Polls with retries and exponential backoff; nothing is retried before the first success."""

    every: float
    wake: asyncio.Event | None = None
    _has_succeeded: bool = False
    _failures: int = 0

    async def poll(self, fetch: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                result = await fetch()
            except _RETRIED as error:
                if not self._has_succeeded:
                    raise
                self._failures += 1
                delay = self.every * float(min(_MAX_BACKOFF, 2**self._failures))
                log.warning("poll failed, retrying in %.0f s: %s", delay, error)
                await asyncio.sleep(delay)
            else:
                self._has_succeeded, self._failures = True, 0
                return result

    async def sleep(self) -> None:
        """Wait until the next poll is due or `wake` is set; it is cleared first, to miss nothing."""
        if self.wake is None:
            await asyncio.sleep(self.every)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(self.every):
                await self.wake.wait()
        self.wake.clear()


@define
class _Position:
    """The latest `updated_on` seen, and the pull requests seen with an `updated_on` within `_OVERLAP` before it."""

    until: datetime
    recent: dict[str, datetime] = field(factory=dict[str, datetime])

    @classmethod
    def from_cursor(cls, cursor: str) -> _Position:
        try:
            stored = as_object(orjson.loads(cursor))
            recent = {number: datetime.fromisoformat(at) for number, at in as_object(stored["recent"]).items()}
            return cls(datetime.fromisoformat(stored["until"]), recent)
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"start must be the cursor of a change from pull_requests, got {cursor!r:.60}") from error

    def to_cursor(self) -> str:
        return orjson.dumps({"until": self.until, "recent": self.recent}).decode()

    def is_new(self, pull_request: PullRequest) -> bool:
        return self.recent.get(str(pull_request.id)) != pull_request.updated_on

    def advance(self, pull_request: PullRequest) -> None:
        self.until = max(self.until, pull_request.updated_on)
        self.recent[str(pull_request.id)] = pull_request.updated_on
        self.recent = {number: at for number, at in self.recent.items() if at >= self.until - _OVERLAP}


async def pull_requests(
    bb: CloudSession,
    workspace: str,
    repo_slug: str,
    *,
    every: float = 60.0,
    start: str | None = None,
    wake: asyncio.Event | None = None,
) -> AsyncGenerator[Change[PullRequest]]:
    """Yield pull requests of any state when they are created or updated, least recently updated first.

    Polls once every `every` seconds, usually with one request. Without `start`, watching begins now. Errors of the
    first poll are raised. Later polls are retried with growing pauses after temporary errors and NotFoundError; a
    rejected credential always raises.

    Setting `wake` ends the wait for the next poll, which clears it; `WebhookRouter.follow` sets it for each delivery.

    Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
    """
    poller = _Poller(every, wake)
    if start is None:
        position = await poller.poll(partial(_current_position, bb, workspace, repo_slug))
        await poller.sleep()
    else:
        position = _Position.from_cursor(start)
    while True:
        for found in await poller.poll(partial(_updated_since, bb, workspace, repo_slug, position.until - _OVERLAP)):
            if position.is_new(found):
                position.advance(found)
                yield Change(found, position.to_cursor())
        await poller.sleep()


async def _current_position(bb: CloudSession, workspace: str, repo_slug: str) -> _Position:
    of_any_state = Q("id") > 0  # without `q`, only open pull requests are returned
    position = _Position(datetime.fromisoformat("1970-01-01T00:00:00+00:00"))
    newest = bb.pull_requests.list(
        workspace, repo_slug, q=of_any_state, sort="-updated_on", paging=Paging(limit=_PAGE_SIZE)
    )
    for found in await aio.collect(newest):
        position.advance(found)
    return position


async def _updated_since(bb: CloudSession, workspace: str, repo_slug: str, since: datetime) -> list[PullRequest]:
    """Return the pull requests updated since a time, least recently updated first.

    Each page starts at the `updated_on` of the last item before it, because items move between pages during paging.
    """
    found: dict[int, PullRequest] = {}
    while True:
        q, previous_count = Q("updated_on") >= since, len(found)
        updated = bb.pull_requests.list(workspace, repo_slug, q=q, sort="updated_on", paging=Paging(limit=_PAGE_SIZE))
        page = await aio.collect(updated)
        found |= {each.id: each for each in page}
        if len(page) < _PAGE_SIZE:
            break
        if len(found) == previous_count or page[-1].updated_on == since:  # more with one timestamp than fit on a page
            updated = bb.pull_requests.list(workspace, repo_slug, q=q, sort="updated_on")
            found |= {each.id: each for each in await aio.collect(updated)}
            break
        since = page[-1].updated_on
    return sorted(found.values(), key=lambda each: each.updated_on)


async def commits(
    bb: CloudSession, workspace: str, repo_slug: str, branch: str, *, every: float = 60.0, start: str | None = None
) -> AsyncGenerator[Change[Commit]]:
    """Yield new commits on a branch, oldest first; after a force push, those not reachable from the old head.

    One small request per poll, and a list of commits when the head has moved. `start` is a commit hash; without it,
    watching begins at the current head. Errors are handled as in `pull_requests`; if the branch is deleted, polling
    continues, in case it is created again.

    Scope: repository (OAuth), read:repository:bitbucket (API token).
    """
    poller = _Poller(every)

    async def head() -> str:
        found = await bb.refs.get_branch(workspace, repo_slug, branch, fields="target.hash")
        if found.target is None or not found.target.hash:
            raise DecodeError(f"branch {branch} has no head")
        return found.target.hash

    old_head = start if start is not None else await poller.poll(head)
    while True:
        new_head = await poller.poll(head)
        if new_head != old_head:
            for commit in await poller.poll(partial(_commits_between, bb, workspace, repo_slug, old_head, new_head)):
                yield Change(commit, commit.hash)
            old_head = new_head
        await poller.sleep()


async def _commits_between(
    bb: CloudSession, workspace: str, repo_slug: str, old_head: str, new_head: str
) -> list[Commit]:
    """Return the commits from one head to another, oldest first; the whole history if the old head no longer exists."""
    try:
        found = await aio.collect(bb.commits.list(workspace, repo_slug, include=[new_head], exclude=[old_head]))
    except NotFoundError:
        found = await aio.collect(bb.commits.list(workspace, repo_slug, include=[new_head]))
    return found[::-1]


async def pipeline(
    bb: CloudSession, workspace: str, repo_slug: str, pipeline_uuid: str | int, *, every: float = 10.0
) -> AsyncGenerator[Pipeline]:
    """Yield a pipeline each time its state changes, until it is completed.

    `pipeline_uuid` may also be the build number. Errors are handled as in `pull_requests`.

    Scope: pipeline (OAuth), read:pipeline:bitbucket (API token).
    """
    poller = _Poller(every)
    last: PipelineState | None = None
    while True:
        found = await poller.poll(partial(bb.pipelines.get, workspace, repo_slug, pipeline_uuid))
        if found.state != last:
            last = found.state
            yield found
        if found.is_completed:
            return
        await poller.sleep()
