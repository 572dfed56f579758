"""What a crawl has to do and its progress, as rows of the store.

Every function takes the connection of the store's thread: it is to be called in a command given to `Store.run`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal

import orjson
from attrs import field, frozen
from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from .schema import BUDGET, RUN, TASK, WATERMARK, Row, upsert

__all__ = [
    "Run",
    "Task",
    "add",
    "advance",
    "begin",
    "claim",
    "counts",
    "end",
    "fail",
    "finish",
    "forget_repository",
    "read_budget",
    "read_watermark",
    "retry",
    "troubles",
    "waiting",
    "write_budget",
    "write_watermark",
]

State = Literal["pending", "done", "failed", "final"]
"""`failed` is tried once more in the same run, `final` is not; the next run tries both."""

Json = dict[str, Any]

_CHUNK: Final = 500
"""Keys in one IN list: some databases allow no more than 999 arguments."""


@frozen(kw_only=True)
class Run:
    """One crawl of one workspace, which may take several processes."""

    number: int
    resumed: bool


@frozen(kw_only=True)
class Task:
    """One listing to be read, page by page."""

    workspace: str
    kind: str
    repository: str = ""
    pull_request: int = 0
    parent: str = ""
    arguments: Mapping[str, Any] = field(factory=dict[str, Any])
    version: str = ""
    """The server's instant of the change that makes the listing necessary."""
    cursor: str | None = None
    """The next page, None for the first."""
    tries: int = 0
    """How often it has failed."""

    @property
    def key(self) -> str:
        """The name of the task, such as `acme/api/pull_requests/17/comments`."""
        parts = [self.workspace, self.kind]
        if self.repository:
            parts.insert(1, self.repository)
        if self.pull_request:
            parts[2:2] = ["pull_requests", str(self.pull_request)]
        return "/".join(parts)

    @property
    def depth(self) -> int:
        """How far it is below the workspace."""
        return bool(self.repository) + bool(self.pull_request)

    def child(
        self,
        kind: str,
        *,
        repository: str = "",
        pull_request: int = 0,
        version: str = "",
        arguments: Json | None = None,
    ) -> Task:
        """Return a task that this one gives rise to, in the same repository unless another is named."""
        return Task(
            workspace=self.workspace,
            kind=kind,
            repository=repository or self.repository,
            pull_request=pull_request,
            parent=self.key,
            arguments=arguments or {},
            version=version,
        )


def now() -> str:
    """Return this instant as the store writes instants."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


# -- runs -----------------------------------------------------------------------------------------------------------


def begin(connection: Connection, workspace: str, options: Json, keeps: Callable[[str, str], bool], root: Task) -> Run:
    """Go on with the workspace's unfinished run of the same options, or start a new one at the root.

    A new run takes over what earlier ones left undone below pull requests, since only a change would give rise to it
    again; `keeps` decides, for a kind and a repository, whether this run is about it. The rest grows again from
    the root.
    """
    written = orjson.dumps(options, option=orjson.OPT_SORT_KEYS).decode()
    last = connection.execute(select(RUN).where(RUN.c.workspace == workspace).order_by(RUN.c.number.desc())).first()
    if last is not None and last.finished is None and last.options == written:
        failed = update(TASK).where(TASK.c.run == last.number, TASK.c.state == "failed")
        connection.execute(failed.values(state="pending", tries=0))
        return Run(number=last.number, resumed=True)
    number: int = (connection.execute(select(func.max(RUN.c.number))).scalar() or 0) + 1
    connection.execute(insert(RUN), [{"number": number, "workspace": workspace, "started": now(), "options": written}])
    connection.execute(
        delete(TASK).where(TASK.c.workspace == workspace, or_(TASK.c.state == "done", TASK.c.pull_request == 0))
    )
    left = select(TASK.c.kind, TASK.c.repository).where(TASK.c.workspace == workspace).distinct()
    for kind, repository in connection.execute(left).all():
        if keeps(kind, repository):
            connection.execute(
                update(TASK)
                .where(TASK.c.workspace == workspace, TASK.c.kind == kind, TASK.c.repository == repository)
                .values(run=number, state="pending", cursor=None, tries=0, error=None)
            )
    add(connection, number, [root])
    return Run(number=number, resumed=False)


def end(connection: Connection, run: int) -> bool:
    """Close a run that has nothing left to do; what failed stays, for the next run. Return whether it is closed."""
    if counts(connection, run).get("pending"):
        return False
    connection.execute(delete(TASK).where(TASK.c.run == run, TASK.c.state == "done"))
    connection.execute(update(RUN).where(RUN.c.number == run).values(finished=now()))
    return True


def counts(connection: Connection, run: int) -> dict[str, int]:
    """Return how many tasks of a run are in each state."""
    rows = connection.execute(select(TASK.c.state, func.count()).where(TASK.c.run == run).group_by(TASK.c.state))
    return {row[0]: row[1] for row in rows}


def waiting(connection: Connection, run: int) -> dict[str, int]:
    """Return how many pending tasks of a run there are of each kind."""
    rows = connection.execute(
        select(TASK.c.kind, func.count()).where(TASK.c.run == run, TASK.c.state == "pending").group_by(TASK.c.kind)
    )
    return {row[0]: row[1] for row in rows}


def troubles(connection: Connection, run: int) -> list[tuple[str, State, str]]:
    """Return key, state and error of the tasks of a run that failed."""
    rows = connection.execute(
        select(TASK.c.key, TASK.c.state, TASK.c.error)
        .where(TASK.c.run == run, TASK.c.state.in_(["failed", "final"]))
        .order_by(TASK.c.key)
    )
    return [(row.key, row.state, row.error or "") for row in rows]


# -- tasks ----------------------------------------------------------------------------------------------------------


def add(connection: Connection, run: int, tasks: Sequence[Task]) -> Counter[str]:
    """Add tasks to a run; return how many became pending, by kind.

    A task that the run knows already is left as it is, unless it was made for an earlier change: then it starts again.
    """
    by_key = {task.key: task for task in tasks}
    known: dict[str, tuple[str, State]] = {}
    keys = list(by_key)
    for start in range(0, len(keys), _CHUNK):
        rows = connection.execute(
            select(TASK.c.key, TASK.c.version, TASK.c.state).where(
                TASK.c.key.in_(keys[start : start + _CHUNK]), TASK.c.run == run
            )
        )
        known |= {row.key: (row.version, row.state) for row in rows}
    fresh = [task for key, task in by_key.items() if key not in known or known[key][0] < task.version]
    upsert(connection, TASK, [_row(task, run) for task in fresh])
    return Counter(task.kind for task in fresh if task.key not in known or known[task.key][1] != "pending")


def _row(task: Task, run: int) -> Row:
    return {
        "key": task.key,
        "parent": task.parent,
        "run": run,
        "workspace": task.workspace,
        "repository": task.repository,
        "pull_request": task.pull_request,
        "depth": task.depth,
        "kind": task.kind,
        "arguments": _json(task.arguments),
        "version": task.version,
        "state": "pending",
        "cursor": None,
        "tries": 0,
        "error": None,
    }


def claim(connection: Connection, run: int, number: int, taken: Collection[str]) -> list[Task]:
    """Return some pending tasks that are not taken, the deepest first, so that few are pending at any time."""
    rows = connection.execute(
        select(TASK)
        .where(TASK.c.run == run, TASK.c.state == "pending")
        .order_by(TASK.c.depth.desc())
        .limit(number + len(taken))
    )
    free = [
        Task(
            workspace=row.workspace,
            kind=row.kind,
            repository=row.repository,
            pull_request=row.pull_request,
            parent=row.parent,
            arguments=orjson.loads(row.arguments),
            version=row.version,
            cursor=row.cursor,
            tries=row.tries,
        )
        for row in rows
        if row.key not in taken
    ]
    return free[:number]


def advance(connection: Connection, task: Task) -> bool:
    """Record the page that a task is at; False if a later change has started it again."""
    done = connection.execute(
        update(TASK)
        .where(TASK.c.key == task.key, TASK.c.version == task.version)
        .values(cursor=task.cursor, arguments=_json(task.arguments), tries=task.tries)
    )
    return bool(done.rowcount)


def finish(connection: Connection, task: Task) -> bool:
    """Record that a task is done; False if a later change has started it again."""
    done = connection.execute(
        update(TASK).where(TASK.c.key == task.key, TASK.c.version == task.version).values(state="done", cursor=None)
    )
    return bool(done.rowcount)


def fail(connection: Connection, task: Task, error: str, *, is_final: bool) -> bool:
    """Record that a task failed; False if a later change has started it again.

    The next try begins at its first page.
    """
    done = connection.execute(
        update(TASK)
        .where(TASK.c.key == task.key, TASK.c.version == task.version)
        .values(state="final" if is_final else "failed", cursor=None, tries=task.tries + 1, error=error)
    )
    return bool(done.rowcount)


def retry(connection: Connection, run: int) -> None:
    """Make the tasks that failed once pending again."""
    connection.execute(
        update(TASK).where(TASK.c.run == run, TASK.c.state == "failed", TASK.c.tries == 1).values(state="pending")
    )


def forget_repository(connection: Connection, workspace: str, repository: str) -> None:
    """Drop the tasks of a deleted repository."""
    connection.execute(delete(TASK).where(TASK.c.workspace == workspace, TASK.c.repository == repository))


# -- watermarks and the budget --------------------------------------------------------------------------------------


def read_watermark(connection: Connection, task: Task, resource: str) -> Json | None:
    """Return the point up to which the resource of the task's repository was read by the last completed listing."""
    value = connection.execute(
        select(WATERMARK.c.value).where(
            and_(
                WATERMARK.c.workspace == task.workspace,
                WATERMARK.c.repository == task.repository,
                WATERMARK.c.resource == resource,
            )
        )
    ).scalar()
    return None if value is None else orjson.loads(value)


def write_watermark(connection: Connection, task: Task, resource: str, value: Mapping[str, object]) -> None:
    """Record the point that a completed listing has reached."""
    key: Row = {"workspace": task.workspace, "repository": task.repository, "resource": resource}
    upsert(connection, WATERMARK, [key | {"value": _json(value)}])


def read_budget(connection: Connection) -> tuple[Json, int] | None:
    """Return what was exported, and how many requests can have been sent since without being written down."""
    row = connection.execute(select(BUDGET)).first()
    return None if row is None else (orjson.loads(row.exported), row.unwritten)


def write_budget(connection: Connection, exported: Mapping[str, object], unwritten: int) -> None:
    """Record what is spent, and how many requests may be sent before that is recorded again."""
    upsert(connection, BUDGET, [{"id": 1, "exported": _json(exported), "unwritten": unwritten}])
