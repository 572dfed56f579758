"""For tests of code that talks to Bitbucket: fake servers on a loopback socket, and a transport that records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync._lazy import attach

if TYPE_CHECKING:
    from .cloud.server import FakeCloud as FakeCloud
    from .cloud.world import World as World
    from .cloud.world.git import git_world as git_world
    from .cloud.world.pipelines import ScriptedTestCase as ScriptedTestCase
    from .datacenter.server import FakeDataCenter as FakeDataCenter
    from .datacenter.world.git import datacenter_git_world as datacenter_git_world
    from .faults import Fault as Fault
    from .faults import Faults as Faults
    from .recording import RecordingTransport as RecordingTransport
    from .recording import answer as answer
    from .webhooks import WebhookDelivery as WebhookDelivery

__all__ = [
    "FakeCloud",
    "FakeDataCenter",
    "Fault",
    "Faults",
    "RecordingTransport",
    "ScriptedTestCase",
    "WebhookDelivery",
    "World",
    "answer",
    "datacenter_git_world",
    "git_world",
]

if not TYPE_CHECKING:  # type checkers would take any name for an object
    __getattr__, __dir__ = attach(
        __name__,
        {
            "cloud.server": "FakeCloud",
            "cloud.world": "World",
            "cloud.world.git": "git_world",
            "cloud.world.pipelines": "ScriptedTestCase",
            "datacenter.server": "FakeDataCenter",
            "datacenter.world.git": "datacenter_git_world",
            "faults": "Fault Faults",
            "recording": "RecordingTransport answer",
            "webhooks": "WebhookDelivery",
        },
    )
