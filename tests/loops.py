"""The event loops that tests can run in: `pytest --loop eager` or `--loop uvloop`, and those of single tests."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
from collections.abc import Callable, Generator
from typing import Any, Final, cast

import pytest

LoopFactory = Callable[[], asyncio.AbstractEventLoop]
PLAIN: Final = "plain"
chosen = PLAIN
"""The kind of loop that the tests of this run get."""
refused = ""
"""What a test wanted of its loop in vain, be it in a task of its own; then it is skipped, whatever came of that."""


def make_eager(loop: asyncio.AbstractEventLoop) -> None:
    """Let new tasks run at once until they wait for the first time, as Python 3.12 and later can."""
    factory: Any = getattr(asyncio, "eager_task_factory")  # noqa: B009 - the type checkers know Python 3.11
    loop.set_task_factory(factory)


def new_loop(kind: str) -> asyncio.AbstractEventLoop:
    """Return a loop of a kind that `why_missing` finds nothing against."""
    if kind == "uvloop":
        return cast("LoopFactory", importlib.import_module("uvloop").new_event_loop)()
    loop = asyncio.SelectorEventLoop()
    if kind == "eager":
        make_eager(loop)
    loop.set_debug(kind == "debug")
    return loop


def why_missing(kind: str) -> str:
    """Return why there are no loops of a kind here, an empty string if there are."""
    if kind == "eager" and not hasattr(asyncio, "eager_task_factory"):
        return "asyncio has eager tasks from Python 3.12"
    if kind == "uvloop" and importlib.util.find_spec("uvloop") is None:
        return "uvloop is not installed; there is none for Windows"
    return ""


def is_eager() -> bool:
    """Return whether the tasks of this run begin at once, which changes what has happened when others go on."""
    return chosen == "eager"


def choose(kind: str) -> None:
    """Give the tests of this run a kind of loop."""
    global chosen  # noqa: PLW0603 - the choice of a whole run
    if reason := why_missing(kind):
        raise pytest.UsageError(f"--loop {kind}: {reason}")
    chosen = kind


class Loops:
    """Plugin that makes pytest-asyncio use the chosen kind."""

    def pytest_asyncio_loop_factories(self) -> dict[str, LoopFactory]:
        return {chosen: lambda: new_loop(chosen)}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        global refused  # noqa: PLW0603 - one test runs at a time
        refused = ""
        try:
            return (yield)
        finally:
            if refused:
                pytest.skip(refused)
