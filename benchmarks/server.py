"""A server in its own process that answers with bytes prepared beforehand, so that it is not what is measured."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import orjson

if TYPE_CHECKING:
    from collections.abc import Generator
    from multiprocessing.connection import Connection

SIZE = 100
LISTING = "/2.0/repositories/acme"
OBJECT = "/2.0/repositories/acme/repo-0"


def repository(number: int) -> dict[str, object]:
    """Return a repository payload of about 4 KB."""
    name = f"repo-{number}"
    web = f"https://bitbucket.org/acme/{name}"
    account = {
        "type": "team",
        "uuid": "{0c6dd6d8-0000-4000-8000-000000000001}",
        "display_name": "Acme",
        "username": "acme",
        "links": {key: {"href": f"{web}/{key}"} for key in ("self", "html", "avatar")},
    }
    keys = ("self", "html", "avatar", "pullrequests", "commits", "forks", "watchers", "branches", "tags", "downloads")
    return {
        "type": "repository",
        "uuid": f"{{0c6dd6d8-0000-4000-8000-{number:012}}}",
        "full_name": f"acme/{name}",
        "name": name,
        "slug": name,
        "description": "An everyday repository. " * 60,
        "scm": "git",
        "website": None,
        "is_private": True,
        "has_issues": False,
        "has_wiki": False,
        "fork_policy": "no_public_forks",
        "language": "python",
        "size": 1234567 + number,
        "created_on": "2020-01-02T03:04:05.123456+00:00",
        "updated_on": "2026-01-02T03:04:05.123456+00:00",
        "owner": account,
        "workspace": {"type": "workspace", "uuid": account["uuid"], "slug": "acme", "name": "Acme", "links": {}},
        "project": {"type": "project", "uuid": "{p}", "key": "PROJ", "name": "Project", "links": account["links"]},
        "mainbranch": {"type": "branch", "name": "main"},
        "parent": None,
        "links": {
            **{key: {"href": f"{web}/{key}"} for key in keys},
            "clone": [{"name": "https", "href": web}, {"name": "ssh", "href": f"git@bitbucket.org:acme/{name}.git"}],
        },
    }


def _pages(base: str, count: int) -> dict[str, bytes]:
    pages: dict[str, bytes] = {}
    for start in range(0, count, SIZE):
        number = start // SIZE + 1
        page: dict[str, object] = {"values": [repository(index) for index in range(start, start + SIZE)]}
        if start + SIZE < count:
            page["next"] = f"{base}{LISTING}?page={number + 1}&pagelen={SIZE}"
        pages[str(number)] = orjson.dumps(page)
    return pages


class _Server(asyncio.Protocol):
    def __init__(self, pages: dict[str, bytes], single: bytes, latency: float) -> None:
        self._pages, self._single, self._latency = pages, single, latency
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what TCP servers get
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        url = urlsplit(data.split(b" ", 2)[1].decode())
        body = self._single if url.path == OBJECT else self._pages[parse_qs(url.query).get("page", ["1"])[0]]
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        if self._latency:
            asyncio.get_running_loop().call_later(self._latency, self._write, head.encode() + body)
        else:
            self._write(head.encode() + body)

    def _write(self, answer: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(answer)


async def _serve(pipe: Connection, count: int, latency: float) -> None:
    pages: dict[str, bytes] = {}
    single = orjson.dumps({"type": "repository", "name": "repo-0"})
    server = await asyncio.get_running_loop().create_server(lambda: _Server(pages, single, latency), "127.0.0.1", 0)
    base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    pages.update(_pages(base, count))
    pipe.send(base)
    async with server:
        await server.serve_forever()


def _run(pipe: Connection, count: int, latency: float) -> None:
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(pipe, count, latency))


@contextlib.contextmanager
def serving(count: int = SIZE, latency: float = 0.0) -> Generator[str]:
    """Serve `count` repositories with a latency in seconds and yield scheme, host and port."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_run, args=(theirs, count, latency), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()
