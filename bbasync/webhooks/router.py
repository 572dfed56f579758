"""A router that checks deliveries, responds at once, and runs the handlers afterwards."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar, overload

from aiohttp import web

from bbasync.cloud import watch
from bbasync.errors import SignatureError, WebhookError

from .cloud import PullRequestEvent
from .datacenter import DiagnosticsPing
from .events import Event, printable
from .parsing import lowered, read
from .refusals import Refusals
from .signature import keys_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping
    from types import TracebackType

    from bbasync.cloud import CloudSession
    from bbasync.cloud.models import PullRequest

    from .signature import SecretLike

__all__ = ["Handler", "OnError", "WebhookRouter"]

E = TypeVar("E", bound=Event)
E1 = TypeVar("E1", bound=Event)
E2 = TypeVar("E2", bound=Event)
E3 = TypeVar("E3", bound=Event)
Handler = Callable[[E], Awaitable[object]]
OnError = Callable[[Event, BaseException], object]
log = logging.getLogger("bbasync.webhooks")

_REMEMBERED: Final = 20_000
"""Number of request IDs kept: a few megabytes, enough for half an hour at ten deliveries per second."""


class WebhookRouter:
    """Accepts webhook deliveries and runs the handlers of their events.

    Bitbucket times out after ten seconds, so `accept` checks a delivery, queues its event and returns at once.
    `workers` tasks run the handlers, those of one event one after another. With more than one worker, events can be
    handled out of order. A delivery is refused with 503, which Bitbucket repeats, if `queue` events are waiting, or if
    the bodies of the events that are not yet handled would exceed `queue_bytes`. An event takes about four times the
    memory of its body.

    `secret` is the secret of the webhooks, or several secrets while one replaces another; None disables the signature
    check. `max_size` limits the body, in bytes. If a handler fails, `on_error` is called with the event and the
    exception, even SystemExit or KeyboardInterrupt; the other handlers still run.

    The router runs inside `async with`, between `start` and `close`, or with an aiohttp application (`attach`). Closing
    it refuses new deliveries and waits until the accepted ones are handled. With `drain_timeout`, it waits that many
    seconds, then cancels the handlers; `on_error` is called with a CancelledError for each event not fully handled.

    A delivery whose request ID was accepted before gets a 200 and is dropped. This is only for Bitbucket's retries: the
    ID is not signed, so it does not stop anyone from replaying a signed delivery.
    """

    def __init__(
        self,
        *,
        secret: SecretLike | None,
        max_size: int | None = None,
        queue: int = 1000,
        queue_bytes: int = 64 * 2**20,
        workers: int = 8,
        drain_timeout: float | None = None,
        on_error: OnError | None = None,
    ) -> None:
        if min(queue, queue_bytes, workers) < 1:
            raise ValueError(f"queue, queue_bytes and workers must be at least 1, got {queue, queue_bytes, workers}")
        self._keys = None if secret is None else keys_of(secret)
        del secret  # tracebacks with local variables would show it
        self._max_size = max_size
        self._queue_size = queue
        self._queue_bytes = queue_bytes
        self._worker_count = workers
        self._drain_timeout = drain_timeout
        self._on_error = on_error
        self._handlers: list[tuple[tuple[str | type[Event], ...], Handler[Any]]] = []
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queue: asyncio.Queue[tuple[Event, int]] = asyncio.Queue()
        self._bytes = 0  # of the bodies of accepted events that are not yet handled
        self._refusals = Refusals()
        self._workers: list[asyncio.Task[None]] = []
        self._closing = False

    # -- handlers -----------------------------------------------------------------------------------------------------

    @overload
    def on(self, first: type[E1], second: type[E2], /) -> Callable[[Handler[E1 | E2]], Handler[E1 | E2]]: ...
    @overload
    def on(
        self, first: type[E1], second: type[E2], third: type[E3], /
    ) -> Callable[[Handler[E1 | E2 | E3]], Handler[E1 | E2 | E3]]: ...
    @overload
    def on(self, event: type[E], /, *more: type[E]) -> Callable[[Handler[E]], Handler[E]]: ...
    @overload
    def on(self, event: str, /, *more: str) -> Callable[[Handler[Event]], Handler[Event]]: ...
    def on(self, event: str | type[Event], /, *more: str | type[Event]) -> Callable[[Handler[Any]], Handler[Any]]:
        """Register an async function as a handler of events: by class, by base class, or by key.

        An event is passed to the handler once, however many of the arguments match it. The parameter of a handler of
        several classes is their union or their common base class. In a key, `*` matches anything, as in
        `pullrequest:*`; `*` alone matches all events, including unknown ones.
        """
        if not isinstance(event, str | type):  # pyright: ignore[reportUnnecessaryIsInstance]  # a handler, by mistake
            raise TypeError("@router.on takes events: write @router.on(cloud.PullRequestCreated), or a key")

        def register(handler: Handler[Any]) -> Handler[Any]:
            self._handlers.append(((event, *more), handler))
            return handler

        return register

    def _handlers_of(self, event: Event) -> list[Handler[Any]]:
        key = event.delivery.event_key
        return [
            handler
            for wanted, handler in self._handlers
            if any(fnmatchcase(key, each) if isinstance(each, str) else isinstance(event, each) for each in wanted)
        ]

    async def follow(
        self, bb: CloudSession, workspace: str, repo_slug: str, *, every: float = 300.0, start: str | None = None
    ) -> AsyncGenerator[watch.Change[PullRequest]]:
        """Yield each change of the pull requests of a repository once: the missed ones, then new ones.

        Like `bbasync.cloud.watch.pull_requests`, but it polls as soon as a delivery arrives about a pull request of
        the repository. A delivery that was lost or never sent only delays its change, by `every` seconds at most.
        `start` is the cursor of the last change that was handled; without it, following begins now. Comments and
        reviews may not count as changes: register handlers for them.

        Scope: pullrequest (OAuth), read:pullrequest:bitbucket (API token).
        """
        wake = asyncio.Event()

        async def announce(event: PullRequestEvent) -> None:
            repository = event.repository
            if repo_slug in {repository.uuid, (repository.full_name or "").rpartition("/")[2]}:
                wake.set()

        entry = ((PullRequestEvent,), announce)
        self._handlers.append(entry)
        try:
            found = watch.pull_requests(bb, workspace, repo_slug, every=every, start=start, wake=wake)
            async with aclosing(found) as changes:
                async for change in changes:
                    yield change
        finally:
            self._handlers.remove(entry)

    # -- deliveries ---------------------------------------------------------------------------------------------------

    def accept(self, headers: Mapping[str, str], body: bytes) -> int:
        """Check a delivery, queue its event, and return the HTTP status to respond with.

        200: accepted, or nothing to do; 503: the queue is full or the router is closing; 400: not an event; 403:
        missing or wrong signature; 413: too large. `body` is the raw body. Call this in the router's event loop.
        """
        if self._loop is None and not self._closing:
            raise RuntimeError("the router was not started: use `async with router`, `start` or `attach`")
        if self._loop not in {None, asyncio.get_running_loop()}:
            raise RuntimeError("the router was started in another event loop")
        by_name = lowered(headers)
        try:
            event = read(by_name, body, self._keys, self._max_size)
        except WebhookError as error:
            return 200 if _is_unsigned_ping(by_name, error) else self._refuse(error.status, str(error))
        return self._enqueue(event, len(body))

    def _enqueue(self, event: Event, size: int) -> int:
        delivery = event.delivery
        if delivery.request_id in self._seen or not self._handlers_of(event):
            return 200
        if self._closing:
            return self._refuse(503, f"{_label(event)}: the router is closing")
        if self._queue.full() or (self._bytes and self._bytes + size > self._queue_bytes):
            return self._refuse(503, f"{_label(event)}: the queue is full")
        self._queue.put_nowait((event, size))
        self._bytes += size
        if delivery.request_id:
            self._seen[delivery.request_id] = None
            if len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
        return 200

    def _refuse(self, status: int, reason: str) -> int:
        self._refusals.log(status, reason)
        return status

    async def handler(self, request: web.Request) -> web.Response:
        """Handle a request of aiohttp.web."""
        return web.Response(status=self.accept(request.headers, await request.read()))

    def attach(self, app: web.Application, path: str) -> None:
        """Handle `POST path` in an aiohttp application; the router starts and closes with it."""

        async def run_with_app(_app: web.Application) -> AsyncGenerator[None]:
            async with self:
                yield

        app.router.add_post(path, self.handler)
        app.cleanup_ctx.append(run_with_app)

    # -- running ------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start the workers; a closed router can be started again."""
        if self._loop is not None:
            raise RuntimeError("the router is already running")
        self._loop = asyncio.get_running_loop()
        self._queue = asyncio.Queue(self._queue_size)
        self._refusals = Refusals()
        self._closing = False
        self._workers = [
            self._loop.create_task(self._work(), name="bbasync-webhooks") for _ in range(self._worker_count)
        ]

    async def idle(self) -> None:
        """Wait until every accepted event has been handled; a handler cannot wait for this."""
        if asyncio.current_task() in self._workers:
            raise RuntimeError("a handler waits for itself")
        await self._queue.join()

    async def close(self) -> None:
        """Refuse new deliveries, and wait until the accepted ones are handled."""
        if self._loop is None:
            return
        self._closing = True
        try:
            async with asyncio.timeout(self._drain_timeout):
                await self._queue.join()
        except TimeoutError:
            log.warning("the handlers did not finish within %s seconds; they are cancelled", self._drain_timeout)
        finally:
            await self._stop()

    async def _stop(self) -> None:
        for worker in self._workers:
            worker.cancel()
        await asyncio.wait(self._workers)
        while not self._queue.empty():
            event, size = self._queue.get_nowait()
            self._report(event, asyncio.CancelledError("the router was closed first"))
            self._finish(size)
        self._refusals.flush()
        self._loop = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.close()

    async def _work(self) -> None:
        worker = asyncio.current_task()
        while not _is_ending(worker):
            event, size = await self._queue.get()
            try:
                await self._handle(event, worker)
            finally:
                self._finish(size)

    async def _handle(self, event: Event, worker: asyncio.Task[Any] | None) -> None:
        for handler in self._handlers_of(event):
            if _is_ending(worker):  # the handler before has swallowed the cancellation
                self._report(event, asyncio.CancelledError("the router was closed first"))
                return
            try:
                await handler(event)
            except BaseException as error:  # handlers may raise anything, SystemExit too
                self._report(event, error)
                if isinstance(error, (asyncio.CancelledError, GeneratorExit)) and _is_ending(worker):
                    raise  # it ends the worker; otherwise it is the handler's own

    def _finish(self, size: int) -> None:
        self._bytes -= size
        self._queue.task_done()

    def _report(self, event: Event, error: BaseException) -> None:
        log.error("a handler of %s failed", _label(event), exc_info=error)
        if self._on_error is None:
            return
        try:
            self._on_error(event, error)
        except BaseException:  # as above
            log.exception("on_error failed for %s", _label(event))


def _is_ending(worker: asyncio.Task[Any] | None) -> bool:
    """Return whether the current worker was cancelled, or is being closed after its loop."""
    try:
        return asyncio.current_task() is not worker or worker is None or worker.cancelling() > 0
    except RuntimeError:  # no loop is running
        return True


def _label(event: Event) -> str:
    """Return the event key and the request ID for logs; both come from headers."""
    return f"{printable(event.delivery.event_key)} (request {printable(str(event.delivery.request_id))})"


def _is_unsigned_ping(headers: Mapping[str, str], error: WebhookError) -> bool:
    """Return whether it is Data Center's `Test connection`, which is sent before the webhook has its secret."""
    return (
        isinstance(error, SignatureError)
        and headers.get("x-event-key") == DiagnosticsPing.key
        and "x-hub-signature" not in headers
    )
