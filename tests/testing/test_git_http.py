"""Clone links, used by the real git command."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast
from urllib.parse import quote

import aiohttp
import attrs
import pygit2
import pytest
from yarl import URL

from bbasync.testing import FakeCloud, FakeDataCenter
from bbasync.testing.cloud.world.git import git_world
from bbasync.testing.datacenter.world.seed import Seed
from bbasync.testing.server import loop_steps
from tests.testing import datacenter_api
from tests.testing.cloud_api import Api, basic
from tests.testing.hook_receiver import receiving

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable
    from pathlib import Path

    from bbasync.testing.server import FakeServer

API_TOKEN = "x-bitbucket-api-token-auth"
ACCESS_TOKEN = "x-token-auth"
LARGE = 24 * 1024 * 1024
"""Bytes that do not fit into the buffers between git and a client."""


@attrs.frozen
class Result:
    status: int | None
    out: str
    err: str


@attrs.frozen
class Git:
    """Runs the git command in a folder, with no configuration but its own."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        roles = ("AUTHOR", "COMMITTER")
        people = {f"GIT_{role}_{field}": "ana@example.invalid" for role in roles for field in ("NAME", "EMAIL")}
        isolated = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C", **people, **isolated}

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            "git",
            *arguments,
            cwd=self.folder,
            env=self.environment,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            start_new_session=True,
        )

    async def __call__(self, *arguments: str) -> Result:
        process = await self.start(*arguments)
        out, err = await process.communicate()
        return Result(process.returncode, out.decode(), err.decode())

    async def ok(self, *arguments: str) -> str:
        result = await self(*arguments)
        assert result.status == 0, result
        return result.out.strip()

    async def commit(self, name: str, content: bytes) -> str:
        (self.folder / name).write_bytes(content)
        await self.ok("add", name)
        await self.ok("commit", "--quiet", "--message", f"Add {name}")
        return await self.ok("rev-parse", "HEAD")


@pytest.fixture
def git(tmp_path: Path) -> Git:
    return Git(tmp_path)


@pytest.fixture(autouse=True)
def isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    """The git behind the fake shall not depend on who runs the tests either."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_DIR", "/nowhere")


@pytest.fixture
async def origin(tmp_path: Path) -> Git:
    """A working copy with a commit, a branch, a tag, and a stash that is nobody's business."""
    origin = Git(tmp_path / "project")
    origin.folder.mkdir()
    await origin.ok("init", "--quiet", "--initial-branch=main")
    head = await origin.commit("README.md", b"Hello\n")
    await origin.ok("branch", "side/one")
    await origin.ok("tag", "v1")
    await origin.ok("update-ref", "refs/stash", head)
    await origin.ok("config", "http.receivepack", "true")
    await origin.ok("config", "core.compression", "0")
    return origin


@pytest.fixture
async def fake(origin: Git) -> AsyncIterator[FakeCloud]:
    async with FakeCloud(git_world([origin.folder])) as server:
        yield server


@pytest.fixture
async def datacenter(origin: Git) -> AsyncIterator[FakeDataCenter]:
    world = Seed(projects=1, repositories=1, commits=2).build()
    world.repository("PRJ", "ledger").git_dir = origin.folder / ".git"
    async with FakeDataCenter(world) as server:
        yield server


def link(fake: FakeCloud, user: str = "", secret: str = "", slug: str = "project") -> str:
    return with_login(f"{fake.origin}/local/{slug}.git", user, secret)


def with_login(url: str, user: str, secret: str) -> str:
    return url.replace("://", f"://{quote(user, safe='')}:{quote(secret, safe='')}@", 1) if user else url


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - processes set no event
            await asyncio.sleep(0.002)


def ended(group: int) -> bool:
    """Tell whether no process of a group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


async def test_a_clone_has_the_history_and_a_fetch_what_came_later(fake: FakeCloud, origin: Git, git: Git) -> None:
    async with Api(fake) as api:
        links = (await api.get("/repositories/local/project"))["links"]["clone"]
    assert links[0] == {"name": "https", "href": link(fake)}
    url = link(fake, API_TOKEN, fake.token)
    await git.ok("clone", "--quiet", url, "copy")
    copy = Git(git.folder / "copy")
    assert (copy.folder / "README.md").read_bytes() == b"Hello\n"
    assert await copy.ok("branch", "--show-current") == "main"
    later = await origin.commit("later.txt", b"later\n")
    await copy.ok("fetch", "--quiet")
    assert await copy.ok("rev-parse", "origin/main") == later
    await git.ok("-c", "protocol.version=0", "clone", "--quiet", "--depth=1", url, "shallow")
    assert await Git(git.folder / "shallow").ok("rev-list", "--count", "HEAD") == "1"
    await until(lambda: not fake.git.processes)


async def test_branches_and_tags_are_served_and_nothing_else(fake: FakeCloud, git: Git) -> None:
    for version in ("0", "2"):
        listed = await git.ok("-c", f"protocol.version={version}", "ls-remote", link(fake, API_TOKEN, fake.token))
        refs = {line.split("\t")[1] for line in listed.splitlines()}
        assert refs == {"HEAD", "refs/heads/main", "refs/heads/side/one", "refs/tags/v1"}


async def test_compressed_and_chunked_requests_are_understood(fake: FakeCloud, origin: Git, git: Git) -> None:
    await git.ok("clone", "--quiet", link(fake, API_TOKEN, fake.token), "copy")
    copy = Git(git.folder / "copy")
    own = pygit2.Repository(str(copy.folder / ".git"))  # pyright: ignore[reportCallIssue] - as in git_world
    tree = own.head.peel(pygit2.Commit).tree.id
    for number in range(100):  # what git has, the newest first, makes its request long
        author = pygit2.Signature("Ana", "ana@example.invalid", 2_000_000_000 + number)
        own.create_commit(f"refs/heads/own-{number}", author, author, "own", tree, [])
    later = await origin.commit("later.txt", b"later\n")
    await copy.ok("fetch", "--quiet")
    assert await copy.ok("rev-parse", "origin/main") == later
    assert any(request.headers.get("Content-Encoding") == "gzip" for request in fake.requests)

    async def body() -> AsyncIterator[bytes]:
        yield f"0032want {later}\n".encode()
        yield b"00000009done\n"

    headers = {"Content-Type": "application/x-git-upload-pack-request"}
    async with Api(fake, basic(API_TOKEN, fake.token)) as api:
        sent = await api("POST", f"{link(fake)}/git-upload-pack", data=body(), headers=headers)
    assert fake.requests[-1].headers["Transfer-Encoding"] == "chunked"
    assert (sent.status, sent.body[:12]) == (200, b"0008NAK\nPACK")


@pytest.mark.parametrize(
    ("user", "secret", "accepted"),
    [
        (API_TOKEN, "token", True),
        ("ada", "token", True),
        (ACCESS_TOKEN, "access", True),
        (ACCESS_TOKEN, "oauth", True),
        ("me@example.invalid", "token", False),  # the API takes it, git does not
        (API_TOKEN, "access", False),
        (ACCESS_TOKEN, "token", False),
        (API_TOKEN, "wrong", False),
    ],
)
async def test_user_names_of_git(user: str, secret: str, accepted: bool, fake: FakeCloud, git: Git) -> None:
    secrets = {"token": fake.token, "access": fake.access_tokens["local"], "oauth": fake.token_of("grace")}
    listed = await git("ls-remote", link(fake, user, secrets.get(secret, secret)))
    assert (listed.status == 0) is accepted, listed
    if not accepted:
        assert "Authentication failed" in listed.err


async def test_private_repositories_ask_for_a_login(fake: FakeCloud, git: Git) -> None:
    for slug in ("project", "absent"):
        assert "could not read Username" in (await git("ls-remote", link(fake, slug=slug))).err
    async with Api(fake, None) as anonymous:
        info = f"{link(fake)}/info/refs?service=git-upload-pack"
        refused = await anonymous("GET", info)
        assert refused.status == 401
        assert refused.headers["WWW-Authenticate"].startswith("Basic realm=")
        fake.world.repository("local", "project").is_private = False
        assert (await anonymous("GET", info)).body.startswith(b"001e# service=git-upload-pack\n")
    assert "refs/heads/main" in await git.ok("ls-remote", link(fake))
    absent = await git("ls-remote", link(fake, API_TOKEN, fake.token, "absent"))
    assert "not found" in absent.err


async def test_a_token_without_the_scope_is_refused(origin: Git, git: Git) -> None:
    async with FakeCloud(git_world([origin.folder]), scopes=["account"]) as fake:
        assert "403" in (await git("ls-remote", link(fake, ACCESS_TOKEN, fake.access_tokens["local"]))).err


async def test_git_has_a_budget_of_its_own(origin: Git, git: Git) -> None:
    async with FakeCloud(git_world([origin.folder]), limit=1) as fake, Api(fake) as api:
        fake.rate.spend("anonymous", 60, "anonymous")
        await git.ok("ls-remote", link(fake, API_TOKEN, fake.token))
        assert (await api("GET", "/user")).status == 200


async def test_pushes_are_refused(fake: FakeCloud, origin: Git, git: Git) -> None:
    url, head = link(fake, API_TOKEN, fake.token), await origin.ok("rev-parse", "HEAD")
    await git.ok("clone", "--quiet", url, "copy")
    copy = Git(git.folder / "copy")
    await copy.commit("mine.txt", b"mine\n")
    pushed = await copy("push", "origin", "HEAD:refs/heads/mine")
    assert "can be read only" in pushed.err
    async with Api(fake, basic(API_TOKEN, fake.token)) as api:
        assert (await api("POST", f"{link(fake)}/git-receive-pack", data=b"0000")).status == 403
        for path in ("", "/HEAD", "/info/refs", "/objects/info/packs", "/../project.git/config"):
            unknown = await api("GET", link(fake) + path)
            assert (unknown.status, unknown.body.count(b"\n")) == (501, 1), path
    assert await origin.ok("rev-parse", "main") == head
    assert await origin.ok("branch", "--list", "mine") == ""


async def test_made_up_repositories_have_nothing_to_clone(git: Git) -> None:
    async with FakeCloud(workspaces=1, repositories=1) as cloud, FakeDataCenter(projects=1) as datacenter:
        for url in (f"{cloud.origin}/acme/api.git", f"{datacenter.url}/scm/prj/ledger.git"):
            cloned = await git("clone", url)
            assert "is made up: there is no git repository to clone" in cloned.err
            assert "error: 501" in cloned.err
            async with Api(cloud, None) as anonymous:
                assert (await anonymous("GET", url)).status == 501
        assert cloud.token == "fake-api-token"


async def test_links_of_a_data_center(datacenter: FakeDataCenter, origin: Git, git: Git) -> None:
    fake, head = datacenter, await origin.ok("rev-parse", "HEAD")
    async with aiohttp.ClientSession() as http:
        repository = await datacenter_api.Api(fake, http).get("/projects/PRJ/repos/ledger")
    links = cast("dict[str, list[dict[str, str]]]", repository["links"])
    (url,) = (one["href"] for one in links["clone"] if one["name"] == "http")
    for secret in (fake.token, fake.password):
        listed = await git.ok("ls-remote", with_login(url, fake.username, secret), "refs/heads/main")
        assert listed == f"{head}\trefs/heads/main"
    for token in (fake.reader_token, fake.project_token):
        await git.ok("-c", f"http.extraHeader=Authorization: Bearer {token}", "ls-remote", url)
    assert "Authentication failed" in (await git("ls-remote", with_login(url, fake.username, "wrong"))).err
    assert "could not read Username" in (await git("ls-remote", url)).err
    absent = with_login(url.replace("ledger", "absent"), fake.username, fake.token)
    assert "not found" in (await git("ls-remote", absent)).err
    await git.ok("clone", "--quiet", with_login(url, fake.username, fake.token), "copy")
    assert await Git(git.folder / "copy").ok("rev-parse", "HEAD") == head
    pushed = await Git(git.folder / "copy")("push", "origin", "HEAD:refs/heads/mine")
    assert "can be read only" in pushed.err
    fake.world.project("PRJ").grants.groups.clear()
    hidden = await git("-c", f"http.extraHeader=Authorization: Bearer {fake.reader_token}", "ls-remote", url)
    assert "not found" in hidden.err


@asynccontextmanager
async def _paused_clone(fake: FakeCloud, origin: Git, git: Git) -> AsyncGenerator[int]:
    """Stop a clone while it reads, yield the process group of the git that serves it, and kill the client."""
    await origin.commit("large.bin", os.urandom(LARGE))
    url = link(fake, API_TOKEN, fake.token)
    client = await git.start("-c", "protocol.version=0", "clone", "--quiet", url, "copy")  # it has only one POST
    await until(lambda: fake.requests and fake.requests[-1].path_qs.endswith("/git-upload-pack") and fake.git.processes)
    os.killpg(client.pid, signal.SIGSTOP)
    (server,) = fake.git.processes
    yield server.pid
    os.killpg(client.pid, signal.SIGKILL)
    await client.communicate()


async def test_an_aborted_clone_leaves_no_process(fake: FakeCloud, origin: Git, git: Git) -> None:
    async with _paused_clone(fake, origin, git) as server:
        assert not ended(server)
    await until(lambda: ended(server))
    await until(lambda: not fake.git.processes)
    assert "refs/heads/main" in await git.ok("ls-remote", link(fake, API_TOKEN, fake.token))


async def test_requests_aborted_while_git_starts_keep_no_slot(fake: FakeCloud, git: Git) -> None:
    head = (
        "POST /local/project.git/git-upload-pack HTTP/1.1",
        "Host: localhost",
        f"Authorization: {basic(API_TOKEN, fake.token)}",
        "Content-Type: application/x-git-upload-pack-request",
        "Content-Length: 99",
    )

    async def abort(steps: int) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", URL(fake.origin).port)
        writer.write("\r\n".join((*head, "", "")).encode())
        await until(lambda: fake.begun)
        await loop_steps(steps)
        writer.transport.abort()

    await asyncio.gather(*(abort(steps) for steps in range(40)))
    await until(lambda: not fake.in_flight)
    assert not fake.git.processes
    assert "refs/heads/main" in await git.ok("ls-remote", link(fake, API_TOKEN, fake.token))


async def test_a_body_that_cannot_be_unpacked_ends_the_request(
    fake: FakeCloud, caplog: pytest.LogCaptureFixture
) -> None:
    headers = {"Content-Type": "application/x-git-upload-pack-request", "Content-Encoding": "gzip"}
    async with Api(fake, basic(API_TOKEN, fake.token)) as api, asyncio.timeout(20):
        await api("POST", f"{link(fake)}/git-upload-pack", data=b"not compressed", headers=headers)
    await until(lambda: not fake.git.processes)
    assert "cannot be read" in caplog.text


async def test_a_fake_that_stops_leaves_no_process(fake: FakeCloud, origin: Git, git: Git) -> None:
    async with _paused_clone(fake, origin, git) as server:
        await fake.stop()
        assert not fake.git.processes
        await until(lambda: ended(server))


async def test_a_client_that_does_not_read_is_dropped(fake: FakeCloud, origin: Git) -> None:
    head = await origin.commit("large.bin", os.urandom(LARGE))
    fake.git.deadline = 0.3
    body = f"0032want {head}\n00000009done\n"
    lines = (
        "POST /local/project.git/git-upload-pack HTTP/1.1",
        "Host: localhost",
        f"Authorization: {basic(API_TOKEN, fake.token)}",
        "Content-Type: application/x-git-upload-pack-request",
        f"Content-Length: {len(body)}",
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", URL(fake.origin).port, limit=1024)
    writer.write("\r\n".join((*lines, "", body)).encode())
    await until(lambda: fake.git.processes)
    (server,) = fake.git.processes
    await until(lambda: ended(server.pid))
    async with asyncio.timeout(20):
        received = await reader.read()
    assert b"PACK" in received
    assert not received.endswith(b"0\r\n\r\n")  # how a whole response ends
    writer.close()
    await writer.wait_closed()


async def test_what_git_complains_of_is_logged(
    fake: FakeCloud, origin: Git, git: Git, caplog: pytest.LogCaptureFixture
) -> None:
    (origin.folder / ".git" / "HEAD").unlink()
    assert "not found" in (await git("ls-remote", link(fake, API_TOKEN, fake.token))).err
    await until(lambda: not fake.git.processes)
    assert "git http-backend: Not a git repository" in caplog.text


async def test_credentials_are_random_where_source_is_real(origin: Git) -> None:
    world = git_world([origin.folder])
    first, second = FakeCloud(world), FakeCloud(world)
    for one, other in (
        (first.token, second.token),
        (first.access_tokens["local"], second.access_tokens["local"]),
        (first.token_of("grace"), second.token_of("grace")),
        (first.oauth.client_secret, second.oauth.client_secret),
    ):
        assert one != other
        assert len(one) > 32
    server = Seed(projects=1, repositories=1).build()
    server.repository("PRJ", "ledger").git_dir = origin.folder
    left, right = FakeDataCenter(server), FakeDataCenter(server)
    for name in ("token", "reader_token", "project_token", "password"):
        assert getattr(left, name) != getattr(right, name)
    assert left.oauth.client_secret != right.oauth.client_secret


async def test_requests_must_name_the_server_as_their_host(fake: FakeCloud, datacenter: FakeDataCenter) -> None:
    servers: list[FakeServer] = [fake, datacenter]
    for server in servers:
        port = URL(server.origin).port
        for host, status in (
            (f"127.0.0.1:{port}", 401),
            (f"localhost:{port}", 401),
            (f"[::1]:{port}", 401),
            (f"attacker.example:{port}", 403),
            (f"127.0.0.1.attacker.example:{port}", 403),
            ("", 403),
            ("[", 403),
        ):
            path = "/local/project.git/info/refs" if server is fake else "/bitbucket/scm/prj/ledger.git/info/refs"
            assert await _status(server, path, host) == status, host


async def _status(server: FakeServer, path: str, host: str) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", URL(server.origin).port)
    writer.write(f"GET {path}?service=git-upload-pack HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    line = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return int(line.split()[1])


async def test_made_up_data_may_be_reached_by_any_name() -> None:
    async with FakeCloud(workspaces=1, repositories=1) as fake:
        assert await _status(fake, "/2.0/repositories/acme", "bitbucket.test") == 200


async def test_webhooks_reach_this_machine_only(
    fake: FakeCloud, datacenter: FakeDataCenter, caplog: pytest.LogCaptureFixture
) -> None:
    hooks = "/repositories/local/project/hooks"
    async with Api(fake) as api, receiving() as receiver:
        refused = await api("POST", hooks, {"url": "http://ci.example.org/hook", "events": ["repo:push"]})
        assert (refused.status, list(refused.json["error"]["fields"])) == (400, ["url"])
        made = await api("POST", hooks, {"url": receiver.url, "events": ["repo:push"]})
        assert made.status == 201
        changed = await api("PUT", f"{hooks}/{made.json['uuid']}", {"url": "http://10.0.0.1/", "events": ["repo:push"]})
        assert changed.status == 400
        for hook in fake.world.repository("local", "project").hooks.values():
            assert hook.url == receiver.url
        await api("POST", "/repositories/local/project/src", data={"message": "New", "branch": "new", "/a": "a"})
        await fake.delivered()
        assert len(receiver.requests) == 1
    with pytest.raises(ValueError, match="this machine only"):
        datacenter.add_webhook("http://ci.example.org/", "PRJ", events=["repo:refs_changed"])
    with caplog.at_level(logging.WARNING):
        datacenter.webhooks.send("repo:refs_changed", "http://ci.example.org/", b"{}", None, {})
    await datacenter.delivered()
    assert datacenter.webhook_deliveries == []
    assert "http://ci.example.org/" in caplog.text
