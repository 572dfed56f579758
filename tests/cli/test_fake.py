from __future__ import annotations

import asyncio
import os
import signal
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import aiohttp
import pygit2
import pytest
from attrs import frozen

from bbasync.cli.crawling import demo_fake
from bbasync.cli.fakes import make
from bbasync.testing import FakeCloud, FakeDataCenter
from tests.cli.running import Result, bbasync, rows, start
from tests.testing.cloud_api import basic
from tests.waiting import PATIENCE, end_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path


@frozen
class Served:
    url: str
    env: dict[str, str]
    """What it says to export."""
    output: str

    def secret(self, words: str) -> str:
        """Return the last word of the line that has these."""
        (line,) = (line for line in self.output.splitlines() if words in line)
        return line.split()[-1]


async def _exported(program: str) -> dict[str, str]:
    """Let a shell read all that the command writes, and return the variables that it then has."""
    shell = await asyncio.create_subprocess_exec(
        "sh", "-euc", 'eval "$1"; env', "sh", program, env={"PATH": "/usr/bin:/bin"}, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await shell.communicate()
    assert shell.returncode == 0
    variables = dict(line.split("=", 1) for line in out.decode().splitlines())
    return {name: value for name, value in variables.items() if name.startswith("BITBUCKET_")}


@asynccontextmanager
async def _serving(*arguments: str, cwd: Path) -> AsyncGenerator[Served, None]:
    """Run a fake in a process of its own, ended by Ctrl-C."""
    process = await start("fake", *arguments, cwd=cwd)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE):
            lines = [(await process.stdout.readline()).decode()]
            while "throw-away" not in lines[-1]:
                lines.append((await process.stdout.readline()).decode())
                assert lines[-1], f"it has ended: {lines}"  # reading on at the end would never suspend
        yield Served(lines[0].split()[1], await _exported("".join(lines)), "".join(lines))
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGINT)
        _, err = await end_of(process)
    assert (process.returncode, err.decode()) == (130, "bbasync: stopped\n")


async def test_a_cloud_is_served_until_ctrl_c(tmp_path: Path) -> None:
    async with _serving("--workspaces", "1", "--limit", "5", cwd=tmp_path) as served:
        command = ("api", "GET", "/workspaces/acme", "--base-url", served.url)
        assert (await bbasync(*command, cwd=tmp_path, env=served.env)).status == 0
        assert served.env["BITBUCKET_BASE_URL"] == served.url
        assert "# workspaces: acme\n" in served.output
        for words in ("access token of the workspace acme", "access token of the user grace"):
            token = {"BITBUCKET_ACCESS_TOKEN": served.secret(words)}
            assert (await bbasync(*command, cwd=tmp_path, env=token)).status == 0
        port = served.url.split(":")[2].split("/")[0]
        another = await start("fake", "--port", port, cwd=tmp_path)
        out, err = await end_of(another)
        assert "address already in use" in Result(another.returncode, out.decode(), err.decode()).line()


async def test_a_data_center_is_served_until_ctrl_c(tmp_path: Path) -> None:
    async with _serving("--data-center", "--workspaces", "1", cwd=tmp_path) as served:
        command = ("api", "GET", "/api/latest/projects", "--data-center", "--paginate")
        listed = await bbasync(*command, cwd=tmp_path, env=served.env)
        assert (listed.status, listed.out.count("\n")) == (0, 1)
        for words in ("who may only read", "token of a project"):
            env = served.env | {"BITBUCKET_DC_TOKEN": served.secret(words)}
            assert (await bbasync(*command, cwd=tmp_path, env=env)).status == 0
        headers = {"Authorization": basic("bjorn", served.secret("password of every user"))}
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            http.get(f"{served.url}/rest/api/latest/projects") as response,
        ):
            assert response.headers["X-AUSERNAME"] == "bjorn"


async def test_the_history_of_a_git_repository_can_be_crawled(tmp_path: Path) -> None:
    git = pygit2.init_repository(str(tmp_path / "tool"), initial_head="main")
    author = pygit2.Signature("Ana\x1b[2J", "ana@example.invalid", 1_600_000_000, 60)
    parents: list[pygit2.Oid | str] = []
    for number in range(120):
        git.index.add(pygit2.IndexEntry("file.txt", git.create_blob(b"%d" % number), pygit2.enums.FileMode.BLOB))
        tree = git.index.write_tree()
        parents = [git.create_commit("refs/heads/main", author, author, f"Change {number}", tree, parents)]
    async with _serving("--git", "tool", cwd=tmp_path) as served:
        assert await _heads(served) == parents
        assert "\x1b" not in served.output
        result = await bbasync("crawl", "--base-url", served.url, cwd=tmp_path, env=served.env)
    assert result.status == 0, result.err
    assert rows(tmp_path / "bitbucket.db")["commits"] == 120
    async with _serving("--git", "tool", "--data-center", cwd=tmp_path) as served:
        assert await _heads(served) == parents
        command = ("api", "GET", "/api/latest/projects/LOCAL/repos/tool/commits", "--data-center", "--paginate")
        listed = await bbasync(*command, cwd=tmp_path, env=served.env)
        assert (listed.status, listed.out.count("\n")) == (0, 120)


async def _heads(served: Served) -> list[pygit2.Oid]:
    """Ask the clone link that the command prints, with the git command."""
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0"}
    process = await asyncio.create_subprocess_exec(
        "git",
        "ls-remote",
        "--heads",
        served.secret("# git clone"),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return [pygit2.Oid(hex=line.split()[0]) for line in out.decode().splitlines()]


def assert_recent(fake: FakeCloud) -> None:
    repository = fake.world.repository("acme", "api")
    newest = repository.commit(repository.branches["main"]).date
    assert timedelta() < datetime.now(UTC) - newest < timedelta(days=7)


def test_the_demo_ends_at_the_present() -> None:
    assert_recent(demo_fake())


def test_both_products_take_the_sizes_and_the_limit() -> None:
    cloud = make(
        host="127.0.0.1",
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
        host="127.0.0.1",
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
    newest = max(pull.updated for one in server.world.repositories() for pull in one.pull_requests.values())
    assert timedelta() < datetime.now(UTC) - datetime.fromtimestamp(newest / 1000, UTC) < timedelta(days=30)
    shared = [key for key in server.world.projects if not key.startswith("~")]
    assert (len(shared), server.latency) == (4, 0.5)
    assert (server.rate.capacity, server.rate.fill_rate) == (30, 0.5)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--git", "."], "not a git repository"),
        (["--git", ".", "--data-center"], "not a git repository"),
        (["--host", "::"], "links name it"),
        (["--git", ".", "--seed", "0"], "leave out --seed"),
    ],
)
async def test_options_that_do_not_go_together_are_one_line(
    arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def serve(fake: object) -> None:
        raise AssertionError("it would serve until Ctrl-C")

    monkeypatch.setattr("bbasync.cli.fakes.serve", serve)
    assert words in (await bbasync("fake", *arguments, cwd=tmp_path)).line()
