"""What FakeCloud tells webhooks: which events there are, to whom they go, and what they hold."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Protocol

import orjson

from bbasync.testing.cloud import pull_request_payloads as build
from bbasync.testing.cloud.payloads import hrefs, stamp
from bbasync.testing.webhooks import ATTEMPT

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bbasync.testing.cloud.http import Call
    from bbasync.testing.cloud.payloads import Payload, Payloads
    from bbasync.testing.cloud.server import FakeCloud
    from bbasync.testing.cloud.world import Project, Workspace, World
    from bbasync.testing.cloud.world.pull_requests import Comment, Pull, Status
    from bbasync.testing.cloud.world.repository import Hook, Repository, Tag
    from bbasync.testing.history import Commit

LARGEST = 256 * 1024
"""Bytes of a body; larger ones are not sent, and nobody is notified."""
MOST_COMMITS = 5
"""Commits that a push names."""
OF_REPOSITORY = ("scm", "website", "is_private", "owner", "workspace", "project", "parent")
"""What events tell of a repository beside its reference."""
SETTINGS = ("name", "full_name", "description", "website", "language", "is_private", "fork_policy", "links")
"""What counts as a change of a repository."""


class Cause(Protocol):
    """Whoever changes something: a request, or a pipeline."""

    @property
    def fake(self) -> FakeCloud:
        """The server."""
        ...

    @property
    def me(self) -> int:
        """The index of the user whom changes are put down to."""
        ...

    @property
    def world(self) -> World:
        """The data behind the fake."""
        ...

    @property
    def payloads(self) -> Payloads:
        """Renders the data of the world."""
        ...


def on_repository(call: Call, event: str, repository: Repository, **more: Payload) -> None:
    """Tell what happened to a repository."""
    _to_repository(call, f"repo:{event}", repository, lambda: more)


def on_fork(call: Call, parent: Repository, fork: Repository) -> None:
    """Tell that a repository was forked."""
    _to_repository(call, "repo:fork", parent, lambda: {"fork": repository_payload(call, fork)})


def on_settings(call: Call, repository: Repository, before: Payload, after: Payload) -> None:
    """Tell which settings of a repository differ from before, if any."""
    changes = {
        name: {"old": before[name], "new": after[name]} for name in SETTINGS if before.get(name) != after.get(name)
    }
    if "links" in changes:  # the references are what events hold
        changes["links"] = {
            side: {name: links[name] for name in ("self", "html", "avatar")} for side, links in changes["links"].items()
        }
    if changes:
        on_repository(call, "updated", repository, changes=changes)


def on_project(call: Call, workspace: Workspace, project: Project) -> None:
    """Tell that a project was changed."""
    hooks = _wanting(workspace.hooks, key := "project:updated")
    _send(call, key, hooks, lambda: {"project": call.payloads.project(workspace, project)})


def on_push(call: Call, repository: Repository, name: str, old: str | Tag | None, new: str | Tag | None) -> None:
    """Tell that a branch or a tag was made (`old` is None), moved, or deleted (`new` is None)."""

    def ref(target: str | Tag | None) -> Payload | None:
        if target is None:
            return None
        if isinstance(target, str):
            return call.payloads.branch(repository, name, repository.commit(target))
        return call.payloads.tag(repository, name, target, repository.commit(target.hash))

    def payload() -> Payload:
        change: Payload = {"old": ref(old), "new": ref(new), "created": old is None, "closed": new is None}
        change |= {"forced": False, "truncated": False}
        if new is not None:
            change |= _pushed(call, repository, name, old, new)
        return {"push": {"changes": [change]}}

    _to_repository(call, "repo:push", repository, payload)


def _pushed(call: Call, repository: Repository, name: str, old: str | Tag | None, new: str | Tag) -> Payload:
    """Build the links to what came with a push, and of branches the newest of the commits."""
    own, page = (f"{base}/{repository.full_name}" for base in (f"{call.payloads.base}/repositories", call.payloads.web))
    if not isinstance(new, str):
        return {"links": hrefs(commits=f"{own}/commits?include={new.hash}")}
    if isinstance(old, str):
        known = [old]
        links = hrefs(
            commits=f"{own}/commits?include={new}&exclude={old}",
            html=f"{page}/branches/compare/{new}..{old}",
            diff=f"{own}/diff/{new}..{old}",
        )
    else:
        known = [head for branch, head in repository.branches.items() if branch != name]
        links = hrefs(commits=f"{own}/commits?include={new}", html=f"{page}/branch/{name}")
    found, following = repository.history.walk([new], known).page(0, MOST_COMMITS)
    commits = [call.payloads.commit(repository, one) for one in found]
    return {"links": links, "commits": commits, "truncated": following is not None}


def on_pull(call: Call, event: str, repository: Repository, pull: Pull) -> None:
    """Tell what happened to a pull request."""
    _to_pull(call, event, repository, pull, dict)


def on_review(call: Call, event: str, repository: Repository, pull: Pull, date: datetime) -> None:
    """Tell that somebody judged a pull request, or takes that back."""
    name = "changes_request" if event.startswith("changes_request") else "approval"
    said = {"date": stamp(date), "user": call.payloads.user(call.me)}
    _to_pull(call, event, repository, pull, lambda: {name: said})


def on_comment(call: Call, event: str, repository: Repository, pull: Pull, comment: Comment) -> None:
    """Tell what happened to a comment on a pull request; pending ones are nobody else's business."""
    if not comment.pending:
        payloads = call.payloads
        _to_pull(
            call,
            f"comment_{event}",
            repository,
            pull,
            lambda: {"comment": build.comment(payloads, repository, pull, comment)},
        )


def on_commit_comment(call: Call, repository: Repository, commit: Commit, comment: Payload) -> None:
    """Tell that somebody commented on a commit."""

    def payload() -> Payload:
        reference = call.payloads.commit_reference(repository, commit.hash)
        return {"comment": comment, "commit": reference | {"message": commit.message}}

    _to_repository(call, "repo:commit_comment_created", repository, payload)


def on_status(cause: Cause, repository: Repository, commit: str, status: Status, *, new: bool) -> None:
    """Tell that a build status came or changed."""
    key = f"repo:commit_status_{'created' if new else 'updated'}"
    _to_repository(cause, key, repository, lambda: {"commit_status": cause.payloads.status(repository, commit, status)})


def on_span(cause: Cause, repository: Repository, span: Payload) -> None:
    """Tell that a run of a pipeline or a step of it ended."""
    scopes = [{"scope": {"name": "bitbucket-pipelines"}, "spans": [span]}]
    traces = {"resourceSpans": [{"resource": {"attributes": ()}, "scopeSpans": scopes}]}
    _deliver(cause, key := "pipeline:span_created", _hooks(cause, repository, key), lambda: traces)


def repository_payload(cause: Cause, repository: Repository) -> Payload:
    """Build a repository as events hold it."""
    full = cause.payloads.repository(repository)
    return cause.payloads.repository_reference(repository) | {
        name: full[name] for name in OF_REPOSITORY if name in full
    }


def _to_pull(call: Call, event: str, repository: Repository, pull: Pull, more: Callable[[], Payload]) -> None:
    def payload() -> Payload:
        return {"pullrequest": build.pull_request(call.payloads, repository, pull)} | more()

    _to_repository(call, f"pullrequest:{event}", repository, payload)


def _to_repository(cause: Cause, key: str, repository: Repository, payload: Callable[[], Payload]) -> None:
    """Send an event to the webhooks of a repository and to those of its workspace."""
    hooks = _hooks(cause, repository, key)
    _send(cause, key, hooks, lambda: {"repository": repository_payload(cause, repository)} | payload())


def _hooks(cause: Cause, repository: Repository, key: str) -> list[Hook]:
    workspace = cause.world.workspaces[repository.workspace]
    return [*_wanting(repository.hooks, key), *_wanting(workspace.hooks, key)]


def _wanting(hooks: dict[str, Hook], key: str) -> list[Hook]:
    return [hook for hook in hooks.values() if hook.active and key in hook.events]


def _send(cause: Cause, key: str, hooks: list[Hook], payload: Callable[[], Payload]) -> None:
    _deliver(cause, key, hooks, lambda: {"actor": cause.payloads.user(cause.me)} | payload())


def _deliver(cause: Cause, key: str, hooks: list[Hook], payload: Callable[[], Payload]) -> None:
    if not hooks:
        return
    body = orjson.dumps(payload())
    if len(body) > LARGEST:
        return
    for hook in hooks:
        headers = {
            "User-Agent": "Bitbucket-Webhooks/2.0",
            "X-Hook-UUID": hook.uuid.strip("{}"),
            "X-Request-UUID": str(uuid.uuid4()),
            ATTEMPT: "1",
        }
        cause.fake.webhooks.send(key, hook.url, body, hook.secret, headers)
