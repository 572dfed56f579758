"""Tasks of pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.cloud import pull_request_payloads as build
from bbasync.testing.cloud.http import Call, leaf, not_found, refusal
from bbasync.testing.cloud.operations.pull_requests.comments import editable_discussion, text_of
from bbasync.testing.cloud.world.pull_requests import Task
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from bbasync.testing.cloud.query import Fields
    from bbasync.testing.cloud.world.pull_requests import Discussion, Pull
    from bbasync.testing.cloud.world.repository import Repository

operations: Operations[Call] = Operations()

TASK_FIELDS: Fields[Task] = {
    "id": lambda one: one.id,
    "state": lambda one: "UNRESOLVED" if one.resolved_on is None else "RESOLVED",
    "content.raw": lambda one: one.text,
    "created_on": lambda one: one.created_on,
    "updated_on": lambda one: one.updated_on,
}


@operations(
    "POST /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/tasks", "pullrequest", status=201
)
def create_task(call: Call) -> Result:
    """Create a task, on its own or at a comment."""
    repository, body = call.repository(), call.json()
    raw, comment = text_of(body), leaf(body, "comment", "id")
    pull, discussion = editable_discussion(call, repository)
    if comment is not None and not (isinstance(comment, int) and comment in discussion.comments):
        raise refusal(400, "Bad request", fields={"comment": [f"{comment} is not a comment here"]})
    now = call.world.now()
    task = Task(call.world.serial(), call.me, raw, now, now, comment=comment)
    discussion.tasks[task.id] = task
    _count_tasks(pull, discussion)
    return build.task(call.payloads, repository, pull, task)


@operations("PUT /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/tasks/{task_id}", "pullrequest")
def update_task(call: Call) -> Result:
    """Change the text of a task, or resolve or reopen it."""
    repository, body = call.repository(), call.json()
    pull, discussion, task = _task(call, repository)
    state = body.get("state")
    if state not in (None, "RESOLVED", "UNRESOLVED"):
        raise refusal(400, "Bad request", fields={"state": [f"{state} is not a valid choice"]})
    if "content" in body:
        task.text = text_of(body)
    task.updated_on = call.world.now()
    if state is not None:
        task.resolved_on = task.updated_on if state == "RESOLVED" else None
        task.resolved_by = call.me if state == "RESOLVED" else None
    _count_tasks(pull, discussion)
    return build.task(call.payloads, repository, pull, task)


@operations(
    "DELETE /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/tasks/{task_id}", "pullrequest"
)
def delete_task(call: Call) -> Result:
    """Delete a task."""
    pull, discussion, task = _task(call, call.repository())
    del discussion.tasks[task.id]
    _count_tasks(pull, discussion)
    return None


@operations("GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/tasks", "pullrequest")
def list_tasks(call: Call) -> Result:
    """List the tasks of a pull request."""
    repository = call.repository()
    pull = call.pull(repository)
    found = call.filtered(repository.discussion(pull).tasks.values(), TASK_FIELDS)
    return call.page(found, lambda one: build.task(call.payloads, repository, pull, one))


@operations("GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/tasks/{task_id}", "pullrequest")
def get_task(call: Call) -> Result:
    """Answer with a task."""
    repository = call.repository()
    pull = call.pull(repository)
    found = repository.discussion(pull).tasks.get(call.number("task_id", "Task"))
    if found is None:
        raise not_found(f"Task {call.arg('task_id')} not found")
    return build.task(call.payloads, repository, pull, found)


def _task(call: Call, repository: Repository) -> tuple[Pull, Discussion, Task]:
    pull, discussion = editable_discussion(call, repository)
    task = discussion.tasks.get(call.number("task_id", "Task"))
    if task is None:
        raise not_found(f"Task {call.arg('task_id')} not found")
    return pull, discussion, task


def _count_tasks(pull: Pull, discussion: Discussion) -> None:
    """Count the open ones, as the vendor does."""
    pull.task_count = sum(task.resolved_on is None for task in discussion.tasks.values())
