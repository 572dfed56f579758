"""Local git repositories as the data behind FakeDataCenter."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bbasync.testing.datacenter.world import Project, Repository, Tag
from bbasync.testing.datacenter.world.permissions import team_grants
from bbasync.testing.datacenter.world.seed import Seed, slugify
from bbasync.testing.history.git import (
    GitFiles,
    GitHistory,
    current_branch,
    list_branches,
    list_tags,
    open_repositories,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bbasync.testing.datacenter.world import World


def datacenter_git_world(paths: Sequence[str | Path], *, project: str = "LOCAL") -> World:
    """Make a world of one project with a repository for each path; ValueError where there is no git repository."""
    world = Seed(projects=0).build()
    owner = world.projects[project] = Project(id=world.next_id(), key=project, name=project, grants=team_grants())
    for name, git in open_repositories(paths).items():
        slug, history = slugify(name), GitHistory(git)
        owner.repositories[slug] = Repository(
            id=world.next_id(),
            slug=slug,
            name=name,
            project=owner,
            history=history,
            files=GitFiles(history),
            default_branch=current_branch(git) or "main",
            branches=list_branches(git),
            tags={name: Tag(commit=commit, hash=str(tag.id) if tag else None) for name, commit, tag in list_tags(git)},
            git_dir=Path(git.path),
        )
    return world
