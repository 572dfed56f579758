"""Waits for what happens elsewhere: in a fake server, a thread, a file or another process."""

from __future__ import annotations

import asyncio
import time
from asyncio.subprocess import Process
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

from bbasync.concurrency import Closing
from bbasync.rate import Bucket, Token
from bbasync.testing.server import FakeServer, LoggedRequest

PATIENCE: Final = 120.0
"""Seconds after which a test gives up; nothing takes that long, however busy the machine is."""


async def until(condition: Callable[[], bool | Awaitable[bool]], what: str, *, every: float = 0.002) -> None:
    """Ask again and again whether something has come about: for what sets no event, such as another process."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = condition()
        if found if isinstance(found, bool) else await found:
            return
        assert time.monotonic() < deadline, f"it did not come about: {what}"
        await asyncio.sleep(every)


class _Log(deque[LoggedRequest]):
    """The log of a fake that calls back when a request is entered."""

    def __init__(self, log: deque[LoggedRequest]) -> None:
        super().__init__(log, log.maxlen)
        self.calls: list[tuple[int, Callable[[], object]]] = []

    def append(self, request: LoggedRequest, /) -> None:
        super().append(request)
        due = [call for count, call in self.calls if count <= len(self)]
        self.calls = [(count, call) for count, call in self.calls if count > len(self)]
        for call in due:
            call()


def when_asked(fake: FakeServer, count: int, call: Callable[[], object]) -> None:
    """Call once the log of a fake has so many requests, at that instant: before the last of them is answered."""
    if len(fake.requests) >= count:
        call()
        return
    if not isinstance(fake.requests, _Log):
        fake.requests = _Log(fake.requests)
    fake.requests.calls.append((count, call))


async def asked(fake: FakeServer, count: int) -> None:
    """Wait until the log of a fake has so many requests."""
    enough = asyncio.Event()
    when_asked(fake, count, enough.set)
    try:
        await asyncio.wait_for(enough.wait(), PATIENCE)
    except TimeoutError:
        raise AssertionError(f"only {len(fake.requests)} of {count} requests have come") from None


async def end_of(process: Process) -> tuple[bytes, bytes]:
    """Return what a process has written when it ends; one that does not end is killed."""
    ending = asyncio.create_task(process.communicate())
    try:
        await until(ending.done, "the process ends")  # not by the loop's clock, which the test may move
    except AssertionError:
        process.kill()
        await ending
        raise
    return await ending


async def take(bucket: Bucket, max_wait: float | None = None, *, background: bool = False) -> Token:
    """Take a token as a call does."""
    return bucket.take_now() or await bucket.take(Closing(), max_wait=max_wait, background=background)


@asynccontextmanager
async def raw_server(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncGenerator[int, None]:
    """Serve raw connections, yield the port, and leave no connection open."""
    connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections[task] = writer
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await serve(reader, writer)
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task, writer in connections.items():
            task.cancel()
            writer.transport.abort()
        await asyncio.gather(*connections, return_exceptions=True)
        await asyncio.sleep(0)
