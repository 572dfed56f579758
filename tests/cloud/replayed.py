"""Sessions over answers that are given, and what they sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from bbasync.auth import AccessToken
from bbasync.cloud.session import CloudSession
from bbasync.testing.recording import RecordingTransport, answer

if TYPE_CHECKING:
    from bbasync.request import RawResponse, Request


def replay(*answers: RawResponse) -> tuple[CloudSession, RecordingTransport]:
    transport = RecordingTransport(answers)
    return CloudSession(AccessToken("secret"), transport=transport), transport


def recorded(*bodies: str, status: int = 200) -> tuple[CloudSession, RecordingTransport]:
    return replay(*(answer(body, status) for body in bodies))


def body_of(request: Request) -> object:
    """Return the JSON that was sent."""
    assert isinstance(request.body, bytes)
    return orjson.loads(request.body)
