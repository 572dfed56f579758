"""Permissions of users and groups."""

from __future__ import annotations

from .globals import GlobalPermissions
from .projects import ProjectPermissions
from .repositories import RepositoryPermissions

__all__ = ["Permissions"]


class Permissions(GlobalPermissions, ProjectPermissions, RepositoryPermissions):
    """Permissions on the server, on projects and on repositories: `bb.permissions`.

    Permissions on the server cannot be read or changed with HTTP access tokens; use `BasicAuth`.
    """
