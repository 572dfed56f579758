"""The programs of the chapters that listen or poll, run as their readers would run them."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import orjson
import pytest
from aiohttp.test_utils import unused_port

from bbasync import AccessToken, ApiToken, CloudSession, RateTracker, aio
from bbasync.testing import FakeCloud, Faults
from bbasync.testing.faults import PASSING
from bbasync.webhooks import sign
from tests.chapters.reading import FILES, load
from tests.waiting import until

SECRET: Final = "between-us"
HURRIED: Final = """
import asyncio, sys
from bbasync import CloudSession, RateTracker
slept = asyncio.sleep
asyncio.sleep = lambda seconds, *rest: slept(min(seconds, 0.05), *rest)
for function in (CloudSession.__init__, CloudSession.from_env.__func__):
    function.__kwdefaults__["base_url"] = sys.argv[1]
CloudSession.from_env.__func__.__kwdefaults__["rates"] = RateTracker({"api": None})
import reviewbot
asyncio.run(reviewbot.main())
"""
"""Runs the bot against the fake, and makes its minutes short, so that it asks more in an hour than it may."""
REPOSITORY: Final = ("acme", "api")


@pytest.fixture
async def fake() -> AsyncIterator[FakeCloud]:
    async with FakeCloud(workspaces=1, repositories=1, commits=5, pull_requests=0) as fake:
        yield fake


def session(fake: FakeCloud) -> CloudSession:
    return CloudSession(ApiToken(fake.email, fake.token), base_url=fake.url, rates=RateTracker({"api": None}))


async def approve(fake: FakeCloud, number: int, reviewer: int) -> None:
    """Approve as one of the two reviewers."""
    credential = AccessToken(fake.token_of(reviewers(fake)[reviewer]))
    async with CloudSession(credential, base_url=fake.url) as bb:
        await bb.pull_requests.approve(*REPOSITORY, number)


def reviewers(fake: FakeCloud) -> list[str]:
    return [fake.world.users[index].uuid for index in (1, 2)]


# -- watching ---------------------------------------------------------------------------------------------------------


async def test_what_watches_prints_the_changes_since_its_cursor_and_keeps_the_next(
    fake: FakeCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BITBUCKET_EMAIL", fake.email)
    monkeypatch.setenv("BITBUCKET_API_TOKEN", fake.token)
    monkeypatch.setitem(CloudSession.from_env.__func__.__kwdefaults__, "base_url", fake.url)  # type: ignore[attr-defined]  # a bound class method
    cursor = tmp_path / "cursor.json"
    cursor.write_text('{"until": "2020-01-01T00:00:00+00:00", "recent": {}}')
    async with session(fake) as bb:
        number = await opened(bb, "first")
        watching = asyncio.create_task(load("watching.py")["main"]())
        await until(lambda: f'"{number}"' in cursor.read_text(), "the program has written its cursor")
        watching.cancel()
        await asyncio.wait([watching])
    assert capsys.readouterr().out == f"{number} OPEN On first\n"


async def test_what_follows_prints_what_it_missed_and_what_is_delivered(
    fake: FakeCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BITBUCKET_EMAIL", fake.email)
    monkeypatch.setenv("BITBUCKET_API_TOKEN", fake.token)
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
    monkeypatch.setenv("PORT", str(port := unused_port()))
    monkeypatch.setitem(CloudSession.from_env.__func__.__kwdefaults__, "base_url", fake.url)  # type: ignore[attr-defined]  # a bound class method
    cursor = tmp_path / "cursor.json"
    cursor.write_text('{"until": "2020-01-01T00:00:00+00:00", "recent": {}}')
    async with session(fake) as bb:
        url, events = f"http://127.0.0.1:{port}/hook", ["pullrequest:created"]
        await bb.webhooks.create_repository_hook(*REPOSITORY, url=url, events=events, secret=SECRET)
        missed = await opened(bb, "first")
        await fake.delivered()
        following = asyncio.create_task(load("following.py")["main"]())
        await until(lambda: f'"{missed}"' in cursor.read_text(), "what was missed is handled")
        delivered = await opened(bb, "second")  # no poll would find it for five minutes
        await until(lambda: f'"{delivered}"' in cursor.read_text(), "what was delivered is handled")
        following.cancel()
        await asyncio.wait([following])
    assert capsys.readouterr().out == f"{missed} OPEN On first\n{delivered} OPEN On second\n"


# -- another framework ------------------------------------------------------------------------------------------------


async def test_hooks_are_received_with_starlette(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
    program = load("hooks.py")
    body = orjson.dumps({"repository": {"full_name": "acme/api"}, "push": {"changes": []}})
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        statuses.extend([message["status"]] if "status" in message else [])

    for signature in (sign(body, SECRET), sign(body, "another")):
        headers = {"x-event-key": "repo:push", "x-hook-uuid": "{h}", "x-hub-signature": signature}
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/hook",
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        async with program["lifespan"](program["app"]):
            await program["app"](scope, receive, send)
    assert statuses == [200, 403]
    assert capsys.readouterr().out == "repo:push acme/api\n"


# -- the bot that listens ---------------------------------------------------------------------------------------------


async def opened(bb: CloudSession, branch: str) -> int:
    files = {f"{branch}.txt": f"{branch}\n" * 3}
    await bb.source.create_commit(*REPOSITORY, files=files, message=f"Begin {branch}", branch=branch)
    return (await bb.pull_requests.create(*REPOSITORY, title=f"On {branch}", source_branch=branch)).id


class Bot:
    """The README's bot in a process of its own, that may be killed."""

    def __init__(self, fake: FakeCloud, folder: Path) -> None:
        self.fake, self.folder, self.port = fake, folder, unused_port()
        self.process: asyncio.subprocess.Process | None = None
        (folder / "reviewbot.py").write_text(FILES["reviewbot.py"].text, encoding="utf-8")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def start(self) -> None:
        credential = {"BITBUCKET_EMAIL": self.fake.email, "BITBUCKET_API_TOKEN": self.fake.token}
        environment = {**os.environ, **credential, "WEBHOOK_SECRET": SECRET, "PORT": str(self.port)}
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", HURRIED, self.fake.url),
            cwd=self.folder,
            env={**environment, "PYTHONPATH": str(Path(__file__).parents[1])},
            stderr=asyncio.subprocess.DEVNULL,
        )

    async def kill(self) -> None:
        assert self.process is not None
        assert self.process.returncode is None, "it has died by itself"
        self.process.kill()
        await self.process.wait()


@asynccontextmanager
async def listening(fake: FakeCloud, folder: Path) -> AsyncGenerator[Bot]:
    bot = Bot(fake, folder)
    fake.rate.limits["api"] = 1_000_000
    async with session(fake) as bb:
        for uuid in reviewers(fake):
            await bb.pull_requests.add_default_reviewer(*REPOSITORY, uuid)
        events = ["pullrequest:created", "pullrequest:updated", "pullrequest:approved"]
        await bb.webhooks.create_repository_hook(*REPOSITORY, url=bot.url, events=events, secret=SECRET, active=True)
    await bot.start()
    try:
        yield bot
    finally:
        await bot.kill()


async def is_done(bb: CloudSession, number: int, approvals: int) -> bool:
    """Tell whether the bot has done all there is to do for a pull request; fails where it did anything twice."""
    pr = await bb.pull_requests.get(*REPOSITORY, number)
    assert pr.source.commit is not None
    builds = await aio.collect(bb.commit_statuses.list(*REPOSITORY, pr.source.commit.hash))
    comments = await aio.collect(bb.pull_requests.list_comments(*REPOSITORY, number))
    places = [comment.inline is not None for comment in comments]
    assert len(places) == len(set(places)), "a comment came twice"
    return (
        pr.state == ("MERGED" if approvals >= 2 else "OPEN")
        and [(build.key, build.state) for build in builds] == [("size", "SUCCESSFUL")]
        and sorted(places) == [False, True]
        and len(pr.reviewers or ()) == 2
    )


async def all_done(bb: CloudSession, approvals: dict[int, int]) -> None:
    for number, count in approvals.items():
        done = partial(is_done, bb, number, count)
        await until(done, f"the bot has done all for pull request {number}", every=0.05)


async def test_the_bot_reviews_what_it_is_told_of_and_merges_what_two_have_approved(
    fake: FakeCloud, tmp_path: Path
) -> None:
    async with listening(fake, tmp_path), session(fake) as bb:
        approvals = {await opened(bb, "topic"): 0}
        await all_done(bb, approvals)
        (number,) = approvals
        for reviewer in (0, 1):
            await approve(fake, number, reviewer)
            approvals[number] += 1
            await fake.delivered()
            await all_done(bb, approvals)


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.nightly) for seed in range(2, 6))])
async def test_the_bot_misses_nothing_in_a_week_of_faults_though_it_is_killed_three_times(
    seed: int, fake: FakeCloud, tmp_path: Path
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a test must repeat
    approvals, struck = dict[int, int](), 0
    async with listening(fake, tmp_path) as bot, session(fake) as bb:
        for day in range(7):
            if day in {1, 3, 5}:
                await bot.kill()
            for number in range(3):
                approvals[await opened(bb, f"day{day}-{number}")] = 0
            for number in chance.sample(sorted(approvals), 3):
                if approvals[number] < 2:
                    await approve(fake, number, approvals[number])
                    approvals[number] += 1
            fake.faults = Faults.random(rate=0.2, seed=100 * seed + day, kinds=PASSING, seconds=0.01)
            if day in {1, 3, 5}:
                await fake.delivered()
                await bot.start()
            await until(lambda: fake.faults.struck >= 3, "some faults have struck")
            struck += fake.faults.struck
            fake.faults = Faults()
        await all_done(bb, approvals)
    assert struck > 10
    assert {0, 2} <= set(approvals.values())
