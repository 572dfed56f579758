"""The path of one call: budget, slot, header, attempt, judge; then repeat, or follow a redirect."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from enum import Enum
from typing import TYPE_CHECKING, Final

from attrs import define, field, frozen

from .auth import AccessToken, Anonymous, ApiToken, BasicAuth, Credential, Expiring
from .concurrency import Closing, ConcurrencyLimiter, Turnstile, release
from .errors import AuthenticationError, BitbucketError, RateLimitError, TransportError
from .rate import Bucket, Outcome, Rate, RateTracker
from .request import Home, RawResponse, Request, Timeouts
from .response import REDIRECTS, Dialect, error_in, redirected
from .retry import RetryBudget, RetryPolicy, named_wait, retry_delay
from .transport import RawStream, Transport, beginning_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from .rate import Token

__all__ = ["CallSettings", "Pipeline", "ResponseEvent"]

log = logging.getLogger("bbasync")

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_MAX_HOPS: Final = 5
_LONGEST_RENEWAL_DELAY: Final = 60.0
_LARGE: Final = 64 * 1024
"""Bytes from which a body is parsed one an iteration of the loop."""


@frozen(kw_only=True)
class ResponseEvent:
    """One attempt, as passed to `on_response`."""

    method: str
    template: str
    status: int | None
    """None if no response arrived."""
    seconds: float
    """Seconds from getting a slot to the last byte of the body."""
    waited: float
    """Seconds spent waiting for the budget."""


@frozen(kw_only=True)
class CallSettings:
    """What may differ from call to call."""

    max_wait: float = 60.0
    """Seconds that a call may wait for its budget in total; infinite for no limit."""
    retry: RetryPolicy = field(factory=RetryPolicy)
    timeouts: Timeouts | None = None
    """None for those of the transport."""
    background: bool = False
    """Whether the call gives way to others on the same budget and slots."""
    on_response: Callable[[ResponseEvent], object] | None = None


class _Kind(Enum):
    ANSWERED = "answered"
    REFUSED = "refused"
    """A 429: the bucket says when to try again."""
    STALE = "stale"
    """Not sent, since a pause had begun."""
    RENEWED = "renewed"
    """A 401, after which the credential was renewed."""
    FAILED = "failed"


@define
class _Attempt:
    """How an attempt ended."""

    kind: _Kind
    response: RawResponse | None = None
    error: BitbucketError | None = None


@define(eq=False)
class _Call:
    """The state of one call over all its attempts and redirects."""

    request: Request
    settings: CallSettings
    stack: AsyncExitStack | None = None
    """Keeps the response of a stream open; None if the body is read at once."""
    stream: RawStream | None = None
    place: int | None = None
    """Its place in the line of its budget, which it keeps."""
    waited: float = 0.0
    authorization: str = field(default="", repr=False)
    """The Authorization header of the last attempt."""
    renewed: bool = False
    uncertain: bool = False
    """Whether a failed attempt may have taken effect."""
    _delays: Iterator[float] | None = None

    @property
    def delays(self) -> Iterator[float]:
        """The delays before its further tries."""
        if self._delays is None:
            self._delays = self.settings.retry.delays()
        return self._delays

    @property
    def remaining(self) -> float:
        """The seconds that the call may still wait."""
        return max(0.0, self.settings.max_wait - self.waited)


@define(eq=False, kw_only=True)
class Pipeline:
    """Sends the calls of one session and its views."""

    home: Home
    origin_url: str
    """Scheme, host and port, which name the budgets."""
    credential: Credential
    transport: Transport
    limiter: ConcurrencyLimiter
    rates: RateTracker
    rate_of: Callable[[str], Rate]
    """The default limit of a rate group."""
    dialect: Dialect
    headers: Mapping[str, str]
    """Header fields of every request to the session's origin."""
    write_headers: Mapping[str, str]
    """Further ones of every request that is not GET, HEAD or OPTIONS."""
    closing: Closing = field(init=False, factory=Closing)
    _retry_budget: RetryBudget = field(init=False, factory=RetryBudget)
    _turnstile: Turnstile = field(init=False, factory=Turnstile)
    _buckets: dict[str, Bucket] = field(init=False, factory=dict[str, "Bucket"])
    has_fixed_credential: bool = field(init=False)
    """Whether the credential is at hand at any time."""
    is_current: Callable[[str], bool] = field(init=False)
    """Returns whether a value of the Authorization header is still the one to send."""
    _vain_renewals: int = field(init=False, default=0)
    """Renewals after a 401 in a row whose new value was refused too."""
    _renew_after: float = field(init=False, default=0.0)

    def __attrs_post_init__(self) -> None:
        self.has_fixed_credential = isinstance(self.credential, ApiToken | AccessToken | BasicAuth | Anonymous)
        self.is_current = self.credential.is_current if isinstance(self.credential, Expiring) else _always

    async def send(self, request: Request, settings: CallSettings) -> RawResponse:
        """Send a request and return the response of a success with its body."""
        return await self._follow(_Call(request, settings))

    @asynccontextmanager
    async def stream(self, request: Request, settings: CallSettings) -> AsyncGenerator[RawStream, None]:
        """Send a request; the body of a success is read by the caller."""
        call = _Call(request, settings)
        await self._take_stream(call)
        try:
            async with AsyncExitStack() as call.stack:
                await self._follow(call)
                assert call.stream is not None  # noqa: S101 - a call with a stack ends with a stream
                yield call.stream
        finally:
            self.limiter.open_streams.release()

    async def _take_stream(self, call: _Call) -> None:
        """Wait for one of the limiter's streams; RateLimitError if that takes more than `max_wait`."""
        streams, settings = self.limiter.open_streams, call.settings
        self.closing.check()
        if streams.take_now():
            return
        max_wait = None if settings.max_wait == math.inf else settings.max_wait
        started = self.rates.clock.now()
        try:
            await streams.take(self.closing, background=settings.background, max_wait=max_wait)
        except TimeoutError:
            raise RateLimitError(
                f"{streams.slots} streams are open, as many as the limiter allows, and none was closed within the "
                f"{settings.max_wait:.1f} s of max_wait",
                **call.request.labels,
                retry_after=settings.max_wait,
            ) from None
        call.waited += self.rates.clock.now() - started

    async def _follow(self, call: _Call) -> RawResponse:
        """Complete a call, and those that redirects lead to."""
        self.closing.check()
        for _ in range(_MAX_HOPS + 1):
            response = await self._complete(call)
            if response.status not in REDIRECTS:
                return response
            call.request = redirected(call.request, response, self.home)
        raise TransportError(f"redirected more than {_MAX_HOPS} times", **call.request.labels)

    async def _complete(self, call: _Call) -> RawResponse:
        """Attempt a call until it is answered; the only place that counts tries and waits between them."""
        tries = 0
        while True:
            attempt = await self._attempt(call, tries + 1)
            if attempt.kind is _Kind.ANSWERED and attempt.response is not None:
                self._retry_budget.earn()
                return attempt.response
            if attempt.kind is not _Kind.FAILED or attempt.error is None:
                continue
            tries += 1
            call.place = None
            if _is_deleted(call, attempt):
                return RawResponse(status=204, headers={}, body=b"", url=call.request.url)
            await self._sleep(self._delay(call, attempt.response, attempt.error, tries))

    def _delay(self, call: _Call, response: RawResponse | None, error: BitbucketError, tries: int) -> float:
        """Return the seconds after which a failed attempt is retried, else raise its error."""
        if self.closing.closed:
            raise error
        named = None if response is None else named_wait(response.headers, self.rates.clock.wall())
        delay = retry_delay(
            call.request,
            error,
            tries=tries,
            policy=call.settings.retry,
            delays=call.delays,
            named=named,
            max_wait=call.remaining,
        )
        if not self._retry_budget.spend():
            raise error
        call.waited += named or 0.0
        call.uncertain = call.uncertain or not isinstance(error, TransportError) or error.sent
        return delay

    async def _sleep(self, seconds: float) -> None:
        clock = self.rates.clock
        future: asyncio.Future[None] = clock.get_loop().create_future()
        timer = clock.call_at(clock.now() + seconds, lambda: release(future))
        try:
            await self.closing.wait(future)
        finally:
            timer.cancel()

    # -- one attempt ----------------------------------------------------------------------------------------------

    async def _attempt(self, call: _Call, number: int) -> _Attempt:
        """Take a token and send the request once; the token is returned whatever happens."""
        at_home = self.home.takes_credential(call.request.url)
        token = await self._take_token(call) if at_home else None
        exchange = _Exchange(self, call, token, number)
        try:
            await exchange.authorize()
            try:
                response = await exchange.run()
            except TransportError as error:
                return _Attempt(_Kind.FAILED, error=error)
        finally:
            if token is not None:
                exchange.return_token(token)
        if response is None:
            return _Attempt(_Kind.STALE)
        if response.status == 429 and token is not None and not response.from_cache:
            return _Attempt(_Kind.REFUSED, response)
        return await self._judge(call, response, at_home=at_home)

    async def _judge(self, call: _Call, response: RawResponse, *, at_home: bool) -> _Attempt:
        """Return what a response means; the credential is renewed after its first 401."""
        if len(response.body) > _LARGE:
            await self._turnstile.wait()
        error = error_in(call.request, response, self.home, self.dialect)
        if error is None:
            if at_home:
                self._vain_renewals = 0
            return _Attempt(_Kind.ANSWERED, response)
        if at_home and isinstance(error, AuthenticationError) and await self._renew(call):
            return _Attempt(_Kind.RENEWED, response)
        return _Attempt(_Kind.FAILED, response, error)

    async def _renew(self, call: _Call) -> bool:
        """Renew the credential after the first 401 of a call; less often while new values are refused too."""
        now = self.rates.clock.now()
        if call.renewed:
            self._renew_after = now + min(2.0 ** min(self._vain_renewals, 6), _LONGEST_RENEWAL_DELAY)
            self._vain_renewals += 1
            return False
        call.renewed = True
        if self._vain_renewals and now < self._renew_after:
            return False
        return await self.closing.run(self.credential.renew(call.authorization))

    async def _take_token(self, call: _Call) -> Token:
        bucket = self.bucket(call.request.group)
        token = bucket.take_now(background=call.settings.background) if call.place is None else None
        if token is None:
            settings = call.settings
            max_wait = None if settings.max_wait == math.inf else call.remaining
            try:
                token = await bucket.take(
                    self.closing, max_wait=max_wait, place=call.place, background=settings.background
                )
            except RateLimitError as error:
                labels = call.request.labels
                error.method, error.template, error.path = labels["method"], labels["template"], labels["path"]
                raise
            call.waited += token.waited
        call.place = token.place
        return token

    def can_spare(self, request: Request, count: int) -> bool:
        """Return whether a tenth of the budget is left after so many requests of its group."""
        return self.bucket(request.group).can_spare(count)

    def bucket(self, group: str) -> Bucket:
        """Return the budget of a rate group."""
        bucket = self._buckets.get(group)
        if bucket is None:
            bucket = self.rates.bucket(self.origin_url, self.credential.principal, group, self.rate_of(group))
            bucket.background_slots = max(bucket.background_slots, self.limiter.slots)
            self._buckets[group] = bucket
        return bucket


def _always(_authorization: str) -> bool:
    return True


def _is_deleted(call: _Call, attempt: _Attempt) -> bool:
    """Return whether a DELETE that was retried has succeeded before."""
    response = attempt.response
    return call.request.method == "DELETE" and call.uncertain and response is not None and response.status == 404


class _Exchange:
    """One request and its response, from the slot to the last byte of the body."""

    def __init__(self, pipeline: Pipeline, call: _Call, token: Token | None, number: int) -> None:
        self.outcome = Outcome.UNSENT
        self._pipeline = pipeline
        self._call = call
        self._token = token
        self._number = number
        self._response: RawResponse | None = None

    async def run(self) -> RawResponse | None:
        """Send the request while holding a slot; None if it was not sent since a pause has begun."""
        pipeline, limiter = self._pipeline, self._pipeline.limiter
        while not limiter.take_now():
            await limiter.take(pipeline.closing, background=self._call.settings.background)
            if pipeline.is_current(self._call.authorization):
                break
            limiter.release()  # it was renewed meanwhile
            await self.authorize()
        try:
            pipeline.closing.check()
            if self._token is not None and self._token.is_stale:
                return None
            request = self._call.request.prepared(self._headers(), self._call.settings.timeouts)
            started = time.perf_counter()
            self.outcome = Outcome.SENT
            try:
                self._response = await self._send(request)
            except TransportError as error:
                self.outcome = Outcome.FAILED if error.sent else Outcome.UNSENT
                raise
            finally:
                self._report(time.perf_counter() - started)
            return self._response
        finally:
            limiter.release()

    async def _send(self, request: Request) -> RawResponse:
        """Send a request; the body of a success stays open in the stack of a call that has one."""
        transport, stack = self._pipeline.transport, self._call.stack
        if stack is None:
            return await transport.send(request)
        async with AsyncExitStack() as opened:
            stream = await opened.enter_async_context(transport.stream(request))
            body = b""
            if stream.status < 300:
                self._call.stream = stream
                stack.push_async_exit(opened.pop_all())
            else:
                body = await self._error_body(stream, request)
            return RawResponse(status=stream.status, headers=stream.headers, body=body, url=request.url)

    async def authorize(self) -> None:
        """Get the value of the Authorization header: last before the slot, which nobody holds while it is renewed."""
        if self._token is None:
            return
        pipeline = self._pipeline
        value = pipeline.credential.authorization()
        self._call.authorization = await (value if pipeline.has_fixed_credential else pipeline.closing.run(value))

    async def _error_body(self, stream: RawStream, request: Request) -> bytes:
        """Return the beginning of an error, empty if the server takes longer than a read may."""
        try:
            async with asyncio.timeout((request.timeouts or Timeouts()).read):
                return await beginning_of(stream)
        except TimeoutError:
            return b""

    def _headers(self) -> dict[str, str]:
        pipeline, call = self._pipeline, self._call
        if self._token is None:  # the session's headers never leave its origin; a range is the request's
            ranges = {name: value for name, value in call.request.headers.items() if name == "Range"}
            return {"User-Agent": pipeline.headers["User-Agent"], "Accept": "*/*", **ranges}
        headers = {**pipeline.headers, **call.request.headers}
        if call.request.method not in SAFE:
            headers.update(pipeline.write_headers)
        if call.authorization:
            headers["Authorization"] = call.authorization
        return headers

    def return_token(self, token: Token) -> None:
        """Tell the budget what became of the request."""
        response = self._response
        if response is None:
            token.done(self.outcome)
        elif response.from_cache:
            token.done(Outcome.UNSENT)
        elif response.status == 429:
            wall = self._pipeline.rates.clock.wall()
            token.done(Outcome.REFUSED, response.headers, named_wait(response.headers, wall))
        else:
            token.done(Outcome.ACCEPTED if response.status < 500 else Outcome.FAILED, response.headers)

    def _report(self, seconds: float) -> None:
        response, observe = self._response, self._call.settings.on_response
        if (observe is None and not log.isEnabledFor(logging.DEBUG)) or (response is not None and response.from_cache):
            return
        method, template = self._call.request.method, self._call.request.template
        status = None if response is None else response.status
        waited = 0.0 if self._token is None else self._token.waited
        log.debug("%s %s: %s in %.3f s, waited %.3f s, try %d", method, template, status, seconds, waited, self._number)
        if observe is None:
            return
        event = ResponseEvent(method=method, template=template, status=status, seconds=seconds, waited=waited)
        try:
            observe(event)
        except Exception:
            log.exception("on_response failed")
