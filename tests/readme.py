"""The fenced blocks of README.md, for the tests that run them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

README: Final = Path(__file__).parents[1] / "README.md"
TEXT: Final = README.read_text(encoding="utf-8")


@frozen
class Block:
    """A fenced block of the README."""

    heading: str
    language: str
    text: str
    line: int
    """Where its text begins, counted from 1."""

    @property
    def file(self) -> str | None:
        """The name that the first line gives it, as in `# bot.py`."""
        named = re.match(r"# (\w+\.py)\n", self.text)
        return named and named[1]

    @property
    def id(self) -> str:
        return self.file or f"line-{self.line}"


def _blocks() -> Iterator[Block]:
    for fence in re.finditer(r"^```(\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL):
        heading = re.findall(r"^##+ (.+)$", TEXT[: fence.start()], re.MULTILINE)[-1]
        yield Block(heading, fence[1], fence[2], TEXT.count("\n", 0, fence.start(2)) + 1)


BLOCKS: Final = list(_blocks())
PYTHON: Final = [block for block in BLOCKS if block.language == "python"]
FILES: Final = {block.file: block for block in PYTHON if block.file is not None}


def load(name: str) -> dict[str, Any]:
    """Return what a file of the README defines."""
    names: dict[str, Any] = {"__name__": name.removesuffix(".py")}
    exec(compile(FILES[name].text, name, "exec"), names)  # noqa: S102 - our own text
    return names
