from __future__ import annotations

import asyncio
import json
import signal
import stat
from typing import TYPE_CHECKING

import pytest

from bbasync.cli import crawling
from bbasync.testing import FakeCloud, Fault, World
from tests.cli.running import bbasync, credentials, expected, on_terminal, rows, start
from tests.virtual import forward
from tests.waiting import PATIENCE, asked, end_of, when_asked

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

LONG = 3600.0
"""Seconds that the fake takes for an answer that is not to come."""


@pytest.fixture
async def fake() -> AsyncIterator[FakeCloud]:
    async with FakeCloud(workspaces=2, repositories=2, commits=120, pull_requests=3) as server:
        yield server


def _small_demo() -> FakeCloud:
    return FakeCloud(workspaces=3, repositories=2, commits=20, pull_requests=2)


def _table(out: str) -> dict[str, int]:
    """Return the counts that a crawl prints at its end."""
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in out.splitlines() if "│" in line]
    return {name: int(number.replace(",", "")) for name, number in cells}


async def test_a_crawl_fills_a_store_that_its_owner_alone_reads(fake: FakeCloud, tmp_path: Path) -> None:
    result = await bbasync("crawl", "--base-url", fake.url, cwd=tmp_path, env=credentials(fake))
    assert result.status == 0, result.err
    assert rows(tmp_path / "bitbucket.db") == _table(result.out) == expected(fake)
    assert "tokens left" in result.err
    assert fake.token not in result.out + result.err
    assert stat.S_IMODE((tmp_path / "bitbucket.db").stat().st_mode) == 0o600


async def test_a_crawl_is_of_what_was_chosen(fake: FakeCloud, tmp_path: Path) -> None:
    options = ["--resources", "tags, branches", "--include", "api", "--include", "web", "--exclude", "acme/w*"]
    command = ["crawl", "acme", "--base-url", fake.url, *options, "--store", "sqlite:///chosen.db"]
    result = await bbasync(*command, cwd=tmp_path, env=credentials(fake))
    assert result.status == 0, result.err
    (repository,) = [one for one in fake.world.workspaces["acme"].repositories.values() if one.slug == "api"]
    found = rows(tmp_path / "chosen.db")
    assert (found["branches"], found["tags"]) == (len(repository.branches), len(repository.tags))
    assert found["commits"] == found["pull_requests"] == 0


async def test_since_cuts_off_the_past(fake: FakeCloud, tmp_path: Path) -> None:
    command = ["crawl", "--base-url", fake.url, "--resources", "pull_requests", "--since", "2100-01-01"]
    assert (await bbasync(*command, cwd=tmp_path, env=credentials(fake))).status == 0
    assert rows(tmp_path / "bitbucket.db")["pull_requests"] == 0


async def test_each_workspace_may_have_its_own_credential(fake: FakeCloud, tmp_path: Path) -> None:
    (tmp_path / "crawl.toml").write_text('[workspaces.acme]\naccess_token = "ACME"\n')
    command = ["crawl", "--config", "crawl.toml", "--resources", "projects", "--base-url", fake.url]
    env = {"ACME": fake.access_tokens["acme"]}
    assert (await bbasync(*command, cwd=tmp_path, env=env)).status == 0
    assert rows(tmp_path / "bitbucket.db")["workspaces"] == 1
    assert (await bbasync(*command, cwd=tmp_path, env={**env, **credentials(fake)})).status == 0
    assert rows(tmp_path / "bitbucket.db")["workspaces"] == 2
    half = await bbasync(*command, cwd=tmp_path, env={**env, "BITBUCKET_API_TOKEN": fake.token})
    assert "needs BITBUCKET_EMAIL" in half.line()


async def test_a_dry_run_sends_little_and_stores_nothing(fake: FakeCloud, tmp_path: Path) -> None:
    command = ["crawl", "acme", "--dry-run", "--resources", "tags", "--since", "2026-01-01", "--base-url", fake.url]
    result = await bbasync(*command, cwd=tmp_path, env=credentials(fake))
    assert result.status == 0, result.err
    assert result.out.startswith("resources: workspaces, repositories, tags since 2026-01-01T00:00:00+00:00\n")
    assert "about 4 requests from the beginning" in result.out  # workspace, list of two repositories, tags of each
    assert len(fake.requests) < 6
    assert not (tmp_path / "bitbucket.db").exists()


async def test_progress_is_drawn_on_a_terminal(tmp_path: Path) -> None:
    async with FakeCloud(World(workspaces=30, repositories=1, commits=5, pull_requests=0)) as fake:

        def hold() -> None:
            fake.latency = LONG

        def go_on_when_drawn(drawn: str) -> None:
            if fake.latency and "to go" in drawn:
                fake.latency = 0
                forward(LONG)

        when_asked(fake, 60, hold)
        command = ["crawl", "--base-url", fake.url, "--resources", "projects,members"]
        status, drawn = await on_terminal(*command, cwd=tmp_path, env=credentials(fake), look=go_on_when_drawn)
    assert status == 0, drawn
    assert "and 9 more" in drawn  # 24 lines less three have room for 21 workspaces
    assert "to go" in drawn
    assert "3/3" in drawn
    assert drawn.count("\x1b[?25l") == drawn.count("\x1b[?25h")  # the cursor is back


async def test_a_plain_line_names_a_few_workspaces(tmp_path: Path) -> None:
    async with FakeCloud(workspaces=7, repositories=1, commits=5, pull_requests=0) as fake:
        command = ["crawl", "--base-url", fake.url, "--resources", "members"]
        result = await bbasync(*command, cwd=tmp_path, env=credentials(fake))
    (line,) = result.err.splitlines()
    assert line.endswith(", 2 more")
    assert "acme 2/2 listings 7 rows" in line


async def test_names_cannot_steer_the_terminal(tmp_path: Path) -> None:
    async with FakeCloud(workspaces=1, repositories=1, commits=5, pull_requests=0) as fake:
        _rename_workspace(fake, "acme", "evil\x1b[2j\x9b2j\u202e")
        command = ["crawl", "--base-url", fake.url, "--resources", "members"]
        estimated = await bbasync(*command, "--dry-run", cwd=tmp_path, env=credentials(fake))
        assert r"evil\x1b[2j\x9b2j\u202e" in estimated.out
        assert not {"\x1b", "\x9b", "\u202e"} & set(estimated.out)

        _rename_workspace(fake, "evil\x1b[2j\x9b2j\u202e", "evil\u202ename")  # paths take no control characters
        crawled = await bbasync(*command, cwd=tmp_path, env=credentials(fake))
        status, drawn = await on_terminal(*command, cwd=tmp_path, env=credentials(fake))
        assert (crawled.status, status) == (0, 0), drawn
        for shown in (crawled.err, drawn):
            assert r"evil\u202ename" in shown
            assert "\u202e" not in shown
    exported = await bbasync("export", cwd=tmp_path)
    assert {json.loads(line)["workspace"] for line in exported.out.splitlines()} == {"evil\u202ename"}
    assert "\u202e" not in exported.out


def _rename_workspace(fake: FakeCloud, old: str, new: str) -> None:
    workspace = fake.world.workspaces[new] = fake.world.workspaces.pop(old)
    workspace.slug = new


async def test_ctrl_c_stops_cleanly_and_the_same_command_goes_on(tmp_path: Path) -> None:
    async with FakeCloud(workspaces=1, repositories=3, pull_requests=10) as fake:

        def hold() -> None:
            fake.latency = LONG

        when_asked(fake, 40, hold)
        command = ("crawl", "--base-url", fake.url)
        process = await start(*command, cwd=tmp_path, env=credentials(fake))
        await asked(fake, 40)
        process.send_signal(signal.SIGINT)
        out, err = await end_of(process)
        assert (process.returncode, out) == (130, b""), err
        assert err.decode().splitlines()[-1] == "bbasync: stopped; the same command resumes from here"
        assert b"Traceback" not in err
        fake.latency = 0
        result = await bbasync(*command, cwd=tmp_path, env=credentials(fake))
        assert (result.status, "resumed" in result.err) == (0, True)
        assert rows(tmp_path / "bitbucket.db") == expected(fake)


async def test_the_demo_has_the_rows_that_its_fake_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crawling, "demo_fake", _small_demo)
    result = await bbasync("crawl", "--demo", cwd=tmp_path)
    assert result.status == 0, result.err
    assert rows(tmp_path / "bitbucket-demo.db") == _table(result.out) == expected(_small_demo())
    assert "the rows are in sqlite:///bitbucket-demo.db" in result.out
    again = await bbasync("crawl", "--demo", cwd=tmp_path)
    assert _table(again.out) == _table(result.out)
    assert "no such" in (await bbasync("crawl", "--demo", "--resources", "x", cwd=tmp_path)).line()
    for option in ("--base-url", "--config"):
        assert "leave out" in (await bbasync("crawl", "--demo", option, "x", cwd=tmp_path)).line()


@pytest.mark.parametrize("store", ["sqlite://", "sqlite:///[/b]/x.db"])
async def test_any_store_is_told_as_it_is(store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crawling, "demo_fake", _small_demo)
    (tmp_path / "[" / "b]").mkdir(parents=True)
    result = await bbasync("crawl", "--demo", "--resources", "members", "--store", store, cwd=tmp_path)
    assert (result.status, _table(result.out)) == (0, {"workspaces": 3, "members": 18})


async def test_what_cannot_be_read_is_told_and_the_rest_is_there(fake: FakeCloud, tmp_path: Path) -> None:
    fake.faults.add(Fault("status", status=403, path="*/acme/api/refs", times=None))
    result = await bbasync("crawl", "--base-url", fake.url, cwd=tmp_path, env=credentials(fake))
    assert result.status == 1
    (line,) = [line for line in result.err.splitlines() if line.startswith("bbasync: ")]
    assert line.startswith("bbasync: acme/api/refs: GET ")
    assert rows(tmp_path / "bitbucket.db")["pull_requests"] == expected(fake)["pull_requests"]


# -- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--store", "sqlite:///no/such/folder/x.db"], "no folder"),
        (["--store", "what"], "database URL"),
        (["--store", "postgresql+nothing://me:hush-hush@host/db"], "no such database"),
        (["--since", "yesterday"], "--since takes a date"),
        (["--resources", "issues"], "no such resource: issues"),
        (["--config", "missing.toml"], "cannot read missing.toml"),
        (["--base-url", "http://example.invalid/2.0"], "unencrypted"),
        (["--base-url", "https://me:hush-hush@example.invalid"], "must not carry"),
        (["--base-url", "https://no-such-host.invalid/2.0"], "cannot connect to no-such-host.invalid"),
    ],
)
@pytest.mark.usefixtures("quick_retries")
async def test_what_is_wrong_with_an_option_is_one_line(arguments: list[str], words: str, tmp_path: Path) -> None:
    env = {"BITBUCKET_ACCESS_TOKEN": "hush-hush"}
    line = (await bbasync("crawl", "acme", *arguments, cwd=tmp_path, env=env)).line()
    assert words in line
    assert "hush" not in line


async def test_what_is_wrong_with_the_world_is_one_line(fake: FakeCloud, tmp_path: Path) -> None:
    here = ("crawl", "--base-url", fake.url)
    assert "no credential: set BITBUCKET_EMAIL" in (await bbasync(*here, cwd=tmp_path)).line()
    wrong = {"BITBUCKET_EMAIL": fake.email, "BITBUCKET_API_TOKEN": "hush-hush"}
    for workspaces in ((), ("acme",)):
        refused = (await bbasync(*here, *workspaces, cwd=tmp_path, env=wrong)).line()
        assert "401" in refused
        assert "hush" not in refused
    nobody = (await bbasync(*here, "nobody", cwd=tmp_path, env=credentials(fake))).line()
    assert nobody.startswith("nobody/workspaces: GET /workspaces/nobody: 404: ")


async def test_a_full_disk_is_one_line(fake: FakeCloud, tmp_path: Path) -> None:
    (tmp_path / "bitbucket.db").symlink_to("/dev/full")
    result = await bbasync("crawl", "--base-url", fake.url, cwd=tmp_path, env=credentials(fake))
    assert "the disk is full" in result.line()


async def test_wrong_usage_is_told_with_status_2(tmp_path: Path) -> None:
    result = await bbasync("crawl", "--no-such-option", cwd=tmp_path)
    assert (result.status, result.out) == (2, "")
    assert "--no-such-option" in result.err


# -- export -----------------------------------------------------------------------------------------------------------


async def test_a_store_is_exported_as_json_lines(fake: FakeCloud, tmp_path: Path) -> None:
    command = ["crawl", "--base-url", fake.url, "--resources", "projects,branches,tags"]
    assert (await bbasync(*command, cwd=tmp_path, env=credentials(fake))).status == 0
    exported = await bbasync("export", "acme", "--resources", "branches,tags", cwd=tmp_path)
    lines = [json.loads(line) for line in exported.out.splitlines()]
    assert {(line["workspace"], line["resource"]) for line in lines} == {("acme", "branches"), ("acme", "tags")}
    assert all(line["payload"]["name"] == line["id"] for line in lines)
    assert (await bbasync("export", "--output", "rows.jsonl", cwd=tmp_path)).out == ""
    assert len((tmp_path / "rows.jsonl").read_text().splitlines()) == sum(rows(tmp_path / "bitbucket.db").values())
    assert "No such file" in (await bbasync("export", "--output", "no/folder", cwd=tmp_path)).line()


async def test_an_export_that_cannot_be_leaves_the_file_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("earlier")
    assert "there is no store" in (await bbasync("export", "--output", "rows.jsonl", cwd=tmp_path)).line()
    assert (tmp_path / "rows.jsonl").read_text() == "earlier"


async def test_an_export_whose_reader_has_gone_is_silent(fake: FakeCloud, tmp_path: Path) -> None:
    assert (await bbasync("crawl", "--base-url", fake.url, cwd=tmp_path, env=credentials(fake))).status == 0
    process = await start("export", cwd=tmp_path)
    assert process.stdout is not None
    assert process.stderr is not None
    async with asyncio.timeout(PATIENCE):
        await process.stdout.readline()
    process.stdout._transport.close()  # type: ignore[attr-defined]  # asyncio has no public way to close a pipe
    async with asyncio.timeout(PATIENCE):
        assert await process.stderr.read() == b""
        assert await process.wait() == 1
