"""The tables of a crawl's store: one for each resource, and the few that make the crawl resumable.

Columns hold text that any SQL database compares the same way: instants are ISO 8601 in UTC with six digits of fraction,
so that they sort as text; payloads and other structures are JSON.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, Text, and_, bindparam, delete, insert
from sqlalchemy.dialects import mysql, postgresql, sqlite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection
    from sqlalchemy.sql import Executable

__all__ = ["BUDGET", "META", "RESOURCES", "RUN", "TABLES", "TASK", "VERSION", "WATERMARK", "Row", "metadata", "upsert"]

VERSION: Final = 1
"""The version of the schema; a store of a newer one is refused."""

RESOURCES: Final = (
    "workspaces",
    "projects",
    "members",
    "repositories",
    "branches",
    "tags",
    "commits",
    "pull_requests",
    "comments",
    "activity",
    "pull_request_commits",
    "statuses",
)
"""What can be crawled; each is a table of that name."""

Row = dict[str, object]

metadata: Final = MetaData()


def _key(length: int) -> String:
    # MySQL compares text without regard to case unless configured otherwise, and branches differ by case alone
    binary = mysql.VARCHAR(length, collation="utf8mb4_bin")
    return String(length).with_variant(binary, "mysql", "mariadb")


_INSTANT: Final = String(32)
_JSON: Final = Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
_WORKSPACE, _REPOSITORY, _TASK_KEY = 64, 128, 255


def _resource(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("workspace", _key(_WORKSPACE), primary_key=True),
        Column("repository", _key(_REPOSITORY), primary_key=True),
        Column("pull_request", Integer, primary_key=True, autoincrement=False),
        Column("id", _key(512), primary_key=True),
        Column("state", String(32)),
        Column("author", Text),
        Column("created_on", _INSTANT),
        Column("updated_on", _INSTANT),
        Column("payload", _JSON, nullable=False),
        Column("seen", Integer, nullable=False),
        Column("gone_at", _INSTANT),
    )


TABLES: Final[Mapping[str, Table]] = {name: _resource(name) for name in RESOURCES}
Index(
    "pull_requests_by_state",
    TABLES["pull_requests"].c.workspace,
    TABLES["pull_requests"].c.repository,
    TABLES["pull_requests"].c.state,
)

TASK: Final = Table(
    "task",
    metadata,
    Column("key", _key(_TASK_KEY), primary_key=True),
    Column("parent", _key(_TASK_KEY), nullable=False),
    Column("run", Integer, nullable=False),
    Column("workspace", _key(_WORKSPACE), nullable=False),
    Column("repository", _key(_REPOSITORY), nullable=False),
    Column("pull_request", Integer, nullable=False),
    Column("depth", Integer, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("arguments", _JSON, nullable=False),
    Column("version", _INSTANT, nullable=False),
    Column("state", String(16), nullable=False),
    Column("cursor", Text),
    Column("tries", Integer, nullable=False),
    Column("error", Text),
)
Index("task_by_state", TASK.c.run, TASK.c.state, TASK.c.depth)
Index("task_by_repository", TASK.c.workspace, TASK.c.repository)

RUN: Final = Table(
    "run",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("workspace", _key(_WORKSPACE), nullable=False),
    Column("started", _INSTANT, nullable=False),
    Column("finished", _INSTANT),
    Column("options", _JSON, nullable=False),
)

WATERMARK: Final = Table(
    "watermark",
    metadata,
    Column("workspace", _key(_WORKSPACE), primary_key=True),
    Column("repository", _key(_REPOSITORY), primary_key=True),
    Column("resource", _key(32), primary_key=True),
    Column("value", _JSON, nullable=False),
)

BUDGET: Final = Table(
    "budget",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("exported", _JSON, nullable=False),
    Column("unwritten", Integer, nullable=False),
)

META: Final = Table("meta", metadata, Column("key", _key(32), primary_key=True), Column("value", Text, nullable=False))


def upsert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Write rows by their primary key, replacing those that are there."""
    if not rows:
        return
    statement = _upsert_statement(table, connection.dialect.name)
    if statement is None:
        keys = [column.name for column in table.primary_key]
        connection.execute(
            delete(table).where(and_(*(table.c[name] == bindparam(f"_{name}") for name in keys))),
            [{f"_{name}": row[name] for name in keys} for row in rows],
        )
        statement = insert(table)
    connection.execute(statement, rows)


@cache
def _upsert_statement(table: Table, dialect: str) -> Executable | None:
    keys = [column.name for column in table.primary_key]
    others = [column.name for column in table.columns if not column.primary_key]
    match dialect:
        case "sqlite":
            lite = sqlite.insert(table)
            return lite.on_conflict_do_update(index_elements=keys, set_={n: lite.excluded[n] for n in others})
        case "postgresql":
            postgres = postgresql.insert(table)
            return postgres.on_conflict_do_update(index_elements=keys, set_={n: postgres.excluded[n] for n in others})
        case "mysql" | "mariadb":
            my = mysql.insert(table)
            return my.on_duplicate_key_update({name: my.inserted[name] for name in others})
        case _:
            return None
