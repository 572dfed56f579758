"""A soak: one process asks a faulty fake in many ways, leaves in every way, and is looked at between two rounds."""

from __future__ import annotations

import asyncio
import gc
import os
import random
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, Final, Literal, cast

from attrs import define, field, frozen

from bbasync import (
    ApiToken,
    CloudSession,
    ConcurrencyLimiter,
    DecodeError,
    Paging,
    RateTracker,
    ResponseEvent,
    Rolling,
    ServerError,
    TransportError,
    aio,
)
from bbasync.testing import FakeCloud, Faults
from bbasync.testing.cloud.rate import RateLimit
from bbasync.testing.faults import PASSING
from tests.virtual import forward, loop_clock, settle
from tests.waiting import until

LIMIT: Final = 300
WINDOW: Final = 10.0
STEP: Final = 0.02
"""Seconds that pass with each turn of the loop: so the wall hardly counts, and a busy machine is a slow one."""
WORKERS: Final = 12
EXPECTED: Final = (TransportError, ServerError, DecodeError)
"""What the server's faults may end in when four tries did not help."""

Action = Callable[["Soak", random.Random], Awaitable[object]]


@frozen
class Figures:
    """What the process holds while nothing is under way."""

    tasks: int
    files: int
    megabytes: float


def figures() -> Figures:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return Figures(
        tasks=len([task for task in asyncio.all_tasks() if not _serves_a_connection(task)]),
        files=len(list(Path("/proc/self/fd").iterdir())),
        megabytes=pages * os.sysconf("SC_PAGE_SIZE") / 1e6,
    )


def _serves_a_connection(task: asyncio.Task[Any]) -> bool:
    return getattr(task.get_coro(), "__qualname__", "").startswith("RequestHandler.")


@define(eq=False)
class Soak:
    """Rounds of `seconds` each; `complaints` holds whatever should not have happened."""

    fake: FakeCloud
    chance: random.Random
    limiter: ConcurrencyLimiter = field(init=False, factory=ConcurrencyLimiter)
    rates: RateTracker = field(init=False)
    bb: CloudSession = field(init=False)
    """Open from the first round to the last."""
    complaints: list[str] = field(init=False, factory=list[str])
    done: Counter[str] = field(init=False, factory=Counter[str])
    """How often each action went to its end, was cancelled, or failed as expected."""
    attempts: int = 0
    answered: int = 0
    """Attempts, and those of them that got an answer, of all sessions."""
    seen: int = 0
    """Requests that the server has had."""

    def __attrs_post_init__(self) -> None:
        self.rates = RateTracker({"api": Rolling(LIMIT, WINDOW), "raw": Rolling(LIMIT, WINDOW)})
        self.bb = self.session()

    def session(self) -> CloudSession:
        return CloudSession(
            ApiToken(self.fake.email, self.fake.token),
            base_url=self.fake.url,
            limiter=self.limiter,
            rates=self.rates,
            on_response=self.note,
        )

    def note(self, event: ResponseEvent) -> None:
        self.attempts += 1
        self.answered += event.status is not None

    def complain(self, _loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
        self.complaints.append(f"{context.get('message')}: {context.get('exception')!r}")

    # -- a round --------------------------------------------------------------------------------------------------

    async def round(self, is_over: Callable[[], bool]) -> Figures:
        """Work until it is over, then wait until all is quiet, check that nothing is held, and return the figures."""
        self.fake.faults = Faults.random(
            rate=0.04, seed=self.chance.randrange(2**32), kinds=(*PASSING, "rate_limited"), seconds=25 * STEP
        )
        await self.bb.request("POST", "/repositories/acme/uploads", json={"scm": "git"})
        passing = asyncio.create_task(_let_time_pass())
        async with asyncio.TaskGroup() as group:
            for _ in range(WORKERS):
                group.create_task(self._work(is_over))
        passing.cancel()
        self.fake.faults = Faults()
        await self.bb.request("DELETE", "/repositories/acme/uploads")
        await self._quiet()
        await self._check()
        return figures()

    async def _work(self, is_over: Callable[[], bool]) -> None:
        chance = random.Random(self.chance.randrange(2**32))  # noqa: S311 - a test must repeat
        while not is_over():
            action = chance.choice(ACTIONS)
            task = asyncio.ensure_future(action(self, chance))
            if cancelled := chance.random() < 0.4:
                await asyncio.sleep(chance.random() * 60 * STEP)
                cancelled = task.cancel()
            await asyncio.wait([task])
            self._judge(action, task, cancelled=cancelled)

    def _judge(self, action: Action, task: asyncio.Future[object], *, cancelled: bool) -> None:
        name = cast("Any", action).__name__
        if task.cancelled():
            self.done[f"{name} cancelled"] += 1
            if not cancelled:
                self.complaints.append(f"{name}: cancelled by nobody")
        elif (error := task.exception()) is None:
            self.done[name] += 1
        elif _is_expected(error):
            self.done[f"{name} failed"] += 1
        else:
            self.complaints.append(f"{name}: {error!r}")

    async def _quiet(self) -> None:
        """Wait for the server to see that its clients have gone, and for all tokens to come back."""

        def is_quiet() -> bool:
            gc.collect()  # listings that were just left close themselves when they are collected
            return not self.fake.in_flight and not self.fake.files.in_flight

        await until(is_quiet, "no request under way")
        await settle()
        forward(1.01 * WINDOW)  # a token is kept a little longer than its window
        self.seen += len(self.fake.requests) + len(self.fake.files.requests)
        self.fake.requests.clear()
        self.fake.files.requests.clear()

    async def _check(self) -> None:
        assert (self.limiter.in_flight, self.limiter.waiting, self.limiter.streams) == (0, 0, 0)
        assert [state for state in self.rates.snapshot() if state.spent or state.waiting] == []
        assert self.answered <= self.seen <= self.attempts, "the server had no request that was not counted"
        before = self.fake.rate.served
        await asyncio.gather(*(self.bb.request("GET", "/user") for _ in range(20)))
        assert self.fake.rate.served - before == 20
        assert sum(state.spent for state in self.rates.snapshot()) == 20
        assert self.complaints == [], "\n".join(self.complaints)


async def _let_time_pass() -> None:
    while True:
        forward(STEP)
        await asyncio.sleep(0)


def _is_expected(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(_is_expected(one) for one in cast("BaseExceptionGroup[BaseException]", error).exceptions)
    return isinstance(error, EXPECTED)


@asynccontextmanager
async def soaking(seed: int) -> AsyncGenerator[Soak]:
    """Open a fake, a session and the soak that uses them."""
    async with FakeCloud(
        seed=seed, workspaces=2, repositories=3, commits=150, pull_requests=30, limit=LIMIT, window=WINDOW
    ) as fake:
        limits = fake.rate.limits | {"files": LIMIT}
        fake.rate = RateLimit(limits=limits, window=fake.rate.window, clock=loop_clock())
        soak = Soak(fake, random.Random(seed))  # noqa: S311 - a test must repeat
        asyncio.get_running_loop().set_exception_handler(soak.complain)
        gc.collect()
        gc.freeze()  # what other tests have left takes long to look through
        try:
            async with soak.bb:
                yield soak
        finally:
            gc.unfreeze()
    gc.collect()
    assert soak.complaints == [], "\n".join(soak.complaints)


# -- what is done -----------------------------------------------------------------------------------------------------


def _repository(chance: random.Random) -> tuple[str, str]:
    return chance.choice(["acme", "globex"]), chance.choice(["api", "web", "docs"])


def _commits(bb: CloudSession, chance: random.Random, *, prefetch: bool) -> AsyncGenerator[Any]:
    paging = Paging(size=chance.choice([10, 25, 100]), prefetch=prefetch)
    return bb.commits.list(*_repository(chance), paging=paging)


async def _list_to_the_end(soak: Soak, bb: CloudSession, chance: random.Random) -> None:
    name = _repository(chance)
    paging = Paging(size=chance.choice([10, 25, 100]), prefetch=chance.random() < 0.5)
    async with aclosing(bb.commits.list(*name, paging=paging)) as listing:
        hashes = [commit.hash async for commit in listing]
    repository = soak.fake.world.repository(*name)
    there = len(repository.history.walk(repository.branches.values()))
    assert len(hashes) == len(set(hashes)) == there > 150, "each commit once"


async def list_to_the_end(soak: Soak, chance: random.Random) -> None:
    await _list_to_the_end(soak, soak.bb, chance)


async def break_off(soak: Soak, chance: random.Random) -> None:
    count = chance.randrange(40)
    async for _ in _commits(soak.bb, chance, prefetch=False):  # left as people leave it: without closing it
        if not count:
            break
        count -= 1


async def break_off_while_it_looks_ahead(soak: Soak, chance: random.Random) -> None:
    count = chance.randrange(40)
    async with aclosing(_commits(soak.bb, chance, prefetch=True)) as listing:
        async for _ in listing:
            if not count:
                break
            count -= 1


async def break_off_carelessly_while_it_looks_ahead(soak: Soak, chance: random.Random) -> None:
    async for _ in _commits(soak.bb, chance, prefetch=True):
        break


async def read_a_file(soak: Soak, chance: random.Random) -> None:
    await soak.bb.source.read(*_repository(chance), "main", "README.md")


async def leave_a_file_early(soak: Soak, chance: random.Random) -> None:
    async with soak.bb.source.open(*_repository(chance), "main", "README.md") as stream:
        async for _ in stream:
            break
        await soak.bb.users.get_current()


async def download(soak: Soak, chance: random.Random) -> None:
    template = "/repositories/{workspace}/{repo_slug}/downloads/{filename}"
    arguments = (*_repository(chance), "release-1.0.zip")
    request = soak.bb._build(f"GET {template}", arguments, group="raw", accept="*/*", leaves_origin=True)
    async with soak.bb._stream(request) as stream:
        if chance.random() < 0.5:
            await stream.read()


async def merge(soak: Soak, chance: random.Random) -> None:
    sources = ((str(number), _commits(soak.bb, chance, prefetch=number % 2 == 0)) for number in range(5))
    count = chance.randrange(1200)
    on_error: Literal["raise", "collect"] = "raise" if chance.random() < 0.5 else "collect"
    async with aio.merge(sources, concurrency=3, buffer=20, on_error=on_error) as items:
        async for _ in items:
            if not count:
                break
            count -= 1


async def upload(soak: Soak, chance: random.Random) -> None:
    await soak.bb.source.create_commit("acme", "uploads", files={f"{chance.random()}.txt": b"x" * 1000}, branch="main")


async def open_and_close_a_session(soak: Soak, chance: random.Random) -> None:
    """Close it while it is at work, as often as not."""
    async with soak.session() as short:
        work = asyncio.gather(*(_list_to_the_end(soak, short, chance) for _ in range(3)), return_exceptions=True)
        await asyncio.wait([work], timeout=chance.random() * 250 * STEP)
    for end in await work:
        if isinstance(end, BaseException) and not _is_expected(end) and "closed" not in str(end):
            raise end


ACTIONS: Final[list[Action]] = [
    list_to_the_end,
    break_off,
    break_off_while_it_looks_ahead,
    break_off_carelessly_while_it_looks_ahead,
    read_a_file,
    leave_a_file_early,
    download,
    merge,
    upload,
    open_and_close_a_session,
]
