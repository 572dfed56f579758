"""The operations that FakeDataCenter simulates, in modules with the names of the client's services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import (
    admin,
    branches,
    builds,
    commits,
    comparisons,
    groups,
    permissions,
    projects,
    pull_requests,
    repositories,
    source,
    tags,
    users,
)
from .pull_requests import activities as pull_request_activities
from .pull_requests import blocker_comments as pull_request_blocker_comments
from .pull_requests import changes as pull_request_changes
from .pull_requests import comments as pull_request_comments
from .pull_requests import merges as pull_request_merges
from .pull_requests import participants as pull_request_participants

if TYPE_CHECKING:
    from bbasync.testing.datacenter.http import Call
    from bbasync.testing.operations import Operation

__all__ = ["OPERATIONS"]

OPERATIONS: list[Operation[Call]] = [
    *admin.operations,
    *branches.operations,
    *builds.operations,
    *commits.operations,
    *comparisons.operations,
    *groups.operations,
    *permissions.operations,
    *projects.operations,
    *pull_requests.operations,
    *pull_request_activities.operations,
    *pull_request_blocker_comments.operations,
    *pull_request_changes.operations,
    *pull_request_comments.operations,
    *pull_request_merges.operations,
    *pull_request_participants.operations,
    *repositories.operations,
    *source.operations,
    *tags.operations,
    *users.operations,
]
