"""The deliveries of the fakes' webhooks: signed, sent over a real socket, and repeated as the vendor does."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from collections import deque
from collections.abc import Mapping

import aiohttp
import attrs
from yarl import URL

from bbasync.testing.server import FakeServer, is_loopback, loop_steps

LOG = logging.getLogger("bbasync.testing")
ATTEMPT = "X-Attempt-Number"
LOG_SIZE = 1000
"""Deliveries that the log keeps; older ones are dropped."""
QUIET_STEPS = 100
"""Steps of the event loop after which a receiver that has something to do would have begun a request."""


@attrs.frozen
class WebhookDelivery:
    """One attempt to deliver an event."""

    key: str
    """What happened, such as `repo:push`."""
    url: str
    attempt: int
    """The number of the attempt, from 1."""
    status: int | None
    """What the receiver answered; None where it did not."""
    headers: Mapping[str, str] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)


@attrs.define(eq=False)
class WebhookSender:
    """Sends deliveries, each in a task of its own: they hold nobody up, and may overtake each other.

    A status of 500 or more, a timeout and an error of the connection are followed by another attempt, until there
    were `attempts`.
    """

    attempts: int
    timeout: float
    """Seconds that an attempt may take."""
    delay: float = 0.05
    """Seconds between two attempts, far less than the vendor's, so that tests are fast."""
    loopback_only: bool = False
    """Whether deliveries to other machines are dropped."""
    log: deque[WebhookDelivery] = attrs.field(factory=lambda: deque[WebhookDelivery](maxlen=LOG_SIZE))
    _tasks: set[asyncio.Task[None]] = attrs.field(factory=set["asyncio.Task[None]"])

    def send(self, key: str, url: str, body: bytes, secret: str | None, headers: Mapping[str, str]) -> None:
        """Begin to deliver a body; one with a secret is signed."""
        if not self.may_reach(url):
            LOG.warning("%s is not delivered to %s: this fake serves real source, and only to this machine", key, url)
            return
        sent = {"Content-Type": "application/json", "X-Event-Key": key, **headers}
        if secret:
            sent["X-Hub-Signature"] = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        task = asyncio.get_running_loop().create_task(self._deliver(key, url, body, sent), name="fake-webhooks")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def delivering(self) -> bool:
        """Whether a delivery is under way or waits for its next attempt."""
        return bool(self._tasks)

    def may_reach(self, url: str) -> bool:
        """Tell whether deliveries to a URL are sent."""
        try:
            return not self.loopback_only or is_loopback(URL(url).host)
        except ValueError:
            return False

    async def delivered(self) -> None:
        """Wait until nothing is under way."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Give up what is under way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _deliver(self, key: str, url: str, body: bytes, headers: dict[str, str]) -> None:
        for attempt in range(1, self.attempts + 1):
            if attempt > 1:
                await asyncio.sleep(self.delay)
                headers = headers | {ATTEMPT: str(attempt)}
            tried = await self.post(WebhookDelivery(key, url, attempt, None, headers, body))
            if tried.status is not None and tried.status < 500:
                return

    async def post(self, delivery: WebhookDelivery) -> WebhookDelivery:
        """Make one attempt, and log it."""
        status, timeout = None, aiohttp.ClientTimeout(total=self.timeout)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as http,  # a kept connection would hold up the receiver's end
                http.post(
                    delivery.url, data=delivery.body, headers=delivery.headers, allow_redirects=False
                ) as response,
            ):
                status = response.status
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            pass  # no answer; ValueError is for a URL that is none
        tried = attrs.evolve(delivery, status=status)
        self.log.append(tried)
        return tried


class DeliveringServer(FakeServer):
    """A fake server that tells webhooks what was done to it.

    `webhooks` sends; its `delay` and `timeout` may be set.
    """

    webhooks: WebhookSender

    @property
    def webhook_deliveries(self) -> list[WebhookDelivery]:
        """What was delivered, or tried to: an entry an attempt, the oldest first."""
        return list(self.webhooks.log)

    def catch_up(self) -> None:
        """Let everything happen that the clock has passed."""

    async def delivered(self) -> None:
        """Wait until no delivery is under way, nor waits for its next attempt."""
        self.catch_up()
        await self.webhooks.delivered()

    async def settled(self) -> None:
        """Wait until deliveries, and the requests that receivers make because of them, are over.

        It is for receivers that run in the same event loop, handlers of a `WebhookRouter` among them: once no delivery
        and no request is under way, they are given some steps of the loop to begin the next request. What waits for
        time to pass, such as a retry, is not waited for.
        """
        begun = -1
        self.catch_up()
        while self.webhooks.delivering or self.in_flight or self.begun != begun:
            await self.webhooks.delivered()
            await self._idle.wait()
            begun = self.begun
            await loop_steps(QUIET_STEPS)

    async def redeliver(self, delivery: WebhookDelivery) -> WebhookDelivery:
        """Send a past delivery once more, byte for byte and with the same headers."""
        return await self.webhooks.post(delivery)

    async def stop(self) -> None:
        """Close the socket, and give up the deliveries that are under way."""
        try:
            await super().stop()
        finally:
            await self.webhooks.close()
