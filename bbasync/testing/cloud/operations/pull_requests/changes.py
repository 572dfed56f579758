"""Changes of pull requests: commits, diffs, patches and conflicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from bbasync.testing.cloud.http import Call, not_found, to_cursor
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from bbasync.testing.cloud.world.pull_requests import Pull
    from bbasync.testing.cloud.world.repository import Repository

operations: Operations[Call] = Operations()


@operations("GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/commits", "pullrequest")
def list_pull_commits(call: Call) -> Result:
    """List the commits that a pull request brings."""
    repository = call.repository()
    pagelen = call.pagelen(10, 100)
    commits = repository.pull_commits(call.pull(repository))
    offset = call.position(lambda number: (number - 1) * pagelen)
    values = [call.payloads.commit(repository, one) for one in commits[offset : offset + pagelen]]
    return call.iterate(values, pagelen, to_cursor(offset + pagelen) if offset + pagelen < len(commits) else None)


@operations("GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/diff", "pullrequest")
def redirect_diff(call: Call) -> Result:
    """Redirect to the diff of the repository."""
    return _redirect(call, "diff")


@operations("GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/diffstat", "pullrequest")
def redirect_diffstat(call: Call) -> Result:
    """Redirect to the diffstat of the repository."""
    return _redirect(call, "diffstat")


@operations("GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/patch", "pullrequest")
def redirect_patch(call: Call) -> Result:
    """Redirect to the patch of the repository."""
    return _redirect(call, "patch")


@operations("GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/conflicts", "pullrequest")
def redirect_conflicts(call: Call) -> Result:
    """Redirect to the file conflicts of the repository, between what a merge would join now."""
    repository = call.repository()
    source, destination = heads(repository, call.pull(repository))
    return _redirected(call, "file-conflicts", source, destination, call.request.rel_url.raw_query_string)


def heads(repository: Repository, pull: Pull) -> tuple[str | None, str | None]:
    """Return the commits that a merge joins: the destination of an open pull request is the head of its branch."""
    if pull.state != "OPEN":
        return pull.source_hash, pull.destination_hash
    return pull.source_hash, repository.branches.get(pull.destination_branch)


def _redirect(call: Call, kind: str) -> web.Response:
    repository = call.repository()
    pull = call.pull(repository)
    query = call.request.rel_url.raw_query_string
    query = f"from_pullrequest_id={pull.id}&topic=true{f'&{query}' if query else ''}"
    return _redirected(call, kind, pull.source_hash, pull.destination_hash, query)


def _redirected(call: Call, kind: str, source: str | None, destination: str | None, query: str) -> web.Response:
    if source is None or destination is None:
        raise not_found("The source branch of this pull request was deleted")
    name = call.repository().full_name
    location = f"{call.payloads.base}/repositories/{name}/{kind}/{name}:{source[:12]}..{destination[:12]}"
    return web.Response(status=302, headers={"Location": f"{location}?{query}" if query else location})
