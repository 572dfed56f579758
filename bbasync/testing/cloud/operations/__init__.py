"""The operations that FakeCloud simulates, in modules with the names of the client's services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import (
    branch_restrictions,
    branching_model,
    commit_statuses,
    commits,
    deploy_keys,
    deployments,
    downloads,
    gpg_keys,
    pipelines,
    projects,
    pull_requests,
    refs,
    removed,
    reports,
    repositories,
    snippets,
    source,
    ssh_keys,
    users,
    webhooks,
    workspaces,
)
from .commits import comments as commit_comments
from .commits import diffs
from .pipelines import caches, configuration, logs, runners, schedules, test_reports, variables
from .projects import permissions as project_permissions
from .pull_requests import activity, changes, comments, mergeability, merges, reviews, tasks
from .repositories import permissions as repository_permissions
from .snippets import comments as snippet_comments
from .snippets import files as snippet_files

if TYPE_CHECKING:
    from bbasync.testing.cloud.http import Call
    from bbasync.testing.operations import Operation

__all__ = ["OPERATIONS"]

OPERATIONS: list[Operation[Call]] = [
    *pull_requests.operations,
    *activity.operations,
    *changes.operations,
    *comments.operations,
    *merges.operations,
    *mergeability.operations,
    *reviews.operations,
    *tasks.operations,
    *commits.operations,
    *commit_comments.operations,
    *diffs.operations,
    *commit_statuses.operations,
    *reports.operations,
    *repositories.operations,
    *repository_permissions.operations,
    *refs.operations,
    *source.operations,
    *downloads.operations,
    *projects.operations,
    *project_permissions.operations,
    *users.operations,
    *webhooks.operations,
    *workspaces.operations,
    *branch_restrictions.operations,
    *branching_model.operations,
    *deploy_keys.operations,
    *ssh_keys.operations,
    *gpg_keys.operations,
    *snippets.operations,
    *snippet_files.operations,
    *snippet_comments.operations,
    *pipelines.operations,
    *logs.operations,
    *test_reports.operations,
    *caches.operations,
    *configuration.operations,
    *schedules.operations,
    *variables.operations,
    *runners.operations,
    *deployments.operations,
    *removed.operations,
]
"""The most frequent first: requests are matched in this order."""
