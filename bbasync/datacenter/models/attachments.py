"""Attachments: files that comments and descriptions refer to."""

from __future__ import annotations

from attrs import define

from bbasync.model import Model

__all__ = ["AttachmentMetadata"]


@define(kw_only=True)
class AttachmentMetadata(Model):
    """The metadata of an attachment."""

    id: int
    """ID of the attachment."""
    metadata: str
    """The metadata, as JSON text."""
    url: str | None = None
    """URL of the attachment; None if not sent."""
