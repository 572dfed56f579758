"""Clone links with real repositories behind them: git's smart HTTP protocol, served by git's own CGI program.

Nothing can be written: pushes are refused, and git runs with pushing turned off. Branches and tags are served, as the
API lists them; what else a working copy has, such as stashes and remote branches, is not.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from typing import TYPE_CHECKING

from aiohttp import StreamReader, web

if TYPE_CHECKING:
    from pathlib import Path

LOG = logging.getLogger("bbasync.testing")
COMMAND = (
    "git",
    *("-c", "http.receivepack=false", "-c", "http.uploadpack=true"),
    *("-c", "uploadpack.hideRefs=refs/", "-c", "uploadpack.hideRefs=!refs/heads/"),
    *("-c", "uploadpack.hideRefs=!refs/tags/", "http-backend"),
)
"""Later options win, and win over those of the repository."""
CHUNK = 64 * 1024
MOST_PROCESSES = 8
MOST_ERRORS = 4096
"""Bytes of git's error output that are logged."""


class GitBackend:
    """Runs `git http-backend`, a process for each request, at most eight at once; the others wait.

    A process ends with its request: with the response, with the connection, or after `deadline` seconds. The body is
    passed on as it comes; git takes 10 MiB of it at most.
    """

    def __init__(self) -> None:
        self.deadline = 600.0
        self.processes: dict[Process, asyncio.Task[None]] = {}
        """Those that run, each the leader of a process group, and who waits for its end."""
        self._slots = asyncio.Semaphore(MOST_PROCESSES)

    async def respond(self, request: web.Request, repository: Path, path: str) -> web.StreamResponse:
        """Respond to a request for what is at `path` below a clone link; `repository` is the folder with the refs."""
        service = request.query.get("service", "") if path == "/info/refs" else path.removeprefix("/")
        if service == "git-receive-pack":
            return refusal(403, "This repository can be read only")
        if (request.method, path, service) not in {
            ("GET", "/info/refs", "git-upload-pack"),
            ("POST", "/git-upload-pack", "git-upload-pack"),
        }:
            return refusal(501, f"The fake does not simulate {request.method} {request.path_qs}")
        try:
            async with self._slots, asyncio.timeout(self.deadline):
                return await self._run(request, repository, path)
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()
            return refusal(504, "git has not ended in time")

    async def close(self) -> None:
        """End every process."""
        ends = list(self.processes.values())
        for process in self.processes:
            _kill(process)
        await asyncio.gather(*ends)

    async def _run(self, request: web.Request, repository: Path, path: str) -> web.StreamResponse:
        try:
            process = await asyncio.create_subprocess_exec(
                *COMMAND,
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                env=_environment(request, repository, path),
                start_new_session=True,  # git starts further processes: the group is what is killed
            )
        except FileNotFoundError:
            return refusal(501, "Clone links need git, which is not installed")
        end = self.processes[process] = asyncio.create_task(self._reap(process), name="fake-git")
        assert process.stdin is not None  # noqa: S101 - all three are pipes
        assert process.stdout is not None  # noqa: S101
        assert process.stderr is not None  # noqa: S101
        feeding = asyncio.create_task(_feed(request.content, process.stdin))
        complaining = asyncio.create_task(_read_errors(process.stderr))
        try:
            response = await _stream(request, process.stdout)
            errors = await complaining
            if errors:
                LOG.warning("git http-backend: %s", errors)
            return response
        finally:
            feeding.cancel()
            complaining.cancel()
            _kill(process)
            await asyncio.wait([end])  # which ends also if this task is cancelled

    async def _reap(self, process: Process) -> None:
        await process.wait()
        del self.processes[process]


def refusal(status: int, message: str) -> web.Response:
    """Build an error of one line, which the git command prints."""
    return web.Response(status=status, text=f"{message}\n")


def _kill(process: Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _environment(request: web.Request, repository: Path, path: str) -> dict[str, str]:
    """Return the variables of CGI, without those of a git that may have started this process."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith(("GIT_CONFIG", "GIT_EXEC_PATH"))
    }
    return kept | {
        "GIT_PROJECT_ROOT": str(repository),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
        "PATH_INFO": path,
        "REQUEST_METHOD": request.method,
        "QUERY_STRING": "service=git-upload-pack" if request.method == "GET" else "",
        "CONTENT_TYPE": request.headers.get("Content-Type", ""),
    }  # no CONTENT_LENGTH: a compressed body is unpacked before it comes here


async def _feed(body: StreamReader, stdin: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):  # git may end before it has read everything
        while chunk := await body.read(CHUNK):
            stdin.write(chunk)
            await stdin.drain()
    stdin.close()


async def _read_errors(stderr: asyncio.StreamReader) -> str:
    errors = b""
    while chunk := await stderr.read(CHUNK):
        errors = (errors + chunk)[:MOST_ERRORS]
    return errors.decode(errors="replace").strip()


async def _stream(request: web.Request, stdout: asyncio.StreamReader) -> web.StreamResponse:
    try:
        head = await stdout.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return refusal(502, "git http-backend has failed")
    lines = head.decode("latin-1").rstrip().split("\r\n")
    headers = {name: value for name, _, value in (line.partition(": ") for line in lines)}
    status = int(headers.pop("Status", "200 OK").split()[0])
    response = web.StreamResponse(status=status, headers=headers)
    with suppress(ConnectionError):  # the client is no longer there
        await response.prepare(request)
        while chunk := await stdout.read(CHUNK):
            await response.write(chunk)
        await response.write_eof()
    return response
