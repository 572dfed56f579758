"""Changes between commits: diffs, patches, diffstats and conflicts."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from aiohttp import web

from bbasync.testing.cloud.http import Call, refusal
from bbasync.testing.cloud.operations.commits import resolve
from bbasync.testing.cloud.payloads import hrefs
from bbasync.testing.cloud.world.conflicts import SCENARIOS, conflicts
from bbasync.testing.operations import Operations, Result, is_number

if TYPE_CHECKING:
    from bbasync.testing.cloud.payloads import Payload
    from bbasync.testing.cloud.world.conflicts import Conflict
    from bbasync.testing.cloud.world.repository import Repository
    from bbasync.testing.history import Commit
    from bbasync.testing.history.files import Change

operations: Operations[Call] = Operations()

DIFFSTAT = 500
"""Default and cap of the page length of diffstats and file conflicts."""
MOST_PATCHES = 250


@operations("GET /repositories/{workspace}/{repo_slug}/diff/{spec}", "repository")
def get_diff(call: Call) -> Result:
    """Answer with a diff as plain bytes."""
    _, _, changes = _changes(call)
    return _text(b"".join(one.patch for one in changes))


@operations("GET /repositories/{workspace}/{repo_slug}/diffstat/{spec}", "repository")
def list_diffstat(call: Call) -> Result:
    """List what changed, by file."""
    old, new, changes = _changes(call)
    repository = call.repository()

    def side(path: str | None, commit: str | None) -> Payload | None:
        if path is None or commit is None:
            return None
        own = f"{call.payloads.base}/repositories/{repository.full_name}/src/{commit}/{quote(path)}"
        return {"type": "commit_file", "path": path, "escaped_path": quote(path), "links": hrefs(self=own)}

    def render(one: Change) -> Payload:
        return {
            "type": "diffstat",
            "status": one.status,
            "lines_added": one.added,
            "lines_removed": one.removed,
            "old": side(one.old, old),
            "new": side(one.new, new),
        }

    return call.page(changes, render, default=DIFFSTAT, cap=DIFFSTAT)


@operations("GET /repositories/{workspace}/{repo_slug}/patch/{spec}", "repository")
def get_patch(call: Call) -> Result:
    """Answer with a patch a commit, as `git format-patch` writes them."""
    repository = call.repository()
    source, destination = _ends(call, repository)
    commits = [source]
    if destination is not None:
        commits, _ = repository.history.walk([source.hash], [destination.hash]).page(0, MOST_PATCHES)
    return _text(b"".join(_mail(call, repository, commit) for commit in reversed(commits)))


@operations("GET /repositories/{workspace}/{repo_slug}/file-conflicts/{spec}", "repository")
def list_file_conflicts(call: Call) -> Result:
    """List the files that the source and the destination changed in ways that cannot be merged."""
    repository = call.repository()
    source, destination = _ends(call, repository)
    found = conflicts(repository, source.hash, destination.hash) if destination is not None else []

    def render(one: Conflict) -> Payload:
        message = SCENARIOS[one.scenario]
        return {"type": "file_conflict", "path": one.path, "scenario": one.scenario, "message": message}

    return call.page(found, render, default=DIFFSTAT, cap=DIFFSTAT)


def _ends(call: Call, repository: Repository) -> tuple[Commit, Commit | None]:
    """Read the spec: one commit, or the source, two dots and the destination, the reverse of git's order."""
    spec = call.arg("spec").removeprefix(f"{repository.full_name}:")
    source, separator, destination = spec.partition("..")
    return resolve(repository, source), resolve(repository, destination) if separator else None


def _changes(call: Call) -> tuple[str | None, str, list[Change]]:
    repository = call.repository()
    source, destination = _ends(call, repository)
    if destination is None:
        old = source.parents[0] if source.parents else None
    elif call.query.get("topic", "true").lower() == "false":
        old = destination.hash
    else:
        base = repository.history.merge_base(source.hash, destination.hash)
        old = base.hash if base is not None else None
    context = call.query.get("context", "3")
    if not is_number(context):
        raise refusal(400, "Invalid context")
    changes = repository.files.changes(old, source.hash, int(context))
    paths = call.query.getall("path", [])
    if paths:
        changes = [one for one in changes if one.old in paths or one.new in paths]
    return old, source.hash, changes


def _mail(call: Call, repository: Repository, commit: Commit) -> bytes:
    author = call.payloads.author(commit)["raw"]
    subject, _, rest = commit.message.partition("\n")
    date = commit.date.strftime("%a, %d %b %Y %H:%M:%S %z")
    head = f"From {commit.hash} Mon Sep 17 00:00:00 2001\nFrom: {author}\nDate: {date}\nSubject: [PATCH] {subject}\n"
    changes = repository.files.changes(commit.parents[0] if commit.parents else None, commit.hash)
    return f"{head}\n{rest.strip()}\n---\n".encode() + b"".join(one.patch for one in changes) + b"\n"


def _text(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="text/plain")
