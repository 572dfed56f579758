from __future__ import annotations

import asyncio
import signal
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pygit2
import pytest
from attrs import frozen

from bbasync.cli.crawling import demo_fake
from bbasync.cli.fakes import make
from bbasync.testing import FakeCloud, FakeDataCenter
from tests.cli.running import bbasync, rows, start

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path


@frozen
class Served:
    url: str
    env: dict[str, str]
    """What it says to export."""
    rest: str


@asynccontextmanager
async def _serving(*arguments: str, cwd: Path) -> AsyncGenerator[Served, None]:
    """Run a fake in a process of its own, ended by Ctrl-C."""
    process = await start("fake", *arguments, cwd=cwd)
    assert process.stdout is not None
    try:
        first, exports, *rest = [(await process.stdout.readline()).decode() for _ in range(5)]
        variables = dict(export.split("=", 1) for export in exports.removeprefix("export ").split())
        yield Served(first.split()[1], variables, "".join(rest))
    finally:
        process.send_signal(signal.SIGINT)
        _, err = await process.communicate()
    assert (process.returncode, err.decode()) == (130, "bbasync: stopped\n")


async def test_a_cloud_is_served_until_ctrl_c(tmp_path: Path) -> None:
    async with _serving("--workspaces", "1", "--limit", "5", cwd=tmp_path) as served:
        command = ("api", "GET", "/workspaces/acme", "--base-url", served.url)
        assert (await bbasync(*command, cwd=tmp_path, env=served.env)).status == 0
        assert "# workspaces: acme\n" in served.rest
        assert "throw-away" in served.rest
        port = served.url.split(":")[2].split("/")[0]
        assert "address already in use" in (await bbasync("fake", "--port", port, cwd=tmp_path)).line()


async def test_a_data_center_is_served_until_ctrl_c(tmp_path: Path) -> None:
    async with _serving("--data-center", "--workspaces", "1", cwd=tmp_path) as served:
        command = ("api", "GET", "/api/latest/projects", "--data-center", "--paginate")
        listed = await bbasync(*command, cwd=tmp_path, env=served.env)
        assert (listed.status, listed.out.count("\n")) == (0, 1)


async def test_the_history_of_a_git_repository_can_be_crawled(tmp_path: Path) -> None:
    git = pygit2.init_repository(str(tmp_path / "tool"), initial_head="main")
    author = pygit2.Signature("Ana", "ana@example.invalid", 1_600_000_000, 60)
    parents: list[pygit2.Oid | str] = []
    for number in range(120):
        git.index.add(pygit2.IndexEntry("file.txt", git.create_blob(b"%d" % number), pygit2.enums.FileMode.BLOB))
        tree = git.index.write_tree()
        parents = [git.create_commit("refs/heads/main", author, author, f"Change {number}", tree, parents)]
    async with _serving("--git", "tool", cwd=tmp_path) as served:
        result = await bbasync("crawl", "--base-url", served.url, cwd=tmp_path, env=served.env)
    assert result.status == 0, result.err
    assert rows(tmp_path / "bitbucket.db")["commits"] == 120


def assert_recent(fake: FakeCloud) -> None:
    repository = fake.world.repository("acme", "api")
    newest = repository.commit(repository.branches["main"]).date
    assert timedelta() < datetime.now(UTC) - newest < timedelta(days=7)


def test_the_demo_ends_at_the_present() -> None:
    assert_recent(demo_fake())


def test_both_products_take_the_sizes_and_the_limit() -> None:
    cloud = make(
        port=0,
        git=[],
        seed=1,
        workspaces=2,
        repositories=3,
        latency=0.5,
        limit=7,
        window=60,
        data_center=False,
    )
    assert isinstance(cloud, FakeCloud)
    assert_recent(cloud)
    assert (len(cloud.world.workspaces), len(list(cloud.world.repositories()))) == (2, 6)
    assert (cloud.world.seed, cloud.latency, cloud.rate.limits["api"], cloud.rate.window) == (1, 0.5, 7, 60)
    server = make(
        port=0,
        git=[],
        seed=1,
        workspaces=4,
        repositories=None,
        latency=0.5,
        limit=30,
        window=60,
        data_center=True,
    )
    assert isinstance(server, FakeDataCenter)
    shared = [key for key in server.world.projects if not key.startswith("~")]
    assert (len(shared), server.latency) == (4, 0.5)
    assert (server.rate.capacity, server.rate.fill_rate) == (30, 0.5)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--git", "."], "no git repository"),
        (["--git", ".", "--data-center"], "Bitbucket Cloud only"),
        (["--git", ".", "--seed", "0"], "leave out --seed"),
    ],
)
async def test_options_that_do_not_go_together_are_one_line(arguments: list[str], words: str, tmp_path: Path) -> None:
    async with asyncio.timeout(20):
        assert words in (await bbasync("fake", *arguments, cwd=tmp_path)).line()
