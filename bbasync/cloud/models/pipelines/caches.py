"""Caches of pipelines."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from bbasync.model import Model

__all__ = ["PipelineCache", "PipelineCacheContent"]


@define(kw_only=True)
class PipelineCache(Model):
    """A cache that a step stored."""

    uuid: str
    """The UUID, in braces."""
    name: str
    """The name in `bitbucket-pipelines.yml`."""
    pipeline_uuid: str | None = None
    """The UUID of the pipeline that created it."""
    step_uuid: str | None = None
    """The UUID of the step that created it."""
    key_hash: str | None = None
    """Hash of the key of this version."""
    path: str | None = None
    """The directory that was stored."""
    file_size_bytes: int | None = None
    """Size of the archive."""
    created_on: datetime | None = None
    """When it was created."""


@define(kw_only=True)
class PipelineCacheContent(Model):
    """Where the content of a cache is."""

    uri: str
    """URL of the archive, valid for a short time; it needs no credential, so treat it as a secret."""
