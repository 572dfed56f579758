"""A call that is cancelled leaves nothing behind, at whichever step of the event loop, in every kind of loop."""

from __future__ import annotations

import asyncio
import gc
from contextlib import aclosing
from typing import Any, Final, cast

import pytest

from bbasync import CloudSession, OAuthCredential, OAuthToken, Paging, Rolling
from bbasync.request import RawResponse
from bbasync.testing.recording import answer
from tests.granting import issue
from tests.loops import new_loop, why_missing
from tests.resilience.stepping import MemoryServer, Scenario, World, pause, run_once, served

PAGES: Final = "https://api.bitbucket.org/2.0/pages"
AN_HOUR: Final = Rolling(100, 3600)


def get(path: str) -> Any:
    async def call(world: World) -> object:
        return await world.bb.request("GET", path)

    return call


# -- what happens before the call -------------------------------------------------------------------------------------


async def spend_the_only_token(world: World) -> None:
    await world.bb.request("GET", "/first")


async def occupy_the_slot(world: World) -> None:
    for number in range(2):
        world.beside(world.bb.request("GET", f"/{number}"))
    await pause(1)
    world.beside(world.bb.request("GET", "/behind"))


async def queue_before_and_behind(world: World) -> None:
    crawl = world.bb.with_options(background=True)
    for number in range(3):
        world.beside(crawl.request("GET", f"/crawl/{number}"))
    await pause(1)
    for number in range(3):
        world.beside(world.bb.request("GET", f"/handler/{number}"))


async def wait_for_everything(world: World) -> None:
    """Let calls of a session wait for the next page, an answer, the next try, a slot and a token."""
    world.expected = (RuntimeError,)
    world.after = CloudSession(transport=world.server, limiter=world.bb.limiter, rates=world.bb.rates)
    world.beside(read_pages(world))
    await pause(6)
    assert world.bb._tasks, "the second page is being fetched"
    for path in ("/retried", "/sending", "/sending", "/sending"):
        world.beside(world.bb.request("GET", path))
        await pause(1)


async def begin_a_renewal(world: World) -> None:
    world.expected = (RuntimeError,)
    world.after = CloudSession(transport=MemoryServer())
    world.beside(world.bb.request("GET", "/x"))
    while cast("OAuthCredential", world.bb._credential)._renewal is None:
        await pause(1)


# -- calls ------------------------------------------------------------------------------------------------------------


async def call_in_the_background(world: World) -> None:
    await world.bb.with_options(background=True).request("GET", "/x")


async def read_pages(world: World) -> None:
    listing = world.bb.paginate("/pages", paging=Paging(ahead=3))
    async with aclosing(cast("Any", listing)):
        async for _item in listing:
            await pause(2)


async def read_commits(world: World) -> None:
    listing = world.bb.paginate("/repositories/acme/api/commits", paging=Paging(ahead=3, size=10))
    async with aclosing(cast("Any", listing)):
        async for _item in listing:
            await asyncio.sleep(0)


async def read_a_stream(world: World) -> None:
    async with world.bb.open("GET", "/stream") as stream:
        async for _chunk in stream:
            await pause(1)


async def read_a_file(world: World) -> None:
    async with world.bb.open("GET", "/repositories/acme/api/commits") as stream:
        async for _chunk in stream:
            await pause(1)


async def upload(world: World) -> None:
    await world.bb.source.create_commit("acme", "api", files={"x": b"1" * 300_000, "y": "text"}, message="m")


async def close(world: World) -> None:
    await world.bb.close()


# -- scripts ----------------------------------------------------------------------------------------------------------


def pages() -> dict[str, list[RawResponse]]:
    texts = [f'{{"values": [{{}}, {{}}], "next": "{PAGES}?page={number}"}}' for number in (2, 3)]
    return {"/pages": [*map(answer, texts), answer(b'{"values": [{}]}')]}


def outage() -> dict[str, list[RawResponse]]:
    return {"/retried": [answer(b"", 503), answer(b"", 503)], "/refused": [answer(b"", 429, {"Retry-After": "1"})]}


def redirects() -> dict[str, list[RawResponse]]:
    return {"/moved": [answer(b"", 307, {"Location": "/2.0/moved/again"})]}


def renewed(world: World) -> OAuthCredential:
    """Return a credential whose first token is refused; refresh tokens may be used once, and pairs must be stored."""
    used: list[OAuthToken | None] = []
    stored: list[OAuthToken] = []

    async def obtain(last: OAuthToken | None) -> OAuthToken:
        assert last not in used, "a refresh token was used twice"
        used.append(last)
        await pause(3)
        return issue(len(used) + 1)

    async def store(token: OAuthToken) -> None:
        await pause(2)
        stored.append(token)

    def judge() -> None:
        assert len(stored) == len(used) == 1, "the pair that was obtained is stored, whoever was cancelled"

    world.server.accepts = lambda authorization: authorization == "Bearer access-2"
    world.judge = judge
    return OAuthCredential(obtain, principal="me", token=issue(1), on_renew=store)


SCENARIOS: Final = {
    "get": Scenario(call=get("/x"), rate=AN_HOUR),
    "token": Scenario(call=get("/x"), prepare=spend_the_only_token, rate=Rolling(1, 1)),
    "slot": Scenario(call=get("/x"), prepare=occupy_the_slot, rate=AN_HOUR, slots=1),
    "retry": Scenario(call=get("/retried"), scripts=outage, rate=AN_HOUR),
    "pause": Scenario(call=get("/refused"), scripts=outage, rate=AN_HOUR),
    "redirect": Scenario(call=get("/moved"), scripts=redirects, rate=AN_HOUR),
    "renewal": Scenario(call=get("/x"), credential=renewed, rate=AN_HOUR),
    "pages": Scenario(call=read_pages, scripts=pages, rate=AN_HOUR),
    "stream": Scenario(call=read_a_stream, rate=AN_HOUR, max_streams=1),
    "upload": Scenario(call=upload, rate=AN_HOUR),
    "close": Scenario(
        call=close, prepare=wait_for_everything, scripts=lambda: outage() | pages(), rate=Rolling(4, 3), slots=2
    ),
    "close while renewing": Scenario(call=close, prepare=begin_a_renewal, credential=renewed, rate=AN_HOUR),
    "background": Scenario(call=call_in_the_background, prepare=queue_before_and_behind, rate=Rolling(2, 1), slots=1),
}
SOCKETS: Final = {
    "get": Scenario(call=get("/user"), over_sockets=True),
    "pages": Scenario(call=read_commits, over_sockets=True),
    "stream": Scenario(call=read_a_file, over_sockets=True),
    "upload": Scenario(call=upload, over_sockets=True),
}
KINDS: Final = [
    pytest.param(kind, marks=pytest.mark.skipif(bool(why_missing(kind)), reason=why_missing(kind)))
    for kind in ("plain", "debug", "eager", "uvloop")
]


async def cancel_everywhere(scenario: Scenario, latency: int = 3) -> None:
    async with served(scenario) as fake:
        usual = await run_once(scenario, None, latency=latency, fake=fake)
        assert usual.steps > 1
        runs = [await run_once(scenario, step, latency=latency, fake=fake) for step in range(usual.steps)]
        assert runs[0].was_cancelled
    gc.collect()  # what was never retrieved complains here


def run(kind: str, scenario: Scenario, latency: int = 3) -> None:
    with asyncio.Runner(loop_factory=lambda: new_loop(kind)) as runner:
        runner.run(cancel_everywhere(scenario, latency))


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_call_that_is_cancelled_at_any_step_leaves_nothing_behind(kind: str, scenario: Scenario) -> None:
    run(kind, scenario)


@pytest.mark.parametrize("scenario", SOCKETS.values(), ids=SOCKETS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_call_over_aiohttp_that_is_cancelled_leaves_no_connection_behind(kind: str, scenario: Scenario) -> None:
    run(kind, scenario)


@pytest.mark.nightly
@pytest.mark.parametrize("latency", [0, 1, 2, 7])
@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_with_faster_and_slower_servers(kind: str, scenario: Scenario, latency: int) -> None:
    run(kind, scenario, latency)
