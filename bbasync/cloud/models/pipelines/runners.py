"""Self-hosted runners of pipelines."""

from __future__ import annotations

from datetime import datetime

from attrs import define, field

from bbasync.model import Model, OpenEnum

__all__ = ["PipelineRunner", "RunnerOAuthClient", "RunnerState", "RunnerStatus", "RunnerVersion"]


class RunnerStatus(OpenEnum):
    """Status of a runner."""

    UNREGISTERED = "UNREGISTERED"
    ONLINE = "ONLINE"
    OFFLINE = "OFFLINE"
    DISABLED = "DISABLED"
    ENABLED = "ENABLED"
    UNHEALTHY = "UNHEALTHY"


@define(kw_only=True)
class RunnerVersion(Model):
    """The version of a runner."""

    version: str | None = None
    """The installed version."""
    current: str | None = None
    """The recommended version."""


@define(kw_only=True)
class RunnerState(Model):
    """The state of a runner."""

    status: RunnerStatus
    """The status."""
    version: RunnerVersion | None = None
    """Its version; None until it has connected."""
    updated_on: datetime | None = None
    """When the state last changed."""
    cordoned: bool | None = None
    """Whether it accepts no new steps."""


@define(kw_only=True)
class RunnerOAuthClient(Model):
    """The OAuth client by which a runner authenticates."""

    id: str
    """The client ID."""
    secret: str | None = field(default=None, repr=False)
    """The client secret; returned only when the runner is created."""
    token_endpoint: str | None = None
    """URL of the token endpoint."""
    audience: str | None = None
    """The audience of the token."""


@define(kw_only=True)
class PipelineRunner(Model):
    """A self-hosted runner."""

    uuid: str
    """The UUID, in braces."""
    name: str
    """The name."""
    labels: list[str]
    """Labels by which steps select it."""
    state: RunnerState | None = None
    """The state."""
    created_on: datetime | None = None
    """When it was created."""
    updated_on: datetime | None = None
    """When it was last changed."""
    oauth_client: RunnerOAuthClient | None = None
    """The OAuth client by which it authenticates."""
