from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import stat
import sys
from pathlib import Path
from typing import Any

import pygit2
import pytest

from bbasync.testing import FakeCloud, FakeDataCenter, Fault

CLEAN = {key: value for key, value in os.environ.items() if not key.startswith("BITBUCKET_")}


class Result:
    def __init__(self, status: int | None, out: bytes, err: bytes) -> None:
        self.status, self.out, self.err = status, out.decode(), err.decode()

    def line(self) -> str:
        """Return the one line of an error."""
        assert self.status == 1, self.err
        assert self.out == ""
        assert "Traceback" not in self.err
        assert self.err.count("\n") == 1, self.err
        return self.err.strip()


async def start(*arguments: str, cwd: Path, env: dict[str, str] | None = None) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from bbasync.cli import main; main()", *arguments),
        cwd=cwd,
        env=CLEAN | (env or {}),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def bbasync(*arguments: str, cwd: Path, env: dict[str, str] | None = None) -> Result:
    process = await start(*arguments, cwd=cwd, env=env)
    out, err = await process.communicate()
    return Result(process.returncode, out, err)


def credentials(fake: FakeCloud) -> dict[str, str]:
    return {"BITBUCKET_EMAIL": fake.email, "BITBUCKET_API_TOKEN": fake.token}


def rows(store: Path) -> dict[str, int]:
    with sqlite3.connect(store) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        own = {"task", "run", "watermark", "budget", "meta"}
        counts = {name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}  # noqa: S608
    database.close()
    return {name: count for name, count in counts.items() if name not in own}


async def test_a_crawl_fills_a_store_that_its_owner_alone_reads_and_exports_it(tmp_path: Path) -> None:
    async with FakeCloud(workspaces=2, repositories=2, commits=150, pull_requests=3) as fake:
        result = await bbasync("crawl", "--base-url", fake.url, cwd=tmp_path, env=credentials(fake))
        assert result.status == 0, result.err
        assert "tokens left" in result.err
        assert fake.token not in result.out + result.err
        expected = {
            name: count for name, count in fake.world.counts().items() if name in rows(tmp_path / "bitbucket.db")
        }
        assert len(expected) >= 8
        assert {name: rows(tmp_path / "bitbucket.db")[name] for name in expected} == expected
    assert stat.S_IMODE((tmp_path / "bitbucket.db").stat().st_mode) == 0o600

    exported = await bbasync("export", "--resources", "branches,tags", cwd=tmp_path)
    lines = [json.loads(line) for line in exported.out.splitlines()]
    assert {line["resource"] for line in lines} == {"branches", "tags"}
    assert all(line["payload"]["name"] == line["id"] for line in lines)
    assert (await bbasync("export", "--output", "rows.jsonl", cwd=tmp_path)).status == 0
    assert len((tmp_path / "rows.jsonl").read_text().splitlines()) == sum(rows(tmp_path / "bitbucket.db").values())


async def test_a_dry_run_sends_little_and_stores_nothing(tmp_path: Path) -> None:
    async with FakeCloud(workspaces=1) as fake:
        slug = next(iter(fake.world.workspaces))
        result = await bbasync("crawl", slug, "--dry-run", "--base-url", fake.url, cwd=tmp_path, env=credentials(fake))
        assert result.status == 0, result.err
        assert slug in result.out
        assert len(fake.requests) < 20
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - nothing awaits in this test any more


async def test_ctrl_c_stops_cleanly_and_the_same_command_goes_on(tmp_path: Path) -> None:
    async with FakeCloud(workspaces=1, repositories=3, pull_requests=10, latency=0.05) as fake:
        command = ("crawl", "--base-url", fake.url)
        process = await start(*command, cwd=tmp_path, env=credentials(fake))
        while len(fake.requests) < 40:  # noqa: ASYNC110 - another process fills it
            await asyncio.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()
        assert process.returncode == 130, err
        assert err.decode().splitlines()[-1] == "bbasync: stopped; the same command goes on from here"
        assert b"Traceback" not in out + err
        assert (await bbasync(*command, cwd=tmp_path, env=credentials(fake))).status == 0
        counts = rows(tmp_path / "bitbucket.db")
        assert {name: counts[name] for name in ("commits", "comments")} == {
            name: fake.world.counts()[name] for name in ("commits", "comments")
        }


async def test_what_cannot_be_read_is_told_and_the_rest_is_there(tmp_path: Path) -> None:
    async with FakeCloud(workspaces=1, repositories=2, pull_requests=1) as fake:
        fake.faults.add(Fault(kind="status", status=403, path="*/refs/tags", times=None))
        result = await bbasync("crawl", "--base-url", fake.url, cwd=tmp_path, env=credentials(fake))
        assert result.status == 1
        assert "/tags: " in result.err
        assert rows(tmp_path / "bitbucket.db")["pull_requests"] == fake.world.counts()["pull_requests"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--store", "sqlite:///no/such/folder/x.db"], "no folder"),
        (["--store", "what"], "database URL"),
        (["--since", "yesterday"], "--since takes a date"),
        (["--resources", "issues"], "no such resource: issues"),
        (["--config", "missing.toml"], "cannot read missing.toml"),
        (["--base-url", "http://example.invalid/2.0"], "unencrypted"),
    ],
)
async def test_wrong_options_are_one_line(arguments: list[str], words: str, tmp_path: Path) -> None:
    env = {"BITBUCKET_ACCESS_TOKEN": "hush-hush"}
    line = (await bbasync("crawl", "acme", *arguments, cwd=tmp_path, env=env)).line()
    assert words in line
    assert "hush" not in line


async def test_failures_of_the_world_are_one_line(tmp_path: Path) -> None:
    async with FakeCloud(workspaces=1, repositories=1, pull_requests=1) as fake:
        wrong = {"BITBUCKET_EMAIL": fake.email, "BITBUCKET_API_TOKEN": "hush-hush"}
        here = ("--base-url", fake.url)
        assert "credential" in (await bbasync("crawl", *here, cwd=tmp_path)).line()
        refused = (await bbasync("crawl", *here, cwd=tmp_path, env=wrong)).line()
        assert "401" in refused
        assert "hush" not in refused
        assert "404" in (await bbasync("crawl", "nobody", *here, cwd=tmp_path, env=credentials(fake))).line()
        assert "401" in (await bbasync("whoami", *here, cwd=tmp_path, env=wrong)).line()
        full = ("--store", "sqlite:////dev/full/x.db")
        assert "bbasync:" in (await bbasync("crawl", *here, *full, cwd=tmp_path, env=credentials(fake))).line()
    away = ("--base-url", "https://no-such-host.invalid/2.0")
    assert (
        "cannot connect to no-such-host.invalid"
        in (await bbasync("crawl", "acme", *away, cwd=tmp_path, env=credentials(fake))).line()
    )
    assert "there is no store" in (await bbasync("export", cwd=tmp_path / "..")).line()


async def test_api_calls_one_operation_and_follows_pages(tmp_path: Path) -> None:
    async with FakeCloud(workspaces=1, repositories=5) as fake:
        slug = next(iter(fake.world.workspaces))
        env, here = credentials(fake), ("--base-url", fake.url)
        user = await bbasync("api", "get", "/user", *here, cwd=tmp_path, env=env)
        assert json.loads(user.out)["type"] == "user"
        path = f"/repositories/{slug}"
        names = await bbasync("api", "GET", path, "--paginate", "-f", "sort=name", *here, cwd=tmp_path, env=env)
        assert len([json.loads(line) for line in names.out.splitlines()]) == 5
        assert "404" in (await bbasync("api", "GET", "/nothing", *here, cwd=tmp_path, env=env)).line()
        assert "key=value" in (await bbasync("api", "GET", path, "-f", "x", *here, cwd=tmp_path, env=env)).line()
        (tmp_path / "body.json").write_text('{"name": "new", "key": "NEW"}')
        made = await bbasync(
            "api", "POST", f"/workspaces/{slug}/projects", "--input", "body.json", *here, cwd=tmp_path, env=env
        )
        assert json.loads(made.out)["key"] == "NEW"
        (tmp_path / "body.json").write_text("{")
        broken = await bbasync("api", "POST", path, "--input", "body.json", *here, cwd=tmp_path, env=env)
        assert "no JSON" in broken.line()


async def test_api_asks_a_data_center_with_its_own_credential_only(tmp_path: Path) -> None:
    async with FakeDataCenter() as fake:
        env = {"BITBUCKET_DC_URL": fake.url, "BITBUCKET_DC_TOKEN": fake.token}
        command = ("api", "GET", "/api/latest/projects", "--data-center")
        result = await bbasync(*command, "--paginate", cwd=tmp_path, env=env)
        assert [json.loads(line)["key"] for line in result.out.splitlines()]
        cloud = {"BITBUCKET_DC_URL": fake.url, "BITBUCKET_ACCESS_TOKEN": "hush-hush"}
        line = (await bbasync(*command, cwd=tmp_path, env=cloud)).line()
        assert "BITBUCKET_DC_TOKEN" in line


async def test_whoami_tells_identity_scopes_and_limits(tmp_path: Path) -> None:
    async with FakeCloud() as fake:
        token = {"BITBUCKET_ACCESS_TOKEN": next(iter(fake.access_tokens.values()))}
        result = await bbasync("whoami", "--base-url", fake.url, cwd=tmp_path, env=token)
        assert "access_token" in result.out
    async with FakeCloud() as fake:
        result = await bbasync("whoami", "--base-url", fake.url, cwd=tmp_path, env=credentials(fake))
        told = dict(line.split(":", 1) for line in result.out.splitlines())
        assert told["credential"].strip() == "api_token"
        assert "1000 an hour for api" in told["limit"]


async def serve(*arguments: str, cwd: Path) -> tuple[asyncio.subprocess.Process, dict[str, str], str]:
    """Start a fake and return its process, the environment that it names and its address."""
    process = await start("fake", *arguments, cwd=cwd)
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().split()[1]
    exports = (await process.stdout.readline()).decode().removeprefix("export ").split()
    return process, dict(export.split("=", 1) for export in exports), url


@pytest.mark.parametrize("product", [["--workspaces", "1"], ["--data-center"]])
async def test_a_fake_is_served_until_ctrl_c(product: list[str], tmp_path: Path) -> None:
    process, env, url = await serve(*product, cwd=tmp_path)
    arguments = ["/api/latest/projects", "--data-center"] if len(product) == 1 else ["/user", "--base-url", url]
    assert (await bbasync("api", "GET", *arguments, cwd=tmp_path, env=env)).status == 0
    process.send_signal(signal.SIGINT)
    _, err = await process.communicate()
    assert (process.returncode, err.decode()) == (130, "bbasync: stopped\n")


async def test_the_history_of_a_git_repository_can_be_crawled(tmp_path: Path) -> None:
    git = pygit2.init_repository(str(tmp_path / "tool"), initial_head="main")
    author = pygit2.Signature("Ana", "ana@example.invalid", 1_600_000_000, 60)
    parents: list[Any] = []
    for number in range(120):
        (tmp_path / "tool" / "file.txt").write_text(str(number))
        git.index.add("file.txt")
        parents = [
            git.create_commit("refs/heads/main", author, author, f"Change {number}", git.index.write_tree(), parents)
        ]
    process, env, url = await serve("--git", "tool", cwd=tmp_path)
    result = await bbasync("crawl", "--base-url", url, cwd=tmp_path, env=env)
    process.send_signal(signal.SIGINT)
    await process.communicate()
    assert result.status == 0, result.err
    assert rows(tmp_path / "bitbucket.db")["commits"] == 120
