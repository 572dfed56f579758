"""The code of the chapters runs, and prints what they say."""

from __future__ import annotations

import ast
import asyncio
import json
import re
import sqlite3
import sys
from asyncio.subprocess import PIPE, STDOUT
from contextlib import closing
from pathlib import Path
from typing import Any, Final, cast

import pytest
from aiohttp.test_utils import TestClient, TestServer

from bbasync import CloudSession
from bbasync.cloud.session import credential_from_env
from bbasync.crawl import CrawlOptions, Credentials, Store, crawl, read_config
from bbasync.testing import FakeCloud, FakeDataCenter, Fault
from benchmarks.figures import figures
from tests.asgi import call
from tests.chapters.reading import BLOCKS, FILES, PYTHON, ROOT, Block, load
from tests.waiting import end_of, until

DRIVEN: Final = (
    *("service.py", "api.py", "bot.py", "test_bot.py", "reviewbot.py", "hooks.py", "following.py", "watching.py"),
    *("test_hooks.py", "tracing.py", "release.py"),
)
"""Files that only define things when they are run; each has a test of its own."""

PRINTS: Final = {
    ("README.md", "bbasync"): ["1 OPEN Rate limit by workspace"],
    ("README.md", "Credentials"): ["1 OPEN Rate limit by workspace", "opened http"],
    ("bbasync/README.md", "Quickstart"): ["workspaces: acme", "acme/api"],
    ("bbasync/README.md", "Models"): ["王小明", "True 20", "feature/API-1"],
    ("bbasync/README.md", "Pagination"): [r"[0-9a-f]{40} 20\d\d-"],
    ("bbasync/README.md", "Helpers for any async iterable"): [
        *("10 branches", r"page 1 has (\d+) of \1\n", "acme/web 1"),
    ],
    ("bbasync/README.md", "Limits"): ["Ada Lovelace", "Acme\nGlobex", "api 999 of 1000"],
    ("bbasync/README.md", "Errors and retries"): ["not there, or not for you to see: GET /repositories/.*: 404: "],
    ("bbasync/README.md", "Timeouts, proxies and certificates"): ["Ada Lovelace"],
    ("bbasync/README.md", "Credentials and OAuth"): ["agree at http://.*/site/oauth2/authorize", "Ada Lovelace 2"],
    ("bbasync/README.md", "Files"): ["committed [0-9a-f]{40}", r"\d+ bytes"],
    ("bbasync/README.md", "Queries and fields"): [r'title ~ "\\"quoted\\""', r"\d+ \['.+'\]", "None"],
    ("bbasync/README.md", "Caching"): ["1 request"],
    ("bbasync/README.md", "Calling any endpoint"): ["release-1.0.zip 4096", "{'display_name': 'Ada Lovelace'}"],
    ("bbasync/README.md", "Serialization"): ['{"id": 1, "title"', '{"type": "pullrequest"'],
    ("bbasync/crawl/README.md", "From Python"): ["requests; complete", "20 pull requests"],
    ("bbasync/testing/README.md", "Pipelines"): ["2 FAILED"],
    ("bbasync/testing/README.md", "Recordings"): ["POST .*/acme/api/pullrequests/7/approve"],
    ("bbasync/datacenter/README.md", "Bitbucket Data Center"): [
        *("8 1 Speed up audit log", r"still asked: \['chiyo', 'élodie'\]", "now at version 1", "MERGED"),
    ],
}
"""What the code below a heading of a chapter prints against the fakes, as patterns."""


@pytest.fixture
async def cloud(bitbucket_cloud: FakeCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeCloud:
    """Lead what is written for bitbucket.org to a fake, in a folder of its own that holds the chapters' files."""
    monkeypatch.chdir(tmp_path)
    for name, block in FILES.items():
        (tmp_path / name).write_text(block.text, encoding="utf-8")
    for function in (CloudSession.__init__, CloudSession.from_env.__func__, crawl):  # type: ignore[attr-defined]  # a bound class method
        defaults = cast("dict[str, object]", function.__kwdefaults__)
        monkeypatch.setitem(defaults, "base_url", bitbucket_cloud.url)
    monkeypatch.setenv("BITBUCKET_EMAIL", bitbucket_cloud.email)
    monkeypatch.setenv("BITBUCKET_API_TOKEN", bitbucket_cloud.token)
    monkeypatch.setenv("ACME_TOKEN", bitbucket_cloud.access_tokens["acme"])
    monkeypatch.setenv("GLOBEX_TOKEN", bitbucket_cloud.access_tokens["globex"])
    return bitbucket_cloud


@pytest.fixture
async def data_center(bitbucket_datacenter: FakeDataCenter, monkeypatch: pytest.MonkeyPatch) -> FakeDataCenter:
    monkeypatch.setenv("BITBUCKET_DC_URL", bitbucket_datacenter.url)
    monkeypatch.setenv("BITBUCKET_DC_TOKEN", bitbucket_datacenter.token)
    return bitbucket_datacenter


async def _run(block: Block) -> None:
    """Run a block as its reader would: as a program, or at a prompt that awaits, where `bb` is open."""
    names: dict[str, Any] = {"__name__": "__main__"}
    code = compile(block.text, block.id, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if block.is_program:
        await asyncio.to_thread(exec, code, names)  # a program has an event loop of its own
        return
    async with CloudSession.from_env() as bb:
        names["bb"] = bb
        await eval(code, names)  # noqa: S307 - our own text


async def _commit_a_fix() -> None:
    async with CloudSession.from_env() as bb:
        await bb.source.create_commit("acme", "api", branch="fix-typos", files={"README.md": "# api\n"})


@pytest.mark.parametrize(("chapter", "heading"), PRINTS)
@pytest.mark.usefixtures("cloud", "data_center")
async def test_the_code_runs_and_prints_what_it_says(
    chapter: str, heading: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await _commit_a_fix()
    for block in PYTHON:
        if (block.chapter, block.heading) == (chapter, heading) and block.file not in DRIVEN:
            await _run(block)
    printed = capsys.readouterr().out
    for pattern in PRINTS[chapter, heading]:
        assert re.search(pattern, printed), (pattern, printed)


def test_no_code_is_left_out() -> None:
    assert {(block.chapter, block.heading) for block in PYTHON if block.file not in DRIVEN} == PRINTS.keys()
    assert FILES.keys() == {*DRIVEN, "first.py", "quickstart.py"}


async def test_the_service_answers_what_bitbucket_does(cloud: FakeCloud) -> None:
    async with TestClient(TestServer(load("service.py")["make_app"]())) as client:
        found = await (await client.get("/acme/api/open")).json()
        assert (found[-1]["id"], found[-1]["title"]) == (1, "Rate limit by workspace (1)")
        assert (await client.get("/acme/nowhere/open")).status == 404
        cloud.faults.add(Fault("foreign_next"))
        assert (await client.get("/acme/web/open")).status == 502
        cloud.faults.add(Fault("rate_limited", retry_after="3600"))
        refused = await client.get("/acme/api/open")
        assert (refused.status, refused.headers["Retry-After"]) in [(503, "3600"), (503, "3601")]  # it is rounded up


async def test_the_fastapi_service_answers_and_documents_what_bitbucket_does(cloud: FakeCloud) -> None:
    app = load("api.py")["app"]
    async with app.router.lifespan_context(app):
        status, body = await call(app, "GET", "/acme/api/open")
        found = json.loads(body)
        assert (status, found[-1]["id"], found[-1]["title"]) == (200, 1, "Rate limit by workspace (1)")
        assert (await call(app, "GET", "/acme/nowhere/open")) == (404, b"no such repository")
        cloud.faults.add(Fault("foreign_next"))
        assert (await call(app, "GET", "/acme/web/open"))[0] == 502
        cloud.faults.add(Fault("rate_limited", retry_after="3600"))
        assert (await call(app, "GET", "/acme/api/open"))[0] == 503
        _, described = await call(app, "GET", "/openapi.json")
    assert "Whether merging deletes the source branch." in described.decode()


def _written_at(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


async def _a_round_of_the_bot(cloud: FakeCloud) -> list[str]:
    """Start the bot, end it when it sleeps, and return what it changed."""
    spent = Path("spent.json")
    before = _written_at(spent)
    cloud.requests.clear()
    task = asyncio.create_task(load("bot.py")["main"]())
    await until(lambda: _written_at(spent) != before, "the bot has written what it spent")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return [request.path_qs.removeprefix("/2.0/repositories") for request in cloud.requests if request.method == "POST"]


def _spent() -> int:
    (bucket,) = json.loads(Path("spent.json").read_bytes())["buckets"]
    return len(bucket[-1])


async def test_the_bot_does_nothing_twice_after_a_restart(cloud: FakeCloud) -> None:
    repository = cloud.world.repository("acme", "api")
    opened = [pull for pull in repository.all_pulls() if pull.state == "OPEN"]
    builds = {pull.id: [one.state for one in repository.statuses(pull.source_hash or "").values()] for pull in opened}
    passed = [
        pull.id
        for pull in opened
        if set(builds[pull.id]) == {"SUCCESSFUL"}
        and not (0 in pull.participants and pull.participants[0].verdict == "approved")  # user 0 is the bot's
    ]
    assert 0 < len(passed) < len(opened)
    changed = await _a_round_of_the_bot(cloud)
    assert sorted(changed) == sorted(
        [
            *(f"/acme/api/pullrequests/{pull.id}/comments" for pull in opened),
            *(f"/acme/api/pullrequests/{number}/approve" for number in passed),
        ]
    )
    spent = _spent()
    assert await _a_round_of_the_bot(cloud) == []
    assert _spent() == spent + len(cloud.requests)


async def test_the_test_of_the_bot_passes_by_the_installed_fixtures(cloud: FakeCloud, tmp_path: Path) -> None:
    options = ["-W", "error", "-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=function"]
    command = [sys.executable, "-m", "pytest", "-q", *options, "test_bot.py", "test_hooks.py"]
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=STDOUT, cwd=tmp_path)
    output, _ = await end_of(process)
    assert process.returncode == 0, output.decode()
    assert b"4 passed" in output


async def test_the_query_runs_on_a_crawled_store(cloud: FakeCloud) -> None:
    (query,) = [block.text for block in BLOCKS if block.language == "sql"]
    credentials = Credentials(default=credential_from_env())
    async with Store("sqlite:///bitbucket.db") as store:
        await crawl(CrawlOptions(workspaces=["acme"], include=["api"]), store, credentials)
    with closing(sqlite3.connect("bitbucket.db")) as connection:
        found = connection.execute(query).fetchall()
    assert found
    members = {cloud.world.users[index].display_name for index in cloud.world.workspaces["acme"].members}
    assert {name for name, _ in found} <= members
    assert sum(number for _, number in found) <= 6


@pytest.mark.usefixtures("cloud")
def test_the_configuration_is_one(tmp_path: Path) -> None:
    (config,) = [block.text for block in BLOCKS if block.language == "toml" and "crawl" in block.chapter]
    (tmp_path / "crawl.toml").write_text(config)
    assert list(read_config(tmp_path / "crawl.toml")) == ["acme", "globex"]


def test_the_two_commands_stand_alone_below_their_headings() -> None:
    install = "python3 -m venv .venv && .venv/bin/pip install -q -e"
    for heading, command in {
        "See it work": f"{install} '.[cli]' && .venv/bin/bbasync crawl --demo",
        "Run the tests": f"{install} '.[test]' && .venv/bin/pytest -n auto",
    }.items():
        assert f"### {heading}\n\n```sh\n{command}\n```\n" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_figures_are_those_that_were_measured() -> None:
    text = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    (committed,) = re.findall(r"<!-- figures -->\n(.*)\n<!-- /figures -->", text, re.DOTALL)
    assert committed == figures().rstrip("\n"), "paste what `python -m benchmarks.figures` prints between its markers"
