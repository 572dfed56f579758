"""Hunks of a diff as Data Center writes them in JSON."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bbasync.testing.history.files import Change

CONTEXT_LINES = 10


def lines_of(content: bytes | None) -> list[str]:
    """Split a file into lines without their ends."""
    return (content or b"").decode("utf-8", "replace").splitlines()


def hunks(change: Change, context: int = CONTEXT_LINES) -> list[dict[str, object]]:
    """Return the hunks of a change, each a list of segments of lines that were removed, added or kept."""
    old, new = lines_of(change.before), lines_of(change.after)
    found: list[dict[str, object]] = []
    for group in difflib.SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(context):
        segments: list[dict[str, object]] = []
        for kind, low, high, new_low, new_high in group:
            if kind == "equal":
                segments.append(_segment("CONTEXT", old[low:high], low, new_low))
                continue
            if high > low:
                segments.append(_segment("REMOVED", old[low:high], low, new_low))
            if new_high > new_low:
                segments.append(_segment("ADDED", new[new_low:new_high], high, new_low))
        first, last = group[0], group[-1]
        found.append(
            {
                "sourceLine": first[1] + 1 if old else 0,
                "sourceSpan": last[2] - first[1],
                "destinationLine": first[3] + 1 if new else 0,
                "destinationSpan": last[4] - first[3],
                "segments": segments,
                "truncated": False,
            }
        )
    return found


def _segment(kind: str, lines: list[str], source: int, destination: int) -> dict[str, object]:
    """Return lines that start after so many lines of either side; the side that lacks them stands still."""
    rows = [
        {
            "source": source + 1 + (0 if kind == "ADDED" else index),
            "destination": destination + 1 + (0 if kind == "REMOVED" else index),
            "line": line,
            "truncated": False,
        }
        for index, line in enumerate(lines)
    ]
    return {"type": kind, "lines": rows, "truncated": False}
