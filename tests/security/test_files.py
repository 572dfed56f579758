from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from bbasync.crawl import Store
from bbasync.testing import FakeCloud
from tests.cli.running import bbasync, credentials
from tests.crawl.crawling import run


@pytest.fixture(params=[0o022, 0o000], ids=["umask-022", "umask-000"], autouse=True)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


async def test_the_files_of_a_crawl_are_their_owners_alone_while_it_runs(fake: FakeCloud, tmp_path: Path) -> None:
    seen: dict[str, int] = {}
    async with Store(f"sqlite:///{tmp_path}/crawl.db") as store:
        await run(fake, store, resources={"projects", "tags"}, on_progress=lambda _: seen.update(modes(tmp_path)))
    assert {"crawl.db", "crawl.db-wal", "crawl.db-shm", "crawl.db.lock"} <= seen.keys()
    assert set((seen | modes(tmp_path)).values()) == {0o600}


async def test_what_the_command_writes_is_its_owners_alone(fake: FakeCloud, tmp_path: Path) -> None:
    crawl = ["crawl", "--base-url", fake.url, "--resources", "projects,tags"]
    assert (await bbasync(*crawl, cwd=tmp_path, env=credentials(fake))).status == 0
    assert (await bbasync("export", "--output", "rows.jsonl", cwd=tmp_path)).status == 0
    assert {"bitbucket.db", "rows.jsonl"} <= modes(tmp_path).keys()
    assert set(modes(tmp_path).values()) == {0o600}


async def test_a_file_that_was_there_keeps_the_mode_that_its_owner_gave_it(fake: FakeCloud, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("earlier")
    (tmp_path / "bitbucket.db").touch()
    for name in ("rows.jsonl", "bitbucket.db"):
        (tmp_path / name).chmod(0o640)
    crawl = ["crawl", "--base-url", fake.url, "--resources", "projects,tags"]
    assert (await bbasync(*crawl, cwd=tmp_path, env=credentials(fake))).status == 0
    assert (await bbasync("export", "--output", "rows.jsonl", cwd=tmp_path)).status == 0
    assert (tmp_path / "rows.jsonl").read_bytes().count(b"\n") > 1
    assert {name: modes(tmp_path)[name] for name in ("rows.jsonl", "bitbucket.db")} == {
        "rows.jsonl": 0o640,
        "bitbucket.db": 0o640,
    }


async def test_a_crawl_that_is_asked_of_nobody_leaves_no_file(tmp_path: Path) -> None:
    assert (await bbasync("crawl", "acme", cwd=tmp_path)).status == 1
    assert (await bbasync("export", "--output", "rows.jsonl", cwd=tmp_path)).status == 1
    assert modes(tmp_path) == {}
