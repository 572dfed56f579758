"""Calls that are cancelled at any step of the event loop, and what must then be left of them: nothing."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp
from attrs import define, field

from bbasync import AccessToken, ApiToken, CloudSession, ConcurrencyLimiter, RateTracker, RetryPolicy
from bbasync.rate.clock import Clock, Timer
from bbasync.rate.tokens import Rate
from bbasync.request import RawResponse, Request
from bbasync.testing import FakeCloud, Fault
from bbasync.testing.recording import answer
from bbasync.transport import AiohttpTransport, RawStream

PATIENCE: Final = 2000
"""Steps after which what has not ended is taken to hang."""
PROMPT: Final = 60
"""Steps within which a cancelled task ends; aiohttp takes some to close a connection."""


@define(eq=False)
class _Call:
    callback: Callable[[], None]
    is_cancelled: bool = False

    def cancel(self) -> None:
        self.is_cancelled = True


class Steps(Clock):
    """Time that passes with the iterations of any event loop, a tenth of a second with each."""

    def __init__(self) -> None:
        self.number = 0
        self.at_step: dict[int, Callable[[], object]] = {}
        self._due: list[tuple[float, int, _Call]] = []
        self._order = itertools.count()
        self._running = True

    def now(self) -> float:
        return 1000 + self.number / 10

    def wall(self) -> float:
        return 1_700_000_000 + self.now()

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        call = _Call(callback)
        heapq.heappush(self._due, (when, next(self._order), call))
        return call

    def run(self) -> None:
        """Count this iteration, do what is due in it, and come again in the next."""
        if not self._running:
            return
        self.number += 1
        while self._due and self._due[0][0] <= self.now():
            call = heapq.heappop(self._due)[2]
            if not call.is_cancelled:
                call.callback()
        if self.number in self.at_step:
            self.at_step.pop(self.number)()
        self._get_loop().call_soon(self.run)

    def stop(self) -> None:
        self._running = False


@define(eq=False)
class MemoryServer:
    """A transport that answers in a few steps, from scripts by path."""

    latency: int = 3
    """Steps that each request, and each chunk of a stream, takes."""
    scripts: dict[str, list[RawResponse]] = field(factory=dict[str, list[RawResponse]])
    """Answers to the first requests of a path; all others are an empty object."""
    accepts: Callable[[str], bool] = lambda _authorization: True
    sent: list[str] = field(factory=list[str])
    open: int = 0
    """Responses that were not read to their end or given up."""

    async def send(self, request: Request) -> RawResponse:
        self.open += 1
        try:
            return await self._answer(request)
        finally:
            self.open -= 1

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncGenerator[RawStream]:
        self.open += 1
        try:
            yield _Chunks(await self._answer(request), self.latency)
        finally:
            self.open -= 1

    async def _answer(self, request: Request) -> RawResponse:
        self.sent.append(request.url)
        await pause(self.latency)
        if not self.accepts(request.headers.get("Authorization", "")):
            return answer(b"", 401)
        script = self.scripts.get(request.url.partition("/2.0")[2].partition("?")[0])
        return script.pop(0) if script else answer(b"{}")


@define(eq=False)
class _Chunks:
    response: RawResponse
    latency: int
    url: str = ""

    @property
    def status(self) -> int:
        return self.response.status

    @property
    def headers(self) -> Any:
        return self.response.headers

    async def chunks(self) -> AsyncGenerator[bytes]:
        for number in range(3):
            await pause(self.latency)
            yield bytes([number])


async def pause(steps: int) -> None:
    for _ in range(steps):
        await asyncio.sleep(0)


@define(eq=False)
class World:
    """A session in whose loop every step is counted."""

    clock: Steps
    bb: CloudSession
    server: MemoryServer
    """Where requests go, unless the session has a server of its own."""
    http: aiohttp.ClientSession | None = None
    others: list[asyncio.Task[Any]] = field(factory=list[asyncio.Task[Any]])
    """Calls beside the one that is cancelled; they must succeed."""
    expected: tuple[type[BaseException], ...] = ()
    """What the others may fail with."""
    after: CloudSession | None = None
    """The session that must work afterwards, if not `bb`."""
    judge: Callable[[], None] = lambda: None
    """Further complaints, at the end."""

    def beside(self, call: Coroutine[Any, Any, Any]) -> None:
        """Start a call beside the one that is cancelled."""
        self.others.append(asyncio.create_task(call))


@define(eq=False, kw_only=True)
class Scenario:
    """How a world is made, and the call in it that is cancelled."""

    call: Callable[[World], Awaitable[object]]
    prepare: Callable[[World], Awaitable[object]] | None = None
    scripts: Callable[[], dict[str, list[RawResponse]]] = dict
    rate: Rate = None
    slots: int = 16
    max_streams: int | None = None
    credential: Callable[[World], Any] | None = None
    over_sockets: bool = False
    """Whether it runs over aiohttp, against a fake on the loopback interface."""


def _world(scenario: Scenario, latency: int, fake: FakeCloud | None) -> World:
    clock, server = Steps(), MemoryServer(latency, scenario.scripts())
    http = None if fake is None else aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
    world = World(clock, CloudSession(), server, http)
    credential = AccessToken("t") if fake is None else ApiToken(fake.email, fake.token)
    world.bb = CloudSession(
        credential if scenario.credential is None else scenario.credential(world),
        transport=server if http is None else AiohttpTransport(http),
        limiter=ConcurrencyLimiter(scenario.slots, max_streams=scenario.max_streams),
        rates=RateTracker({"api": scenario.rate}, clock=clock),
        retry=RetryPolicy(base=0.5, jitter=lambda delay: delay),
        base_url="https://api.bitbucket.org/2.0" if fake is None else fake.url,
    )
    return world


@define(frozen=True)
class Ran:
    """How one run went."""

    steps: int
    """From the start of the call to its end."""
    was_cancelled: bool


async def run_once(
    scenario: Scenario, cancel_at: int | None, *, latency: int = 3, fake: FakeCloud | None = None
) -> Ran:
    """Run a scenario, cancel its call at a step, and complain of whatever is left."""
    world, complaints = _world(scenario, latency, fake), list[Any]()
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
    world.clock.get_loop().call_soon(world.clock.run)
    try:
        ran = await _run(world, scenario, cancel_at)
    finally:
        await world.bb.close()
        if world.http is not None:
            await world.http.close()
        world.clock.stop()
        await pause(2)
    assert not complaints, complaints
    return ran


async def _run(world: World, scenario: Scenario, cancel_at: int | None) -> Ran:
    clock, before = world.clock, asyncio.all_tasks()
    if scenario.prepare is not None:
        await scenario.prepare(world)
    started, cancels = clock.number, list[bool]()
    task = asyncio.ensure_future(scenario.call(world))
    if cancel_at is not None:
        clock.at_step[started + 1 + cancel_at] = lambda: cancels.append(task.cancel())
    steps = await _ended(clock, [task])
    assert cancels != [True] or task.cancelled(), f"the cancellation at step {cancel_at} was swallowed"
    assert cancels != [True] or steps - (cancel_at or 0) <= PROMPT, f"it took {steps} steps to end"
    if not task.cancelled():
        task.result()
    _nobody_waits_who_has_left(world)
    await _ended(clock, world.others)
    for other in world.others:
        assert other.exception() is None or isinstance(other.exception(), world.expected), repr(other.exception())
    await _nothing_is_left(world, before)
    await _ended(clock, [asyncio.ensure_future((world.after or world.bb).request("GET", "/user"))])
    await _nothing_is_left(world, before)
    world.judge()
    return Ran(steps, task.cancelled())


async def _ended(clock: Steps, tasks: Sequence[asyncio.Future[Any]]) -> int:
    """Wait until tasks have ended and return the steps that took."""
    started, began = clock.number, time.monotonic()
    while not all(task.done() for task in tasks):
        # the system takes its time with sockets, whatever the steps of the loop meanwhile
        assert clock.number - started < PATIENCE or time.monotonic() - began < 20, (
            f"hangs: {[task for task in tasks if not task.done()]}"
        )
        await asyncio.sleep(0)
    return clock.number - started


def _nobody_waits_who_has_left(world: World) -> None:
    limiter, running = world.bb.limiter, sum(not task.done() for task in world.others) + len(world.bb._tasks)
    assert limiter.in_flight + limiter.waiting <= running
    assert sum(state.waiting for state in world.bb.rates.snapshot()) <= running


async def _nothing_is_left(world: World, before: set[asyncio.Task[Any]]) -> None:
    limiter, pipeline, started = world.bb.limiter, world.bb._pipeline, world.clock.number
    while world.bb._tasks or (world.http is None and asyncio.all_tasks() - before):
        assert world.clock.number - started < PATIENCE, f"left: {asyncio.all_tasks() - before}"
        await asyncio.sleep(0)
    assert (limiter.in_flight, limiter.waiting) == (0, 0)
    assert (limiter.open_streams.in_flight, limiter.open_streams.waiting) == (0, 0)
    assert [state.waiting for state in world.bb.rates.snapshot()] == [0] * len(world.bb.rates.snapshot())
    for bucket in pipeline._buckets.values():
        assert (bucket.in_flight, bucket._in_background, len(bucket.line)) == (0, 0, 0)
        assert bucket.pause.next_probe < bucket.clock.now(), "nobody is waited for"
    assert not pipeline.closing._futures
    assert world.server.open == 0
    if world.http is not None:
        await pause(20)  # aiohttp lets go of a connection once its writer has ended
        taken: set[object] = getattr(world.http.connector, "_acquired")  # noqa: B009 - aiohttp has no public way
        assert not taken, "every connection was given back"


@asynccontextmanager
async def served(scenario: Scenario) -> AsyncGenerator[FakeCloud | None]:
    """Start the fake of a scenario that runs over sockets; bodies of its lists come in two parts."""
    if not scenario.over_sockets:
        yield None
        return
    async with FakeCloud(workspaces=1, repositories=1, commits=30, pull_requests=1, limit=10**9) as fake:
        fake.faults.add(Fault("slow_body", path="*/commits", seconds=0.0005, times=None))
        yield fake
