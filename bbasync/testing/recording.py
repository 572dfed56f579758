"""Transports for tests: one that records what is sent and answers from a function or a list."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager

from attrs import define, field

from bbasync.request import RawResponse, Request

__all__ = ["RecordingTransport", "answer"]


def answer(body: bytes | str = b"{}", status: int = 200, headers: Mapping[str, str] | None = None) -> RawResponse:
    """Return a response to replay; by default an empty JSON object."""
    fields = {"content-type": "application/json", **{name.lower(): text for name, text in (headers or {}).items()}}
    return RawResponse(status=status, headers=fields, body=body.encode() if isinstance(body, str) else body, url="")


@define(eq=False)
class _Stream:
    _response: RawResponse

    @property
    def status(self) -> int:
        return self._response.status

    @property
    def headers(self) -> Mapping[str, str]:
        return self._response.headers

    @property
    def url(self) -> str:
        return self._response.url

    async def chunks(self) -> AsyncIterator[bytes]:
        yield self._response.body


@define(eq=False)
class RecordingTransport:
    """Stands in for the network: `CloudSession(..., transport=RecordingTransport([answer(...)]))`.

    `requests` holds what was sent, in order, Authorization included. `answers` is a list to answer from, one for
    each request, or a function from request to answer; AssertionError when the list has run out.
    """

    answers: Callable[[Request], RawResponse] | Iterable[RawResponse] = field(factory=lambda: [answer()])
    requests: list[Request] = field(init=False, factory=list[Request])
    _queue: deque[RawResponse] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._queue = deque() if callable(self.answers) else deque(self.answers)

    async def send(self, request: Request) -> RawResponse:
        """Record the request and return its answer."""
        self.requests.append(request)
        if callable(self.answers):
            return self.answers(request)
        if not self._queue:
            raise AssertionError(f"no answer left for {request.method} {request.url}")
        return self._queue.popleft()

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncGenerator[_Stream, None]:
        """Record the request and return its answer as a stream of one piece."""
        yield _Stream(await self.send(request))
