"""FakeDataCenter: Bitbucket Data Center on a loopback socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync._lazy import attach

if TYPE_CHECKING:
    from .server import FakeDataCenter as FakeDataCenter

__all__ = ["FakeDataCenter"]

if not TYPE_CHECKING:  # type checkers would take any name for an object
    __getattr__, __dir__ = attach(__name__, {"server": "FakeDataCenter"})
