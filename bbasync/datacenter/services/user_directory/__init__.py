"""The user directory: administration of users and groups."""

from __future__ import annotations

from .groups import DirectoryGroups
from .users import DirectoryUsers

__all__ = ["UserDirectories"]


class UserDirectories(DirectoryGroups, DirectoryUsers):
    """Administration of users and groups: `bb.user_directory`.

    The server does not accept HTTP access tokens for it; use `BasicAuth`. Users and groups of a directory that is kept
    elsewhere, such as LDAP, can only be read.
    """
