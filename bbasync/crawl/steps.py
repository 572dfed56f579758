"""What a page brings: its rows, the task's next page, and the tasks it gives rise to, in one transaction.

::

    workspaces ─┬─ projects
                ├─ members
                └─ repositories ─┬─ refs ── commits
                                 └─ activity ── pull_requests ─┬─ comments
                                                               ├─ pull_request_commits
                                                               └─ statuses

Branches and tags are one listing, unless only one of them is wanted. The heads must be known before the commits are
listed: they are what the next run excludes. The newest activity must be known before pull requests are: what is
commented on later is newer than it, so the next run finds it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

import orjson
from attrs import evolve, frozen
from sqlalchemy import Connection, select, update

from bbasync.errors import BROKEN, DecodeError

from . import tasks
from .plan import (
    BELOW_PULL_REQUESTS,
    EPOCH,
    NEVER,
    CrawlOptions,
    Known,
    activity_of,
    before,
    covers,
    head_of,
    instant,
    keyset_next,
    number_of,
    pull_request_needs,
    row_of,
    slug_of,
    source_of,
)
from .schema import TABLES, Row, upsert
from .tasks import Task

if TYPE_CHECKING:
    from bbasync.paging import Page

    from .plan import Payload

__all__ = ["Outcome", "Scope", "apply", "fail"]

_REFS: Final = frozenset({"branches", "tags"})
_MOVED: Final = "it changed while it was listed: rows may be missing, and none was marked as gone"


@frozen(kw_only=True)
class Scope:
    """The run that a task belongs to."""

    run: int
    options: CrawlOptions


@frozen(kw_only=True)
class Outcome:
    """What became of a page."""

    following: Task | None = None
    """The task at its next page; None if it has none, or was started again."""
    rows: int = 0
    added: Counter[str]
    """How many tasks became pending, by kind."""
    left: bool
    """Whether the task is pending no more."""
    failed: bool = False
    """Whether it has come to its end, but in vain."""


@frozen(kw_only=True)
class _Step:
    rows: Mapping[str, Sequence[Row]]
    """By table."""
    children: Sequence[Task] = ()
    is_over: bool = False
    cursor: str | None = None
    arguments: Mapping[str, Any]


class _PageStep(Protocol):
    def __call__(self, connection: Connection, scope: Scope, task: Task, page: Page[Payload]) -> _Step: ...


class _End(Protocol):
    def __call__(self, connection: Connection, scope: Scope, task: Task) -> list[Task]: ...


def apply(connection: Connection, scope: Scope, task: Task, page: Page[Payload]) -> Outcome:
    """Write a page of a task; DecodeError if it is of another shape."""
    try:
        step = _PAGES.get(task.kind, _listing)(connection, scope, task, page)
    except BROKEN as error:
        raise DecodeError(f"this is not a page of {task.kind}: {error!r}") from error
    for name, rows in step.rows.items():
        upsert(connection, TABLES[name], rows)
    written = sum(map(len, step.rows.values()))
    added = tasks.add(connection, scope.run, step.children)
    has_moved = step.is_over and "moved" in step.arguments
    begins_anew = has_moved and not task.tries
    task = evolve(task, arguments=step.arguments, cursor=step.cursor, tries=task.tries + begins_anew)
    if begins_anew or not step.is_over:
        goes_on = tasks.advance(connection, task)
        return Outcome(following=task if goes_on else None, rows=written, added=added, left=False)
    left = tasks.fail(connection, task, _MOVED, is_final=False) if has_moved else tasks.finish(connection, task)
    if left:
        added += tasks.add(connection, scope.run, _ENDS.get(task.kind, _mark_gone)(connection, scope, task))
    return Outcome(rows=written, added=added, left=left, failed=left and has_moved)


def fail(connection: Connection, scope: Scope, task: Task, error: str, *, is_final: bool, is_denied: bool) -> Outcome:
    """Write that a task failed, and continue below it where that is possible without it."""
    children: list[Task] = []
    if task.kind == "workspaces" and is_denied:  # an access token of a repository may not see its workspace
        children = _below_workspace(connection, scope, task)
    elif task.kind == "activity" and (is_final or task.tries > 0):
        children = _pull_requests(connection, scope, task, is_blind=True)
    return Outcome(
        added=tasks.add(connection, scope.run, children), left=tasks.fail(connection, task, error, is_final=is_final)
    )


# -- most listings ----------------------------------------------------------------------------------------------------


def _listing(connection: Connection, scope: Scope, task: Task, page: Page[Payload]) -> _Step:
    del connection
    return _numbered(task, page, {task.kind: [row_of(task, payload, scope.run) for payload in page.values]})


def _numbered(task: Task, page: Page[Payload], rows: Mapping[str, Sequence[Row]]) -> _Step:
    """Continue by page number, and note if the listing is of another size than at its first page.

    What is deleted meanwhile moves all that follows it one place forward, and so one item past the page that is asked
    for next.
    """
    arguments = {"size": page.size} if task.cursor is None else {**task.arguments}
    if None not in (page.size, arguments.get("size")) and page.size != arguments["size"]:
        arguments["moved"] = True
    return _Step(rows=rows, cursor=page.next, is_over=page.next is None, arguments=arguments)


def _mark_gone(connection: Connection, scope: Scope, task: Task) -> list[Task]:
    """Mark what a complete listing no longer shows."""
    if "moved" in task.arguments:
        return []
    table = TABLES[task.kind]
    connection.execute(
        update(table)
        .where(
            table.c.workspace == task.workspace,
            table.c.repository == task.repository,
            table.c.pull_request == task.pull_request,
            table.c.seen < scope.run,
            table.c.gone_at.is_(None),
        )
        .values(gone_at=tasks.now())
    )
    return []


def _below_workspace(connection: Connection, scope: Scope, task: Task) -> list[Task]:
    del connection
    kinds = [kind for kind in ("projects", "members", "repositories") if kind in scope.options.resources]
    return [task.child(kind, arguments={"from": EPOCH} if kind == "repositories" else None) for kind in kinds]


# -- repositories -----------------------------------------------------------------------------------------------------


def _repositories_page(connection: Connection, scope: Scope, task: Task, page: Page[Payload]) -> _Step:
    chosen = {
        slug_of(payload): payload for payload in page.values if scope.options.keeps(task.workspace, slug_of(payload))
    }
    table = TABLES["repositories"]
    visited = connection.execute(
        select(table.c.repository).where(
            table.c.workspace == task.workspace, table.c.repository.in_(chosen), table.c.seen == scope.run
        )
    )
    fresh = chosen.keys() - set(visited.scalars())
    start, cursor = keyset_next(task.arguments["from"], page.values, page.next)
    return _Step(
        rows={"repositories": [row_of(task, payload, scope.run) for payload in chosen.values()]},
        children=[
            child for slug in chosen if slug in fresh for child in _below_repository(connection, scope, task, slug)
        ],
        cursor=cursor,
        is_over=page.next is None,
        arguments={"from": start},
    )


def _below_repository(connection: Connection, scope: Scope, task: Task, slug: str) -> list[Task]:
    wanted = scope.options.resources
    refs = list(wanted & _REFS)
    children = [task.child("refs" if len(refs) > 1 else refs[0], repository=slug)] if refs else []
    if wanted & {"activity", "comments"}:
        children.append(task.child("activity", repository=slug))
    elif "pull_requests" in wanted:
        children += _pull_requests(connection, scope, evolve(task, repository=slug))
    return children


def _repositories_end(connection: Connection, scope: Scope, task: Task) -> list[Task]:
    """Mark the repositories that were not listed; those that this crawl leaves out were listed too."""
    table = TABLES["repositories"]
    lost = [table.c.workspace == task.workspace, table.c.seen < scope.run, table.c.gone_at.is_(None)]
    for slug in connection.execute(select(table.c.repository).where(*lost)).scalars().all():
        if scope.options.keeps(task.workspace, slug):
            connection.execute(update(table).where(*lost, table.c.repository == slug).values(gone_at=tasks.now()))
            tasks.forget_repository(connection, task.workspace, slug)
    return []


# -- refs and commits -------------------------------------------------------------------------------------------------


def _refs_page(connection: Connection, scope: Scope, task: Task, page: Page[Payload]) -> _Step:
    del connection
    rows: dict[str, list[Row]] = {kind: [] for kind in _REFS}
    for payload in page.values:
        kind = "tags" if payload.get("type") == "tag" else "branches"
        rows[kind].append(row_of(evolve(task, kind=kind), payload, scope.run))
    return _numbered(task, page, rows)


def _one_kind_end(connection: Connection, scope: Scope, task: Task) -> list[Task]:
    """Go on with the list of both in a run that was begun when each had its own."""
    _mark_gone(connection, scope, task)
    return [task.child("refs")] if scope.options.resources >= _REFS else []


def _refs_end(connection: Connection, scope: Scope, task: Task) -> list[Task]:
    for kind in _REFS:
        _mark_gone(connection, scope, evolve(task, kind=kind))
    if "commits" not in scope.options.resources:
        return []
    heads = _heads(connection, task)
    last = tasks.read_watermark(connection, task, "commits")
    if last is None or not covers(last["since"], scope.options.cutoff):
        return [task.child("commits", arguments={"heads": heads, "exclude": []})] if heads else []
    if set(heads) <= set(last["heads"]):
        return []
    return [task.child("commits", arguments={"heads": heads, "exclude": last["heads"]})]


def _heads(connection: Connection, task: Task) -> list[str]:
    """Return the commits that the repository's branches and tags point to."""
    heads: dict[str, None] = {}
    for table in (TABLES["branches"], TABLES["tags"]):
        payloads = connection.execute(
            select(table.c.payload).where(
                table.c.workspace == task.workspace, table.c.repository == task.repository, table.c.gone_at.is_(None)
            )
        )
        found = (head_of(orjson.loads(payload)) for payload in payloads.scalars())
        heads |= dict.fromkeys(head for head in found if head is not None)
    return list(heads)


def _commits_page(connection: Connection, scope: Scope, task: Task, page: Page[Payload]) -> _Step:
    del connection
    cutoff = scope.options.cutoff
    rows = [row_of(task, payload, scope.run) for payload in page.values]
    kept = [row for row in rows if str(row["created_on"] or NEVER) >= cutoff]
    # newest first, more or less: dates are what the authors' clocks said
    is_over = page.next is None or bool(rows and not kept)
    return _Step(rows={"commits": kept}, cursor=page.next, is_over=is_over, arguments=task.arguments)


def _commits_end(connection: Connection, scope: Scope, task: Task) -> list[Task]:
    value = {"heads": task.arguments["heads"], "since": scope.options.cutoff}
    tasks.write_watermark(connection, task, "commits", value)
    return []


# -- activity ---------------------------------------------------------------------------------------------------------


def _activity_page(connection: Connection, scope: Scope, task: Task, page: Page[Payload]) -> _Step:
    moments = [activity_of(payload)[2] for payload in page.values]
    children: list[Task] = []
    arguments = task.arguments
    if "until" not in arguments:
        if not page.values and page.next is not None:  # the newest is yet to come
            return _Step(rows={}, cursor=page.next, arguments=arguments)
        arguments = _activity_start(connection, scope, task, max(filter(None, moments), default=EPOCH))
        children = _pull_requests(connection, scope, task)
    rows_from, comments_from = arguments["rows_from"], arguments["comments_from"]
    dated = [(value, moment or NEVER) for value, moment in zip(page.values, moments, strict=True)]
    rows = [row_of(task, value, scope.run) for value, moment in dated if moment >= rows_from]
    comments = [value for value, moment in dated if "comment" in value and moment >= comments_from]
    children += _commented(connection, task, comments)
    is_over = page.next is None or min((moment for _, moment in dated), default=NEVER) < min(rows_from, comments_from)
    return _Step(rows={"activity": rows}, children=children, cursor=page.next, is_over=is_over, arguments=arguments)


def _activity_start(connection: Connection, scope: Scope, task: Task, newest: str) -> dict[str, str]:
    """Return how far back to read, for rows and for comments."""
    cutoff, wanted = scope.options.cutoff, scope.options.resources
    arguments = {"until": _watermark(newest, tasks.now()), "rows_from": NEVER, "comments_from": NEVER}
    if "activity" in wanted:
        last = tasks.read_watermark(connection, task, "activity")
        is_usable = last is not None and covers(last["since"], cutoff)
        arguments["rows_from"] = max(cutoff, last["until"]) if last is not None and is_usable else cutoff
    if "comments" in wanted:
        last = tasks.read_watermark(connection, task, "comments")
        if last is not None:
            arguments["comments_from"] = last["until"]
        else:  # the pull requests that are listed from now on show all comments up to now
            tasks.write_watermark(connection, task, "comments", {"until": arguments["until"]})
    return arguments


def _commented(connection: Connection, task: Task, payloads: Sequence[Payload]) -> list[Task]:
    """Return tasks for the pull requests with a comment that the store does not have."""
    table = TABLES["comments"]
    ids = [str(payload["comment"]["id"]) for payload in payloads]
    known = connection.execute(
        select(table.c.id, table.c.updated_on).where(
            table.c.workspace == task.workspace, table.c.repository == task.repository, table.c.id.in_(ids)
        )
    )
    stored = {row.id: row.updated_on for row in known}
    children: list[Task] = []
    for payload, comment_id in zip(payloads, ids, strict=True):
        _, comment, moment = activity_of(payload)
        if comment_id not in stored or stored[comment_id] != instant(comment.get("updated_on")):
            number = number_of(payload["pull_request"])
            children.append(task.child("comments", pull_request=number, version=moment or ""))
    return children


def _watermark(newest: str, begun: str) -> str:
    """Return from where the next run reads, for the newest instant that was seen and our own at the beginning.

    The server's clock may have been ahead: what changes after it is put right is then older than the newest.
    """
    return before(min(newest, begun))


def _activity_end(connection: Connection, scope: Scope, task: Task) -> list[Task]:
    until = task.arguments["until"]
    if "activity" in scope.options.resources:
        value = {"until": until, "since": scope.options.cutoff}
        tasks.write_watermark(connection, task, "activity", value)
    if "comments" in scope.options.resources:
        tasks.write_watermark(connection, task, "comments", {"until": until})
    return []


# -- pull requests ----------------------------------------------------------------------------------------------------


def _pull_requests(connection: Connection, scope: Scope, task: Task, *, is_blind: bool = False) -> list[Task]:
    """Return the task that lists a repository's pull requests from where the last listing ended.

    A blind one was started without the newest activity, so the next run has to read all comments again.
    """
    cutoff, wanted = scope.options.cutoff, scope.options.resources
    if "pull_requests" not in wanted:
        return []
    last = tasks.read_watermark(connection, task, "pull_requests")
    forced = [] if last is None else sorted(wanted & set(BELOW_PULL_REQUESTS) - set(last["resources"]))
    start = cutoff
    if last is not None and not forced and covers(last["since"], cutoff):
        start = max(cutoff, last["until"])
    arguments = {
        "from": start,
        "begun": tasks.now(),
        "forced": forced,
        "settled": 0 if last is None else last["run"],
        "blind": is_blind,
    }
    return [task.child("pull_requests", arguments=arguments)]


def _pull_requests_page(connection: Connection, scope: Scope, task: Task, page: Page[Payload]) -> _Step:
    rows = [row_of(task, payload, scope.run) for payload in page.values]
    known = _known(connection, task, [number_of(payload) for payload in page.values])
    children: list[Task] = []
    for payload in page.values:
        number = number_of(payload)
        needs = pull_request_needs(
            payload,
            known.get(number),
            run=scope.run,
            settled=task.arguments["settled"],
            wanted=scope.options.resources,
            forced=task.arguments["forced"],
        )
        version = instant(payload.get("updated_on")) or ""
        children += [task.child(kind, pull_request=number, version=version) for kind in needs]
    start, cursor = keyset_next(task.arguments["from"], page.values, page.next)
    return _Step(
        rows={"pull_requests": rows},
        children=children,
        cursor=cursor,
        is_over=page.next is None,
        arguments={**task.arguments, "from": start},
    )


def _known(connection: Connection, task: Task, numbers: Sequence[int]) -> dict[int, Known]:
    table = TABLES["pull_requests"]
    rows = connection.execute(
        select(table.c.pull_request, table.c.updated_on, table.c.seen, table.c.payload).where(
            table.c.workspace == task.workspace,
            table.c.repository == task.repository,
            table.c.pull_request.in_(numbers),
        )
    )
    return {
        row.pull_request: Known(updated_on=row.updated_on, seen=row.seen, source=source_of(orjson.loads(row.payload)))
        for row in rows
    }


def _pull_requests_end(connection: Connection, scope: Scope, task: Task) -> list[Task]:
    read = scope.options.resources & set(BELOW_PULL_REQUESTS)
    if task.arguments["blind"]:
        read -= {"comments"}
    value = {
        "until": _watermark(task.arguments["from"], task.arguments.get("begun", NEVER)),
        "since": scope.options.cutoff,
        "run": scope.run,
        "resources": sorted(read),
    }
    tasks.write_watermark(connection, task, "pull_requests", value)
    if "statuses" not in read:
        return []
    table = TABLES["pull_requests"]
    still_open = connection.execute(
        select(table.c.pull_request).where(
            table.c.workspace == task.workspace,
            table.c.repository == task.repository,
            table.c.state == "OPEN",
            table.c.seen < scope.run,
        )
    )
    return [task.child("statuses", pull_request=number) for number in still_open.scalars()]


_PAGES: Final[Mapping[str, _PageStep]] = {
    "repositories": _repositories_page,
    "refs": _refs_page,
    "commits": _commits_page,
    "activity": _activity_page,
    "pull_requests": _pull_requests_page,
}
_ENDS: Final[Mapping[str, _End]] = {
    "workspaces": _below_workspace,
    "repositories": _repositories_end,
    "refs": _refs_end,
    "branches": _one_kind_end,
    "tags": _one_kind_end,
    "commits": _commits_end,
    "activity": _activity_end,
    "pull_requests": _pull_requests_end,
}
