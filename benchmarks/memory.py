"""The most memory that listing 10 thousand and a million commits of 1 KB takes. Reads /proc: Linux only.

Each listing runs in a process of its own. Its peak is VmHWM and not `resource.getrusage`, whose `ru_maxrss` a process
takes over from the one that started it.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import orjson

from .payloads import page, small_commit

if TYPE_CHECKING:
    from collections.abc import Generator
    from multiprocessing.connection import Connection

SIZE = 100
FEW, MANY = 10_000, 1_000_000
ROUNDS = 3
GOAL = 5.0


class _Commits(asyncio.Protocol):
    """Answers with one page over and over; only `next` differs. The name of the repository is its number of commits."""

    def __init__(self, base: str, body: bytes) -> None:
        self._base, self._body = base, body
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what TCP servers get
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None  # noqa: S101 - connected before
        url = urlsplit(data.split(b" ", 2)[1].decode())
        number = int(parse_qs(url.query).get("page", ["1"])[0])
        following = ""
        if number * SIZE < int(url.path.split("/")[4]):
            following = f'"next":"{self._base}{url.path}?pagelen={SIZE}&page={number + 1}",'
        start = b"{" + following.encode()
        length = len(start) + len(self._body) - 1
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        self._transport.writelines((head.encode(), start, self._body[1:]))


async def _serve(pipe: Connection) -> None:
    base, body = "", page(small_commit, SIZE)
    server = await asyncio.get_running_loop().create_server(lambda: _Commits(base, body), "127.0.0.1", 0)
    base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    pipe.send(base)
    async with server:
        await server.serve_forever()


def _run(pipe: Connection) -> None:
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(pipe))


@contextlib.contextmanager
def _serving() -> Generator[str]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_run, args=(theirs,), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


async def _stream(base: str, count: int) -> None:
    from bbasync import CloudSession, RateTracker  # noqa: PLC0415 - the server and the parent need none of it

    commits = 0
    async with CloudSession(base_url=f"{base}/2.0", rates=RateTracker({"api": None})) as bb:
        async for _ in bb.commits.list("acme", str(count)):
            commits += 1
    if commits != count:
        raise RuntimeError(f"{commits} commits of {count}")


def _child(base: str, count: int) -> None:
    """List and print the seconds taken and the peak of this process in MB."""
    started = time.perf_counter()
    asyncio.run(_stream(base, count))
    seconds = time.perf_counter() - started
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
    print(orjson.dumps([seconds, peak * 1024 / 1e6]).decode())


def _listed(base: str, count: int) -> tuple[float, float]:
    command = [sys.executable, "-m", "benchmarks.memory", base, str(count)]
    done = subprocess.run(command, capture_output=True, check=True)  # noqa: S603 - this module
    seconds, peak = orjson.loads(done.stdout)
    return seconds, peak


def main() -> None:
    """Print the table and draw the peaks."""
    from .report import bar_chart, report  # noqa: PLC0415 - with matplotlib, which the children are spared

    with _serving() as base:
        rounds = [(_listed(base, FEW), _listed(base, MANY)) for _ in range(ROUNDS)]
    rows: list[dict[str, str | float | None]] = []
    for count, listings in zip((FEW, MANY), zip(*rounds, strict=True), strict=True):
        seconds, peak = (statistics.median(column) for column in zip(*listings, strict=True))
        rows.append(
            {"commits": f"{count:,}", "seconds": seconds, "us a commit": seconds / count * 1e6, "peak MB": peak}
        )
    more = statistics.median(many[1] - few[1] for few, many in rounds)
    rows.append({"commits": "difference", "seconds": None, "us a commit": None, "peak MB": more})
    report("memory", f"stream commits of 1 KB, medians of {ROUNDS} rounds, goal: {GOAL:g} MB more at most", rows)
    bars = {f"bbasync, {row['commits']} commits": float(row["peak MB"] or 0) for row in rows[:2]}
    goal = next(iter(bars.values())) + GOAL
    bar_chart("memory", "Memory while streaming commits", "MB resident at most", bars, goal=goal)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    else:
        _child(sys.argv[1], int(sys.argv[2]))
