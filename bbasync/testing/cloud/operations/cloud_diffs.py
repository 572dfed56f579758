"""Diffs, diffstats, patches, and the redirects that lead to them from pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from aiohttp import web

from bbasync.testing.cloud.http import Call, Operation, not_found, refusal
from bbasync.testing.cloud.operations.cloud_commits import resolve
from bbasync.testing.cloud.payloads import hrefs

if TYPE_CHECKING:
    from bbasync.testing.cloud.http import Action
    from bbasync.testing.cloud.payloads import Payload
    from bbasync.testing.cloud.world.files import Change
    from bbasync.testing.cloud.world.history import Commit
    from bbasync.testing.cloud.world.repository import Repository

DIFFSTAT = 500
"""Default and cap of the page length of a diffstat."""
MOST_PATCHES = 250


def get_diff(call: Call) -> web.Response:
    """Answer with a diff as plain bytes."""
    _, _, changes = _changes(call)
    return _text(b"".join(one.patch for one in changes))


def list_diffstat(call: Call) -> web.Response:
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


def get_patch(call: Call) -> web.Response:
    """Answer with a patch a commit, as `git format-patch` writes them."""
    repository = call.repository()
    source, destination = _ends(call, repository)
    commits = [source]
    if destination is not None:
        commits, _ = repository.history.walk([source.hash], [destination.hash]).page(0, MOST_PATCHES)
    return _text(b"".join(_mail(call, repository, commit) for commit in reversed(commits)))


def get_merge_base(call: Call) -> web.Response:
    """Answer with the newest common ancestor of two commits."""
    repository = call.repository()
    left, separator, right = call.arg("revspec").partition("..")
    if not separator:
        raise refusal(400, "Two commits are needed, with two dots between them")
    found = repository.history.merge_base(resolve(repository, left).hash, resolve(repository, right).hash)
    if found is None:
        raise not_found("The two commits have no common ancestor")
    return call.answer(call.payloads.commit(repository, found))


def _redirect(kind: str) -> Action:
    def redirect(call: Call) -> web.Response:
        repository = call.repository()
        pull = call.pull(repository)
        if pull.source_hash is None or pull.destination_hash is None:
            raise not_found("The source of this pull request is gone")
        spec = f"{repository.full_name}:{pull.source_hash[:12]}..{pull.destination_hash[:12]}"
        own = f"{call.payloads.base}/repositories/{repository.full_name}/{kind}/{spec}"
        query = call.request.query_string
        more = f"&{query}" if query else ""
        location = f"{own}?from_pullrequest_id={pull.id}&topic=true{more}"
        return web.Response(status=302, headers={"Location": location})

    return redirect


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
    if not context.isdecimal():
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


REPOSITORY = "/repositories/{workspace}/{repo_slug}"
PULL = REPOSITORY + "/pullrequests/{pull_request_id}"
OPERATIONS = (
    Operation("GET", REPOSITORY + "/diff/{spec*}", get_diff, "repository"),
    Operation("GET", REPOSITORY + "/diffstat/{spec*}", list_diffstat, "repository"),
    Operation("GET", REPOSITORY + "/patch/{spec*}", get_patch, "repository"),
    Operation("GET", REPOSITORY + "/merge-base/{revspec*}", get_merge_base, "repository"),
    Operation("GET", PULL + "/diff", _redirect("diff"), "pullrequest"),
    Operation("GET", PULL + "/diffstat", _redirect("diffstat"), "pullrequest"),
    Operation("GET", PULL + "/patch", _redirect("patch"), "pullrequest"),
)
