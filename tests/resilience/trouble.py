"""What the tests of trouble share: a small fake, a session that is looked over at its end, and hurried waits."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterable, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import aiohttp
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from attrs import define, frozen

from bbasync import (
    ApiToken,
    BitbucketError,
    CloudSession,
    DecodeError,
    RateLimitError,
    RateTracker,
    ResponseError,
    ResponseEvent,
    ServerError,
    Timeouts,
    TransportError,
)
from bbasync.rate import Clock, Timer
from bbasync.retry import retry_delay
from bbasync.testing import FakeCloud, Fault
from bbasync.transport import AiohttpTransport
from tests.virtual import forward, settle
from tests.waiting import PATIENCE

HURRY = 10_000
"""How many times faster the waits for budgets and retries go by."""
LATE = 2 * Timeouts().read
"""Seconds that a slow answer takes: more than anybody waits."""
MAX_BODY = 200_000
LARGE = 400_000


class JumpingClock(Clock):
    """A clock that stands still until somebody waits for it, then jumps; `wall` may be set to jump as well.

    For one call at a time: the next instant that is waited for comes at once, whatever is still under way.
    """

    def __init__(self) -> None:
        self.time = self.start = 1000.0
        self.anchor: float | None = None
        self.of_day = datetime(2026, 11, 1, 12, tzinfo=UTC)

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return self.of_day.timestamp()

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        def jump() -> None:
            self.time = max(self.time, when)
            callback()

        loop = self._get_loop()
        if self.anchor is None:
            self.anchor = loop.time()
        # from one anchor, so that what is due earlier comes earlier, however late the loop is
        return loop.call_at(self.anchor + (when - self.start) / HURRY, jump)


def hurried(waits: list[float]) -> Callable[..., float]:
    """Return what stands in for `retry_delay`: it keeps what was to be waited, and hardly waits."""

    def delay(*args: Any, **kwargs: Any) -> float:
        waits.append(retry_delay(*args, **kwargs))
        return min(waits[-1], 100) / HURRY

    return delay


def small_cloud(**options: Any) -> FakeCloud:
    """Return a fake with one repository, acme/api."""
    given: dict[str, Any] = {"workspaces": 1, "repositories": 1, "commits": 30, "pull_requests": 3, "limit": 10_000}
    return FakeCloud(**given | options)


@define(eq=False)
class Watched:
    """A session, and what it did."""

    bb: CloudSession
    fake: FakeCloud
    attempts: list[ResponseEvent]
    clock: JumpingClock

    def seen(self, method: str = "", path: str = "") -> int:
        """Count the requests that the server has seen."""
        return sum(
            request.method.startswith(method) and request.path_qs.partition("?")[0].endswith(path)
            for request in self.fake.requests
        )


@asynccontextmanager
async def watched(
    fake: FakeCloud, connector: aiohttp.TCPConnector | None = None, *, url: str | None = None, **options: Any
) -> AsyncGenerator[Watched]:
    """Open a session on a started fake, and let late answers be late; at its end nothing may be left of its calls."""
    clock = options.pop("clock", None) or JumpingClock()
    attempts: list[ResponseEvent] = []
    timeouts = options.pop("timeouts", Timeouts())
    is_counted = "rates" not in options
    async with aiohttp.ClientSession(connector=connector or aiohttp.TCPConnector(limit=0)) as http:
        async with CloudSession(
            ApiToken(fake.email, fake.token),
            base_url=url or fake.url,
            transport=AiohttpTransport(http, timeouts=timeouts, max_body=MAX_BODY),
            rates=options.pop("rates", None) or RateTracker(clock=clock),
            on_response=attempts.append,
            **options,
        ) as bb:
            with late_answers():
                yield Watched(bb, fake, attempts, clock)
        await settle()  # aiohttp lets go of a connection once its writer has ended, a step later
        assert (bb.limiter.in_flight, bb.limiter.waiting, bb.limiter.streams) == (0, 0, 0)
        states = bb.rates.snapshot()
        assert [state.waiting for state in states] == [0] * len(states)
        if is_counted:
            assert sum(state.spent for state in states) == len(attempts), "every attempt has cost one token"
        taken: set[object] = getattr(http.connector, "_acquired")  # noqa: B009 - aiohttp has no public way
        assert not taken, "every connection was given back"


@contextmanager
def late_answers() -> Generator[None]:
    """Let time pass at once where a fake makes an answer wait for `LATE`, so that its client has given up by then."""

    async def sleep(seconds: float) -> None:
        if seconds == LATE:
            await settle()  # what was sent before the wait has arrived
            forward(Timeouts().read)
        await asyncio.sleep(seconds)

    with mock.patch("bbasync.testing.faults.asyncio", SimpleNamespace(sleep=sleep)):
        yield


@contextmanager
def elsewhere(fake: FakeCloud) -> Generator[asyncio.AbstractEventLoop]:
    """Run a fake in a thread of its own, where it goes on while the test's loop is blocked, and yield its loop."""
    started: Future[asyncio.AbstractEventLoop] = Future()
    ended = threading.Event()

    async def serve() -> None:
        async with fake:
            started.set_result(asyncio.get_running_loop())
            await asyncio.to_thread(ended.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        yield started.result(PATIENCE)
    finally:
        ended.set()
        thread.join()


def nothing_runs() -> bool:
    """Return whether the test is the only task of the loop."""
    return asyncio.all_tasks() == {asyncio.current_task()}


@define
class Resolver(AbstractResolver):
    """Answers for any name with what `answers` gives: an address, or None where the name is not known."""

    answers: Iterator[str | None]
    asked: int = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked += 1
        address = next(self.answers)
        if address is None:
            raise OSError(None, "Temporary failure in name resolution")
        return [ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None:
        pass


HERE = "127.0.0.1"
NOBODY = "127.0.0.9"
"""A loopback address on which no fake listens: connections are refused."""


def by_name(answers: Iterable[str | None]) -> aiohttp.TCPConnector:
    """Return a connector that asks for the server's address before every request."""
    return aiohttp.TCPConnector(resolver=Resolver(iter(answers)), use_dns_cache=False, force_close=True, limit=0)


def named(fake: FakeCloud) -> str:
    """Return the base URL with a name in place of the address."""
    return fake.url.replace(HERE, "localhost")


# -- single calls -----------------------------------------------------------------------------------------------------


@frozen
class Operation:
    """One call on acme/api, and what it leaves on the server."""

    name: str
    method: str
    call: Callable[[CloudSession, Path], Coroutine[Any, Any, object]]
    result: object = None
    """What the call returns; None for what is new each time."""
    repeatable: bool = False
    writes: str = ""
    """The resource, as `world.counts()` names it, that each handled request adds one to."""

    def written(self, fake: FakeCloud) -> int:
        """Count what there is of the resource."""
        return fake.world.counts()[self.writes] if self.writes else 0


async def _get(bb: CloudSession, _file: Path) -> object:
    return (await bb.pull_requests.get("acme", "api", 1)).id


async def _put(bb: CloudSession, _file: Path) -> object:
    return (await bb.pull_requests.update("acme", "api", 1, title="Another title")).title


async def _post(bb: CloudSession, _file: Path) -> object:
    return (await bb.pull_requests.create_comment("acme", "api", 1, content="once")).content.text


async def _upload(bb: CloudSession, file: Path) -> object:
    return await bb.source.create_commit("acme", "api", files={"file.bin": file}, message="Upload once")


GET = Operation("get", "GET", _get, 1, repeatable=True)
PUT = Operation("put", "PUT", _put, "Another title", repeatable=True)
POST = Operation("post", "POST", _post, "once", writes="comments")
UPLOAD = Operation("upload", "POST", _upload, writes="commits")
OPERATIONS = (GET, PUT, POST, UPLOAD)


# -- what each fault does to each operation ---------------------------------------------------------------------------

UNKNOWN = "whether it took effect is unknown: check before you repeat it"
TRIES = 4


@frozen
class Case:
    """What an operation comes to when a fault strikes once, and when it strikes every time."""

    name: str
    fault: dict[str, Any]
    operation: Operation
    once: int | None
    """Requests after which it succeeds; None if it fails at the first."""
    error: type[BitbucketError] | None
    """Of the fault that stays; of the first one too, where `once` is None. None if it succeeds all the same."""
    says: str = ""
    requests: int = 1
    """With the fault that stays."""
    handled: bool = False
    """Whether the server carries the request out though it spoils the answer."""


def _for_all(
    name: str,
    error: type[BitbucketError],
    says: str,
    *,
    handled: bool = False,
    but: tuple[Operation, ...] = (),
    **fault: Any,
) -> Iterator[Case]:
    """Repeat what may be repeated; of the rest the outcome is unknown after one request."""
    for operation in OPERATIONS:
        if operation in but:
            continue
        if operation.repeatable:
            yield Case(name, fault, operation, 2, error, says, TRIES, handled=handled)
        else:
            yield Case(name, fault, operation, None, error, f"{says}.*{UNKNOWN}", handled=handled)


def cases() -> Iterator[Case]:
    """Give all faults for all operations."""
    yield from _broken()
    yield from _spoilt()
    for operation in OPERATIONS:
        yield from _refused(operation)
        yield Case("content type", {"kind": "content_type"}, operation, 1, None)
        for name in ("gzip_bomb", "oversized"):
            says = "larger than .* smaller pages" + ("" if operation.repeatable else f".*{UNKNOWN}")
            yield Case(name, {"kind": name, "size": LARGE}, operation, None, TransportError, says)
    yield Case("redirects", {"kind": "redirect_loop"}, GET, 2, TransportError, "redirected more than 5 times", 6)
    for operation in (PUT, POST, UPLOAD):
        words = f"a {operation.method} is not sent to another address"
        yield Case("redirects", {"kind": "redirect_loop"}, operation, None, TransportError, words)


EMPTY = (UPLOAD,)
"""The answer to one has no body that could be slow, or cut short."""


def _broken() -> Iterator[Case]:
    broke, late = "the connection broke", "timed out"
    yield from _for_all("reset before", TransportError, broke, kind="disconnect")
    yield from _for_all("reset after", TransportError, broke, kind="disconnect", with_effect=True, handled=True)
    yield from _for_all("reset in the body", TransportError, broke, kind="disconnect_body", handled=True, but=EMPTY)
    yield from _for_all("slow headers", TransportError, late, kind="slow_headers", seconds=LATE, handled=True)
    yield from _for_all("slow body", TransportError, late, kind="slow_body", seconds=LATE, handled=True, but=EMPTY)


def _spoilt() -> Iterator[Case]:
    cut = "200|201, but the body is not valid JSON"
    yield from _for_all("truncated JSON", DecodeError, cut, kind="truncated_json", handled=True, but=EMPTY)
    yield from _for_all("HTML", DecodeError, "perhaps a login page", kind="html", but=EMPTY)
    for status, body in ((500, "json"), (502, "text"), (503, "empty"), (504, "html"), (555, "html")):
        yield from _for_all(str(status), ServerError, f"{status}: ", kind="status", status=status, body=body)
    yield from _for_all("500 after", ServerError, "500: ", kind="status", with_effect=True, handled=True)
    yield from _for_all("408", ResponseError, "408: ", kind="status", status=408)


def _refused(operation: Operation) -> Iterator[Case]:
    says = "the server refused requests for group 'api': the next request can be sent in"
    waits: dict[str, Any] = {"kind": "rate_limited", "retry_after": "40"}
    yield Case("429", {"kind": "rate_limited"}, operation, 2, RateLimitError, says, 2)
    yield Case("429 with Retry-After", waits, operation, 2, RateLimitError, says, 2)
    waits = {"kind": "rate_limited", "retry_after": "61"}
    yield Case("429 with a long Retry-After", waits, operation, None, RateLimitError, f"{says} 6[01]")


def fault_of(case: Case, times: int | None) -> Fault:
    options = dict(case.fault)
    kind, handled = options.pop("kind"), options.pop("with_effect", False)
    return Fault(kind, handled=handled, times=times, **options)


async def strike_once(case: Case, file: Path) -> None:
    """Check what the operation comes to when the fault strikes once, and what is left of it."""
    operation = case.operation
    async with small_cloud() as fake:
        before = operation.written(fake)
        fake.faults.add(fault_of(case, 1))
        async with watched(fake) as session:
            if case.once is None:
                assert case.error is not None
                with pytest.raises(case.error, match=case.says) as caught:
                    await operation.call(session.bb, file)
                assert caught.value.template.startswith("/repositories/{workspace}/{repo_slug}/")
                assert session.seen() == len(session.attempts) == 1
            else:
                result = await operation.call(session.bb, file)
                assert result == operation.result or operation.result is None is not result
                assert session.seen() == len(session.attempts) == case.once
        assert fake.faults.struck == 1
        added = case.handled if case.once is None else bool(operation.writes)
        assert operation.written(fake) - before == added * bool(operation.writes)
    assert nothing_runs()


async def strike_always(case: Case, file: Path) -> None:
    """Check what the operation comes to when the fault strikes every time, and what is left of it."""
    operation = case.operation
    async with small_cloud() as fake:
        before = operation.written(fake)
        fake.faults.add(fault_of(case, None))
        async with watched(fake) as session:
            if case.error is None:
                await operation.call(session.bb, file)
            else:
                with pytest.raises(case.error, match=case.says) as caught:
                    await operation.call(session.bb, file)
                if operation.repeatable:
                    assert UNKNOWN not in str(caught.value)
            assert session.seen() == len(session.attempts) == case.requests
        added = bool(operation.writes) and (case.handled or case.error is None)
        assert operation.written(fake) - before == added
    assert nothing_runs()
