"""Mergeability checks of pull requests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bbasync.testing.cloud.http import Call, refusal
from bbasync.testing.cloud.operations.pull_requests.changes import heads
from bbasync.testing.cloud.payloads import hrefs
from bbasync.testing.cloud.world.conflicts import conflicts
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from collections.abc import Callable

    from bbasync.testing.cloud.payloads import Payload
    from bbasync.testing.cloud.world.pull_requests import Pull
    from bbasync.testing.cloud.world.repository import Repository

operations: Operations[Call] = Operations()

MINIMUM_APPROVALS = 1
EXCLUSIONS: dict[str, Callable[[Payload], bool]] = {
    'type != "git_mergeability_check"': lambda check: check["type"] != "git_mergeability_check",
    'check.kind != "maximum_commits_behind"': lambda _: True,  # a check that the fake does not have
}
"""All that `q` may hold, joined by AND."""


@operations(
    "GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/mergeability/checks",
    "pullrequest",
    group="mergeability",
)
def list_checks(call: Call) -> Result:
    """List the checks before a merge: one object, not a page."""
    repository = call.repository()
    pull = call.pull(repository)
    wanted = _exclusions(call.query.get("q"))
    checks = [
        _state(pull),
        _check("current_user_permission_check", passed=True),
        _git(call, repository, pull),
        *_standard(repository, pull),
    ]
    checks = [check for check in checks if all(test(check) for test in wanted)]
    return {"size": len(checks), "values": checks}


def _exclusions(query: str | None) -> list[Callable[[Payload], bool]]:
    if query is None:
        return []
    terms = [re.sub(r"\s*!=\s*", " != ", term.strip()) for term in re.split(r"\s+AND\s+", query, flags=re.IGNORECASE)]
    unknown = [term for term in terms if term not in EXCLUSIONS]
    if unknown:
        raise refusal(400, f"Invalid query: {unknown[0]}")
    return [EXCLUSIONS[term] for term in terms]


def _check(kind: str, *, passed: bool, required: bool = True, **more: object) -> Payload:
    status = "PASSED" if passed else "FAILED"
    return {"type": kind, "status": status, "required": required, "blocking": required and not passed} | more


def _state(pull: Pull) -> Payload:
    state = "DRAFT" if pull.draft and pull.state == "OPEN" else pull.state
    return _check("pullrequest_state_check", passed=state == "OPEN", state=state)


def _git(call: Call, repository: Repository, pull: Pull) -> Payload:
    source, destination = heads(repository, pull)
    if source is None or destination is None:
        return _check("git_mergeability_check", passed=False, reason="merge_impossible")
    if not conflicts(repository, source, destination):
        return _check("git_mergeability_check", passed=True, reason="clean")
    own = f"{call.payloads.base}/repositories/{repository.full_name}/pullrequests/{pull.id}"
    links = hrefs(details=f"{own}/conflicts")
    return _check("git_mergeability_check", passed=False, reason="conflicts", links=links)


def _standard(repository: Repository, pull: Pull) -> list[Payload]:
    """Check what branch restrictions can demand; not required, since the fake merges without it."""
    approvals = sum(one.verdict == "approved" for one in pull.participants.values())
    statuses = repository.statuses(pull.source_hash).values() if pull.source_hash is not None else ()
    failed = sum(one.state == "FAILED" for one in statuses)
    open_tasks = sum(task.resolved_on is None for task in repository.discussion(pull).tasks.values())

    def check(kind: str, requirement: dict[str, int], observed: dict[str, int], *, passed: bool) -> Payload:
        definition = {"type": "standard_merge_check_definition", "kind": kind}
        return _check(
            "standard_merge_check",
            passed=passed,
            required=False,
            check=definition,
            requirement=requirement,
            observed=observed,
        )

    minimum = {"minimum_approvals": MINIMUM_APPROVALS}
    return [
        check("minimum_approvals", minimum, {"approval_count": approvals}, passed=approvals >= MINIMUM_APPROVALS),
        check("failed_builds", {}, {"failed_build_count": failed}, passed=not failed),
        check("resolved_tasks", {}, {"unresolved_task_count": open_tasks}, passed=not open_tasks),
    ]
