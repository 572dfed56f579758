"""Changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bbasync.testing.datacenter.http import Call
    from bbasync.testing.datacenter.payloads import Json
    from bbasync.testing.datacenter.world import PullRequest, Repository
    from bbasync.testing.history import Commit
    from bbasync.testing.history.files import Change

operations: Operations[Call] = Operations()


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/commits")
def list_commits(call: Call) -> Result:
    """List the commits that a merge would bring, the newest first."""
    return call.page(_commits(call.pull_request()), call.payloads.commit)


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/changes")
def list_changes(call: Call) -> Result:
    """List the paths that a merge would change; the last page says `nextPageStart: null`."""
    pull = call.pull_request()
    base, found = compare(call, pull)
    extra: Json = {"fromHash": base, "toHash": pull.source.commit, "properties": {"changeScope": "ALL"}}
    return {"nextPageStart": None, **extra, **call.envelope(found, call.payloads.change)}


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/diff")
@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/diff/{path}")
def get_diff(call: Call) -> Result:
    """Return the diff, as JSON unless text is asked for."""
    pull = call.pull_request()
    base, found = compare(call, pull)
    if call.request.headers.get("Accept", "").startswith("text/plain"):
        return patch(found)
    return call.payloads.diff(found, base, pull.source.commit)


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}.patch")
def get_patch(call: Call) -> Result:
    """Return the commits as messages that `git am` applies, the oldest first."""
    pull = call.pull_request()
    messages = [_message(call, pull.source.repository, commit) for commit in reversed(_commits(pull))]
    return web.Response(body=b"".join(messages), content_type="text/plain", charset="utf-8")


def _message(call: Call, repository: Repository, commit: Commit) -> bytes:
    author = call.payloads.author(commit)
    subject, _, rest = commit.message.partition("\n")
    date = commit.date.strftime("%a, %d %b %Y %H:%M:%S %z")
    sender = f"{author.get('displayName', author['name'])} <{author['emailAddress']}>"
    head = f"From {commit.hash} Mon Sep 17 00:00:00 2001\nFrom: {sender}\nDate: {date}\nSubject: [PATCH] {subject}\n"
    changes = repository.files.changes(commit.parents[0] if commit.parents else None, commit.hash)
    return f"{head}\n{rest.strip()}\n---\n".encode() + b"".join(one.patch for one in changes) + b"\n"


def _commits(pull: PullRequest) -> Sequence[Commit]:
    pull.refresh()
    return pull.source.repository.history.log(pull.source.commit, pull.target.commit)


def compare(call: Call, pull: PullRequest) -> tuple[str | None, list[Change]]:
    """Return where the source left the target, and what it has changed since, below the path of the request.

    A target that was merged into counts as it was before.
    """
    pull.refresh()
    repository, path = pull.source.repository, call.arguments.get("path", "")
    base = repository.history.merge_base(pull.target.commit, pull.source.commit)
    found = repository.files.changes(None if base is None else base.hash, pull.source.commit)
    wanted = [item for item in found if not path or item.path == path or item.path.startswith(f"{path}/")]
    return None if base is None else base.hash, wanted


def patch(changes: Sequence[Change]) -> web.Response:
    """Answer with a diff as git writes it."""
    body = b"".join(one.patch for one in changes)
    return web.Response(body=body, content_type="text/plain", charset="utf-8")
