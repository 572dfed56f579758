"""Branch restrictions, and what they refuse: pushes, deletions and merges."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bbasync.testing.cloud.http import Call, refusal
from bbasync.testing.cloud.operations.branching_model import type_of
from bbasync.testing.cloud.payloads import hrefs
from bbasync.testing.cloud.query import is_object
from bbasync.testing.collection import Collection
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bbasync.testing.cloud.payloads import Payload
    from bbasync.testing.cloud.world import User
    from bbasync.testing.cloud.world.pull_requests import Pull
    from bbasync.testing.cloud.world.repository import Repository

operations: Operations[Call] = Operations()

PATH = "/repositories/{workspace}/{repo_slug}/branch-restrictions/{id}"
KINDS = (
    *("push", "delete", "force", "restrict_merges", "require_tasks_to_be_completed", "require_approvals_to_merge"),
    *("require_review_group_approvals_to_merge", "require_default_reviewer_approvals_to_merge"),
    *("require_no_changes_requested", "require_passing_builds_to_merge", "require_commits_behind"),
    *("reset_pullrequest_approvals_on_change", "smart_reset_pullrequest_approvals"),
    *("reset_pullrequest_changes_requested_on_change", "require_all_dependencies_merged", "enforce_merge_checks"),
    *("allow_auto_merge_when_builds_pass", "require_all_comments_resolved"),
)
WITH_EXEMPTIONS = ("push", "restrict_merges")
"""Kinds that some may be exempt from; a body must name them."""


def _render(call: Call, stored: Payload) -> Payload:
    """Complete a restriction; what is wrong with it is refused here, before it is stored."""
    kind, glob = stored["kind"], stored.get("branch_match_kind", "glob") == "glob"
    wrong = {} if kind in KINDS else {"kind": [f"{kind} is not a valid choice"]}
    if kind in WITH_EXEMPTIONS:
        wrong |= {name: ["This field is required."] for name in ("users", "groups") if stored.get(name) is None}
    if not stored.get("pattern" if glob else "branch_type"):
        wrong["pattern" if glob else "branch_type"] = ["This field is required."]
    if not isinstance(stored.get("value"), int | None):
        wrong["value"] = ["expected a number"]
    users, groups = [_user(call, one) for one in stored.get("users") or ()], stored.get("groups") or ()
    if None in users:
        wrong["users"] = ["User not found"]
    if not all(is_object(one) and isinstance(one.get("slug"), str) for one in groups):
        wrong["groups"] = ["Group not found"]
    if wrong:
        raise refusal(400, "Bad request", fields=wrong)
    repository = call.repository()
    workspace = call.world.workspaces[repository.workspace]
    own = f"{call.payloads.base}/repositories/{repository.full_name}/branch-restrictions/{stored['id']}"
    return {
        "type": "branchrestriction",
        "id": stored["id"],
        "kind": kind,
        "branch_match_kind": "glob" if glob else "branching_model",
        **({} if glob else {"branch_type": stored["branch_type"]}),
        "pattern": stored["pattern"] if glob else "",
        "value": stored.get("value"),
        "users": [call.payloads.user(user.index) for user in users if user is not None],
        "groups": [call.payloads.group(workspace, one["slug"]) for one in groups],
        "links": hrefs(self=own),
    }


RESTRICTIONS: Collection[Call] = Collection(
    operations,
    PATH,
    "id",
    required=("kind",),
    read="repository:admin",
    write="repository:admin",
    verbs="create get update delete",
    render=_render,
)


@operations("GET /repositories/{workspace}/{repo_slug}/branch-restrictions", "repository:admin")
def list_restrictions(call: Call) -> Result:
    """List the restrictions, of one kind or pattern if the query says so."""
    wanted = {name: call.query[name] for name in ("kind", "pattern") if name in call.query}
    stored = RESTRICTIONS.items(call).values()
    found = [one for one in stored if all(one.get(name) == value for name, value in wanted.items())]
    return call.page(found, lambda one: _render(call, one))


def check_push(call: Call, repository: Repository, branch: str) -> None:
    """Refuse a commit on a branch that the caller may not push to."""
    if any(call.me not in _exempt(call, one) for one in _matching(call, repository, branch, "push")):
        raise refusal(403, f"Permission denied to update branch {branch}.")


def check_delete(call: Call, repository: Repository, branch: str) -> None:
    """Refuse to delete a branch that nobody may delete."""
    if any(_matching(call, repository, branch, "delete")):
        raise refusal(403, f"Permission denied to delete branch {branch}.")


def check_merge(call: Call, repository: Repository, pull: Pull) -> None:
    """Refuse a merge by someone who may not; failed checks refuse it only where checks are enforced."""
    branch = pull.destination_branch
    if any(call.me not in _exempt(call, one) for one in _matching(call, repository, branch, "restrict_merges")):
        raise refusal(403, f"Permission denied to update branch {branch}.")
    if any(_matching(call, repository, branch, "enforce_merge_checks")):
        failed = [
            kind
            for kind in KINDS
            if any(_fails(repository, pull, one) for one in _matching(call, repository, branch, kind))
        ]
        if failed:
            raise refusal(403, "The merge checks of this pull request failed.", detail=", ".join(failed))


def _matching(call: Call, repository: Repository, branch: str, kind: str) -> Iterator[Payload]:
    """Yield the restrictions of a kind that apply to a branch."""
    for one in call.stored.get((PATH, "", repository.uuid), {}).values():
        if one["kind"] != kind:
            continue
        if one.get("branch_match_kind") == "branching_model":
            applies = one["branch_type"] in type_of(call, repository, branch)
        else:
            applies = re.fullmatch(re.escape(one["pattern"]).replace(r"\*", ".*"), branch) is not None
        if applies:
            yield one


def _exempt(call: Call, restriction: Payload) -> set[int]:
    """Return the users that a restriction names; the groups of the fake have no members."""
    named = [_user(call, one) for one in restriction["users"]]
    return {user.index for user in named if user is not None}


def _user(call: Call, named: object) -> User | None:
    """Find a user that a body names by UUID or account ID."""
    return call.world.user(str(named.get("uuid") or named.get("account_id"))) if is_object(named) else None


def _fails(repository: Repository, pull: Pull, restriction: Payload) -> bool:
    """Return whether a pull request fails a check; checks that the fake does not have pass."""
    verdicts = {user: one.verdict for user, one in pull.participants.items()}
    approvals = [user for user, verdict in verdicts.items() if verdict == "approved"]
    required = restriction.get("value") or 1
    match restriction["kind"]:
        case "require_approvals_to_merge":
            return len(approvals) < required
        case "require_default_reviewer_approvals_to_merge":
            return len(set(approvals) & set(repository.default_reviewers)) < required
        case "require_no_changes_requested":
            return "changes_requested" in verdicts.values()
        case "require_passing_builds_to_merge":
            statuses = repository.statuses(pull.source_hash).values() if pull.source_hash is not None else ()
            return sum(one.state == "SUCCESSFUL" for one in statuses) < required
        case "require_tasks_to_be_completed":
            return any(task.resolved_on is None for task in repository.discussion(pull).tasks.values())
        case _:
            return False
