"""Local git repositories as the data behind FakeCloud."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pygit2

from bbasync.testing.cloud.world import World
from bbasync.testing.cloud.world.repository import Tag
from bbasync.testing.history.git import (
    GitFiles,
    GitHistory,
    current_branch,
    list_branches,
    list_tags,
    open_repositories,
    signed_on,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bbasync.testing.cloud.world.repository import Repository


def git_world(paths: Sequence[str | Path], *, workspace: str = "local") -> World:
    """Make a world of one workspace with a repository for each path; raises ValueError where there is none."""
    world = World(workspaces=1, repositories=0, projects=1)
    (owner,) = world.workspaces.values()
    owner.slug = owner.name = workspace
    world.workspaces = {workspace: owner}
    for slug, git in open_repositories(paths).items():
        _fill(world.create_repository(owner, slug), git)
    return world


def _fill(repository: Repository, git: pygit2.Repository) -> None:
    repository.git_dir = Path(git.path)
    repository.history = GitHistory(git)
    repository.files = GitFiles(repository.history)
    repository.branches.update(list_branches(git))
    repository.tags.update({name: _tag(commit, found) for name, commit, found in list_tags(git)})
    repository.mainbranch = current_branch(git)
    dates = [commit.date for commit in map(repository.commit, repository.branches.values())]
    repository.updated_on = max(dates, default=repository.updated_on)


def _tag(commit: str, found: pygit2.Tag | None) -> Tag:
    return Tag(commit) if found is None else Tag(commit, found.message, _tagged_on(found.tagger))


def _tagged_on(tagger: object) -> datetime | None:
    """Read when a tag was made; those of the oldest gits do not say."""
    return signed_on(tagger) if isinstance(tagger, pygit2.Signature) else None
