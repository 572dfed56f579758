"""Docstrings, messages and chapters are plain technical English, without the words that only a translation uses."""

from __future__ import annotations

import re
import tokenize
from typing import TYPE_CHECKING, Final

import pytest

from tests.chapters.reading import CHAPTERS, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILES: Final = [*sorted(ROOT.glob("bbasync/**/*.py")), *sorted(ROOT.glob("benchmarks/**/*.py")), *CHAPTERS]

INSTEAD: Final = {
    r"(?<![Tt]here )\bis no (?!longer|more|way|need)": "is not a ...",
    r"\btold\b": "returned, known, said",
    r"\bgoes on\b": "continues, resumes",
    r"\bgo on\b": "continue, resume",
    r"\bfor ever\b": "indefinitely",
    r"\b(is|are|was|were) gone\b": "was deleted, no longer exists",
    r"\bhow (far|bad) (it|a|the)\b": "state, severity",
    r"\bof ours\b|\bare ours\b|\bis ours\b": "the session's, ours in the code's own words",
    r"\banew\b": "again",
    r"\balike\b": "the same way",
    r"\bthe answer\b|\ban answer\b|\banswers? of\b": "response",
    r"\blet go\b": "release",
    r"\bin so many words\b": "explicitly",
    r"credential's own user": "authenticated user",
    r"\bas other objects hold it\b": "as embedded in other objects",
}
"""What to write in place of a pattern."""


def sentences(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each string and comment of a module, of each paragraph of a chapter."""
    if path.suffix == ".md":
        text = path.read_text(encoding="utf-8")
        for paragraph in re.finditer(r".+?(?=\n\n|\Z)", text, re.DOTALL):
            yield text.count("\n", 0, paragraph.start()) + 1, paragraph[0]
        return
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type in {tokenize.STRING, tokenize.COMMENT} or tokenize.tok_name[token.type] == "FSTRING_MIDDLE":
                yield token.start[0], token.string


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_sentence_reads_as_if_translated(path: Path) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {match[0]!r}; write: {instead}"
        for line, text in sentences(path)
        for pattern, instead in INSTEAD.items()
        if (match := re.search(pattern, " ".join(text.split())))
    ]
    assert not found, "\n".join(found)
