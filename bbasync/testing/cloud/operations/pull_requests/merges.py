"""Merges of pull requests, and the checks that run before them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from bbasync.testing.cloud import pull_request_payloads as build
from bbasync.testing.cloud import webhooks as tell
from bbasync.testing.cloud.http import Call, json_response, refusal
from bbasync.testing.cloud.operations.branch_restrictions import check_merge
from bbasync.testing.cloud.operations.pull_requests import open_pull_request, record_update
from bbasync.testing.history import Commit
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from bbasync.testing.cloud.payloads import Payload
    from bbasync.testing.cloud.world.pull_requests import Pull
    from bbasync.testing.cloud.world.repository import Repository

operations: Operations[Call] = Operations()

STRATEGIES = ("merge_commit", "squash", "fast_forward", "squash_fast_forward", "rebase_fast_forward", "rebase_merge")


@operations("POST /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/merge", "pullrequest:write")
def merge(call: Call) -> Result:
    """Merge; with `async=true`, and where merges are slow, only a task to ask for is answered."""
    repository, body = call.repository(), call.json()
    pull = open_pull_request(call, repository)
    strategy = body.get("merge_strategy") or STRATEGIES[0]
    if strategy not in STRATEGIES:
        raise refusal(400, "Bad request", fields={"merge_strategy": [f"{strategy} is not a valid choice"]})
    check_merge(call, repository, pull)
    pull = repository.edit(pull.id)
    _merge(call, repository, pull, body)
    if call.query.get("async") == "true" or call.fake.merges.slow_merges:
        path = f"{repository.full_name}/pullrequests/{pull.id}/merge/task-status/{call.fake.merges.add(pull.id)}"
        headers = {"Location": f"{call.payloads.base}/repositories/{path}"}
        return web.Response(status=202, body=b'""', content_type="application/json", headers=headers)
    return json_response(_merged_payload(call, repository, pull))


@operations(
    "GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/merge/task-status/{task_id}",
    "pullrequest",
)
def get_merge_task(call: Call) -> Result:
    """Return the state of a merge; an unknown task stays pending, as on the server."""
    repository = call.repository()
    pull = call.pull(repository)
    own = f"{call.payloads.base}/repositories/{repository.full_name}/pullrequests/{pull.id}"
    if call.fake.merges.pending(call.arg("task_id"), pull.id):
        links = {"self": {"href": f"{own}/merge/task-status/{call.arg('task_id')}"}}
        return json_response({"task_status": "PENDING", "links": links})
    return json_response({"task_status": "SUCCESS", "merge_result": _merged_payload(call, repository, pull)})


def _merge(call: Call, repository: Repository, pull: Pull, body: Payload) -> None:
    head, base = pull.source_hash, repository.branches.get(pull.destination_branch)
    if head is None or base is None:
        raise refusal(409, "One of the branches of this pull request does not exist")
    strategy = str(body.get("merge_strategy") or STRATEGIES[0])
    if strategy == "fast_forward":
        if len(repository.history.walk([base], [head])):
            raise refusal(400, "The destination has commits that the source lacks; it cannot be fast-forwarded")
        pull.merge_hash = head
    else:
        parents = (base, head) if strategy in ("merge_commit", "rebase_merge") else (base,)
        text = body.get("message") or f"Merged in {pull.source_branch} (pull request #{pull.id})\n\n{pull.title}\n"
        merge = repository.files.merge(base, head)
        if merge.conflicts:
            raise refusal(400, "Conflicts during merge.", detail=f"Conflicts in {', '.join(merge.conflicts)}")
        commit = Commit(call.world.new_hash(), parents, call.world.now(), str(text), call.me, changes=merge.changes)
        repository.history.store(commit)
        pull.merge_hash = commit.hash
    pull.destination_hash = base
    repository.branches[pull.destination_branch] = pull.merge_hash
    pull.state, pull.closed_by = "MERGED", call.me
    if body.get("close_source_branch") is not None:
        pull.close_source_branch = bool(body["close_source_branch"])
    closes = pull.close_source_branch and pull.source_repository == repository.uuid
    closed = repository.branches.pop(pull.source_branch, None) if closes else None
    record_update(call, pull)
    tell.on_pull(call, "fulfilled", repository, pull)
    tell.on_push(call, repository, pull.destination_branch, base, pull.merge_hash)
    call.fake.pipelines.pushed(call.me, repository, "branches", pull.destination_branch, pull.merge_hash)
    if closed is not None:
        tell.on_push(call, repository, pull.source_branch, closed, None)


def _merged_payload(call: Call, repository: Repository, pull: Pull) -> Payload:
    """Build the response to a merge, the only one that has the whole hash of the merge commit."""
    found = build.pull_request(call.payloads, repository, pull)
    return found | {"merge_commit": call.payloads.commit_reference(repository, str(pull.merge_hash))}
