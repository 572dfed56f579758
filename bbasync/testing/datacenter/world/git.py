"""Local git repositories as the data behind FakeDataCenter: real history, opened for reading only.

What is changed through the API is kept in memory, on top of what git has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pygit2
from attrs import define, field

from bbasync.testing.datacenter.world import SECOND, Project, Repository
from bbasync.testing.datacenter.world.history import SHORTEST_ID, Commit, History, Signature, Tag
from bbasync.testing.datacenter.world.permissions import team_grants
from bbasync.testing.datacenter.world.seed import Seed, slugify
from bbasync.testing.git_source import (
    current_branch,
    find_commit,
    list_blobs,
    list_branches,
    list_tags,
    open_repositories,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bbasync.testing.datacenter.world import World

WHOLE_ID = 40


def datacenter_git_world(paths: Sequence[str | Path], *, project: str = "LOCAL") -> World:
    """Make a world of one project with a repository for each path; ValueError where there is no git repository."""
    world = Seed(projects=0).build()
    owner = world.projects[project] = Project(id=world.next_id(), key=project, name=project, grants=team_grants())
    for name, git in open_repositories(paths).items():
        slug = slugify(name)
        owner.repositories[slug] = Repository(
            id=world.next_id(),
            slug=slug,
            name=name,
            project=owner,
            history=_history(git),
            git_dir=Path(git.path),
        )
    return world


def _history(git: pygit2.Repository) -> GitHistory:
    tags = {name: Tag(commit=commit, hash=str(tag.id) if tag else None) for name, commit, tag in list_tags(git)}
    return GitHistory(Commits(git), list_branches(git), tags, current_branch(git) or "main", git=git)


class Changes(Mapping[str, "bytes | None"]):
    """What a git commit changed against its first parent, compared when somebody asks."""

    def __init__(self, commit: pygit2.Commit) -> None:
        self._commit = commit

    @cached_property
    def _paths(self) -> dict[str, None]:
        tree, parents = self._commit.tree, self._commit.parents
        diff = parents[0].tree.diff_to_tree(tree) if parents else tree.diff_to_tree(swap=True)
        return {file.path: None for delta in diff.deltas for file in (delta.old_file, delta.new_file)}

    def __getitem__(self, path: str) -> bytes | None:
        if path not in self._paths:
            raise KeyError(path)
        try:
            found = self._commit.tree[path]
        except KeyError:  # deleted
            return None
        return found.data if isinstance(found, pygit2.Blob) else b""

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


class Commits(dict[str, Commit]):
    """The commits that were made through the API, and those of git, which are added as they are asked for."""

    def __init__(self, git: pygit2.Repository) -> None:
        super().__init__()
        self.git = git

    def __deepcopy__(self, memo: dict[int, object]) -> Commits:
        copied = Commits(self.git)
        copied.update(self)  # commits never change
        return copied

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (isinstance(name, str) and self.of_git(name) is not None)

    def __missing__(self, name: str) -> Commit:
        found = self.of_git(name)
        if found is None:
            raise KeyError(name)
        author = found.author
        commit = self[name] = Commit(
            id=name,
            parents=tuple(str(parent) for parent in found.parent_ids),
            author=Signature(name=author.name, email=author.email),
            date=author.time * SECOND,
            message=found.message,
            changes=Changes(found),
        )
        return commit

    def of_git(self, name: str) -> pygit2.Commit | None:
        """Return a commit of git by its whole id."""
        return find_commit(self.git, name) if len(name) == WHOLE_ID else None


@define(eq=False)
class GitHistory(History):
    """The commits of a git repository, and those made through the API."""

    git: pygit2.Repository = field(kw_only=True)

    def __deepcopy__(self, memo: dict[int, object]) -> GitHistory:
        copied = self.copy()
        copied.commits = deepcopy(self.commits, memo)  # forks share them
        return copied

    def copy(self) -> GitHistory:
        """Return the history of a fork."""
        return GitHistory(self.commits, dict(self.branches), dict(self.tags), self.default_branch, git=self.git)

    def resolve(self, name: str) -> str | None:
        """Return the commit that a full ref, a commit id of seven digits or more, a branch or a tag names."""
        found = super().resolve(name)
        if found is None and len(name) >= SHORTEST_ID and not name.startswith("refs/"):
            commit = find_commit(self.git, name)
            found = None if commit is None else str(commit.id)
        return found

    def tree(self, name: str | None) -> dict[str, bytes]:
        """Return every file of a commit by path; None is the empty tree before the first commit."""
        line: list[Commit] = []
        files: dict[str, bytes] = {}
        while name is not None:
            found = find_commit(self.git, name)
            if found is not None:
                files = {path: blob.data for path, blob in list_blobs(found.tree)}
                break
            line.append(self.commits[name])
            name = next(iter(line[-1].parents), None)
        for commit in reversed(line):
            for path, content in commit.changes.items():
                if content is None:
                    files.pop(path, None)
                else:
                    files[path] = content
        return files
