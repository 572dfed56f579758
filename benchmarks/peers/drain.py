"""The server alone: sockets that read every byte and look at nothing but the length and `next`.

Its time is what the server takes to answer. While that stays clearly below the time of the bare client, whose process
and core are others than the server's, the server is not what is measured.
"""

from __future__ import annotations

import asyncio
import re
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from benchmarks.server import OBJECT, SIZE

from .protocol import answer_async, spread

if TYPE_CHECKING:
    from collections.abc import Generator

_LENGTH = re.compile(rb"Content-Length: (\d+)\r\n\r\n")
_NEXT = re.compile(rb'"next":"([^"]+)"')
_BUFFER = 1 << 20
_TAIL = 200
"""Bytes at the end of a page in which `next` stands."""


class _Connection:
    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._buffer = memoryview(bytearray(_BUFFER))

    async def get(self, target: str) -> bytes:
        """Read a whole response and return its end."""
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(self._socket, f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        received, length = 0, _BUFFER
        while received < length:
            received += await loop.sock_recv_into(self._socket, self._buffer[received:])
            if length == _BUFFER and (head := _LENGTH.search(self._buffer[: min(received, _TAIL)])):
                length = head.end() + int(head[1])
        return bytes(self._buffer[max(0, length - _TAIL) : length])


@contextmanager
def _connection(base: str) -> Generator[_Connection]:
    url = urlsplit(base)
    with socket.create_connection((url.hostname, url.port)) as connected:
        connected.settimeout(0)
        yield _Connection(connected)


async def repositories(base: str, workspaces: list[str], at_once: int) -> int:
    """List the repositories of every workspace; the items are not looked at, pages are taken as full."""

    async def one(workspace: str) -> int:
        items = 0
        with _connection(base) as connection:
            target = f"/2.0/repositories/{workspace}?pagelen={SIZE}"
            while target:
                following = _NEXT.search(await connection.get(target))
                items += SIZE
                target = following[1].decode().removeprefix(base) if following else ""
        return items

    return await spread(workspaces, at_once, one)


async def single(base: str, calls: int, at_once: int) -> int:
    """Get one repository many times."""

    async def one(share: int) -> int:
        with _connection(base) as connection:
            for _ in range(share):
                await connection.get(OBJECT)
        return share

    return await spread([calls // at_once] * at_once, at_once, one)


if __name__ == "__main__":
    answer_async("", repositories, single)
