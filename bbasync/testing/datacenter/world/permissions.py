"""Permissions: what users and groups were granted on the server, a project or a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

if TYPE_CHECKING:
    from collections.abc import Mapping

GLOBAL = ("LICENSED_USER", "PROJECT_CREATE", "ADMIN", "SYS_ADMIN")
PROJECT = ("PROJECT_READ", "PROJECT_WRITE", "PROJECT_ADMIN")
REPOSITORY = ("REPO_READ", "REPO_WRITE", "REPO_ADMIN")
"""Each permission includes those before it."""
LEVELS = ("READ", "WRITE", "ADMIN")
"""What can be done to a project or a repository."""
NONE = -1
"""The rank of no permission."""
RANKS = {name: rank for permissions in (GLOBAL, PROJECT, REPOSITORY, LEVELS) for rank, name in enumerate(permissions)}
"""Places in these tuples; ADMIN has the same in both that contain it."""


@define(kw_only=True, eq=False)
class Grants:
    """The permissions on one thing, such as a project."""

    users: dict[str, str] = field(factory=dict[str, str])
    """By the name of the user."""
    groups: dict[str, str] = field(factory=dict[str, str])
    """By the name of the group."""
    everybody: str | None = None
    """The default permission of a project, which all licensed users have."""

    def rank(self, user: str, groups: Mapping[str, set[str]]) -> int:
        """Return the rank of the highest permission of a user, granted directly or through a group."""
        rank = NONE if self.everybody is None else RANKS[self.everybody]
        if user in self.users:
            rank = max(rank, RANKS[self.users[user]])
        for group, permission in self.groups.items():
            if user in groups.get(group, ()):
                rank = max(rank, RANKS[permission])
        return rank


def level_of(permission: str) -> str:
    """Return the level that a permission on a project or repository gives."""
    return permission.rpartition("_")[2]


def team_grants() -> Grants:
    """Return the permissions that the groups of a made-up team have on its projects."""
    return Grants(groups={"developers": "PROJECT_WRITE", "readers": "PROJECT_READ"})
