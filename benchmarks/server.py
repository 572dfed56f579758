"""A server in its own process that answers with bytes prepared beforehand, so that it is not what is measured."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import multiprocessing
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import orjson

if TYPE_CHECKING:
    from collections.abc import Generator
    from multiprocessing.connection import Connection

SIZE = 100
DEFAULT_SIZE = 10
"""Items a page where the client asks for no size, as Bitbucket Cloud has it."""
LISTING = "/2.0/repositories/acme"
OBJECT = "/2.0/repositories/acme/repo-0"


def repository(number: int) -> dict[str, object]:
    """Return a repository payload of about 4 KB."""
    name = f"repo-{number}"
    web, api = f"https://bitbucket.org/acme/{name}", f"https://api.bitbucket.org/2.0/repositories/acme/{name}"
    account = {
        "type": "team",
        "uuid": "{0c6dd6d8-0000-4000-8000-000000000001}",
        "display_name": "Acme",
        "username": "acme",
        "links": {key: {"href": f"{web}/{key}"} for key in ("self", "html", "avatar")},
    }
    keys = ["self", "html", "avatar", "source", "pullrequests", "commits", "forks", "watchers", "branches", "tags"]
    keys += ["downloads", "hooks"]
    return {
        "type": "repository",
        "uuid": f"{{0c6dd6d8-0000-4000-8000-{number:012}}}",
        "full_name": f"acme/{name}",
        "name": name,
        "slug": name,
        "description": "An everyday repository. " * 72,
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
            **{key: {"href": f"{api}/{key}"} for key in keys},
            "clone": [{"name": "https", "href": web}, {"name": "ssh", "href": f"git@bitbucket.org:acme/{name}.git"}],
        },
    }


class _Answers:
    """Bodies by URL: every workspace has the same repositories."""

    def __init__(self, count: int) -> None:
        self.base = ""
        self.requests = 0
        self._repositories = [orjson.dumps(repository(number)) for number in range(count)]

    def find(self, target: str) -> bytes | None:
        """Return the body, or None where there is nothing."""
        url = urlsplit(target)
        if url.path == "/requests":
            self.requests, seen = 0, self.requests
            return str(seen).encode()
        self.requests += 1
        match url.path.split("/")[1:]:
            case ["2.0", "repositories", workspace]:
                query = parse_qs(url.query)
                size = int(query.get("pagelen", [str(DEFAULT_SIZE)])[0])
                return self._page(workspace, size, int(query.get("page", ["1"])[0]))
            case ["2.0", "repositories", _, _]:
                return self._small("repository", "repo-0")
            case ["2.0", "workspaces", workspace]:
                return self._small("workspace", workspace)
            case ["2.0", "user"]:
                return self._small("user", "me")
            case _:
                return None

    def _page(self, workspace: str, size: int, number: int) -> bytes:
        body = self._values(size, number)
        if size * number < len(self._repositories):
            following = f"{self.base}/2.0/repositories/{workspace}?pagelen={size}&page={number + 1}"
            return body + b',"next":"%b"}' % following.encode()
        return body + b"}"

    @functools.cache  # noqa: B019 - lives as long as the process
    def _values(self, size: int, number: int) -> bytes:
        values = b",".join(self._repositories[size * (number - 1) : size * number])
        head = b'{"pagelen":%d,"size":%d,"page":%d' % (size, len(self._repositories), number)
        return head + b',"values":[' + values + b"]"

    @functools.cache  # noqa: B019 - same
    def _small(self, kind: str, name: str) -> bytes:
        own = f"{self.base}/2.0/workspaces/{name}"
        links = {"self": own, "repositories": f"{self.base}/2.0/repositories/{name}"}
        links |= {"projects": f"{own}/projects", "members": f"{own}/members"}
        body = {"type": kind, "name": name, "slug": name, "links": {key: {"href": url} for key, url in links.items()}}
        return orjson.dumps(body)


class _Server(asyncio.Protocol):
    def __init__(self, answers: _Answers, latency: float) -> None:
        self._answers, self._latency = answers, latency
        self._transport: asyncio.Transport | None = None
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what TCP servers get
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._received.endswith(b"\r\n\r\n"):
            return
        target, self._received = self._received.split(b" ", 2)[1].decode(), b""
        body = self._answers.find(target)
        status = HTTPStatus.NOT_FOUND if body is None else HTTPStatus.OK
        body = body or b"{}"
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
        answer = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        if self._latency:
            asyncio.get_running_loop().call_later(self._latency, self._write, answer)
        else:
            self._write(answer)

    def _write(self, answer: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(answer)


async def _serve(pipe: Connection, count: int, latency: float) -> None:
    answers = _Answers(count)
    server = await asyncio.get_running_loop().create_server(lambda: _Server(answers, latency), "127.0.0.1", 0)
    answers.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    pipe.send(answers.base)
    async with server:
        await server.serve_forever()


def _run(pipe: Connection, count: int, latency: float) -> None:
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(pipe, count, latency))


@contextlib.contextmanager
def serving(count: int = SIZE, latency: float = 0.0) -> Generator[str]:
    """Serve workspaces of `count` repositories with a latency in seconds; yield scheme, host and port."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_run, args=(theirs, count, latency), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


def requests_since(base: str) -> int:
    """Return how many requests came since this was last asked."""
    with urlopen(f"{base}/requests") as response:  # noqa: S310 - our own server
        return int(response.read())
