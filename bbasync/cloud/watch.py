"""Watching by polling, for those whom webhooks cannot reach: few requests, over errors, from a cursor.

::

    async for change in watch.pull_requests(bb, "acme", "api", start=cursor):
        ...
        cursor = change.cursor  # store it once the change is dealt with

A change is told at least once: after a restart with the last cursor that was stored, those since then come again.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import orjson
from attrs import define, field, frozen

from bbasync import aio
from bbasync.errors import DecodeError, NotFoundError, RateLimitError, ServerError, TransportError
from bbasync.paging import Paging
from bbasync.request import as_object, expand

from .query import Q

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from bbasync.cloud.models.commits import Commit
    from bbasync.cloud.models.pull_requests import PullRequest

    from .session import CloudSession

__all__ = ["Change", "commits", "pipeline", "pull_requests"]

T = TypeVar("T")
log = logging.getLogger("bbasync.watch")

_OVERLAP: Final = timedelta(minutes=5)
"""How far back each poll looks: a change may become visible after a later one."""
_PAGE: Final = 50
_SURVIVED: Final = (TransportError, ServerError, RateLimitError, DecodeError, NotFoundError)
"""What passes; 404 too, since outages answer it."""
_LONGEST: Final = 16
"""How many times `every` the pause grows to while polls fail."""


@frozen
class Change(Generic[T]):
    """Something new, and where to go on after it."""

    item: T
    cursor: str
    """What `start=` takes, in another process too."""


@define
class _Patience:
    """Asks again and again; only the first question of all may fail."""

    every: float
    _answered: bool = False
    _failures: int = 0

    async def ask(self, question: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                answer = await question()
            except _SURVIVED as error:
                if not self._answered:
                    raise
                self._failures += 1
                log.warning("watching goes on in %.0f s after %s", self._pause(), error)
            else:
                self._answered, self._failures = True, 0
                return answer
            await self.rest()

    async def rest(self) -> None:
        await asyncio.sleep(self._pause())

    def _pause(self) -> float:
        return self.every * float(min(_LONGEST, 2**self._failures))


@define
class _Position:
    """Up to where pull requests were told: the newest instant, and what was told of the last minutes before it."""

    until: datetime
    recent: dict[str, datetime] = field(factory=dict[str, datetime])

    @classmethod
    def read(cls, cursor: str) -> _Position:
        try:
            stored = as_object(orjson.loads(cursor))
            recent = {number: datetime.fromisoformat(at) for number, at in as_object(stored["recent"]).items()}
            return cls(datetime.fromisoformat(stored["until"]), recent)
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"start is the cursor of a change of pull_requests, got {cursor!r:.60}") from error

    def write(self) -> str:
        return orjson.dumps({"until": self.until, "recent": self.recent}).decode()

    def is_new(self, pull_request: PullRequest) -> bool:
        return self.recent.get(str(pull_request.id)) != pull_request.updated_on

    def move(self, pull_request: PullRequest) -> None:
        self.until = max(self.until, pull_request.updated_on)
        self.recent[str(pull_request.id)] = pull_request.updated_on
        self.recent = {number: at for number, at in self.recent.items() if at >= self.until - _OVERLAP}


async def pull_requests(
    bb: CloudSession, workspace: str, repo_slug: str, *, every: float = 60.0, start: str | None = None
) -> AsyncGenerator[Change[PullRequest]]:
    """Yield pull requests of every state when they are new or were updated, the least recently updated first.

    One request a poll, `every` so many seconds. Without `start` it begins now. Raises what goes wrong at the first
    poll; later ones are repeated, with growing pauses, but for a credential that is refused.

    Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
    """
    patience = _Patience(every)
    if start is None:
        position = await patience.ask(partial(_newest, bb, workspace, repo_slug))
        await patience.rest()
    else:
        position = _Position.read(start)
    while True:
        for found in await patience.ask(partial(_updated, bb, workspace, repo_slug, position.until - _OVERLAP)):
            if position.is_new(found):
                position.move(found)
                yield Change(found, position.write())
        await patience.rest()


async def _newest(bb: CloudSession, workspace: str, repo_slug: str) -> _Position:
    of_any_state = Q("id") > 0  # without a q, only open ones are listed
    position = _Position(datetime.fromisoformat("1970-01-01T00:00:00+00:00"))
    newest = bb.pull_requests.list(workspace, repo_slug, q=of_any_state, sort="-updated_on", paging=Paging(limit=_PAGE))
    for found in await aio.collect(newest):
        position.move(found)
    return position


async def _updated(bb: CloudSession, workspace: str, repo_slug: str, since: datetime) -> list[PullRequest]:
    """Return what was updated since an instant, page by page from the last one's instant: rows move while we read."""
    found: dict[int, PullRequest] = {}
    while True:
        q, before = Q("updated_on") >= since, len(found)
        listing = bb.pull_requests.list(workspace, repo_slug, q=q, sort="updated_on", paging=Paging(limit=_PAGE))
        page = await aio.collect(listing)
        found |= {each.id: each for each in page}
        if len(page) < _PAGE:
            break
        if len(found) == before or page[-1].updated_on == since:  # more of one instant than a page holds
            listing = bb.pull_requests.list(workspace, repo_slug, q=q, sort="updated_on")
            found |= {each.id: each for each in await aio.collect(listing)}
            break
        since = page[-1].updated_on
    return sorted(found.values(), key=lambda each: each.updated_on)


async def commits(
    bb: CloudSession, workspace: str, repo_slug: str, branch: str, *, every: float = 60.0, start: str | None = None
) -> AsyncGenerator[Change[Commit]]:
    """Yield the commits that come to a branch, the oldest first; after a forced push those that the old head lacks.

    One small request a poll, and a listing when the head has moved. `start` is a hash; without it watching begins at
    the present head. Errors are treated as in `pull_requests`; a branch that is gone may come back.

    Scope: repository (OAuth), read:repository:bitbucket (API token).
    """
    patience = _Patience(every)

    async def head() -> str:
        found = await bb.refs.get_branch(workspace, repo_slug, branch, fields="target.hash")
        if found.target is None or not found.target.hash:
            raise DecodeError(f"branch {branch} has no head")
        return found.target.hash

    last = start if start is not None else await patience.ask(head)
    while True:
        now = await patience.ask(head)
        if now != last:
            for commit in await patience.ask(partial(_between, bb, workspace, repo_slug, last, now)):
                yield Change(commit, commit.hash)
            last = now
        await patience.rest()


async def _between(bb: CloudSession, workspace: str, repo_slug: str, last: str, now: str) -> list[Commit]:
    """Return what leads from one head to another, the oldest first; all of it if the old head was removed for good."""
    try:
        found = await aio.collect(bb.commits.list(workspace, repo_slug, include=[now], exclude=[last]))
    except NotFoundError:
        found = await aio.collect(bb.commits.list(workspace, repo_slug, include=[now]))
    return found[::-1]


async def pipeline(
    bb: CloudSession, workspace: str, repo_slug: str, pipeline_uuid: str, *, every: float = 10.0
) -> AsyncGenerator[dict[str, Any]]:
    """Yield a pipeline, as a plain dict, whenever its state has changed, until it is COMPLETED.

    `pipeline_uuid` may be the build number. Errors are treated as in `pull_requests`.

    Scope: pipeline (OAuth), read:pipeline:bitbucket (API token).
    """
    path = expand(
        "/repositories/{workspace}/{repo_slug}/pipelines/{pipeline_uuid}", (workspace, repo_slug, pipeline_uuid)
    )
    patience = _Patience(every)
    last: object = None

    async def ask() -> dict[str, Any]:
        return as_object(await bb.request("GET", path))

    while True:
        found = await patience.ask(ask)
        state = as_object(found.get("state"))
        if state != last:
            last = state
            yield found
        if state.get("name") == "COMPLETED":
            return
        await patience.rest()
