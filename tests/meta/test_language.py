"""Docstrings, comments and messages are plain technical English, without the words that only a translation uses."""

from __future__ import annotations

import re
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]
REVISED: Final = [
    *("aio", "auth", "concurrency", "convert", "crawl/fetch", "errors", "_lazy", "model", "oauth", "paging"),
    *("pipeline", "request", "response", "retry", "service", "session", "transport"),
]
FILES: Final = sorted(
    {
        *(ROOT / "bbasync" / f"{name}.py" for name in REVISED),
        *ROOT.glob("bbasync/cloud/**/*.py"),
        *ROOT.glob("bbasync/rate/*.py"),
        *ROOT.glob("bbasync/datacenter/**/*.py"),
        *ROOT.glob("bbasync/webhooks/**/*.py"),
    }
)
"""The files whose language was revised; the others follow."""

INSTEAD: Final = {
    r"\bis no (?!longer|more|way|need)": "is not a ...",
    r"\btold\b": "returned, known, said",
    r"\bgoes on\b": "continues, resumes",
    r"\bgo on\b": "continue, resume",
    r"\bfor ever\b": "indefinitely",
    r"\b(is|are|was|were) gone\b": "was deleted, no longer exists",
    r"\bhow (far|bad) (it|a|the)\b": "state, severity",
    r"\bof ours\b|\bare ours\b|\bis ours\b": "the session's, ours in the code's own words",
    r"\banew\b": "again",
    r"\balike\b": "the same way",
    r"\blistings?\b": "list",
    r"\bthe answer\b|\ban answer\b|\banswers? of\b": "response",
    r"\blet go\b": "release",
    r"\bin so many words\b": "explicitly",
    r"credential's own user": "authenticated user",
    r"\bas other objects hold it\b": "as embedded in other objects",
}
"""What to write in place of a pattern."""


def sentences(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each string and comment."""
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
