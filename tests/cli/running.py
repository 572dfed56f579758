"""Runs the command: in this process, in one of its own, or on a terminal."""

from __future__ import annotations

import asyncio
import os
import pty
import sqlite3
import sys
from contextlib import chdir, closing
from typing import TYPE_CHECKING
from unittest import mock

from attrs import frozen
from typer.testing import CliRunner

from bbasync.cli.app import app
from tests.waiting import end_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bbasync.testing import FakeCloud

CLEAN = {key: value for key, value in os.environ.items() if not key.startswith("BITBUCKET_")}
COMMAND = (sys.executable, "-m", "bbasync")
OWN = {"task", "run", "watermark", "budget", "meta"}
"""The tables of a store that hold no rows of the vendor's."""


@frozen
class Result:
    status: int | None
    out: str
    err: str

    def line(self) -> str:
        """Return the one line of an error."""
        assert self.status == 1, self.err
        assert self.out == ""
        assert self.err.count("\n") == 1, self.err
        return self.err.removeprefix("bbasync: ").strip()


async def bbasync(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None, stdin: str = "") -> Result:
    """Run the command in a thread, which has an event loop of its own; what would be a traceback is raised."""

    def invoke() -> Result:
        with chdir(cwd), mock.patch.dict(os.environ, {**CLEAN, **(env or {})}, clear=True):
            done = CliRunner().invoke(app, arguments, input=stdin, catch_exceptions=False)
        return Result(done.exit_code, done.stdout, done.stderr)

    return await asyncio.to_thread(invoke)


async def start(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> asyncio.subprocess.Process:
    """Start the command as a process of its own, for signals."""
    return await asyncio.create_subprocess_exec(
        *COMMAND,
        *arguments,
        cwd=cwd,
        env={**CLEAN, **(env or {})},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def on_terminal(
    *arguments: str, cwd: Path, env: Mapping[str, str], look: Callable[[str], object] | None = None
) -> tuple[int | None, str]:
    """Run the command on a terminal of 80 columns; return its status and all that it drew.

    `look` gets what was drawn so far, whenever there is more.
    """
    ours, its = pty.openpty()
    environ = {**CLEAN, **env, "TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
    process = await asyncio.create_subprocess_exec(
        *COMMAND, *arguments, cwd=cwd, env=environ, stdin=its, stdout=its, stderr=its
    )
    os.close(its)
    loop = asyncio.get_running_loop()

    def read() -> bytes:
        drawn = b""
        try:
            while data := os.read(ours, 65536):
                drawn += data
                if look is not None:
                    loop.call_soon_threadsafe(look, drawn.decode(errors="replace"))
        except OSError:  # so Linux says that the other side was closed
            pass
        finally:
            os.close(ours)
        return drawn

    reading = asyncio.create_task(asyncio.to_thread(read))
    await end_of(process)
    return process.returncode, (await reading).decode()


def credentials(fake: FakeCloud) -> dict[str, str]:
    return {"BITBUCKET_EMAIL": fake.email, "BITBUCKET_API_TOKEN": fake.token}


def rows(store: Path) -> dict[str, int]:
    with closing(sqlite3.connect(store)) as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        return {
            name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608 - of our own tables
            for name in tables - OWN
        }


def expected(fake: FakeCloud) -> dict[str, int]:
    """Return the rows that a crawl of the whole fake makes."""
    return {name: count for name, count in fake.world.counts().items() if name != "tasks"}
