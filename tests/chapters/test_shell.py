"""The commands of the chapters run, against fakes."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from asyncio.subprocess import PIPE, STDOUT, create_subprocess_exec
from typing import TYPE_CHECKING, Final

import pytest

from bbasync.testing import FakeCloud, FakeDataCenter
from tests.chapters.reading import BLOCKS, Block
from tests.waiting import end_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SHELL: Final = [block for block in BLOCKS if block.language == "sh"]
ELSEWHERE: Final = {
    "bbasync/cli/README.md login": "tests/cli/test_login.py logs in with a browser of its own",
    "README.md See it work": "`.ci/run` runs the two commands word for word",
    "README.md Run the tests": "`.ci/run` runs the two commands word for word",
}
"""What runs in another place."""
CHAPTERS: Final = sorted({block.chapter for block in SHELL})


def _is_run_here(block: Block) -> bool:
    return f"{block.chapter} {block.heading}" not in ELSEWHERE


@pytest.fixture
async def reader(tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    """The environment of a reader in a folder of their own: fakes, credentials, the command, and git repositories."""
    command = tmp_path / "bin" / "bbasync"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m bbasync "$@"\n')
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    (config,) = [block.text for block in BLOCKS if block.language == "toml" and "workspaces" in block.text]
    (tmp_path / "crawl.toml").write_text(config)
    for name in ("project", "other"):
        _make_repository(tmp_path / "src" / name)
    async with (
        FakeCloud(repositories=1, commits=5, pull_requests=2) as cloud,
        FakeDataCenter(repositories=1, commits=5, pull_requests=1) as server,
    ):
        yield {
            "HOME": str(tmp_path),
            "PATH": f"{command.parent}:{os.environ['PATH']}",
            "BITBUCKET_BASE_URL": cloud.url,
            "BITBUCKET_EMAIL": cloud.email,
            "BITBUCKET_API_TOKEN": cloud.token,
            "ACME_TOKEN": cloud.access_tokens["acme"],
            "BITBUCKET_DC_URL": server.url,
            "BITBUCKET_DC_TOKEN": server.token,
        }


def _make_repository(path: Path) -> None:
    path.mkdir(parents=True)
    commit = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "--allow-empty", "-qm", "Start")
    for arguments in (("init", "-q"), commit):
        subprocess.run(["git", *arguments], cwd=path, check=True)  # noqa: S603, S607 - our own text


@pytest.mark.parametrize("chapter", CHAPTERS)
async def test_the_commands_of_a_chapter_run(chapter: str, reader: dict[str, str], tmp_path: Path) -> None:
    for block in SHELL:
        if block.chapter == chapter and _is_run_here(block):
            served = [line for line in block.text.splitlines() if line.startswith("bbasync fake")]
            script = "\n".join(line for line in block.text.splitlines() if line not in served)
            process = await create_subprocess_exec(
                *("bash", "-euo", "pipefail", "-c", script), cwd=tmp_path, env=reader, stdout=PIPE, stderr=STDOUT
            )
            output, _ = await end_of(process)
            assert process.returncode == 0, f"{block.id}\n{output.decode()}"
            for line in served:
                await _serve(line, reader, tmp_path)


async def _serve(line: str, reader: dict[str, str], folder: Path) -> None:
    """Run a fake until it says where it is, then press Ctrl-C; on a port that is free."""
    script = f"exec {line.replace('8000', '0')}"
    process = await create_subprocess_exec(*("bash", "-c", script), cwd=folder, env=reader, stdout=PIPE, stderr=PIPE)
    assert process.stdout is not None
    first = await process.stdout.readline()
    process.send_signal(signal.SIGINT)
    output, errors = await end_of(process)
    assert first.startswith(b"# http://127.0.0.1:"), (first, errors)
    assert b"export BITBUCKET_" in output


def test_what_runs_elsewhere_exists() -> None:
    assert ELSEWHERE.keys() <= {f"{block.chapter} {block.heading}" for block in SHELL}
