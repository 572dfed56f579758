"""Merges of two commits: what the source changes in the destination, and where both changed the same."""

from __future__ import annotations

import itertools
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from bbasync.testing.cloud.world.repository import Repository

SCENARIOS = {
    "content": "File modified in both source and destination",
    "binary": "Binary file modified in both source and destination",
    "delete_modify": "File deleted in source and modified in destination",
    "modify_delete": "File modified in source and deleted in destination",
}


@attrs.frozen
class Conflict:
    """A file that cannot be merged; `scenario` is one of SCENARIOS."""

    path: str
    scenario: str


@attrs.frozen
class Merge:
    """What a merge changes in the destination, None for a deleted file, and what prevents it."""

    changes: dict[str, bytes | None]
    conflicts: list[Conflict]


def merge(repository: Repository, source: str, destination: str) -> Merge:
    """Merge the files of two commits."""
    ancestor = repository.history.merge_base(source, destination)
    base = ancestor.hash if ancestor is not None else None
    changes, theirs = _changed(repository, base, source), _changed(repository, base, destination)
    conflicts: list[Conflict] = []
    for path in sorted(changes.keys() & theirs.keys()):
        mine, other = changes[path], theirs[path]
        if mine == other:
            del changes[path]
        elif mine is None or other is None:
            conflicts.append(Conflict(path, "delete_modify" if mine is None else "modify_delete"))
        elif b"\x00" in mine + other:
            conflicts.append(Conflict(path, "binary"))
        else:
            merged = merge_lines(_content(repository, base, path), mine, other)
            changes[path] = merged
            if merged is None:
                conflicts.append(Conflict(path, "content"))
    return Merge(changes, conflicts)


def merge_lines(base: bytes, mine: bytes, other: bytes) -> bytes | None:
    """Apply the edits of both sides to a text; None if they overlap or touch, which git refuses as well."""
    lines = base.splitlines(keepends=True)
    edits = sorted({*_edits(lines, mine), *_edits(lines, other)})
    if any(later[0] <= earlier[1] for earlier, later in itertools.pairwise(edits)):
        return None
    for first, end, replacement in reversed(edits):
        lines[first:end] = replacement
    return b"".join(lines)


def _edits(lines: list[bytes], after: bytes) -> list[tuple[int, int, tuple[bytes, ...]]]:
    new = after.splitlines(keepends=True)
    matcher = SequenceMatcher(None, lines, new, autojunk=False)
    return [(i, j, tuple(new[k:end])) for kind, i, j, k, end in matcher.get_opcodes() if kind != "equal"]


def _changed(repository: Repository, old: str | None, new: str) -> dict[str, bytes | None]:
    found: dict[str, bytes | None] = {}
    for one in repository.files.changes(old, new):
        if one.old is not None and one.old != one.new:
            found[one.old] = None
        if one.new is not None:
            found[one.new] = repository.files.content(new, one.new)
    return found


def _content(repository: Repository, commit: str | None, path: str) -> bytes:
    if commit is None or repository.files.entry(commit, path) is None:
        return b""
    return repository.files.content(commit, path)
