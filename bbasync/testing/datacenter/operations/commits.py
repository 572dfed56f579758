"""Commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.datacenter.http import Call, resolve, revision
from bbasync.testing.datacenter.operations.pull_requests.changes import patch
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bbasync.testing.datacenter.payloads import Json
    from bbasync.testing.datacenter.world import Repository
    from bbasync.testing.history import Commit, Walk

operations: Operations[Call] = Operations()


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/commits")
def list_commits(call: Call) -> Result:
    """List commits, newest first: `until` but not `since`, of one path, merges in or out."""
    repository = call.repository()
    query, history = call.query, repository.history
    ignore_missing = bool(call.flag("ignoreMissing"))
    names = [query.get("until"), query.get("since")]
    if ignore_missing and any(name and repository.resolve(name) is None for name in names):
        return call.page([], call.payloads.commit)
    since = resolve(repository, query["since"]) if query.get("since") else None
    found = _wanted(call, repository, history.log(revision(call, repository, "until"), since))
    counts: Json = {}
    if call.flag("withCounts"):
        counts = {"totalCount": len(found), "authorCount": len({(commit.user, commit.raw_author) for commit in found})}
    return call.page(found, call.payloads.commit, counts)


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}")
def get_commit(call: Call) -> Result:
    """Return a commit; its parents carry their own fields too."""
    repository, commit = call.commit()
    parents = [call.payloads.commit(repository.history.commit(parent)) for parent in commit.parents]
    return call.payloads.commit(commit) | {"parents": parents}


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/changes")
def list_commit_changes(call: Call) -> Result:
    """List the paths that a commit changes against `since`, its first parent by default."""
    repository, commit = call.commit()
    return changes_page(call, repository, base_of(call, repository, commit), commit.hash)


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/diff")
@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/commits/{commitId}/diff/{path}")
def get_diff(call: Call) -> Result:
    """Return the diff of a commit, as JSON unless text is asked for."""
    repository, commit = call.commit()
    since, path = base_of(call, repository, commit), call.arguments.get("path", "")
    changes = [item for item in repository.files.changes(since, commit.hash) if _below(item.path, path)]
    if call.request.headers.get("Accept", "").startswith("text/plain"):
        return patch(changes)
    return call.payloads.diff(changes, since, commit.hash)


def changes_page(
    call: Call, repository: Repository, since: str | None, until: str, *, linked: str | None = None
) -> Json:
    """Return a page of the changes between two commits, linked to `linked`, the second one by default."""
    hashes: Json = {"fromHash": since, "toHash": until}
    page = call.payloads.commit_page(repository, linked or until)
    return call.page(repository.files.changes(since, until), lambda one: call.payloads.change(one, page), hashes)


def base_of(call: Call, repository: Repository, commit: Commit) -> str | None:
    """Return the commit that `since` names, else the first parent."""
    since = call.query.get("since")
    return resolve(repository, since) if since else next(iter(commit.parents), None)


def _below(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")


def _wanted(call: Call, repository: Repository, log: Walk) -> Sequence[Commit]:
    """Keep the commits that touch `path`, and the merges or not."""
    path, merges = call.query.get("path", ""), call.query.get("merges", "include")
    if not path and merges not in ("exclude", "only"):
        return log
    touches = repository.files.touches(path)

    def wanted(commit: Commit) -> bool:
        merge = len(commit.parents) > 1
        if merges == ("exclude" if merge else "only"):
            return False
        return not path or (not merge and touches(commit))

    return log.filtered(f"{merges} {path}", wanted)
