"""Changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from bbasync.testing.datacenter.world.history import changed, text_diff
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from bbasync.testing.datacenter.http import Call
    from bbasync.testing.datacenter.payloads import Json
    from bbasync.testing.datacenter.world import PullRequest
    from bbasync.testing.datacenter.world.history import Change, Commit

operations: Operations[Call] = Operations()


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/commits")
def list_commits(call: Call) -> Result:
    """List the commits that a merge would bring, the newest first."""
    return call.page(_commits(call.pull_request()), call.payloads.commit)


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/changes")
def list_changes(call: Call) -> Result:
    """List the paths that a merge would change; the last page says `nextPageStart: null`."""
    pull = call.pull_request()
    found = changes_page(call, pull)
    extra: Json = {"fromHash": base_of(pull), "toHash": pull.source.commit, "properties": {"changeScope": "ALL"}}
    return {"nextPageStart": None, **extra, **call.envelope(found, call.payloads.change)}


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/diff")
@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/diff/{path}")
def get_diff(call: Call) -> Result:
    """Return the diff, as JSON unless text is asked for."""
    pull = call.pull_request()
    found = changes_page(call, pull)
    if call.request.headers.get("Accept", "").startswith("text/plain"):
        return plain(text_diff(found))
    return call.payloads.diff(found, base_of(pull), pull.source.commit)


def _commits(pull: PullRequest) -> list[Commit]:
    pull.refresh()
    return pull.source.repository.history.log(pull.source.commit, pull.target.commit)


def changes_page(call: Call, pull: PullRequest) -> list[Change]:
    """Return the changes of a pull request below the path of the request."""
    pull.refresh()
    history, path = pull.source.repository.history, call.arguments.get("path", "")
    found = changed(history.tree(base_of(pull)), history.tree(pull.source.commit))
    return [item for item in found if not path or item.path == path or item.path.startswith(f"{path}/")]


def base_of(pull: PullRequest) -> str | None:
    """Return where the source left the target; a target that was merged into counts as it was before."""
    return pull.source.repository.history.merge_base(pull.target.commit, pull.source.commit)


def plain(content: str) -> web.Response:
    """Build an answer of plain text."""
    return web.Response(text=content, content_type="text/plain")
