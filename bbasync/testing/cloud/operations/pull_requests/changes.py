"""Changes of pull requests: commits, diffs, patches and conflicts."""

from __future__ import annotations

from aiohttp import web

from bbasync.testing.cloud.http import Call, not_found, to_cursor
from bbasync.testing.operations import Operations, Result

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


def _redirect(call: Call, kind: str) -> web.Response:
    repository = call.repository()
    pull = call.pull(repository)
    if pull.source_hash is None or pull.destination_hash is None:
        raise not_found("The source branch of this pull request was deleted")
    spec = f"{repository.full_name}:{pull.source_hash[:12]}..{pull.destination_hash[:12]}"
    query = call.request.query_string
    location = f"{call.payloads.base}/repositories/{repository.full_name}/{kind}/{spec}"
    location += f"?from_pullrequest_id={pull.id}&topic=true{f'&{query}' if query else ''}"
    return web.Response(status=302, headers={"Location": location})
