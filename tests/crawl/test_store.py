from __future__ import annotations

import asyncio
import os
import re
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Connection, func, insert, select, text

from bbasync.crawl.schema import META, RESOURCES, TABLES, TASK, Row, upsert
from bbasync.crawl.store import Store, StoreError, connect
from tests.virtual import settle
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable

COMMITS = TABLES["commits"]


def row(number: int, **changes: object) -> Row:
    return {
        "workspace": "acme",
        "repository": "api",
        "pull_request": 0,
        "id": f"{number:040x}",
        "state": None,
        "author": None,
        "created_on": None,
        "updated_on": None,
        "payload": "{}",
        "seen": 1,
        "gone_at": None,
    } | changes


def write(*rows: Row) -> Callable[[Connection], None]:
    return lambda connection: upsert(connection, COMMITS, rows)


def count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(COMMITS)).scalar_one()


def modes_of(folder: Path) -> list[int]:
    return [stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()]


async def test_a_row_written_twice_is_one_row_with_the_later_payload(url: str) -> None:
    async with Store(url) as store:
        await store.run(write(row(1, payload='{"a": 1}', gone_at="2026-01-01")))
        await store.run(write(row(1, payload='{"a": 2}', seen=2), row(2)))
        rows = await store.run(lambda c: c.execute(select(COMMITS).order_by(COMMITS.c.id)).all())
    assert [(r.payload, r.seen, r.gone_at) for r in rows] == [('{"a": 2}', 2, None), ("{}", 1, None)]


async def test_names_that_differ_by_case_alone_are_two_rows(url: str) -> None:
    async with Store(url) as store:
        await store.run(lambda c: upsert(c, TABLES["branches"], [row(0, id="Fix"), row(0, id="fix")]))
        assert await store.run(lambda c: c.execute(select(func.count()).select_from(TABLES["branches"])).scalar()) == 2


def test_there_is_a_table_for_every_resource_with_the_columns_people_filter_by() -> None:
    for name in RESOURCES:
        columns = set(TABLES[name].columns.keys())
        assert columns > {
            "workspace",
            "repository",
            "pull_request",
            "id",
            "state",
            "author",
            "created_on",
            "updated_on",
        }


class Gate:
    """A command that holds up the store's thread until it is opened."""

    def __init__(self) -> None:
        self._reached, self._opened = threading.Event(), threading.Event()

    def __call__(self, _connection: Connection) -> None:
        self._reached.set()
        assert self._opened.wait(PATIENCE)

    async def reached(self) -> None:
        assert await asyncio.to_thread(self._reached.wait, PATIENCE)

    def open(self) -> None:
        self._opened.set()


async def test_commands_that_wait_together_share_a_transaction(url: str) -> None:
    begun: list[int] = []
    gate = Gate()

    def note(connection: Connection) -> None:
        transaction = connection.get_transaction()
        begun.append(id(transaction))

    async with Store(url) as store:
        first = asyncio.create_task(store.run(gate))
        await gate.reached()
        others = [asyncio.create_task(store.run(note)) for _ in range(50)]
        await settle()
        gate.open()
        await asyncio.gather(first, *others)
    assert len(begun) == 50
    assert len(set(begun)) == 1


async def test_a_command_that_fails_takes_nothing_of_the_others_with_it(url: str) -> None:
    gate = Gate()

    def broken(connection: Connection) -> None:
        upsert(connection, COMMITS, [row(99)])
        raise LookupError("mine")

    async with Store(url) as store:
        first = asyncio.create_task(store.run(gate))
        await gate.reached()
        jobs = [store.run(write(row(1))), store.run(broken), store.run(write(row(2)))]
        tasks = [asyncio.create_task(job) for job in jobs]
        await settle()
        gate.open()
        await first
        results = await asyncio.gather(*tasks, return_exceptions=True)
        ids = await store.run(lambda c: c.execute(select(COMMITS.c.id).order_by(COMMITS.c.id)).scalars().all())
    assert [type(result) for result in results] == [type(None), LookupError, type(None)]
    assert ids == [row(1)["id"], row(2)["id"]]


async def test_what_was_handed_over_is_written_even_if_the_caller_is_cancelled_and_the_store_closed(url: str) -> None:
    gate = Gate()
    async with Store(url) as store:
        first = asyncio.create_task(store.run(gate))
        await gate.reached()
        second = asyncio.create_task(store.run(write(row(1))))
        await settle()
        second.cancel()
        first.cancel()
        await asyncio.gather(first, second, return_exceptions=True)
        gate.open()
    with connect(store.url) as connection:
        assert count(connection) == 1
    assert not [thread for thread in threading.enumerate() if thread.name == "bbasync-store"]


async def test_a_closed_store_says_so(url: str) -> None:
    store = Store(url)
    with pytest.raises(StoreError, match="closed"):
        await store.run(count)
    async with store:
        pass
    with pytest.raises(StoreError, match="closed"):
        await store.run(count)


KILLED = """
import asyncio, sys
from bbasync.crawl.schema import TABLES, TASK, upsert
from bbasync.crawl.store import Store
from sqlalchemy import update, insert
sys.path.insert(0, {root!r})
from tests.crawl.test_store import row

def page(number):
    def write(connection):
        upsert(connection, TABLES["commits"], [row(number * 100 + i) for i in range(100)])
        connection.execute(update(TASK).values(cursor=str(number)))
    return write

async def main():
    async with Store({url!r}) as store:
        await store.run(lambda c: c.execute(insert(TASK), [dict(key="k", parent="", run=1, workspace="acme",
            repository="api", pull_request=0, depth=1, kind="commits", arguments="{{}}", version="", state="pending",
            tries=0, cursor="-1")]))
        for number in range(10_000):
            await store.run(page(number))
            print(number, flush=True)

asyncio.run(main())
"""


async def test_after_kill_9_a_page_and_its_cursor_are_there_together_or_not_at_all(url: str) -> None:
    script = textwrap.dedent(KILLED).format(root=str(Path(__file__).parents[2]), url=url)
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:  # noqa: ASYNC220, S603 - our own script
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= 20:
                break
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split()
    told = int(rest[-1]) if rest else 20
    async with Store(url) as store:  # the lock went with the process
        cursor = await store.run(lambda c: c.execute(select(TASK.c.cursor)).scalar_one())
        assert await store.run(count) == (int(cursor) + 1) * 100
        assert int(cursor) >= told


async def test_a_second_crawl_on_the_same_store_is_refused(url: str) -> None:
    async with Store(url):
        with pytest.raises(StoreError, match="in use by another crawl"):
            async with Store(url):
                pass
        assert await _in_another_process(url) == "refused"
    assert await _in_another_process(url) == "opened"


async def _in_another_process(url: str) -> str:
    script = f"""
import asyncio
from bbasync.crawl.store import Store, StoreError
async def main():
    try:
        async with Store({url!r}): print("opened")
    except StoreError: print("refused")
asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=subprocess.PIPE)
    out, _ = await process.communicate()
    return out.decode().strip()


async def test_the_files_are_for_their_owner_alone(url: str, tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        async with Store(url) as store:
            await store.run(write(row(1)))
            modes = modes_of(tmp_path)
        assert len(modes) >= 3
        assert set(modes) == {0o600}
    finally:
        os.umask(old)


async def test_a_full_disk_is_one_clear_line_and_what_was_committed_stays(url: str) -> None:
    async with Store(url) as store:
        pages = await store.run(lambda c: c.execute(text("PRAGMA page_count")).scalar_one())
        await store.run(lambda c: c.execute(text(f"PRAGMA max_page_count={pages + 4}")).close())
        await store.run(write(row(1)))
        with pytest.raises(StoreError, match="disk is full") as raised:
            await store.run(write(*(row(number, payload="x" * 4000) for number in range(2, 50))))
        assert "\n" not in str(raised.value)
        assert await store.run(count) == 1


async def test_a_store_of_a_newer_schema_is_refused(url: str) -> None:
    async with Store(url) as store:
        await store.run(lambda c: c.execute(text("UPDATE meta SET value = '7'")).close())
    with pytest.raises(StoreError, match=r"schema version 7.*upgrade"):
        async with Store(url):
            pass


async def test_a_database_of_something_else_is_refused(url: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "store.db")) as other:
        other.execute("CREATE TABLE commits (x)")
    with pytest.raises(StoreError, match="table 'commits' that no crawl made"):
        async with Store(url):
            pass


async def test_a_file_that_is_no_database_is_refused(url: str, tmp_path: Path) -> None:
    (tmp_path / "store.db").write_text("these are my notes, and they are long enough to be read as a header" * 20)
    with pytest.raises(StoreError, match="is not a database"):
        async with Store(url):
            pass


async def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot write"):
        async with Store(f"sqlite:///{tmp_path}/no/such/folder/store.db"):
            pass
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(StoreError, match="cannot write"):
        async with Store(f"sqlite:///{tmp_path}/folder.db"):
            pass


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("bitbucket.db", "not a database URL"),
        ("postgres//me:hunter2@host/x", "not a database URL"),
        ("nosuch://me:hunter2@host/x", "no such database"),
        ("sqlite+aiosqlite:///x.db", "asynchronous driver"),
        ("sqlite:///file:x.db?uri=true", "name its file, as in sqlite:///bitbucket.db"),
    ],
)
def test_a_url_that_is_none_is_refused_before_anything_is_opened(url: str, says: str) -> None:
    with pytest.raises(StoreError, match=says) as raised:
        Store(url)
    assert "hunter2" not in str(raised.value)
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


async def test_a_missing_driver_is_named() -> None:
    store = Store("mysql+mysqldb://me:hunter2@localhost/x")
    assert "hunter2" not in repr(store)
    with pytest.raises(StoreError, match=re.escape("mysql+mysqldb needs the Python package 'MySQLdb'")):
        async with store:
            pass


async def test_a_store_in_memory_serves_a_crawl_that_keeps_nothing() -> None:
    async with Store("sqlite://") as store:
        await store.run(write(row(1)))
        assert await store.run(count) == 1


def test_reading_a_store_that_is_not_there_makes_none(url: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no store"), connect(Store(url).url):
        pass
    assert list(tmp_path.iterdir()) == []


async def test_upsert_serves_databases_without_a_statement_for_it(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Store(url) as store:

        def write_twice(connection: Connection) -> None:
            with monkeypatch.context() as patch:
                patch.setattr(connection.dialect, "name", "another")
                upsert(connection, COMMITS, [row(1), row(2)])
                upsert(connection, COMMITS, [row(1, state="new")])

        await store.run(write_twice)
        assert await store.run(count) == 2


async def test_the_writer_keeps_up_with_any_crawl(url: str) -> None:
    """A budget of 10,000 requests an hour brings 300 rows a second at most; the writer does thousands."""
    pages = [[row(page * 100 + i, payload="x" * 2000) for i in range(100)] for page in range(100)]
    async with Store(url) as store:
        start = await store.run(lambda _c: time.thread_time())  # the writer's own, however busy the machine is
        await asyncio.gather(*(store.run(write(*page)) for page in pages))
        seconds = await store.run(lambda _c: time.thread_time()) - start
        assert await store.run(count) == 10_000
    assert seconds < 5, f"{10_000 / seconds:,.0f} rows a second"


async def test_the_schema_version_is_written_down(url: str) -> None:
    async with Store(url) as store:
        assert await store.run(lambda c: c.execute(select(META.c.value)).scalars().all()) == ["1"]
        with pytest.raises(StoreError):  # a key is a key
            await store.run(lambda c: c.execute(insert(META), [{"key": "schema", "value": "2"}]).close())
