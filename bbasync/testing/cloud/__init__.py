"""FakeCloud: Bitbucket Cloud on a loopback socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync._lazy import attach

if TYPE_CHECKING:
    from .server import FakeCloud as FakeCloud
    from .world import World as World

__all__ = ["FakeCloud", "World"]

if not TYPE_CHECKING:  # type checkers would take any name for an object
    __getattr__, __dir__ = attach(__name__, {"server": "FakeCloud", "world": "World"})
