"""Clone links with real repositories behind them: git's smart HTTP protocol, served by git's own CGI program.

Nothing can be written: pushes are refused, and git runs with pushing turned off. Branches and tags are served, as the
API lists them; what else a working copy has, such as stashes and remote branches, is not.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from asyncio.subprocess import Process, SubprocessStreamProtocol
from contextlib import suppress
from typing import TYPE_CHECKING

import attrs
from aiohttp import StreamReader, web

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path
    from typing import Self

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
        self.processes: set[GitProcess] = set()
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
        async with self._slots:
            return await self._run(request, repository, path)

    async def close(self) -> None:
        """End every process."""
        ends = [process.end for process in self.processes]
        for process in self.processes:
            process.kill()
        await asyncio.gather(*ends)

    async def _run(self, request: web.Request, repository: Path, path: str) -> web.StreamResponse:
        try:
            process = await _to_its_end(GitProcess.start(_environment(request, repository, path)))
        except FileNotFoundError:
            return refusal(501, "Clone links need git, which is not installed")
        self.processes.add(process)
        process.end.add_done_callback(lambda _: self.processes.discard(process))
        feeding = asyncio.create_task(_feed(request.content, process.stdin))
        try:
            async with asyncio.timeout(self.deadline):
                response = await _stream(request, process.stdout)
                await asyncio.wait([process.end])
                return response
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()
            return refusal(504, "git has not ended in time")
        finally:
            feeding.cancel()
            process.kill()
            await asyncio.wait([process.end])  # which ends also if this task is cancelled


@attrs.frozen(eq=False)
class GitProcess:
    """A process of git, the leader of a group: git starts further processes, and the group is what is killed."""

    stdin: asyncio.StreamWriter
    stdout: asyncio.StreamReader
    end: asyncio.Task[None]
    """Waits for its end, and logs what it complained of."""
    _transport: asyncio.SubprocessTransport

    @classmethod
    async def start(cls, environment: dict[str, str]) -> Self:
        """Start it, with a pipe for each stream."""
        loop = asyncio.get_running_loop()
        transport, protocol = await loop.subprocess_exec(
            lambda: SubprocessStreamProtocol(limit=CHUNK, loop=loop), *COMMAND, env=environment, start_new_session=True
        )
        process = Process(transport, protocol, loop)
        assert process.stdin is not None  # noqa: S101 - all three are pipes
        assert process.stdout is not None  # noqa: S101 - as above
        assert process.stderr is not None  # noqa: S101 - as above
        end = loop.create_task(_watch(process, process.stderr), name="fake-git")
        return cls(process.stdin, process.stdout, end, transport)

    @property
    def pid(self) -> int:
        """The id of the process and of its group."""
        return self._transport.get_pid()

    def kill(self) -> None:
        """End it if it runs, whoever reads from it."""
        if self._transport.get_returncode() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        for number in range(3):  # asyncio waits for the pipes too, and does not see the end of one that nobody reads
            pipe = self._transport.get_pipe_transport(number)
            if pipe is not None:
                pipe.close()


def refusal(status: int, message: str) -> web.Response:
    """Build an error of one line, which the git command prints."""
    return web.Response(status=status, text=f"{message}\n")


async def _to_its_end(start: Coroutine[None, None, GitProcess]) -> GitProcess:
    """Start a process, and be cancelled only after that: asyncio leaves a half-started one running, and waits."""
    starting, cancelled = asyncio.create_task(start), False
    while not starting.done():  # some steps of the loop
        try:
            await asyncio.wait([starting])
        except asyncio.CancelledError:
            cancelled = True
    task = asyncio.current_task()
    if cancelled and task is not None:
        task.cancel()
    return starting.result()


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
    try:
        with suppress(ConnectionError):  # git may end before it has read everything
            while chunk := await body.read(CHUNK):
                stdin.write(chunk)
                await stdin.drain()
    except web.RequestPayloadError as error:
        LOG.warning("The body of a request cannot be read: %s", error)
    finally:
        stdin.close()


async def _watch(process: Process, stderr: asyncio.StreamReader) -> None:
    errors = b""
    while chunk := await stderr.read(CHUNK):
        errors = (errors + chunk)[:MOST_ERRORS]
    await process.wait()
    if errors:
        LOG.warning("git http-backend: %s", errors.decode(errors="replace").strip())


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
