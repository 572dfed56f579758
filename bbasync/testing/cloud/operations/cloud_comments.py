"""Writing comments and tasks of pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.cloud import pull_request_payloads as build
from bbasync.testing.cloud import webhooks as tell
from bbasync.testing.cloud.http import Call, Operation, leaf, no_content, not_found, refusal
from bbasync.testing.cloud.payloads import stamp
from bbasync.testing.cloud.world.pull_requests import Comment, Discussion, Pull, Task

if TYPE_CHECKING:
    from aiohttp import web

    from bbasync.testing.cloud.payloads import Payload
    from bbasync.testing.cloud.world.repository import Repository


def text_of(body: Payload) -> str:
    """Read the text of a comment or task."""
    raw = leaf(body, "content", "raw")
    if not isinstance(raw, str) or not raw:
        raise refusal(400, "Bad request", fields={"content": ["required key not provided"]})
    return raw


def new_comment(call: Call, known: dict[int, Comment]) -> Comment:
    """Read a new comment from the body; a reply names its parent."""
    body = call.json()
    parent = leaf(body, "parent", "id")
    if parent is not None and parent not in known:
        raise refusal(400, "Bad request", fields={"parent": [f"{parent} is no comment here"]})
    now = call.world.now()
    comment = Comment(call.world.serial(), call.me, text_of(body), now, now, parent=parent)
    inline = body.get("inline")
    comment.inline = {"from": None, "to": None} | inline if inline else None
    comment.pending = bool(body.get("pending", False))
    known[comment.id] = comment
    return comment


def create_comment(call: Call) -> web.Response:
    """Comment on a pull request; that counts, and shows in the activity, but is no update of it."""
    repository = call.repository()
    pull, discussion = _editable(call, repository)
    comment = new_comment(call, discussion.comments)
    pull.comment_count += 1
    tell.on_comment(call, "created", repository, pull, comment)
    return call.answer(build.comment(call.payloads, repository, pull, comment), status=201)


def update_comment(call: Call) -> web.Response:
    """Change the text of a comment."""
    repository = call.repository()
    pull, comment = _comment(call, repository)
    comment.text, comment.updated_on = text_of(call.json()), call.world.now()
    tell.on_comment(call, "updated", repository, pull, comment)
    return call.answer(build.comment(call.payloads, repository, pull, comment))


def delete_comment(call: Call) -> web.Response:
    """Delete a comment, which stays in the list, marked and without its text."""
    repository = call.repository()
    pull, comment = _comment(call, repository)
    comment.deleted, comment.updated_on = True, call.world.now()
    pull.comment_count -= 1
    tell.on_comment(call, "deleted", repository, pull, comment)
    return no_content()


def resolve_comment(call: Call) -> web.Response:
    """Resolve the thread of a comment."""
    repository = call.repository()
    pull, comment = _comment(call, repository)
    if comment.resolved_on is not None:
        raise refusal(409, "The comment is resolved already")
    comment.resolved_by, comment.resolved_on = call.me, call.world.now()
    tell.on_comment(call, "resolved", repository, pull, comment)
    user = call.payloads.user(call.me)
    return call.answer({"type": "comment_resolution", "user": user, "created_on": stamp(comment.resolved_on)})


def reopen_comment(call: Call) -> web.Response:
    """Open the thread of a comment again."""
    repository = call.repository()
    pull, comment = _comment(call, repository)
    if comment.resolved_on is None:
        raise not_found("The comment is not resolved")
    comment.resolved_by = comment.resolved_on = None
    tell.on_comment(call, "reopened", repository, pull, comment)
    return no_content()


def create_task(call: Call) -> web.Response:
    """Create a task, on its own or at a comment."""
    repository, body = call.repository(), call.json()
    raw, comment = text_of(body), leaf(body, "comment", "id")
    pull, discussion = _editable(call, repository)
    if comment is not None and comment not in discussion.comments:
        raise refusal(400, "Bad request", fields={"comment": [f"{comment} is no comment here"]})
    now = call.world.now()
    task = Task(call.world.serial(), call.me, raw, now, now, comment=comment)
    discussion.tasks[task.id] = task
    _count_tasks(pull, discussion)
    return call.answer(build.task(call.payloads, repository, pull, task), status=201)


def update_task(call: Call) -> web.Response:
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
    return call.answer(build.task(call.payloads, repository, pull, task))


def delete_task(call: Call) -> web.Response:
    """Delete a task."""
    pull, discussion, task = _task(call, call.repository())
    del discussion.tasks[task.id]
    _count_tasks(pull, discussion)
    return no_content()


def _editable(call: Call, repository: Repository) -> tuple[Pull, Discussion]:
    pull = repository.edit(call.pull(repository).id)
    discussion = pull.discussion = repository.discussion(pull)
    return pull, discussion


def _comment(call: Call, repository: Repository) -> tuple[Pull, Comment]:
    pull, discussion = _editable(call, repository)
    comment = discussion.comments.get(call.number("comment_id", "Comment"))
    if comment is None or comment.deleted:
        raise not_found(call.arg("comment_id"))
    return pull, comment


def _task(call: Call, repository: Repository) -> tuple[Pull, Discussion, Task]:
    pull, discussion = _editable(call, repository)
    task = discussion.tasks.get(call.number("task_id", "Task"))
    if task is None:
        raise not_found(f"Task {call.arg('task_id')} not found")
    return pull, discussion, task


def _count_tasks(pull: Pull, discussion: Discussion) -> None:
    """Count the open ones, as the vendor does."""
    pull.task_count = sum(task.resolved_on is None for task in discussion.tasks.values())


PULL = "/repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}"
COMMENT = PULL + "/comments/{comment_id}"
OPERATIONS = (
    Operation("POST", PULL + "/comments", create_comment, "pullrequest"),
    Operation("PUT", COMMENT, update_comment, "pullrequest"),
    Operation("DELETE", COMMENT, delete_comment, "pullrequest"),
    Operation("POST", COMMENT + "/resolve", resolve_comment, "pullrequest"),
    Operation("DELETE", COMMENT + "/resolve", reopen_comment, "pullrequest"),
    Operation("POST", PULL + "/tasks", create_task, "pullrequest"),
    Operation("PUT", PULL + "/tasks/{task_id}", update_task, "pullrequest"),
    Operation("DELETE", PULL + "/tasks/{task_id}", delete_task, "pullrequest"),
)
