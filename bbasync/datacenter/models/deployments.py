"""Deployments of commits."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.datacenter.models.commits import Commit
from bbasync.datacenter.models.repositories import Repository
from bbasync.model import Model, OpenEnum

__all__ = ["Deployment", "DeploymentEnvironment", "DeploymentState", "EnvironmentType"]


class DeploymentState(OpenEnum):
    """State of a deployment."""

    PENDING = "PENDING"
    IN_PROGRESS = "IN_PROGRESS"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"
    ROLLED_BACK = "ROLLED_BACK"
    SUCCESSFUL = "SUCCESSFUL"
    UNKNOWN = "UNKNOWN"


class EnvironmentType(OpenEnum):
    """Type of an environment."""

    DEVELOPMENT = "DEVELOPMENT"
    TESTING = "TESTING"
    STAGING = "STAGING"
    PRODUCTION = "PRODUCTION"


@define(kw_only=True)
class DeploymentEnvironment(Model):
    """The environment of a deployment."""

    key: str
    """The key."""
    display_name: str
    """The display name."""
    type: EnvironmentType | None = None
    """Type of the environment; None if not set."""
    url: str | None = None
    """URL of the environment; None if not set."""

    def body(self) -> dict[str, object]:
        """Return the request payload."""
        return {"key": self.key, "displayName": self.display_name, "type": self.type, "url": self.url}


@define(kw_only=True)
class Deployment(Model):
    """A deployment of a commit to an environment."""

    key: str
    """The key of the deployment plan."""
    deployment_sequence_number: int
    """The number of the run; a higher one is later."""
    display_name: str
    """The display name."""
    description: str
    """The description."""
    state: DeploymentState
    """State of the deployment."""
    url: str
    """URL of the deployment in its tool."""
    environment: DeploymentEnvironment
    """The environment."""
    last_updated: datetime
    """When it was last updated."""
    repository: Repository
    """The repository."""
    to_commit: Commit
    """The commit that was deployed."""
    from_commit: Commit | None = None
    """The commit that was deployed before; None if there was none."""
