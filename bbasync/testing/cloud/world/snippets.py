"""Snippets: files with a history of their own."""

from __future__ import annotations

from datetime import datetime

import attrs

from bbasync.testing.cloud.world.pull_requests import Comment
from bbasync.testing.history import Commit, History
from bbasync.testing.history.files import Files


@attrs.define(eq=False)
class Snippet:
    """A snippet; `workspace` is a slug."""

    id: str
    workspace: str
    creator: int
    created_on: datetime
    updated_on: datetime
    history: History
    title: str = ""
    is_private: bool = False
    commits: list[Commit] = attrs.field(factory=list[Commit])
    """Oldest first; there is always one."""
    comments: dict[int, Comment] = attrs.field(factory=dict[int, Comment])
    watchers: list[int] = attrs.field(factory=list[int])
    files: Files = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.files = Files(self.history)

    @property
    def head(self) -> Commit:
        """The latest commit."""
        return self.commits[-1]

    def commit(self, name: str) -> Commit | None:
        """Find a commit by its hash or the beginning of it."""
        return next((one for one in self.commits if len(name) >= 7 and one.hash.startswith(name)), None)

    def add(self, commit: Commit) -> None:
        """Add the commit that follows the latest one."""
        self.history.store(commit)
        self.commits.append(commit)
