"""The version of the server that an operation is available from, where older servers in use lack it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ADDED_IN"]

_PROJECT: Final = "/api/latest/projects/{projectKey}"
_REPOSITORY: Final = f"{_PROJECT}/repos/{{repositorySlug}}"

ADDED_IN: Final[Mapping[str, str]] = {
    f"GET {_PROJECT}/settings/change-author": "10.4",
    f"PUT {_PROJECT}/settings/change-author": "10.4",
    f"DELETE {_PROJECT}/settings/change-author": "10.4",
    f"GET {_REPOSITORY}/settings/change-author": "10.4",
    f"PUT {_REPOSITORY}/settings/change-author": "10.4",
    f"DELETE {_REPOSITORY}/settings/change-author": "10.4",
    f"GET {_REPOSITORY}/commits/{{commitId}}/diff-stats-summary/{{path}}": "9.1",
    f"GET {_REPOSITORY}/compare/diff-stats-summary{{path}}": "9.1",
    f"GET {_REPOSITORY}/pull-requests/{{pullRequestId}}/diff-stats-summary/{{path}}": "9.1",
}
"""Versions by operation, `"METHOD /template"`."""
