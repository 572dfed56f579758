"""A bot that follows pull requests: what it missed, then what is delivered, each change once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from attrs import define, field

from bbasync import ApiToken, CloudSession, RateTracker, RetryPolicy
from bbasync.request import RawResponse, Request
from bbasync.testing import FakeCloud
from bbasync.testing.recording import RecordingTransport, answer
from bbasync.webhooks import WebhookRouter
from tests.virtual import forward, loop_clock, settle, virtual
from tests.waiting import PATIENCE
from tests.webhooks import deliveries
from tests.webhooks.deliveries import SECRET
from tests.webhooks.notes import Notes, deliver, router

REPOSITORY: Final = ("acme", "api")
EVENTS: Final = ("pullrequest:created", "pullrequest:updated", "pullrequest:fulfilled", "pullrequest:rejected")
START: Final = '{"until": "2026-01-01T00:00:00+00:00", "recent": {}}'

# -- over the fake ----------------------------------------------------------------------------------------------------


@define
class Bot:
    """Handles changes one by one, and keeps the cursor of the last."""

    bb: CloudSession
    port: int = field(factory=unused_port)
    cursor: str | None = None
    handled: list[tuple[int, str]] = field(factory=list[tuple[int, str]])
    progress: asyncio.Condition = field(factory=asyncio.Condition)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[WebhookRouter]:
        hooks, application = WebhookRouter(secret=SECRET), web.Application()
        hooks.attach(application, "/hook")
        async with TestServer(application, port=self.port):
            following = asyncio.create_task(self.follow(hooks))
            try:
                yield hooks
            finally:
                following.cancel()
                await asyncio.wait([following])

    async def follow(self, hooks: WebhookRouter) -> None:
        async with aclosing(hooks.follow(self.bb, *REPOSITORY, start=self.cursor)) as changes:
            async for change in changes:
                async with self.progress:
                    self.handled.append((change.item.id, str(change.item.state)))
                    self.cursor = change.cursor
                    self.progress.notify_all()

    async def has_handled(self, *numbers: int) -> None:
        async with asyncio.timeout(PATIENCE), self.progress:
            await self.progress.wait_for(lambda: len(self.handled) >= len(numbers))
        assert [number for number, _ in self.handled] == list(numbers)


@pytest.fixture
async def fake() -> AsyncIterator[FakeCloud]:
    async with FakeCloud(workspaces=1, repositories=1, commits=5, pull_requests=20) as fake:
        fake.webhooks.delay = 0
        yield fake


async def test_a_bot_that_was_away_for_an_hour_handles_each_change_once(fake: FakeCloud) -> None:
    loop_clock()
    async with CloudSession(ApiToken(fake.email, fake.token), base_url=fake.url) as bb:
        bot, pulls = Bot(bb), bb.pull_requests
        one, two, three, four, *_ = [each.id async for each in pulls.list(*REPOSITORY)]
        url = f"http://127.0.0.1:{bot.port}/hook"
        await bb.webhooks.create_repository_hook(*REPOSITORY, url=url, events=EVENTS, secret=SECRET)
        bot.cursor = orjson.dumps({"until": fake.clock.now(), "recent": {}}).decode()

        async with bot.running():  # it listens: a delivery is enough, no time has to pass
            await pulls.update(*REPOSITORY, one, title="One")
            await bot.has_handled(one)

        delivered = len(fake.webhook_deliveries)
        fake.clock.advance(1800)
        for number in (two, three, one):
            await pulls.update(*REPOSITORY, number, title="Meanwhile")
        await pulls.decline(*REPOSITORY, three)
        fake.clock.advance(1800)
        await fake.delivered()
        lost = fake.webhook_deliveries[delivered:]
        assert [each.attempt for each in lost if each.status is not None] == []
        assert sorted(each.attempt for each in lost) == [1] * 4 + [2] * 4 + [3] * 4

        async with bot.running() as hooks:  # what it missed, in the order in which it happened
            await bot.has_handled(one, two, one, three)
            assert bot.handled[-1] == (three, "DECLINED")
            await pulls.update(*REPOSITORY, four, title="Now")
            await bot.has_handled(one, two, one, three, four)

            repeated = [each for each in fake.webhook_deliveries if each.attempt == 3]
            assert {(await fake.redeliver(each)).status for each in repeated} == {200}
            await hooks.idle()
            await fake.settled()
            await bot.has_handled(one, two, one, three, four)

            asked = len(fake.requests)
            await pulls.update(*REPOSITORY, two, description="x" * 300_000)  # too large to be delivered
            await fake.settled()
            assert len(fake.requests) == asked + 1
            forward(300)
            await bot.has_handled(one, two, one, three, four, two)


# -- when it polls ----------------------------------------------------------------------------------------------------


@define
class Polls:
    """A transport that notes when it is asked, and answers with a list that holds nothing."""

    times: list[float] = field(factory=list[float])
    broken: bool = False
    during: list[Any] = field(factory=list[Any])
    """Functions to call during the coming polls."""

    def reply(self, _request: Request) -> RawResponse:
        self.times.append(asyncio.get_running_loop().time() - 1000)
        if self.during:
            self.during.pop(0)()
        return answer(b"{}", 503) if self.broken else answer(b'{"values": []}')

    def session(self) -> CloudSession:
        unlimited = RateTracker({"api": None})
        return CloudSession(transport=RecordingTransport(self.reply), retry=RetryPolicy(tries=1), rates=unlimited)


def event_of(name: str, uuid: str) -> dict[str, Any]:
    return {**deliveries.CREATED, "repository": {"full_name": name, "uuid": uuid}}


@asynccontextmanager
async def followed(polls: Polls, repo_slug: str = "api", **options: Any) -> AsyncGenerator[WebhookRouter]:
    async def follow() -> None:
        async with polls.session() as bb, aclosing(hooks.follow(bb, "acme", repo_slug, start=START)) as changes:
            async for _ in changes:
                raise AssertionError

    async with router(**options) as hooks:
        following = asyncio.create_task(follow())
        await settle()
        yield hooks
        following.cancel()
        await asyncio.wait([following])


@pytest.mark.parametrize("repo_slug", ["api", "{r}"])
def test_it_polls_when_a_delivery_is_about_a_pull_request_of_the_repository(repo_slug: str) -> None:
    @virtual
    async def check() -> None:
        polls = Polls()
        async with followed(polls, repo_slug) as hooks:
            assert polls.times == [0]
            await asyncio.sleep(10)
            for number in range(50):  # a burst is one poll
                assert deliver(hooks, str(number), payload=event_of("acme/api", "{r}")) == 200
            await asyncio.sleep(10)
            assert deliver(hooks, "web", payload=event_of("acme/web", "{w}")) == 200
            assert deliver(hooks, "nameless", payload=event_of("", "{w}")) == 200
            payload = {**deliveries.smallest("repo:push"), "repository": {"full_name": "acme/api"}}
            assert deliver(hooks, "push", key="repo:push", payload=payload) == 200
            await asyncio.sleep(289)
            assert polls.times == [0, 10]
            await asyncio.sleep(302)
            assert polls.times == [0, 10, 310, 610]

    check()


@virtual
async def test_a_delivery_during_a_poll_leads_to_another() -> None:
    polls = Polls()
    async with followed(polls) as hooks:
        polls.during.append(lambda: deliver(hooks, "2", payload=event_of("acme/api", "{r}")))
        await asyncio.sleep(10)
        assert deliver(hooks, "1", payload=event_of("acme/api", "{r}")) == 200
        await asyncio.sleep(280)
        assert polls.times == [0, 10, 10]


@virtual
async def test_deliveries_do_not_shorten_the_pauses_of_polls_that_fail() -> None:
    polls = Polls()
    async with followed(polls) as hooks:
        polls.broken = True
        for minute in range(20):
            assert deliver(hooks, str(minute), payload=event_of("acme/api", "{r}")) == 200
            await asyncio.sleep(60)
        polls.broken = False
        await asyncio.sleep(900)
        assert polls.times[:4] == [0, 0, 600, 1800]
        assert len(polls.times) == 5  # what was delivered meanwhile is one more poll


@virtual
async def test_without_a_cursor_it_begins_with_what_comes_next() -> None:
    payloads = [{"type": "pullrequest", "id": 1, "updated_on": datetime(2026, 1, 1, tzinfo=UTC)}]

    def page(_request: Request) -> RawResponse:
        return answer(orjson.dumps({"values": payloads}))

    async with (
        router() as hooks,
        CloudSession(transport=RecordingTransport(page)) as bb,
        aclosing(hooks.follow(bb, "acme", "api", every=20)) as changes,
    ):
        coming = asyncio.ensure_future(anext(changes))
        await asyncio.sleep(50)
        assert not coming.done()
        payloads.append({"type": "pullrequest", "id": 2, "updated_on": datetime(2026, 1, 2, tzinfo=UTC)})
        assert (await coming).item.id == 2
        assert asyncio.get_running_loop().time() == 1060


@virtual
async def test_a_router_that_is_no_longer_followed_wants_no_events() -> None:
    notes = Notes()
    async with followed(Polls(), queue=1, workers=1) as hooks:
        hooks.on("repo:push")(notes.handler("push", 60))
        push = {"key": "repo:push", "payload": deliveries.smallest("repo:push")}
        assert deliver(hooks, "1", **push) == 200
        await settle()
        assert deliver(hooks, "2", **push) == 200
        assert deliver(hooks, "3") == 503
    async with hooks:
        assert deliver(hooks, "4", **push) == 200
        await settle()
        assert deliver(hooks, "5", **push) == 200
        assert deliver(hooks, "6") == 200
