"""Webhooks of projects and repositories."""

from __future__ import annotations

from bbasync.datacenter.services.webhooks.projects import ProjectWebhooks
from bbasync.datacenter.services.webhooks.repositories import RepositoryWebhooks

__all__ = ["Webhooks"]


class Webhooks(ProjectWebhooks, RepositoryWebhooks):
    """Webhooks of projects and repositories: `bb.webhooks`."""
