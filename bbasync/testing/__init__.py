"""For tests of code that talks to Bitbucket: fake servers on a loopback socket, and a transport that records."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bbasync.testing.cloud import FakeCloud
    from bbasync.testing.datacenter import FakeDataCenter
    from bbasync.testing.faults import Fault, Faults
    from bbasync.testing.git import git_world
    from bbasync.testing.recording import RecordingTransport, answer
    from bbasync.testing.webhooks import WebhookDelivery
    from bbasync.testing.world import World

__all__ = [
    "FakeCloud",
    "FakeDataCenter",
    "Fault",
    "Faults",
    "RecordingTransport",
    "WebhookDelivery",
    "World",
    "answer",
    "git_world",
]

_HOMES = {
    "FakeCloud": "bbasync.testing.cloud",
    "FakeDataCenter": "bbasync.testing.datacenter",
    "Fault": "bbasync.testing.faults",
    "Faults": "bbasync.testing.faults",
    "RecordingTransport": "bbasync.testing.recording",
    "WebhookDelivery": "bbasync.testing.webhooks",
    "World": "bbasync.testing.world",
    "answer": "bbasync.testing.recording",
    "git_world": "bbasync.testing.git",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
