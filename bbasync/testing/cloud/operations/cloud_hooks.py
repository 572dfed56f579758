"""Webhooks of repositories and workspaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.cloud.http import Call, Operation, no_content, not_found, refusal
from bbasync.testing.cloud.world.repository import Hook

if TYPE_CHECKING:
    from aiohttp import web

    from bbasync.testing.cloud.payloads import Payload

PULL_REQUEST_EVENTS = (
    "approved",
    "changes_request_created",
    "changes_request_removed",
    "comment_created",
    "comment_deleted",
    "comment_reopened",
    "comment_resolved",
    "comment_updated",
    "created",
    "fulfilled",
    "push",
    "rejected",
    "unapproved",
    "updated",
)
REPOSITORY_EVENTS = (
    "commit_comment_created",
    "commit_status_created",
    "commit_status_updated",
    "created",
    "deleted",
    "fork",
    "imported",
    "push",
    "transfer",
    "updated",
)
EVENTS = (
    *(f"pullrequest:{name}" for name in PULL_REQUEST_EVENTS),
    *(f"repo:{name}" for name in REPOSITORY_EVENTS),
    "pipeline:span_created",
    "project:updated",
)
LONGEST_SECRET = 128


def list_hooks(call: Call) -> web.Response:
    """List the webhooks."""
    hooks, subject, path = _owner(call)
    return call.page(list(hooks.values()), lambda one: call.payloads.hook(subject, path, one))


def create_hook(call: Call) -> web.Response:
    """Create a webhook."""
    hooks, subject, path = _owner(call)
    body = call.json()
    _check(body, needed=("url", "events"))
    hook = Hook(call.world.new_uuid(), "", "", [], active=True, created_at=call.world.now())
    _change(hook, body)
    hooks[hook.uuid] = hook
    return call.answer(call.payloads.hook(subject, path, hook), status=201)


def get_hook(call: Call) -> web.Response:
    """Answer with a webhook."""
    hooks, subject, path = _owner(call)
    return call.answer(call.payloads.hook(subject, path, _find(call, hooks)))


def update_hook(call: Call) -> web.Response:
    """Change a webhook; a body without `secret` keeps it, an empty one clears it."""
    hooks, subject, path = _owner(call)
    hook, body = _find(call, hooks), call.json()
    _check(body, needed=())
    _change(hook, body)
    return call.answer(call.payloads.hook(subject, path, hook))


def delete_hook(call: Call) -> web.Response:
    """Delete a webhook."""
    hooks, _, _ = _owner(call)
    del hooks[_find(call, hooks).uuid]
    return no_content()


def get_hook_events(call: Call) -> web.Response:
    """Name the subjects that have webhooks."""
    own = f"{call.payloads.base}/hook_events"
    return call.answer({kind: {"links": {"events": {"href": f"{own}/{kind}"}}} for kind in ("repository", "workspace")})


def list_hook_events(call: Call) -> web.Response:
    """List the events of a subject."""
    if call.arg("subject_type") not in ("repository", "workspace"):
        raise not_found(f"Subject type {call.arg('subject_type')} not found")

    def render(event: str) -> Payload:
        category, _, label = event.partition(":")
        return {"event": event, "category": category, "label": label, "description": f"{category} {label}"}

    return call.page(EVENTS, render)


def _owner(call: Call) -> tuple[dict[str, Hook], Payload, str]:
    if "repo_slug" in call.request.match_info:
        repository = call.repository()
        subject = call.payloads.repository_reference(repository)
        return repository.hooks, subject, f"repositories/{repository.full_name}/hooks"
    workspace = call.workspace()
    subject = call.payloads.workspace_reference(workspace)
    return workspace.hooks, subject, f"workspaces/{workspace.slug}/hooks"


def _find(call: Call, hooks: dict[str, Hook]) -> Hook:
    uid = call.arg("uid")
    found = hooks.get(uid if uid.startswith("{") else f"{{{uid}}}")
    if found is None:
        raise not_found(f"{uid} is not a valid hook")
    return found


def _check(body: Payload, needed: tuple[str, ...]) -> None:
    wrong = {name: ["required key not provided"] for name in needed if not body.get(name)}
    unknown = [event for event in body.get("events", ()) if event not in EVENTS]
    if unknown:
        wrong["events"] = [f"{event} is not an event" for event in unknown]
    if len(body.get("secret") or "") > LONGEST_SECRET:
        wrong["secret"] = ["A secret has at most 128 characters"]
    if wrong:
        raise refusal(400, "Bad request", fields=wrong)


def _change(hook: Hook, body: Payload) -> None:
    hook.url = body.get("url", hook.url)
    hook.description = body.get("description", hook.description)
    hook.events = list(body.get("events", hook.events))
    hook.active = bool(body.get("active", hook.active))
    if "secret" in body:
        hook.secret = body["secret"] or None


def _operations(path: str) -> tuple[Operation, ...]:
    return (
        Operation("GET", path, list_hooks, "webhook", "webhooks"),
        Operation("POST", path, create_hook, "webhook", "webhooks"),
        Operation("GET", path + "/{uid}", get_hook, "webhook", "webhooks"),
        Operation("PUT", path + "/{uid}", update_hook, "webhook", "webhooks"),
        Operation("DELETE", path + "/{uid}", delete_hook, "webhook", "webhooks"),
    )


OPERATIONS = (
    *_operations("/repositories/{workspace}/{repo_slug}/hooks"),
    *_operations("/workspaces/{workspace}/hooks"),
    Operation("GET", "/hook_events", get_hook_events, group="webhooks"),
    Operation("GET", "/hook_events/{subject_type}", list_hook_events, group="webhooks"),
)
