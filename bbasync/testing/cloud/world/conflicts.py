"""Conflicts of a merge of two commits, with the reason as the vendor names it."""

from __future__ import annotations

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


def conflicts(repository: Repository, source: str, destination: str) -> list[Conflict]:
    """Return what prevents a merge of one commit into another."""
    merge = repository.files.merge(destination, source)
    before, after = repository.files.tree(destination), repository.files.tree(source)
    return [Conflict(path, _scenario(after.get(path), before.get(path))) for path in sorted(merge.conflicts)]


def _scenario(source: bytes | None, destination: bytes | None) -> str:
    if source is None:
        return "delete_modify"
    if destination is None:
        return "modify_delete"
    return "binary" if b"\0" in source + destination else "content"
