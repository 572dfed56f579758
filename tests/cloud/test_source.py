"""Files and directories: reading, Git LFS, and commits made by upload over a real socket."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import orjson
import pytest
from aiohttp import BodyPartReader, web
from aiohttp.test_utils import TestServer
from attrs import frozen

from bbasync.aio import collect
from bbasync.auth import AccessToken
from bbasync.cloud.models import CommitDirectory, CommitFile, FileAttribute
from bbasync.cloud.session import CloudSession
from bbasync.errors import ConflictError, DecodeError, NotFoundError
from bbasync.testing.recording import answer
from tests.cloud.replayed import replay

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


REPOSITORY = "https://api.bitbucket.org/2.0/repositories/acme/api"
HASH = "8f2c0d1e" * 5
FILE = {
    "type": "commit_file",
    "path": "bin/run",
    "commit": {"type": "commit", "hash": HASH},
    "attributes": ["executable", "sparse"],
    "size": 12,
}
DIRECTORY = {"type": "commit_directory", "path": "bin", "commit": {"type": "commit", "hash": HASH}}


# -- reading ----------------------------------------------------------------------------------------------------------


async def test_a_directory_lists_files_and_directories() -> None:
    bb, transport = replay(answer(orjson.dumps({"values": [DIRECTORY, FILE]})))
    directory, file = await collect(bb.source.list_directory("acme", "api", "main", "/", max_depth=2))
    assert isinstance(directory, CommitDirectory)
    assert isinstance(file, CommitFile)
    assert file.attributes == [FileAttribute.EXECUTABLE, "sparse"]
    assert file.commit.hash == HASH
    assert transport.requests[0].url == f"{REPOSITORY}/src/main/?max_depth=2&pagelen=50", "the root ends in a slash"


async def test_the_root_of_the_main_branch_is_found_by_a_redirect() -> None:
    bb, transport = replay(
        answer("", 302, {"Location": f"{REPOSITORY}/src/{HASH}/?pagelen=50"}),
        answer(orjson.dumps({"values": [DIRECTORY]})),
    )
    [directory] = await collect(bb.source.list_root("acme", "api"))
    assert directory.path == "bin"
    assert transport.requests[1].headers["Authorization"] == "Bearer secret"


async def test_metadata_is_of_a_file_or_a_directory() -> None:
    bb, transport = replay(answer(orjson.dumps(FILE)), answer(orjson.dumps(DIRECTORY)), answer(orjson.dumps(DIRECTORY)))
    assert isinstance(await bb.source.get_metadata("acme", "api", "main", "bin/run"), CommitFile)
    assert isinstance(await bb.source.get_metadata("acme", "api", "main", "bin"), CommitDirectory)
    assert (await bb.source.get_root_metadata("acme", "api")).commit.hash == HASH
    assert [request.url.partition("/src")[2] for request in transport.requests] == [
        "/main/bin/run?format=meta",
        "/main/bin?format=meta",
        "?format=meta",
    ]


async def test_a_file_is_read_as_it_is_from_the_budget_of_raw_files() -> None:
    body = b"<html>\xff\x00"
    bb, transport = replay(answer(body, headers={"Content-Type": "text/html"}))
    assert await bb.source.read("acme", "api", HASH, "docs/ü & b#c.html") == body
    [request] = transport.requests
    assert request.url == f"{REPOSITORY}/src/{HASH}/docs/%C3%BC%20%26%20b%23c.html"
    assert request.group == "raw"


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_file_of_git_lfs_comes_from_another_host_without_the_credential(*, streamed: bool) -> None:
    elsewhere = "https://media.example.net/file/1?token=abc"
    bb, transport = replay(answer("", 301, {"Location": elsewhere}), answer(b"large"))
    if streamed:
        async with bb.source.open("acme", "api", HASH, "big.bin") as stream:
            body = await stream.read()
    else:
        body = await bb.source.read("acme", "api", HASH, "big.bin")
    ours, theirs = transport.requests
    assert body == b"large"
    assert ours.headers["Authorization"] == "Bearer secret"
    assert theirs.url == elsewhere
    assert "Authorization" not in theirs.headers


async def test_a_path_cannot_leave_the_repository() -> None:
    bb, transport = replay()
    for path in ("../other/src/main/a", "a/./b", "a//b", "", "a/%2e%2e/b", "a\nb"):
        with pytest.raises(ValueError, match="path must"):
            await bb.source.read("acme", "api", HASH, path)
    assert not transport.requests


async def test_a_file_listed_as_a_directory_is_an_error() -> None:
    bb, _ = replay(answer(orjson.dumps({"name": "package"})))
    with pytest.raises(DecodeError, match="not a page"):
        await collect(bb.source.list_directory("acme", "api", "main", "package.json"))


async def test_a_rendered_file_has_markup_and_html() -> None:
    bb, _ = replay(answer(orjson.dumps({"type": "rendered", "raw": "# A", "markup": "markdown", "html": "<h1>A</h1>"})))
    rendered = await bb.source.get_rendered("acme", "api", "main", "README.md")
    assert (rendered.text, rendered.markup, rendered.html) == ("# A", "markdown", "<h1>A</h1>")


async def test_the_history_of_a_file_tells_its_path_at_each_commit() -> None:
    bb, transport = replay(answer(orjson.dumps({"values": [FILE, FILE | {"path": "old/run"}]})))
    history = await collect(bb.source.list_file_history("acme", "api", "main", "bin/run", renames=True))
    assert [file.path for file in history] == ["bin/run", "old/run"]
    assert transport.requests[0].url == f"{REPOSITORY}/filehistory/main/bin/run?renames=true&pagelen=50"


# -- over a socket ----------------------------------------------------------------------------------------------------


@frozen
class Received:
    """A part of an upload as the server read it."""

    name: str
    filename: str | None
    attributes: str | None
    content: bytes


class Server:
    """Keeps what is uploaded, and answers with what `reply` says."""

    def __init__(self) -> None:
        self.parts: list[Received] = []
        self.reply = web.Response(status=201, headers={"Location": f"{REPOSITORY}/commit/{HASH}"})

    async def upload(self, request: web.Request) -> web.Response:
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader)
            # aiohttp's own reading of the header takes leading slashes away
            quoted = dict(re.findall(r'; ([a-z-]+)="((?:\\.|[^"])*)"', part.headers["Content-Disposition"]))
            values = {name: re.sub(r"\\(.)", r"\1", value) for name, value in quoted.items()}
            content = bytes(await part.read())
            self.parts.append(Received(values["name"], values.get("filename"), values.get("x-attributes"), content))
        return self.reply

    async def head(self, request: web.Request) -> web.Response:
        assert request.headers["Accept-Encoding"] == "identity"
        if request.match_info["path"] == "gone":
            raise web.HTTPNotFound
        return web.Response(body=b"0123456789")


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
async def bb(server: Server) -> AsyncIterator[CloudSession]:
    app = web.Application()
    app.router.add_post("/2.0/repositories/acme/api/src", server.upload)
    app.router.add_get("/2.0/repositories/acme/api/src/main/{path}", server.head)
    async with (
        TestServer(app) as http,
        CloudSession(AccessToken("secret"), base_url=str(http.make_url("/2.0"))) as session,
    ):
        yield session


async def test_a_commit_carries_files_links_deletions_and_fields(
    bb: CloudSession, server: Server, tmp_path: Path
) -> None:
    large = bytes(range(256)) * 4096
    (tmp_path / "large.bin").write_bytes(large)
    made = await bb.source.create_commit(
        "acme",
        "api",
        files={
            "message": b"a file of that name",
            '/docs/\u00fc "quoted".md': "gr\u00fcn",
            "large.bin": tmp_path / "large.bin",
            "opened.bin": lambda: io.BytesIO(large),
        },
        executables={"bin/run": "#!/bin/sh\n"},
        links={"README": "README.md"},
        deletions=["old.txt", "/older.txt"],
        message="Gr\u00fc\u00dfe",
        author="A B <a@example.org>",
        branch="feature/x",
        parents="1" * 40,
    )
    assert made == HASH
    assert server.parts == [
        Received("message", None, None, "Gr\u00fc\u00dfe".encode()),
        Received("author", None, None, b"A B <a@example.org>"),
        Received("parents", None, None, b"1" * 40),
        Received("branch", None, None, b"feature/x"),
        Received("files", None, None, b"/old.txt"),
        Received("files", None, None, b"/older.txt"),
        Received("/message", "message", None, b"a file of that name"),
        Received('/docs/\u00fc "quoted".md', '\u00fc "quoted".md', None, "gr\u00fcn".encode()),
        Received("/large.bin", "large.bin", None, large),
        Received("/opened.bin", "opened.bin", None, large),
        Received("/bin/run", "run", "executable", b"#!/bin/sh\n"),
        Received("/README", "README", "link", b"README.md"),
    ]


async def test_a_new_branch_is_a_commit_without_files(bb: CloudSession, server: Server) -> None:
    server.reply = web.Response(status=201)
    assert await bb.source.create_commit("acme", "api", files={}, branch="new", parents="1" * 40) is None
    assert [part.name for part in server.parts] == ["parents", "branch"]


async def test_a_branch_that_has_moved_is_a_conflict(bb: CloudSession, server: Server) -> None:
    server.reply = web.json_response({"type": "error", "error": {"message": "The branch has moved"}}, status=409)
    with pytest.raises(ConflictError, match="The branch has moved"):
        await bb.source.create_commit("acme", "api", files={"a": b""}, parents="1" * 40)
    assert len(server.parts) == 2, "an upload is not repeated"


async def test_uploads_that_cannot_be_right_are_refused(tmp_path: Path) -> None:
    bb, transport = replay()
    with pytest.raises(ValueError, match="nothing to commit"):
        await bb.source.create_commit("acme", "api", files={}, message="Nothing")
    with pytest.raises(ValueError, match=r"once, got duplicates: /a, /b"):
        await bb.source.create_commit(
            "acme", "api", files={"a": b"", "/b": b""}, executables={"/a": b""}, deletions=["b"]
        )
    for path in ("../a", "a/../b", "", "/", "a\r\nX: y"):
        with pytest.raises(ValueError, match="path must"):
            await bb.source.create_commit("acme", "api", files={path: b""})
    with pytest.raises(FileNotFoundError, match=r"cannot upload /a: No such file or directory: .*missing"):
        await bb.source.create_commit("acme", "api", files={"a": tmp_path / "missing"})
    assert not transport.requests


async def test_the_size_of_a_file_costs_its_headers_only(bb: CloudSession) -> None:
    assert await bb.source.get_size("acme", "api", "main", "there") == 10
    with pytest.raises(NotFoundError):
        await bb.source.get_size("acme", "api", "main", "gone")


async def test_a_size_that_is_not_told_is_none() -> None:
    bb, _ = replay(answer("", headers={"Transfer-Encoding": "chunked"}))
    assert await bb.source.get_size("acme", "api", "main", "there") is None
