from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bbasync.testing import FakeCloud, FakeDataCenter
from tests.cli.running import bbasync, credentials, on_terminal, start
from tests.waiting import end_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

HUSH = {"BITBUCKET_ACCESS_TOKEN": "hush-hush"}


@pytest.fixture
async def fake() -> AsyncIterator[FakeCloud]:
    async with FakeCloud(workspaces=1, repositories=5) as server:
        yield server


# -- api --------------------------------------------------------------------------------------------------------------


async def test_one_operation_is_called(fake: FakeCloud, tmp_path: Path) -> None:
    env, here = credentials(fake), ("--base-url", fake.url)
    user = await bbasync("api", "get", "/user", *here, cwd=tmp_path, env=env)
    assert json.loads(user.out)["type"] == "user"
    assert user.out.count("\n") == 1
    body = '{"name": "new", "key": "NEW"}'
    create = ("api", "POST", "/workspaces/acme/projects", *here, "--input")
    made = await bbasync(*create, "-", cwd=tmp_path, env=env, stdin=body)
    assert json.loads(made.out)["key"] == "NEW"
    (tmp_path / "body.json").write_text(body.replace("NEW", "OTHER"))
    assert (await bbasync(*create, "body.json", cwd=tmp_path, env=env)).status == 0
    gone = await bbasync("api", "DELETE", "/workspaces/acme/projects/NEW", *here, cwd=tmp_path, env=env)
    assert (gone.status, gone.out) == (0, "")


async def test_pages_are_followed_one_item_a_line(fake: FakeCloud, tmp_path: Path) -> None:
    command = ("api", "GET", "/repositories/acme", "--paginate", "-q", "sort=-name", "--field", "pagelen=2")
    listed = await bbasync(*command, "--base-url", fake.url, cwd=tmp_path, env=credentials(fake))
    names = [json.loads(line)["name"] for line in listed.out.splitlines()]
    assert names == sorted((one.name for one in fake.world.repositories()), reverse=True)
    assert len(fake.requests) == 3


async def test_json_is_indented_on_a_terminal(fake: FakeCloud, tmp_path: Path) -> None:
    status, drawn = await on_terminal(
        "api", "GET", "/user", "--base-url", fake.url, cwd=tmp_path, env=credentials(fake)
    )
    assert status == 0
    assert drawn.startswith("{\r\n  ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["GET", "user"], "a path must start with '/'"),
        (["GET", "/a/../b"], ".."),
        (["FETCH", "/user"], "the method is one of GET, HEAD"),
        (["GET", "/user", "-q", "x"], "--field takes key=value, got 'x'"),
        (["POST", "/user", "--paginate"], "--paginate goes with GET"),
        (["GET", "/user", "--paginate", "--input", "-"], "without --input"),
        (["POST", "/user", "--input", "no.json"], "no.json: No such file"),
        (["POST", "/user", "--input", "-"], "--input - is not valid JSON"),
        (["GET", "/user", "--data-center", "--base-url", "https://x"], "BITBUCKET_DC_URL"),
        (["GET", "/user", "--data-center"], "BITBUCKET_DC_TOKEN"),
    ],
)
async def test_a_call_that_cannot_be_right_is_one_line(arguments: list[str], words: str, tmp_path: Path) -> None:
    line = (await bbasync("api", *arguments, cwd=tmp_path, env=HUSH)).line()
    assert words in line
    assert "hush" not in line


EVIL = "\x1b]0;\x07 \r \x7f \x80\x9b2J\x9f \u061c\u200e\u200f \u2028\u202a\u202e \u2066\u2069"
KEPT = "Åsa 👩\u200d💻 می\u200cشد"


@pytest.mark.parametrize("arguments", [["/user"], ["/list", "--paginate"]])
@pytest.mark.parametrize("more", [{}, {"lone": "\ud800"}])
async def test_json_cannot_steer_the_terminal_and_stays_the_same_json(
    arguments: list[str], more: dict[str, str], tmp_path: Path
) -> None:
    item: dict[str, str] = {f"key {EVIL}": EVIL, **more}

    async def respond(request: web.Request) -> web.Response:
        return web.json_response({"values": [item]} if request.path.endswith("/list") else item)

    app = web.Application()
    app.router.add_get("/{path:.*}", respond)
    async with TestServer(app) as server:
        url = str(server.make_url("/2.0"))
        result = await bbasync("api", "GET", *arguments, "--base-url", url, cwd=tmp_path, env=HUSH)
        status, drawn = await on_terminal("api", "GET", *arguments, "--base-url", url, cwd=tmp_path, env=HUSH)
    assert (result.status, status) == (0, 0)
    for text in (result.out.removesuffix("\n"), drawn.replace("\r\n", "")):
        assert json.loads(text) == item
        assert not [character for character in text if character in EVIL and not " " <= character <= "~"]


async def test_names_are_written_as_they_are(tmp_path: Path) -> None:
    async def respond(_request: web.Request) -> web.Response:
        return web.json_response({"name": KEPT})

    app = web.Application()
    app.router.add_get("/{path:.*}", respond)
    async with TestServer(app) as server:
        url = str(server.make_url("/2.0"))
        result = await bbasync("api", "GET", "/user", "--base-url", url, cwd=tmp_path, env=HUSH)
    assert KEPT in result.out


async def test_a_refusal_is_one_line_that_cannot_steer_the_terminal(tmp_path: Path) -> None:
    async def refuse(_request: web.Request) -> web.Response:
        said = {"type": "error", "error": {"message": "no\x1b[2J\x9b2J\nbbasync: done"}}
        return web.json_response(said, status=400)

    app = web.Application()
    app.router.add_get("/{path:.*}", refuse)
    async with TestServer(app) as server:
        url = str(server.make_url("/2.0"))
        line = (await bbasync("api", "GET", "/user", "--base-url", url, cwd=tmp_path, env=HUSH)).line()
    assert line == r"GET /user: 400: no\x1b[2J\x9b2J bbasync: done"


async def test_a_data_center_is_asked_with_its_own_credential_only(tmp_path: Path) -> None:
    async with FakeDataCenter() as fake:
        command = ("api", "GET", "/api/latest/projects", "--data-center")
        env = {"BITBUCKET_DC_URL": fake.url, "BITBUCKET_DC_TOKEN": fake.token}
        result = await bbasync(*command, "--paginate", cwd=tmp_path, env={**env, **HUSH})
        assert [json.loads(line)["key"] for line in result.out.splitlines()] == ["PRJ", "OPS"]
        assert (await bbasync(*command, "--paginate", "-q", "limit=1", cwd=tmp_path, env=env)).out == result.out
        assert {request.credential for request in fake.requests} == {"http_token"}
        line = (await bbasync(*command, cwd=tmp_path, env={"BITBUCKET_DC_URL": fake.url, **HUSH})).line()
        assert "BITBUCKET_DC_TOKEN" in line


# -- whoami -----------------------------------------------------------------------------------------------------------


async def _whoami(fake: FakeCloud, cwd: Path, env: dict[str, str]) -> dict[str, str]:
    result = await bbasync("whoami", "--base-url", fake.url, cwd=cwd, env=env)
    assert result.status == 0, result.err
    assert not set(env.values()) - {fake.email} & set(result.out.split())
    told = [line.split(":", 1) for line in result.out.splitlines()]
    return {name: value.strip() for name, value in told}


async def test_a_user_is_told_with_scopes_and_limits(fake: FakeCloud, tmp_path: Path) -> None:
    told = await _whoami(fake, tmp_path, credentials(fake))
    assert told["user"] == f"{fake.world.me.display_name} {fake.world.me.uuid}"
    assert told["credential"] == f"api_token of {fake.email}"
    assert "repository" in told["scopes"]
    assert told["limit"].startswith("1000 an hour for api, 5000 an hour for raw")
    assert told["left"].startswith("999 for api")


async def test_an_access_token_is_a_user_of_its_own_with_the_limit_that_the_server_names(tmp_path: Path) -> None:
    async with FakeCloud(workspaces=1, limit=2000, scaled=True) as fake:
        told = await _whoami(fake, tmp_path, {"BITBUCKET_ACCESS_TOKEN": fake.access_tokens["acme"]})
    assert told["user"].startswith("acme access token {")
    assert told["credential"] == "access_token"
    assert told["limit"] == "2000 an hour for api (the server says so)"
    assert told["left"].startswith("1999 for api")


async def test_what_may_not_read_the_account_is_not_taken_for_another_credential(tmp_path: Path) -> None:
    async with FakeCloud(workspaces=1, scopes=["repository"]) as fake:
        told = await _whoami(fake, tmp_path, {"BITBUCKET_ACCESS_TOKEN": fake.access_tokens["acme"]})
        assert told["user"] == "none: the token of a repository, project or workspace"
        assert (told["credential"], told["scopes"]) == ("access_token", "repository")
    async with FakeCloud(workspaces=1, scopes=["read:repository:bitbucket"]) as fake:
        told = await _whoami(fake, tmp_path, credentials(fake))
        assert told["user"].startswith("unknown: GET /user: 403: ")
        assert told["credential"] == f"api_token of {fake.email}"
        assert told["scopes"] == "read:repository:bitbucket"


async def test_a_wrong_credential_is_one_line(fake: FakeCloud, tmp_path: Path) -> None:
    line = (await bbasync("whoami", "--base-url", fake.url, cwd=tmp_path, env=HUSH)).line()
    assert "401" in line
    assert "hush" not in line


# -- the command itself -----------------------------------------------------------------------------------------------


async def test_help_is_quick_because_nothing_heavy_is_imported(tmp_path: Path) -> None:
    process = await start("--help", cwd=tmp_path)
    out, _ = await end_of(process)
    assert process.returncode == 0
    assert all(name in out.decode() for name in ("crawl", "export", "api", "whoami", "fake"))
    loaded = "import sys, bbasync.cli.app; print(*sys.modules)"
    modules = await _python(loaded, tmp_path)
    assert not {"aiohttp", "sqlalchemy", "rich"} & set(modules.split())


async def test_a_missing_extra_is_one_line(tmp_path: Path) -> None:
    told = await _python("import sys; sys.modules['typer'] = None; import bbasync.cli as c; c.main()", tmp_path)
    assert told == "bbasync: the command needs the package 'typer'; pip install 'bbasync[cli]'\n"


async def _python(program: str, cwd: Path) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program), cwd=cwd, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await end_of(process)
    return out.decode()
