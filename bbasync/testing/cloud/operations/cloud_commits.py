"""Commits: listing, single ones, their comments, approvals and build statuses."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from aiohttp import web

from bbasync.testing.cloud.http import Call, Operation, from_cursor, not_found, refusal, to_cursor
from bbasync.testing.faults import LOGIN_PAGE
from bbasync.testing.server import Refusal

if TYPE_CHECKING:
    from bbasync.testing.cloud.query import Fields
    from bbasync.testing.cloud.world.history import Commit
    from bbasync.testing.cloud.world.pull_requests import Status
    from bbasync.testing.cloud.world.repository import Repository

STATUS_FIELDS: Fields[Status] = {
    "key": lambda one: one.key,
    "name": lambda one: one.name,
    "state": lambda one: one.state,
    "refname": lambda one: one.refname,
    "url": lambda one: one.url,
    "created_on": lambda one: one.created_on,
    "updated_on": lambda one: one.updated_on,
}


def list_commits(call: Call) -> web.Response:
    """List commits, of all branches unless a revision or `include` names heads; POST takes a form, for long lists."""
    repository = _repository_or_page(call)
    pagelen = call.pagelen(30, 100)
    if not repository.branches and not repository.history.stored:
        if repository.empty_status != 200:  # the vendor's answer is not settled: both are met
            raise not_found("Repository has no commits")
        return call.iterate([], pagelen, None)
    include = _hashes(call, repository, "include")
    if "revision" in call.request.match_info:
        include.append(resolve(repository, call.arg("revision")).hash)
    exclude = _hashes(call, repository, "exclude")
    path = call.query.get("path") or str(call.form.get("path", ""))
    parts = (repository.uuid, repository.version, include, exclude, path)
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=16)
    context = call.query.get("ctx", digest.hexdigest())
    heads = include or list(repository.branches.values())
    walk = call.walks.get(context, lambda: repository.history.walk(heads, exclude))
    offset = int(from_cursor(call.query["page"])[0]) if "page" in call.query else 0
    commits, following = walk.page(offset, pagelen, repository.files.touches(path) if path else None)
    values = (call.payloads.commit(repository, commit) for commit in commits)
    return call.iterate(values, pagelen, None if following is None else to_cursor(following), ctx=context)


def get_commit(call: Call) -> web.Response:
    """Answer with one commit, by hash, branch or tag."""
    repository = call.repository()
    commit = resolve(repository, call.arg("commit"))
    participants = repository.commit_participants.get(commit.hash, {})
    said = [call.payloads.participant(user, "PARTICIPANT", one) for user, one in participants.items()]
    return call.answer(call.payloads.commit(repository, commit) | {"participants": said})


def list_statuses(call: Call) -> web.Response:
    """List the build statuses of a commit."""
    repository = call.repository()
    commit = resolve(repository, call.arg("commit"))
    found = call.filtered(repository.statuses(commit.hash).values(), STATUS_FIELDS)
    return call.page(found, lambda one: call.payloads.status(repository, commit.hash, one), default=30)


def _repository_or_page(call: Call) -> Repository:
    """Find the repository; where there is none, a listing by revision answers with a web page, as the vendor does."""
    try:
        return call.repository()
    except Refusal as refused:
        if "revision" not in call.request.match_info:
            raise
        page = web.Response(status=404, body=LOGIN_PAGE, content_type="text/html", charset="utf-8")
        raise Refusal(page) from refused


def _hashes(call: Call, repository: Repository, name: str) -> list[str]:
    given = [*call.query.getall(name, []), *call.form.getall(name, [])]
    found = {str(one): repository.resolve(str(one)) for one in given}
    missing = [one for one, commit in found.items() if commit is None]
    if missing:
        raise refusal(404, "Commit not found", data={"shas": missing})
    return [commit.hash for commit in found.values() if commit is not None]


def resolve(repository: Repository, name: str) -> Commit:
    """Find a commit by hash, branch or tag, or refuse."""
    commit = repository.resolve(name)
    if commit is None:
        raise refusal(404, "Commit not found", data={"shas": [name]})
    return commit


COMMITS = "/repositories/{workspace}/{repo_slug}/commits"
COMMIT = "/repositories/{workspace}/{repo_slug}/commit/{commit}"
OPERATIONS = (
    Operation("GET", COMMITS, list_commits, "repository"),
    Operation("POST", COMMITS, list_commits, "repository"),
    Operation("GET", COMMITS + "/{revision*}", list_commits, "repository"),
    Operation("POST", COMMITS + "/{revision*}", list_commits, "repository"),
    Operation("GET", COMMIT, get_commit, "repository"),
    Operation("GET", COMMIT + "/statuses", list_statuses, "repository"),
)
