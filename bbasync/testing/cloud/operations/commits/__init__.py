"""Commits and their approvals; comments and diffs have modules of their own."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from aiohttp import web

from bbasync.testing.cloud.http import Call, not_found, refusal
from bbasync.testing.cloud.world.pull_requests import Participant
from bbasync.testing.faults import LOGIN_PAGE
from bbasync.testing.operations import Operations, Result
from bbasync.testing.server import Refusal

if TYPE_CHECKING:
    from bbasync.testing.cloud.world.repository import Repository
    from bbasync.testing.history import Commit

operations: Operations[Call] = Operations()


@operations("POST /repositories/{workspace}/{repo_slug}/commit/{commit}/approve", "repository:write")
def approve(call: Call) -> Result:
    """Approve a commit."""
    repository = call.repository()
    commit = resolve(repository, call.arg("commit"))
    one = Participant("approved", call.world.now())
    repository.commit_participants.setdefault(commit.hash, {})[call.me] = one
    return call.payloads.participant(call.me, "PARTICIPANT", one)


@operations("DELETE /repositories/{workspace}/{repo_slug}/commit/{commit}/approve", "repository:write")
def unapprove(call: Call) -> Result:
    """Take the approval of a commit back."""
    repository = call.repository()
    commit = resolve(repository, call.arg("commit"))
    if repository.commit_participants.get(commit.hash, {}).pop(call.me, None) is None:
        raise not_found("You have not approved this commit")
    return None


@operations("GET /repositories/{workspace}/{repo_slug}/commits", "repository")
@operations("POST /repositories/{workspace}/{repo_slug}/commits", "repository")
@operations("GET /repositories/{workspace}/{repo_slug}/commits/{revision}", "repository")
@operations("POST /repositories/{workspace}/{repo_slug}/commits/{revision}", "repository")
def list_commits(call: Call) -> Result:
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
    walk = call.fake.walks.get(context, lambda: repository.history.walk(heads, exclude))
    number = call.page_number()
    wanted = repository.files.touches(path) if path else None
    offset = (number - 1) * pagelen if wanted is None else walk.start(number, pagelen, path, wanted)
    commits, following = walk.page(offset, pagelen, wanted)
    values = (call.payloads.commit(repository, commit) for commit in commits)
    return call.iterate(values, pagelen, None if following is None else str(number + 1), ctx=context)


@operations("GET /repositories/{workspace}/{repo_slug}/commit/{commit}", "repository")
def get_commit(call: Call) -> Result:
    """Answer with one commit, by hash, branch or tag."""
    repository = call.repository()
    commit = resolve(repository, call.arg("commit"))
    participants = repository.commit_participants.get(commit.hash, {})
    said = [call.payloads.participant(user, "PARTICIPANT", one) for user, one in participants.items()]
    return call.payloads.commit(repository, commit) | {"participants": said}


@operations("GET /repositories/{workspace}/{repo_slug}/merge-base/{revspec}", "repository")
def get_merge_base(call: Call) -> Result:
    """Answer with the newest common ancestor of two commits."""
    repository = call.repository()
    left, separator, right = call.arg("revspec").partition("..")
    if not separator:
        raise refusal(400, "Two commits are needed, with two dots between them")
    found = repository.history.merge_base(resolve(repository, left).hash, resolve(repository, right).hash)
    if found is None:
        raise not_found("The two commits have no common ancestor")
    return call.payloads.commit(repository, found)


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
