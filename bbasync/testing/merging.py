"""Three-way merges of trees, as git makes them: line by line, with the paths that conflict."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TypeAlias

import attrs

__all__ = ["Merge", "merge_trees"]

Edit: TypeAlias = tuple[int, int, tuple[bytes, ...]]
"""The first line of the base that is replaced, the line after the last one, and what replaces them."""


@attrs.frozen
class Merge:
    """The outcome of a merge of `theirs` into `ours`."""

    changes: Mapping[str, bytes | None]
    """What differs from `ours` by path; None deletes."""
    conflicts: Sequence[str]
    """The paths that both sides changed in ways that exclude each other."""


class _ConflictError(Exception):
    pass


def merge_trees(base: Mapping[str, bytes], ours: Mapping[str, bytes], theirs: Mapping[str, bytes]) -> Merge:
    """Merge two trees that come from a common one."""
    changes: dict[str, bytes | None] = {}
    conflicts: list[str] = []
    for path in {**base, **theirs}:
        try:
            merged = _merge_file(base.get(path), ours.get(path), theirs.get(path))
        except _ConflictError:
            conflicts.append(path)
        else:
            if merged != ours.get(path):
                changes[path] = merged
    return Merge(changes, conflicts)


def _merge_file(base: bytes | None, ours: bytes | None, theirs: bytes | None) -> bytes | None:
    if theirs in (base, ours):
        return ours
    if ours == base:
        return theirs
    if base is None or ours is None or theirs is None or b"\0" in base + ours + theirs:
        raise _ConflictError
    lines = base.splitlines(keepends=True)
    edits = sorted({*_edits(lines, ours), *_edits(lines, theirs)})
    if any(following[0] <= previous[1] for previous, following in pairwise(edits)):  # git wants a line between them
        raise _ConflictError
    for low, high, replacement in reversed(edits):
        lines[low:high] = replacement
    return b"".join(lines)


def _edits(base: list[bytes], changed: bytes) -> list[Edit]:
    lines = changed.splitlines(keepends=True)
    matcher = difflib.SequenceMatcher(None, base, lines, autojunk=False)
    return [
        (low, high, tuple(lines[new_low:new_high]))
        for kind, low, high, new_low, new_high in matcher.get_opcodes()
        if kind != "equal"
    ]
