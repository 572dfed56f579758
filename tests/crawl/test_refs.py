"""Branches and tags, which are one list of the vendor's."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Connection, select

from bbasync import CloudSession
from bbasync.crawl import CrawlOptions, Store, tasks
from bbasync.crawl.plan import EPOCH
from bbasync.crawl.schema import TABLES
from bbasync.crawl.tasks import Task
from bbasync.testing import FakeCloud
from tests.crawl.crawling import PLENTY, call, counts, expected, run, sent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

API = "/repositories/acme/api"
BOTH: dict[str, Any] = {"resources": ["branches", "tags"]}


@pytest.fixture
async def fake(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeCloud]:
    monkeypatch.setattr(CloudSession, "_page_size", _four)
    async with FakeCloud(workspaces=1, repositories=1, commits=30, pull_requests=12, limit=PLENTY) as server:
        yield server


def _four(_session: CloudSession, _template: str) -> int:
    return 4


async def test_branches_and_tags_are_one_list_of_which_each_table_gets_its_own(fake: FakeCloud) -> None:
    async with Store("sqlite://") as store:
        assert (await run(fake, store, **BOTH)).is_complete
        there, wanted = await counts(store), expected(fake)
    assert (there["branches"], there["tags"]) == (wanted["branches"], wanted["tags"])
    lists = {line.partition("?")[0] for line in sent(fake, "/refs")}
    assert lists == {f"GET /2.0{API}/refs"}
    assert len(sent(fake, "/refs")) == -(-(wanted["branches"] + wanted["tags"]) // 4) > 2


@pytest.mark.parametrize("kind", ["branches", "tags"])
async def test_one_of_them_alone_is_read_from_its_own_list(kind: str, fake: FakeCloud) -> None:
    async with Store("sqlite://") as store:
        assert (await run(fake, store, resources=[kind])).is_complete
        there = await counts(store)
    assert {name for name in ("branches", "tags") if there[name]} == {kind}
    assert there[kind] == expected(fake)[kind]
    assert {line.partition("?")[0] for line in sent(fake, "/refs")} == {f"GET /2.0{API}/refs/{kind}"}


async def test_a_branch_and_a_tag_that_are_gone_are_marked_by_the_next_run(fake: FakeCloud) -> None:
    repository = fake.world.repository("acme", "api")
    tag = next(iter(repository.tags))
    async with Store("sqlite://") as store:
        assert (await run(fake, store, **BOTH)).is_complete
        del repository.branches["develop"], repository.tags[tag]
        assert (await run(fake, store, **BOTH)).is_complete
        assert await store.run(_gone) == {"branches": ["develop"], "tags": [tag]}


def _gone(connection: Connection) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in ("branches", "tags"):
        table = TABLES[name]
        found[name] = list(connection.execute(select(table.c.id).where(table.c.gone_at.is_not(None))).scalars())
    return found


@pytest.mark.parametrize("kind", ["branches", "tags"])
async def test_a_crawl_begun_when_each_had_its_own_list_goes_on_and_is_complete(kind: str, fake: FakeCloud) -> None:
    options = CrawlOptions(workspaces=["acme"])
    root = Task(workspace="acme", kind="workspaces")
    pulls = root.child(
        "pull_requests", repository="api", arguments={"from": EPOCH, "forced": [], "settled": 0, "blind": False}
    )

    def leave(connection: Connection) -> None:
        begun = tasks.begin(connection, "acme", options.identity(), partial(options.includes, "acme"), root)
        tasks.add(connection, begun.number, [root.child(kind, repository="api"), pulls])
        tasks.finish(connection, root)

    async with Store("sqlite://") as store:
        await store.run(leave)
        report = await run(fake, store, workspaces=["acme"])
        assert report.is_complete
        assert [one.resumed for one in report.workspaces] == [True]
        there, wanted = await counts(store), expected(fake)
    for name in ("branches", "tags", "commits", "pull_requests", "comments"):
        assert there[name] == wanted[name] > 0


async def test_the_fake_lists_branches_and_then_tags_each_in_order_of_their_bytes(fake: FakeCloud) -> None:
    repository = fake.world.repository("acme", "api")
    repository.branches["Zeta"] = repository.branches["a-new-one"] = repository.branches["main"]
    listed = (await call(fake, "GET", f"{API}/refs", query={"pagelen": 100}))["values"]
    found = [(one["type"], one["name"]) for one in listed]
    assert found == sorted(found)
    assert found[0] == ("branch", "Zeta")
    assert found[-1][0] == "tag"
