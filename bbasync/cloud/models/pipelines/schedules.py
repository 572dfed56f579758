"""Schedules of pipelines."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.model import Model

from . import BasePipeline, PipelineError, PipelineTarget

__all__ = ["PipelineSchedule", "PipelineScheduleExecution"]


@define(kw_only=True)
class PipelineSchedule(Model):
    """A schedule that runs a pipeline."""

    uuid: str
    """The UUID, in braces."""
    enabled: bool
    """Whether it runs pipelines."""
    cron_pattern: str
    """A cron expression of seven fields, from seconds to years, in UTC: `0 0 12 * * ? *` is every noon."""
    target: PipelineTarget | None = None
    """What it runs a pipeline for."""
    created_on: datetime | None = None
    """When it was created."""
    updated_on: datetime | None = None
    """When it was last changed."""


@define(kw_only=True)
class PipelineScheduleExecution(Model):
    """An execution of a schedule: a pipeline, or an error."""

    type: str
    """`pipeline_schedule_execution_executed` or `pipeline_schedule_execution_errored`."""
    pipeline: BasePipeline | None = None
    """The pipeline that was run."""
    error: PipelineError | None = None
    """Why none was run."""
