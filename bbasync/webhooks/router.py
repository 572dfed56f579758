"""A router that checks deliveries, responds at once, and runs the handlers afterwards."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar, overload

from aiohttp import web

from bbasync.errors import SignatureError, WebhookError

from .datacenter import DiagnosticsPing
from .events import Event
from .parsing import lowered, read
from .signature import keys_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping
    from types import TracebackType

    from .signature import SecretLike

__all__ = ["Handler", "OnError", "WebhookRouter"]

E = TypeVar("E", bound=Event)
Handler = Callable[[E], Awaitable[object]]
OnError = Callable[[Event, BaseException], object]
log = logging.getLogger("bbasync.webhooks")

_REMEMBERED: Final = 20_000
"""Number of request IDs kept: a few megabytes, enough for half an hour at ten deliveries per second."""


class WebhookRouter:
    """Accepts webhook deliveries and runs the handlers of their events.

    Bitbucket times out after ten seconds, so `accept` checks a delivery, queues its event and returns at once.
    `workers` tasks run the handlers, those of one event one after another. With more than one worker, events can be
    handled out of order. If `queue` events are waiting, a delivery is refused with 503, and Bitbucket sends it again.

    `secret` is the secret of the webhooks, or several secrets while one replaces another; None disables the signature
    check. `max_size` limits the body, in bytes. If a handler fails, `on_error` is called with the event and the
    exception; the other handlers still run.

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
        workers: int = 8,
        drain_timeout: float | None = None,
        on_error: OnError | None = None,
    ) -> None:
        if queue < 1 or workers < 1:
            raise ValueError(f"queue and workers must be at least 1, got {queue} and {workers}")
        self._keys = None if secret is None else keys_of(secret)
        del secret  # tracebacks with local variables would show it
        self._max_size = max_size
        self._queue_size = queue
        self._worker_count = workers
        self._drain_timeout = drain_timeout
        self._on_error = on_error
        self._handlers: list[tuple[str | type[Event], Handler[Any]]] = []
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queue: asyncio.Queue[Event] = asyncio.Queue()
        self._workers: list[asyncio.Task[None]] = []
        self._closing = False

    # -- handlers -----------------------------------------------------------------------------------------------------

    @overload
    def on(self, event: type[E], /) -> Callable[[Handler[E]], Handler[E]]: ...
    @overload
    def on(self, event: str, /) -> Callable[[Handler[Event]], Handler[Event]]: ...
    def on(self, event: str | type[Event], /) -> Callable[[Handler[Any]], Handler[Any]]:
        """Register an async function as a handler of events: by class, by base class, or by key.

        In a key, `*` matches anything, as in `pullrequest:*`; `*` alone matches all events, including unknown ones.
        """

        def register(handler: Handler[Any]) -> Handler[Any]:
            self._handlers.append((event, handler))
            return handler

        return register

    def _handlers_of(self, event: Event) -> list[Handler[Any]]:
        key = event.delivery.event_key
        return [
            handler
            for wanted, handler in self._handlers
            if (fnmatchcase(key, wanted) if isinstance(wanted, str) else isinstance(event, wanted))
        ]

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
            if _is_unsigned_ping(by_name, error):
                return 200
            log.warning("refused a delivery: %s", error)
            return error.status
        return self._enqueue(event)

    def _enqueue(self, event: Event) -> int:
        delivery = event.delivery
        if delivery.request_id in self._seen or not self._handlers_of(event):
            return 200
        if self._closing or self._queue.full():
            reason = "the router is closing" if self._closing else "the queue is full"
            log.warning("refused %s (request %s): %s", delivery.event_key, delivery.request_id, reason)
            return 503
        self._queue.put_nowait(event)
        if delivery.request_id:
            self._seen[delivery.request_id] = None
            if len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
        return 200

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
        self._closing = False
        self._workers = [
            self._loop.create_task(self._work(), name="bbasync-webhooks") for _ in range(self._worker_count)
        ]

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
            self._report(self._queue.get_nowait(), asyncio.CancelledError("the router was closed first"))
        self._loop = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.close()

    async def _work(self) -> None:
        task = asyncio.current_task()
        while task is not None and not task.cancelling():
            event = await self._queue.get()
            try:
                for handler in self._handlers_of(event):
                    await self._run_handler(handler, event)
            finally:
                self._queue.task_done()

    async def _run_handler(self, handler: Handler[Any], event: Event) -> None:
        try:
            await handler(event)
        except Exception as error:  # noqa: BLE001 - handlers may raise anything
            self._report(event, error)
        except asyncio.CancelledError as error:
            self._report(event, error)
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise  # the worker was cancelled; otherwise only something that the handler awaited

    def _report(self, event: Event, error: BaseException) -> None:
        delivery = event.delivery
        log.error("a handler of %s (request %s) failed", delivery.event_key, delivery.request_id, exc_info=error)
        if self._on_error is None:
            return
        try:
            self._on_error(event, error)
        except Exception:
            log.exception("on_error failed for %s (request %s)", delivery.event_key, delivery.request_id)


def _is_unsigned_ping(headers: Mapping[str, str], error: WebhookError) -> bool:
    """Return whether it is Data Center's `Test connection`, which is sent before the webhook has its secret."""
    return (
        isinstance(error, SignatureError)
        and headers.get("x-event-key") == DiagnosticsPing.key
        and "x-hub-signature" not in headers
    )
