"""Branches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.datacenter.http import Call, flag, required, resolve, text
from bbasync.testing.datacenter.payloads import VALIDATION, answer, refuse
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiohttp import web

    from bbasync.testing.datacenter.payloads import Json
    from bbasync.testing.datacenter.world import Repository

operations: Operations[Call] = Operations()

AHEAD_BEHIND = "com.atlassian.bitbucket.server.bitbucket-branch:ahead-behind-metadata-provider"
LATEST_COMMIT = "com.atlassian.bitbucket.server.bitbucket-branch:latest-commit-metadata"


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/branches")
def list_branches(call: Call) -> Result:
    """List branches, the last changed first unless ordered by the alphabet."""
    repository = call.repository()
    part = call.query.get("filterText", "").lower()
    names = sorted(name for name in repository.branches if part in name.lower())
    if call.query.get("orderBy", "MODIFICATION") == "MODIFICATION":
        names.sort(key=lambda name: repository.history.commit(repository.branches[name]).date, reverse=True)
    if call.flag("boostMatches"):
        names.sort(key=lambda name: not name.lower().startswith(part))
    return call.page(names, lambda name: _branch(call, name, repository))


@operations("GET /branch-utils/latest/projects/{projectKey}/repos/{repositorySlug}/branches/info/{commitId}")
def list_branches_of_commit(call: Call) -> Result:
    """List the branches that contain a commit."""
    repository, commit = call.commit()
    history = repository.history
    names = [name for name, tip in sorted(repository.branches.items()) if history.contains(tip, commit.hash)]
    return call.page(names, lambda name: {"id": f"refs/heads/{name}", "displayId": name, "type": "BRANCH"})


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/branches/default")
@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/default-branch")
def get_default_branch(call: Call) -> Result:
    """Return the default branch; in an empty repository it does not exist yet."""
    repository = call.repository()
    if repository.default_branch in repository.branches:
        return call.payloads.branch(repository, repository.default_branch)
    if call.request.path.endswith("/branches/default"):
        return None
    raise refuse(404, f"The default branch of {repository.path} does not exist.", "repository.NoDefaultBranchException")


@operations("PUT /api/latest/projects/{projectKey}/repos/{repositorySlug}/branches/default")
@operations("PUT /api/latest/projects/{projectKey}/repos/{repositorySlug}/default-branch")
def set_default_branch(call: Call) -> Result:
    """Make another branch the default."""
    repository = call.repository("ADMIN")
    name = required(call.json(), "id").removeprefix("refs/heads/")
    if name not in repository.branches:
        raise refuse(404, f"Branch {name} does not exist in {repository.path}.", "repository.NoSuchBranchException")
    repository.default_branch = name
    return None


@operations("POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/branches")
def create_branch(call: Call) -> Result:
    """Create a branch, answered with 200."""
    return _create_branch(call, 200)


@operations("POST /branch-utils/latest/projects/{projectKey}/repos/{repositorySlug}/branches")
def create_branch_model(call: Call) -> Result:
    """Create a branch through branch-utils, answered with 201."""
    return _create_branch(call, 201)


@operations("DELETE /branch-utils/latest/projects/{projectKey}/repos/{repositorySlug}/branches")
def delete_branch(call: Call) -> Result:
    """Delete the branch that the body names, if its tip is `endPoint` where that is given."""
    repository, data = call.writable(), call.json()
    name = required(data, "name").removeprefix("refs/heads/")
    tip, expected = repository.branches.get(name), text(data, "endPoint")
    if tip is None:
        raise refuse(400, f"Branch {name} does not exist in {repository.path}.", "repository.NoSuchBranchException")
    if name == repository.default_branch:
        raise refuse(400, f"{name} is the default branch and cannot be deleted.", VALIDATION)
    if expected is not None and expected != tip:
        raise refuse(400, f"Branch {name} has moved on to {tip}.", VALIDATION, context="endPoint")
    if not flag(data, "dryRun"):
        del repository.branches[name]
        call.tell.on_ref(repository, call.me, f"refs/heads/{name}", tip, None)
    return None


def _branch(call: Call, name: str, repository: Repository) -> Json:
    history = repository.history
    payload = call.payloads.branch(repository, name)
    if call.flag("details"):
        tip = repository.branches[name]
        base = call.query.get("base")
        other = resolve(repository, base) if base else repository.branches.get(repository.default_branch, tip)
        ahead, behind = (len(history.log(*pair)) for pair in ((tip, other), (other, tip)))
        latest = call.payloads.commit(history.commit(tip))
        payload["metadata"] = {AHEAD_BEHIND: {"ahead": ahead, "behind": behind}, LATEST_COMMIT: latest}
    return payload


def _create_branch(call: Call, status: int) -> web.Response:
    repository, data = call.writable(), call.json()
    name = required(data, "name").removeprefix("refs/heads/")
    check_name(name, repository, repository.branches)
    tip = repository.branches[name] = resolve(repository, required(data, "startPoint"))
    call.tell.on_ref(repository, call.me, f"refs/heads/{name}", None, tip)
    return answer(call.payloads.branch(repository, name), status)


def check_name(name: str, repository: Repository, taken: Iterable[str]) -> None:
    """Refuse what git does not take as a ref name, and what exists: with 400, not 409."""
    if any(part in name for part in (" ", "~", "^", ":", "?", "*", "[", "\\", "..", "@{")) or name.startswith("-"):
        raise refuse(400, f"{name} is not a valid name of a ref", VALIDATION, context="name")
    if name in taken:
        raise refuse(400, f"{name} exists already in {repository.path}.", "repository.ref.DuplicateRefException")
