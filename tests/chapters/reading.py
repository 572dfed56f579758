"""The chapters of the documentation and their fenced blocks, for the tests that run and check them."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]
CHAPTERS: Final = [
    ROOT / "README.md",
    *sorted(ROOT.glob("bbasync/**/*.md")),
    ROOT / "benchmarks" / "README.md",
]


@frozen
class Block:
    """A fenced block of a chapter."""

    chapter: str
    """The path of the chapter from the root."""
    heading: str
    language: str
    text: str
    line: int
    """The line of the chapter at which its text begins, counted from 1."""

    @property
    def file(self) -> str | None:
        """The name that the first line gives it, as in `# bot.py`."""
        named = re.match(r"# (\w+\.py)\n", self.text)
        return named and named[1]

    @property
    def id(self) -> str:
        return self.file or f"{self.chapter}:{self.line}"

    @property
    def is_program(self) -> bool:
        """Whether Python runs it as it stands; everything else is typed at a prompt that awaits."""
        code = compile(self.text, self.id, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        return not code.co_flags & inspect.CO_COROUTINE


def _blocks(path: Path) -> Iterator[Block]:
    text, chapter = path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))
    for fence in re.finditer(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        heading = re.findall(r"^#+ (.+)$", text[: fence.start()], re.MULTILINE)[-1]
        yield Block(chapter, heading, fence[1], fence[2], text.count("\n", 0, fence.start(2)) + 1)


BLOCKS: Final = [block for path in CHAPTERS for block in _blocks(path)]
PYTHON: Final = [block for block in BLOCKS if block.language == "python"]
FILES: Final = {block.file: block for block in PYTHON if block.file is not None}


def load(name: str) -> dict[str, Any]:
    """Return what a file of a chapter defines."""
    names: dict[str, Any] = {"__name__": name.removesuffix(".py")}
    exec(compile(FILES[name].text, name, "exec"), names)  # noqa: S102 - our own text
    return names
