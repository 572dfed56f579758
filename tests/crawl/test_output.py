"""What comes out of a crawl beside its rows: export, estimates, progress."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import orjson
import pytest

from bbasync import ApiToken, RateTracker, Rolling
from bbasync.crawl import RESOURCES, CrawlOptions, Credentials, Progress, Store, StoreError, estimate, export
from bbasync.testing import FakeCloud
from tests.crawl.crawling import PLENTY, expected, rows, run

if TYPE_CHECKING:
    from pathlib import Path


async def test_every_row_is_exported_also_while_a_crawl_has_the_store_open(fake: FakeCloud, url: str) -> None:
    async with Store(url) as store:
        await run(fake, store)
        stored = await rows(store)
        lines = [orjson.loads(line) for line in export(url)]
    assert len(lines) == sum(expected(fake).values())
    for line in lines:
        key = line["workspace"], line["repository"], line["pull_request"], line["id"]
        assert line["payload"] == stored[line["resource"]][key]
    assert {line["resource"] for line in lines} == set(RESOURCES)
    assert set(lines[0]) > {"state", "author", "created_on", "updated_on", "gone_at"}


async def test_an_export_is_of_the_chosen_resources_and_workspaces(fake: FakeCloud, url: str) -> None:
    async with Store(url) as store:
        await run(fake, store, resources=["repositories", "tags"])
    lines = [orjson.loads(line) for line in export(url, resources=["tags"], workspaces=["acme"])]
    assert {(line["resource"], line["workspace"]) for line in lines} == {("tags", "acme")}
    with pytest.raises(ValueError, match="no such resource: tag;"):
        list(export(url, resources=["tag"]))


def test_exporting_what_is_not_there_says_so(url: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no store"):
        next(export(url))
    (tmp_path / "store.db").touch()
    with pytest.raises(StoreError, match="holds no crawl"):
        next(export(url))


async def test_an_estimate_is_near_what_the_crawl_takes_and_costs_little(fake: FakeCloud, url: str) -> None:
    options = CrawlOptions()
    credentials = Credentials(default=ApiToken(fake.email, fake.token))
    rates = RateTracker({"api": Rolling(PLENTY)})
    estimates = await estimate(options, credentials, base_url=fake.url, rates=rates)
    assert len(fake.requests) <= 1 + 2 * (1 + 3 * 2)
    assert [one.workspace for one in estimates] == ["acme", "globex"]
    async with Store(url) as store:
        report = await run(fake, store)
    for one, workspace in zip(estimates, report.workspaces, strict=True):
        assert one.total == pytest.approx(workspace.pages, rel=0.25)
        assert one.repositories == 3


async def test_an_estimate_is_of_what_was_chosen(fake: FakeCloud) -> None:
    options = CrawlOptions(workspaces=["acme"], resources=["branches"], include=["web"])
    credentials = Credentials(default=ApiToken(fake.email, fake.token))
    (one,) = await estimate(options, credentials, base_url=fake.url)
    assert one.repositories == 1
    assert set(one.requests) == {"workspaces", "repositories", "branches"}
    (none,) = await estimate(CrawlOptions(workspaces=["acme"], resources=["members"]), credentials, base_url=fake.url)
    assert none.total == 2


async def test_progress_is_told_in_numbers(fake: FakeCloud, url: str) -> None:
    told: list[tuple[int, int | None, dict[str, tuple[int, int, int]]]] = []

    def watch(progress: Progress) -> None:
        each = {name: (one.done, one.pending, one.remaining) for name, one in progress.workspaces.items()}
        told.append((progress.requests, progress.tokens_left, copy.copy(each)))

    async with Store(url) as store:
        report = await run(fake, store, on_progress=watch)
    requests, left, each = told[-1]
    assert requests == report.requests
    assert left == PLENTY - requests
    assert {(pending, remaining) for _, pending, remaining in each.values()} == {(0, 0)}
    middle = told[len(told) // 2][2]["acme"]
    done_at_the_end = each["acme"][0]
    assert 0 < middle[0] < done_at_the_end
    assert middle[1] > 0
    assert 0.3 * (done_at_the_end - middle[0]) < middle[2] < 3 * (done_at_the_end - middle[0])
