"""Variables of pipelines and deployment environments."""

from __future__ import annotations

from attrs import define

from bbasync.model import Model

__all__ = ["PipelineVariable"]


@define(kw_only=True)
class PipelineVariable(Model):
    """A variable of a repository, workspace, deployment environment or run."""

    key: str
    """The name."""
    uuid: str | None = None
    """The UUID, in braces; variables of a run have none."""
    value: str | None = None
    """The value; None if it is secured, since secured values are never returned."""
    secured: bool | None = None
    """Whether the value is hidden in logs and responses."""
