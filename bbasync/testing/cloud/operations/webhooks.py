"""Webhooks of repositories and workspaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.cloud.http import Call, not_found, refusal
from bbasync.testing.cloud.world.repository import Hook
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from bbasync.testing.cloud.payloads import Payload

operations: Operations[Call] = Operations()

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
    *("issue:comment_created", "issue:created", "issue:updated"),  # accepted still; nothing causes them any more
)
LONGEST_SECRET = 128


@operations("GET /repositories/{workspace}/{repo_slug}/hooks", "webhook", group="webhooks")
@operations("GET /workspaces/{workspace}/hooks", "webhook", group="webhooks")
def list_hooks(call: Call) -> Result:
    """List the webhooks."""
    hooks, subject, path = _owner(call)
    return call.page(list(hooks.values()), lambda one: call.payloads.hook(subject, path, one))


@operations("POST /repositories/{workspace}/{repo_slug}/hooks", "webhook", group="webhooks", status=201)
@operations("POST /workspaces/{workspace}/hooks", "webhook", group="webhooks", status=201)
def create_hook(call: Call) -> Result:
    """Create a webhook."""
    hooks, subject, path = _owner(call)
    body = call.json()
    _check(call, body, needed=("url", "events"))
    hook = Hook(call.world.new_uuid(), "", "", [], active=True, created_at=call.world.now())
    _change(hook, body)
    hooks[hook.uuid] = hook
    return call.payloads.hook(subject, path, hook)


@operations("GET /repositories/{workspace}/{repo_slug}/hooks/{uid}", "webhook", group="webhooks")
@operations("GET /workspaces/{workspace}/hooks/{uid}", "webhook", group="webhooks")
def get_hook(call: Call) -> Result:
    """Answer with a webhook."""
    hooks, subject, path = _owner(call)
    return call.payloads.hook(subject, path, _find(call, hooks))


@operations("PUT /repositories/{workspace}/{repo_slug}/hooks/{uid}", "webhook", group="webhooks")
@operations("PUT /workspaces/{workspace}/hooks/{uid}", "webhook", group="webhooks")
def update_hook(call: Call) -> Result:
    """Change a webhook; a body without `secret` keeps it, an empty one clears it."""
    hooks, subject, path = _owner(call)
    hook, body = _find(call, hooks), call.json()
    _check(call, body, needed=())
    _change(hook, body)
    return call.payloads.hook(subject, path, hook)


@operations("DELETE /repositories/{workspace}/{repo_slug}/hooks/{uid}", "webhook", group="webhooks")
@operations("DELETE /workspaces/{workspace}/hooks/{uid}", "webhook", group="webhooks")
def delete_hook(call: Call) -> Result:
    """Delete a webhook."""
    hooks, _, _ = _owner(call)
    del hooks[_find(call, hooks).uuid]
    return None


@operations("GET /hook_events", group="webhooks")
def get_hook_events(call: Call) -> Result:
    """Name the subjects that have webhooks."""
    own = f"{call.payloads.base}/hook_events"
    return {kind: {"links": {"events": {"href": f"{own}/{kind}"}}} for kind in ("repository", "workspace")}


@operations("GET /hook_events/{subject_type}", group="webhooks")
def list_hook_events(call: Call) -> Result:
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


def _check(call: Call, body: Payload, needed: tuple[str, ...]) -> None:
    wrong = {name: ["required key not provided"] for name in needed if not body.get(name)}
    unknown = [event for event in body.get("events") or () if event not in EVENTS]
    if unknown:
        wrong["events"] = [f"{event} is not an event" for event in unknown]
    if len(body.get("secret") or "") > LONGEST_SECRET:
        wrong["secret"] = ["A secret has at most 128 characters"]
    if body.get("url") and not call.fake.webhooks.may_reach(str(body["url"])):
        wrong["url"] = ["This fake serves real source: its webhooks reach this machine only"]
    if wrong:
        raise refusal(400, "Bad request", fields=wrong)


def _change(hook: Hook, body: Payload) -> None:
    hook.url = body.get("url", hook.url)
    hook.description = body.get("description", hook.description)
    if body.get("events") is not None:
        hook.events = list(body["events"])
    hook.active = bool(body.get("active", hook.active))
    if "secret" in body:
        hook.secret = body["secret"] or None
