"""Pages that are written, written again, dropped and gone on with in any order end as those that were written once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import pytest
from attrs import define, field
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, func, select

from bbasync import CloudSession
from bbasync.crawl import CrawlOptions, Store, steps, tasks
from bbasync.crawl.fetch import fetch
from bbasync.crawl.plan import Payload
from bbasync.crawl.schema import TABLES, TASK, WATERMARK, Row, metadata, upsert
from bbasync.crawl.steps import Scope
from bbasync.crawl.tasks import Task
from bbasync.paging import Page
from bbasync.testing import FakeCloud
from tests.crawl.crawling import PLENTY, run

if TYPE_CHECKING:
    from collections.abc import Mapping

Event = Literal["written", "written twice", "dropped", "killed", "failed"]
EVENTS: Sequence[Event] = ("written", "written", "written twice", "dropped", "killed", "failed")
Answer = Page[dict[str, Any]]
Key = tuple[str, str | None, str]
"""A task's key, its cursor and where its keyset begins."""
Content = dict[str, list[tuple[Any, ...]]]


def content(connection: Connection) -> Content:
    """Return everything that a crawl leaves behind, the tasks that it has not done too."""
    return {
        table.name: sorted(tuple(row) for row in connection.execute(select(table)))
        for table in (*TABLES.values(), WATERMARK, TASK)
    }


@define(eq=False)
class Recording:
    """The pages of a crawl, and what it left in its store."""

    pages: dict[tuple[str, str | None, str], Page[Payload]] = field(
        factory=dict[tuple[str, str | None, str], Page[Payload]]
    )
    content: Content = field(factory=dict[str, list[tuple[Any, ...]]])

    @staticmethod
    def key(task: Task) -> Key:
        return task.key, task.cursor, str(task.arguments.get("from"))


@pytest.fixture(scope="module")
def recording() -> Recording:
    found = Recording()

    async def record(session: CloudSession, task: Task) -> Page[Payload]:
        page = found.pages[found.key(task)] = await fetch(session, task)
        return page

    async def crawl() -> None:
        async with (
            FakeCloud(workspaces=1, repositories=2, commits=6, pull_requests=3, limit=PLENTY) as fake,
            Store("sqlite://") as store,
        ):
            assert (await run(fake, store)).is_complete
            found.content = await store.run(content)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bbasync.crawl.pool.fetch", record)
        patch.setattr(CloudSession, "_page_size", _three)
        asyncio.run(crawl())
    return found


def _three(_session: CloudSession, _template: str) -> int:
    return 3


@define(eq=False)
class Crawl:
    """The crawl's tasks and pages without its sessions: events decide what becomes of each page."""

    pages: Mapping[Key, Page[Payload]]
    events: list[tuple[int, Event]]
    scope: Scope = field(init=False)
    in_work: list[Task] = field(init=False, factory=list[Task])
    writes: int = field(init=False, default=0)

    def to_the_end(self) -> Content:
        engine = create_engine("sqlite://")
        with engine.connect() as connection:
            metadata.create_all(connection)
            connection.commit()
            self._start(connection)
            while self._claim(connection):
                which, event = self.events.pop() if self.events else (0, "written")
                self._happen(connection, self.in_work.pop(which % len(self.in_work)), event)
                connection.commit()
            assert tasks.end(connection, self.scope.run)
            left = content(connection)
        engine.dispose()
        return left

    def _start(self, connection: Connection) -> None:
        """Begin or go on as a new process does, which knows only what was committed."""
        options = CrawlOptions()
        root = Task(workspace="acme", kind="workspaces")
        begun = tasks.begin(connection, "acme", options.identity(), partial(options.includes, "acme"), root)
        connection.commit()
        self.scope = Scope(run=begun.number, options=options)
        self.in_work.clear()

    def _claim(self, connection: Connection) -> bool:
        if len(self.in_work) < 3:
            self.in_work += tasks.claim(connection, self.scope.run, 3, [task.key for task in self.in_work])
        if not self.in_work:
            tasks.retry(connection, self.scope.run)
            self.in_work += tasks.claim(connection, self.scope.run, 3, [])
        return bool(self.in_work)

    def _happen(self, connection: Connection, task: Task, event: Event) -> None:
        if event == "failed" and not task.tries:
            steps.fail(connection, self.scope, task, "it broke", is_final=False, is_denied=False)
            return
        following = self._write(connection, task)
        if event == "dropped":
            connection.rollback()
            self._start(connection)
        elif event == "killed":
            connection.commit()
            self._start(connection)
        else:
            if event == "written twice":
                connection.commit()
                following = self._write(connection, task)
            self.in_work += [following] if following is not None else []

    def _write(self, connection: Connection, task: Task) -> Task | None:
        self.writes += 1
        return steps.apply(connection, self.scope, task, self.pages[Recording.key(task)]).following


@settings(max_examples=20, deadline=None)
@given(events=st.lists(st.tuples(st.integers(0, 2), st.sampled_from(EVENTS)), max_size=60))
def test_any_order_of_writes_repeats_kills_and_failures_ends_as_one_undisturbed_crawl(
    recording: Recording, events: list[tuple[int, Event]]
) -> None:
    left = Crawl(recording.pages, list(events)).to_the_end()
    assert left["task"] == [], "every task was done"
    assert left == recording.content


@settings(max_examples=10, deadline=None)
@given(events=st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["written", "dropped", "killed"])), max_size=40))
def test_only_pages_that_were_not_committed_are_asked_for_again(
    recording: Recording, events: list[tuple[int, Event]]
) -> None:
    crawl = Crawl(recording.pages, list(events))
    assert crawl.to_the_end() == recording.content
    dropped = sum(event == "dropped" for _, event in events[len(crawl.events) :])
    assert crawl.writes == len(recording.pages) + dropped


def test_the_recording_has_listings_of_several_pages_and_every_kind(recording: Recording) -> None:
    kinds = {key.rpartition("/")[2] for key, _, _ in recording.pages}
    assert kinds == set(TABLES) - {"branches", "tags"} | {"refs"}
    assert len(recording.pages) > len({key for key, _, _ in recording.pages}) + 5
    assert all(recording.content[name] for name in TABLES)


@settings(max_examples=30, deadline=None)
@given(batches=st.lists(st.lists(st.tuples(st.integers(0, 5), st.text(max_size=3)), max_size=6), max_size=8))
def test_upserts_leave_the_last_of_each_key_however_often_they_are_repeated(
    batches: list[list[tuple[int, str]]],
) -> None:
    table, engine = TABLES["commits"], create_engine("sqlite://")
    with engine.connect() as connection:
        metadata.create_all(connection)
        for batch in batches:
            rows: list[Row] = [_row(number, author) for number, author in batch]
            upsert(connection, table, rows)
            upsert(connection, table, rows)
        last = {str(number): author for batch in batches for number, author in batch}
        found = connection.execute(select(table.c.id, table.c.author))
        assert {row.id: row.author for row in found} == last
        assert connection.execute(select(func.count()).select_from(table)).scalar() == len(last)
    engine.dispose()


def _row(number: int, author: str) -> Row:
    row: Row = {column.name: None for column in TABLES["commits"].columns}
    key: Row = {"workspace": "acme", "repository": "api", "pull_request": 0, "id": str(number)}
    return row | key | {"author": author, "payload": "{}", "seen": 1}
