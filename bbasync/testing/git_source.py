"""What the worlds of both products read from local git repositories, opened for reading only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pygit2
from pygit2.enums import ReferenceType

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def open_repositories(paths: Sequence[str | Path]) -> dict[str, pygit2.Repository]:
    """Open the repository of each path, by a slug made from the name of its folder; ValueError if one cannot be."""
    found: dict[str, pygit2.Repository] = {}
    for path in paths:
        try:
            git = pygit2.Repository(str(path))  # pyright: ignore[reportCallIssue] - pygit2's stub wants its own flags
        except (pygit2.GitError, KeyError) as error:
            raise ValueError(f"{path} is not a git repository that can be opened: {error}") from error
        name = Path(path).resolve().name.removesuffix(".git").lower()
        found[name if name not in found else f"{name}-{len(found)}"] = git
    return found


def find_commit(git: pygit2.Repository, name: str) -> pygit2.Commit | None:
    """Return a commit by the beginning of its hash."""
    try:
        return _as_commit(git[name])
    except (KeyError, ValueError):  # unknown, ambiguous, or not a hash
        return None


def _as_commit(found: object) -> pygit2.Commit | None:
    return found if isinstance(found, pygit2.Commit) else None


def list_branches(git: pygit2.Repository) -> dict[str, str]:
    """Return the head of each local branch by name."""
    return {name: str(git.branches.local[name].target) for name in git.branches.local}


def current_branch(git: pygit2.Repository) -> str | None:
    """Return the branch that is checked out, else any; None if there are none."""
    head = "" if git.head_is_unborn or git.head_is_detached else git.head.shorthand
    return head or next(iter(git.branches.local), None)


def list_tags(git: pygit2.Repository) -> Iterator[tuple[str, str, pygit2.Tag | None]]:
    """Yield name and commit of each tag, and what an annotated one holds."""
    for name in git.references:
        if not name.startswith("refs/tags/"):
            continue
        reference = git.references[name]
        try:
            commit = str(reference.peel(pygit2.Commit).id)
        except pygit2.InvalidSpecError:  # a tag of something else than a commit
            continue
        found = git[reference.target] if reference.type == ReferenceType.DIRECT else None
        yield name.removeprefix("refs/tags/"), commit, found if isinstance(found, pygit2.Tag) else None


def list_blobs(tree: pygit2.Tree, prefix: str = "") -> Iterator[tuple[str, pygit2.Blob]]:
    """Yield every file below a tree with its path."""
    for item in tree:
        if isinstance(item, pygit2.Blob):
            yield f"{prefix}{item.name}", item
        elif isinstance(item, pygit2.Tree):
            yield from list_blobs(item, f"{prefix}{item.name}/")
