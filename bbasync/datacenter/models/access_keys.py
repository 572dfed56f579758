"""Access keys: SSH keys that give access to a project or a repository."""

from __future__ import annotations

from attrs import define

from bbasync.datacenter.models.permissions import Permission
from bbasync.datacenter.models.projects import Project
from bbasync.datacenter.models.repositories import Repository
from bbasync.datacenter.models.ssh_keys import SshKey
from bbasync.model import Model, OpenEnum

__all__ = ["AccessKey", "ProjectKeyPermission", "RepositoryKeyPermission"]


class ProjectKeyPermission(OpenEnum):
    """Permission of an access key on a project."""

    PROJECT_READ = "PROJECT_READ"
    PROJECT_WRITE = "PROJECT_WRITE"


class RepositoryKeyPermission(OpenEnum):
    """Permission of an access key on a repository."""

    REPO_READ = "REPO_READ"
    REPO_WRITE = "REPO_WRITE"


@define(kw_only=True)
class AccessKey(Model):
    """The access that an SSH key gives to a project or a repository; the ID is that of the key, `key.id`."""

    key: SshKey
    """The SSH key."""
    permission: Permission | None = None
    """The permission; None in restrictions of branches."""
    project: Project | None = None
    """The project; None if the key gives access to a repository only."""
    repository: Repository | None = None
    """The repository; None if the key gives access to the whole project."""
