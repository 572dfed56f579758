"""A router: it checks deliveries, answers at once, and runs the handlers afterwards."""

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
"""How many ids of requests are kept: some megabytes, and half an hour at ten deliveries a second."""


class WebhookRouter:
    """Accepts the deliveries of webhooks and runs handlers of their events.

    Bitbucket gives up after ten seconds. So `accept` checks a delivery, puts its event into a queue and returns at
    once; `workers` tasks run the handlers, those of one event one after another. With more than one worker, events may
    overtake each other. When `queue` events wait, a delivery is refused with 503, and Bitbucket sends it again.

    `secret` is that of the webhooks, or several while one replaces another; None leaves the signature unchecked.
    `max_size` limits the body, in bytes. `on_error` is called with the event and the exception where a handler fails;
    the other handlers run all the same.

    The router runs inside `async with`, between `start` and `close`, or with an application of aiohttp (`attach`).
    Closing refuses new deliveries and waits until the handlers have done the accepted ones. With `drain_timeout`, it
    waits that many seconds, then cancels; `on_error` gets each event that was given up, with a CancelledError.

    A request whose id was accepted before is answered with 200 and dropped. That is for Bitbucket's own repetitions:
    the id is not signed, so it stops nobody who has seen a signed delivery.
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
        del secret  # tracebacks with local variables show it
        self._max_size = max_size
        self._size = queue
        self._count = workers
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
        """Register an async function for events: by class, by a base of classes, or by key.

        In a key, `*` stands for anything: `pullrequest:*`; `*` alone gets all events, unknown ones too.
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
        """Check a delivery, queue its event, and return the status to answer with.

        200: accepted, or nothing to do; 503: not now, the queue is full or the router is closing; 400, 403, 413: no
        event, no signature of ours, too large. `body` is the body as it came. Call it in the event loop of the router.
        """
        if self._loop is None and not self._closing:
            raise RuntimeError("the router is not started: use `async with router`, `start` or `attach`")
        if self._loop not in {None, asyncio.get_running_loop()}:
            raise RuntimeError("the router was started in another event loop")
        found = lowered(headers)
        try:
            event = read(found, body, self._keys, self._max_size)
        except WebhookError as error:
            if _is_unsigned_ping(found, error):
                return 200
            log.warning("refused a delivery: %s", error)
            return error.status
        return self._put(event)

    def _put(self, event: Event) -> int:
        delivery = event.delivery
        if delivery.request_id in self._seen or not self._handlers_of(event):
            return 200
        if self._closing or self._queue.full():
            why = "the router is closing" if self._closing else "the queue is full"
            log.warning("refused %s (request %s): %s", delivery.event_key, delivery.request_id, why)
            return 503
        self._queue.put_nowait(event)
        if delivery.request_id:
            self._seen[delivery.request_id] = None
            if len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
        return 200

    async def handler(self, request: web.Request) -> web.Response:
        """Answer a request of aiohttp.web."""
        return web.Response(status=self.accept(request.headers, await request.read()))

    def attach(self, app: web.Application, path: str) -> None:
        """Serve `POST path` of an aiohttp application, and run with it."""

        async def running(_app: web.Application) -> AsyncGenerator[None]:
            async with self:
                yield

        app.router.add_post(path, self.handler)
        app.cleanup_ctx.append(running)

    # -- running ------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start the workers; after `close` it may be started again."""
        if self._loop is not None:
            raise RuntimeError("the router is started already")
        self._loop = asyncio.get_running_loop()
        self._queue = asyncio.Queue(self._size)
        self._closing = False
        self._workers = [self._loop.create_task(self._work(), name="bbasync-webhooks") for _ in range(self._count)]

    async def close(self) -> None:
        """Refuse new deliveries, and wait until the handlers have done the accepted ones."""
        if self._loop is None:
            return
        self._closing = True
        try:
            async with asyncio.timeout(self._drain_timeout):
                await self._queue.join()
        except TimeoutError:
            log.warning("the handlers have not done in %s seconds, they are cancelled", self._drain_timeout)
        finally:
            await self._stop()

    async def _stop(self) -> None:
        for worker in self._workers:
            worker.cancel()
        await asyncio.wait(self._workers)
        while not self._queue.empty():
            self._report(self._queue.get_nowait(), asyncio.CancelledError("the router was closed before"))
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
                    await self._run(handler, event)
            finally:
                self._queue.task_done()

    async def _run(self, handler: Handler[Any], event: Event) -> None:
        try:
            await handler(event)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises stays its own
            self._report(event, error)
        except asyncio.CancelledError as error:
            self._report(event, error)
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise  # ours; else something the handler had awaited was cancelled

    def _report(self, event: Event, error: BaseException) -> None:
        delivery = event.delivery
        log.error("a handler of %s (request %s) failed", delivery.event_key, delivery.request_id, exc_info=error)
        if self._on_error is None:
            return
        try:
            self._on_error(event, error)
        except Exception:
            log.exception("on_error failed at %s (request %s)", delivery.event_key, delivery.request_id)


def _is_unsigned_ping(headers: Mapping[str, str], error: WebhookError) -> bool:
    """Tell whether it is Data Center's `Test connection`, which is sent before the webhook has its secret."""
    return (
        isinstance(error, SignatureError)
        and headers.get("x-event-key") == DiagnosticsPing.key
        and "x-hub-signature" not in headers
    )
