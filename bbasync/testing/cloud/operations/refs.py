"""Branches and tags of a repository."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs

from bbasync.testing.cloud import webhooks as tell
from bbasync.testing.cloud.http import Call, leaf, not_found, refusal
from bbasync.testing.cloud.operations.branch_restrictions import check_delete
from bbasync.testing.cloud.world.repository import Tag
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from bbasync.testing.cloud.payloads import Payload
    from bbasync.testing.cloud.query import Fields
    from bbasync.testing.cloud.world.repository import Repository
    from bbasync.testing.history import Commit

operations: Operations[Call] = Operations()


@attrs.frozen
class Ref:
    """A branch or a tag in a list."""

    type: str
    """`branch` or `tag`."""
    name: str
    target: str
    """The hash of its commit."""


@operations("GET /repositories/{workspace}/{repo_slug}/refs/branches", "repository")
def list_branches(call: Call) -> Result:
    """List the branches, in the order of `git branch --list` unless `sort` says otherwise."""
    repository = call.repository()
    return _page(call, repository, _branches(repository))


@operations("GET /repositories/{workspace}/{repo_slug}/refs/branches/{name}", "repository")
def get_branch(call: Call) -> Result:
    """Answer with a branch."""
    repository, name = call.repository(), call.arg("name")
    if name not in repository.branches:
        raise not_found(f'Branch "{name}" not found')
    return _branch(call, repository, name)


@operations("POST /repositories/{workspace}/{repo_slug}/refs/branches", "repository:write", status=201)
def create_branch(call: Call) -> Result:
    """Create a branch at a commit."""
    repository = call.repository()
    name, commit = _new_ref(call, repository)
    if name in repository.branches:
        raise refusal(409, f'Branch "{name}" already exists.', data={"key": "BRANCH_ALREADY_EXISTS"})
    repository.branches[name] = commit.hash
    repository.version += 1
    tell.on_push(call, repository, name, None, commit.hash)
    call.fake.pipelines.pushed(call.me, repository, "branches", name, commit.hash)
    return _branch(call, repository, name)


@operations("DELETE /repositories/{workspace}/{repo_slug}/refs/branches/{name}", "repository:write")
def delete_branch(call: Call) -> Result:
    """Delete a branch; the main one stays."""
    repository, name = call.repository(), call.arg("name")
    if name not in repository.branches:
        raise not_found(f'Branch "{name}" not found')
    if name == repository.mainbranch:
        raise refusal(400, "The main branch cannot be deleted", data={"key": "MAIN_BRANCH"})
    check_delete(call, repository, name)
    old = repository.branches.pop(name)
    repository.version += 1
    tell.on_push(call, repository, name, old, None)
    return None


@operations("GET /repositories/{workspace}/{repo_slug}/refs/tags", "repository")
def list_tags(call: Call) -> Result:
    """List the tags, in the order of `git tag --list` unless `sort` says otherwise."""
    repository = call.repository()
    return _page(call, repository, _tags(repository))


@operations("GET /repositories/{workspace}/{repo_slug}/refs/tags/{name}", "repository")
def get_tag(call: Call) -> Result:
    """Answer with a tag."""
    repository, name = call.repository(), call.arg("name")
    if name not in repository.tags:
        raise not_found(f'Tag "{name}" not found')
    return _tag(call, repository, name)


@operations("POST /repositories/{workspace}/{repo_slug}/refs/tags", "repository:write", status=201)
def create_tag(call: Call) -> Result:
    """Create a tag at a commit."""
    repository = call.repository()
    name, commit = _new_ref(call, repository)
    if name in repository.tags:
        raise refusal(409, f'Tag "{name}" already exists.', data={"key": "TAG_ALREADY_EXISTS"})
    message = call.json().get("message")
    tag = Tag(commit.hash, message, call.world.now(), call.me) if message else Tag(commit.hash)
    repository.tags[name] = tag
    repository.version += 1
    tell.on_push(call, repository, name, None, tag)
    call.fake.pipelines.pushed(call.me, repository, "tags", name, tag.hash)
    return _tag(call, repository, name)


@operations("DELETE /repositories/{workspace}/{repo_slug}/refs/tags/{name}", "repository:write")
def delete_tag(call: Call) -> Result:
    """Delete a tag."""
    repository, name = call.repository(), call.arg("name")
    old = repository.tags.pop(name, None)
    if old is None:
        raise not_found(f'Tag "{name}" not found')
    repository.version += 1
    tell.on_push(call, repository, name, old, None)
    return None


@operations("GET /repositories/{workspace}/{repo_slug}/refs", "repository")
def list_refs(call: Call) -> Result:
    """List branches and tags together, in the order of `git show-ref` unless `sort` says otherwise."""
    repository = call.repository()
    return _page(call, repository, [*_branches(repository), *_tags(repository)])


def natural(name: str) -> list[tuple[int, str]]:
    """Sort names as people do: numbers by value."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name.lower())]


def _branch(call: Call, repository: Repository, name: str) -> Payload:
    return call.payloads.branch(repository, name, repository.commit(repository.branches[name]))


def _tag(call: Call, repository: Repository, name: str) -> Payload:
    tag = repository.tags[name]
    return call.payloads.tag(repository, name, tag, repository.commit(tag.hash))


def _branches(repository: Repository) -> list[Ref]:
    return [Ref("branch", name, head) for name, head in sorted(repository.branches.items())]


def _tags(repository: Repository) -> list[Ref]:
    return [Ref("tag", name, repository.tags[name].hash) for name in sorted(repository.tags)]


def _page(call: Call, repository: Repository, refs: list[Ref]) -> Payload:
    fields: Fields[Ref] = {
        "name": lambda ref: ref.name,
        "target.hash": lambda ref: ref.target,
        "target.date": lambda ref: repository.commit(ref.target).date,
        "target.message": lambda ref: repository.commit(ref.target).message,
    }
    found = call.filtered(refs, fields, sortable={"name": lambda ref: natural(ref.name)})
    return call.page(found, lambda ref: (_branch if ref.type == "branch" else _tag)(call, repository, ref.name))


def _new_ref(call: Call, repository: Repository) -> tuple[str, Commit]:
    body = call.json()
    name, target = str(body.get("name") or ""), str(leaf(body, "target", "hash") or "")
    missing = {key: ["This field is required."] for key, value in (("name", name), ("target", target)) if not value}
    if missing:
        raise refusal(400, "Bad request", fields=missing)
    commit = repository.resolve(target)
    if commit is None:
        raise refusal(400, f"Commit {target} not found", data={"key": "TARGET_NOT_FOUND"})
    return name, commit
