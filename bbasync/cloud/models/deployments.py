"""Deployments and the environments they go to."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from attrs import define

from bbasync.cloud.models.commits import BaseCommit
from bbasync.cloud.models.pipelines import BasePipeline
from bbasync.cloud.models.users import Account
from bbasync.model import Model, OpenEnum

__all__ = [
    "Deployment",
    "DeploymentEnvironment",
    "DeploymentRelease",
    "DeploymentState",
    "DeploymentStateName",
    "DeploymentStatus",
    "DeploymentStatusName",
    "DeploymentStep",
    "EnvironmentRestrictions",
    "EnvironmentType",
    "EnvironmentTypeName",
]


class DeploymentStateName(OpenEnum):
    """State of a deployment."""

    UNDEPLOYED = "UNDEPLOYED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"


class DeploymentStatusName(OpenEnum):
    """Result of a completed deployment."""

    SUCCESSFUL = "SUCCESSFUL"
    FAILED = "FAILED"
    STOPPED = "STOPPED"


class EnvironmentTypeName(OpenEnum):
    """Type of an environment."""

    TEST = "Test"
    STAGING = "Staging"
    PRODUCTION = "Production"


@define(kw_only=True)
class DeploymentStatus(Model):
    """The result of a completed deployment."""

    name: DeploymentStatusName
    """The result."""


@define(kw_only=True)
class DeploymentState(Model):
    """The state of a deployment."""

    name: DeploymentStateName
    """The state."""
    status: DeploymentStatus | None = None
    """The result, once the state is COMPLETED."""
    url: str | None = None
    """URL of the web page of the deployment."""
    trigger_url: str | None = None
    """URL that starts a deployment that is UNDEPLOYED."""
    deployer: Account | None = None
    """The user who deployed."""
    start_date: datetime | None = None
    """When it started, as the description names it."""
    completion_date: datetime | None = None
    """When it completed, as the description names it."""
    started_on: datetime | None = None
    """When it started, as servers name it."""
    completed_on: datetime | None = None
    """When it completed, as servers name it."""


@define(kw_only=True)
class EnvironmentType(Model):
    """The type of an environment."""

    name: EnvironmentTypeName
    """The type."""
    rank: int | None = None
    """The position of the type, from test to production."""


@define(kw_only=True)
class EnvironmentRestrictions(Model):
    """Who may deploy to an environment."""

    admin_only: bool
    """Whether only administrators may."""


@define(kw_only=True)
class DeploymentEnvironment(Model):
    """An environment that a repository is deployed to."""

    name: str
    """The name."""
    uuid: str | None = None
    """The UUID, in braces."""
    slug: str | None = None
    """The name in URLs."""
    rank: int | None = None
    """The position among the environments of its type."""
    hidden: bool | None = None
    """Whether it is hidden in the web interface."""
    environment_type: EnvironmentType | None = None
    """The type."""
    restrictions: EnvironmentRestrictions | None = None
    """Who may deploy to it."""


@define(kw_only=True)
class DeploymentRelease(Model):
    """What was deployed."""

    name: str
    """The name, such as the build number after `#`."""
    uuid: str | None = None
    """The UUID, in braces."""
    key: str | None = None
    """Identifies the release."""
    url: str | None = None
    """URL of the pipeline that produced it."""
    commit: BaseCommit | None = None
    """The commit."""
    pipeline: BasePipeline | None = None
    """The pipeline that produced it."""
    created_on: datetime | None = None
    """When it was created."""


@define(kw_only=True)
class DeploymentStep(Model):
    """The step of a pipeline that deploys."""

    uuid: str
    """The UUID, in braces."""


@define(kw_only=True)
class Deployment(Model):
    """A deployment of a release to an environment."""

    uuid: str
    """The UUID, in braces."""
    state: DeploymentState
    """The state, with its result."""
    environment: DeploymentEnvironment | None = None
    """The environment."""
    release: DeploymentRelease | None = None
    """What is deployed."""
    step: DeploymentStep | None = None
    """The step that deploys."""
    last_update_time: datetime | None = None
    """When it last changed."""

    @property
    def is_completed(self) -> bool:
        """Whether it has a result, which does not change."""
        state = cast("DeploymentState | None", self.state)  # missing under `fields=`
        return state is not None and state.name == DeploymentStateName.COMPLETED

    @property
    def result(self) -> DeploymentStatusName | None:
        """The result; None while it is in progress."""
        state = cast("DeploymentState | None", self.state)  # missing under `fields=`
        return None if state is None or state.status is None else state.status.name
