"""Comparisons."""

from __future__ import annotations

from bbasync.testing.datacenter.http import Call, revision
from bbasync.testing.datacenter.operations.commits import base_of, changes_page
from bbasync.testing.datacenter.payloads import VALIDATION, refuse
from bbasync.testing.operations import Operations, Result

operations: Operations[Call] = Operations()


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/compare/commits")
def compare_commits(call: Call) -> Result:
    """List the commits of `from` that `to` lacks."""
    repository = call.repository()
    start, end = (revision(call, repository, name) for name in ("from", "to"))
    return call.page(repository.history.log(start, end), call.payloads.commit)


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/changes")
def list_changes(call: Call) -> Result:
    """List the paths that differ between `since` and `until`, which is required."""
    repository = call.repository()
    if not call.query.get("until"):
        raise refuse(400, "The until parameter is required", VALIDATION, context="until")
    commit = repository.history.commit(revision(call, repository, "until"))
    return changes_page(call, repository, base_of(call, repository, commit), commit.hash)


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/compare/changes")
def compare_changes(call: Call) -> Result:
    """List the paths that differ between two refs, seen from their merge base."""
    repository = call.repository()
    start, end = (revision(call, repository, name) for name in ("from", "to"))
    base = repository.history.merge_base(start, end)
    return changes_page(call, repository, None if base is None else base.hash, start, linked=end)  # as recorded
