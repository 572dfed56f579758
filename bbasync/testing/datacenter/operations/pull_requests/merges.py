"""Merges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bbasync.testing.datacenter.http import Call, text, value
from bbasync.testing.datacenter.operations.pull_requests import check_version, close, require_open
from bbasync.testing.datacenter.payloads import answer, refuse
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from bbasync.testing.datacenter.payloads import Json
    from bbasync.testing.datacenter.world import PullRequest

operations: Operations[Call] = Operations()


@operations("GET /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/merge")
def can_merge(call: Call) -> Result:
    """Tell whether a merge would succeed."""
    pull = call.pull_request()
    require_open(pull)
    pull.refresh()
    vetoes, conflicted = _vetoes(pull), pull.in_conflict
    return answer(
        {
            "canMerge": not vetoes and not conflicted,
            "conflicted": conflicted,
            "outcome": "CONFLICTED" if conflicted else "CLEAN",
            "vetoes": vetoes,
        }
    )


@operations("POST /api/latest/projects/{projectKey}/repos/{repositorySlug}/pull-requests/{pullRequestId}/merge")
def merge(call: Call) -> Result:
    """Merge the version that the query or the body names."""
    pull, data = call.pull_request("WRITE"), call.json()
    user = call.me
    version = call.query.get("version", value(data, "version"))
    check_version(call, pull, version)
    require_open(pull)
    pull.refresh()
    vetoes, conflicted = _vetoes(pull), pull.in_conflict
    if vetoes or conflicted:
        reason = "has conflicts" if conflicted else "is vetoed by a merge check"
        message = f"The pull request {reason} and cannot be merged."
        exception = "pull.PullRequestMergeVetoedException"
        raise refuse(409, message, exception, conflicted=conflicted, vetoes=vetoes)
    repository = pull.target.repository
    merge = call.world.commit(
        repository,
        parents=(pull.target.commit, pull.source.commit),
        author=user,
        message=text(data, "message") or f"Pull request #{pull.id}: {pull.title}",
        changes=repository.files.merge(pull.target.commit, pull.source.commit).changes,
    ).hash
    close(call, pull, "MERGED", user)
    call.world.move_branch(repository, pull.target.branch, merge, user)
    pull.merge_commit = pull.activities[-1].merge_commit = merge
    call.tell.on_pull("merged", pull, user)
    call.tell.on_ref(repository, user, f"refs/heads/{pull.target.branch}", pull.target.commit, merge)
    return call.payloads.pull_request(pull)


def _vetoes(pull: PullRequest) -> list[Json]:
    found = list(pull.vetoes)
    if pull.draft:
        found.append(("Draft", "A draft pull request cannot be merged."))
    return [{"summaryMessage": summary, "detailedMessage": detail} for summary, detail in found]
