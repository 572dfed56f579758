"""What pull requests, and what hangs on them, look like on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from bbasync.testing.cloud.payloads import SHORT, STRATEGIES, Payload, Payloads, hrefs, stamp, text
from bbasync.testing.cloud.world.pull_requests import Comment

if TYPE_CHECKING:
    from datetime import datetime

    from bbasync.testing.cloud.world.pull_requests import Event, Participant, Pull, Task
    from bbasync.testing.cloud.world.repository import Repository

HIDDEN = ("destination.branch.merge_strategies", "destination.branch.default_merge_strategy")
"""What is shown only where `fields` asks for it."""
HIDDEN_IN_LISTS = ("values.reviewers", "values.participants", *(f"values.{name}" for name in HIDDEN))


def add_strategies(found: Payload) -> None:
    """Add what is hidden unless it is asked for."""
    found["destination"]["branch"] |= {
        "merge_strategies": list(STRATEGIES),
        "default_merge_strategy": STRATEGIES[0],
    }


def _own(payloads: Payloads, repository: Repository, pull: Pull) -> tuple[str, str]:
    return (
        f"{payloads.base}/repositories/{repository.full_name}/pullrequests/{pull.id}",
        f"{payloads.web}/{repository.full_name}/pull-requests/{pull.id}",
    )


def _end(payloads: Payloads, repository: Repository, hash_: str | None, branch: str, *, lost: bool = False) -> Payload:
    return {
        "branch": {"name": branch},
        "commit": None if hash_ is None else payloads.commit_reference(repository, hash_[:SHORT]),
        "repository": None if lost else payloads.repository_reference(repository),
    }


def _source(payloads: Payloads, repository: Repository, pull: Pull, hash_: str | None) -> Payload:
    source = repository
    if pull.source_repository not in (None, repository.uuid):
        source = payloads.world.repository_by_uuid(pull.source_repository) or repository
    return _end(payloads, source, hash_, pull.source_branch, lost=pull.source_repository is None)


def reference(payloads: Payloads, repository: Repository, pull: Pull) -> Payload:
    """Build a pull request as it stands in comments and activity."""
    own, page = _own(payloads, repository, pull)
    return {
        "type": "pullrequest",
        "id": pull.id,
        "title": pull.title,
        "draft": pull.draft,
        "links": hrefs(self=own, html=page),
    }


def pull_request(
    payloads: Payloads, repository: Repository, pull: Pull, *, in_list: bool = False, people: bool = True
) -> Payload:
    """Build a pull request; one in a list lacks what only `/pullrequests/{id}` renders.

    Without `people`, it lacks reviewers and participants too.
    """
    own, page = _own(payloads, repository, pull)
    description = text(pull.description)
    found: Payload = {
        "type": "pullrequest",
        "id": pull.id,
        "title": pull.title,
        "description": pull.description,
        "summary": description,
        "state": pull.state,
        "draft": pull.draft,
        "queued": False,
        "author": payloads.user(pull.author),
        "source": _source(payloads, repository, pull, pull.source_hash),
        "destination": _end(payloads, repository, pull.destination_hash, pull.destination_branch),
        "merge_commit": payloads.commit_reference(repository, pull.merge_hash[:SHORT]) if pull.merge_hash else None,
        "comment_count": pull.comment_count,
        "task_count": pull.task_count,
        "close_source_branch": pull.close_source_branch,
        "closed_by": payloads.user(pull.closed_by),
        "reason": pull.reason,
        "created_on": stamp(pull.created_on),
        "updated_on": stamp(pull.updated_on),
        "links": hrefs(
            self=own,
            html=page,
            commits=f"{own}/commits",
            approve=f"{own}/approve",
            **{"request-changes": f"{own}/request-changes"},
            diff=f"{own}/diff",
            diffstat=f"{own}/diffstat",
            comments=f"{own}/comments",
            activity=f"{own}/activity",
            merge=f"{own}/merge",
            decline=f"{own}/decline",
            statuses=f"{own}/statuses",
            mergeability_checks=f"{own}/mergeability/checks",
        ),
    }
    if people:
        found["reviewers"] = [payloads.user(user) for user in pull.reviewers]
        found["participants"] = [participant(payloads, pull, user, one) for user, one in pull.participants.items()]
    if not in_list:
        found["rendered"] = {"title": text(pull.title), "description": description, "reason": text(pull.reason)}
    return found


def participant(payloads: Payloads, pull: Pull, user: int, one: Participant) -> Payload:
    """Build a participant with the role that the list of reviewers gives."""
    return payloads.participant(user, "REVIEWER" if user in pull.reviewers else "PARTICIPANT", one)


def comment(payloads: Payloads, repository: Repository, pull: Pull, one: Comment) -> Payload:
    """Build a comment; `inline`, `parent` and `resolution` are absent where there are none."""
    own, page = _own(payloads, repository, pull)
    found: Payload = {"type": "pullrequest_comment", "pullrequest": reference(payloads, repository, pull)}
    found |= comment_fields(payloads, one)
    found["links"] = hrefs(self=f"{own}/comments/{one.id}", html=f"{page}/_/diff#comment-{one.id}")
    if one.inline is not None:
        found["links"] |= hrefs(code=f"{own}/diff?path={quote(str(one.inline.get('path', '')))}")
    if one.parent is not None:
        found["parent"] = {"id": one.parent, "links": hrefs(self=f"{own}/comments/{one.parent}")}
    return found


def comment_fields(payloads: Payloads, one: Comment) -> Payload:
    """Build what comments on pull requests and on commits share."""
    found: Payload = {
        "id": one.id,
        "content": text("" if one.deleted else one.text),
        "user": payloads.user(one.user),
        "created_on": stamp(one.created_on),
        "updated_on": stamp(one.updated_on),
        "deleted": one.deleted,
        "pending": one.pending,
    }
    if one.inline is not None:
        found["inline"] = one.inline
    if one.resolved_on is not None:
        found["resolution"] = {
            "type": "comment_resolution",
            "user": payloads.user(one.resolved_by),
            "created_on": stamp(one.resolved_on),
        }
    return found


def task(payloads: Payloads, repository: Repository, pull: Pull, one: Task) -> Payload:
    """Build a task."""
    own, page = _own(payloads, repository, pull)
    found: Payload = {
        "id": one.id,
        "state": "UNRESOLVED" if one.resolved_on is None else "RESOLVED",
        "content": text(one.text),
        "creator": payloads.user(one.user),
        "pending": False,
        "created_on": stamp(one.created_on),
        "updated_on": stamp(one.updated_on),
        "resolved_on": None if one.resolved_on is None else stamp(one.resolved_on),
        "resolved_by": payloads.user(one.resolved_by),
        "links": hrefs(self=f"{own}/tasks/{one.id}", html=page),
    }
    if one.comment is not None:
        found["comment"] = {"id": one.comment, "links": hrefs(self=f"{own}/comments/{one.comment}")}
    return found


def activity(
    payloads: Payloads, repository: Repository, pull: Pull, entry: Event | Comment, before: Event | None = None
) -> Payload:
    """Build an entry of the activity: what happened stands under a key named after its kind.

    `before` is the update before this one, if this is one.
    """
    short = reference(payloads, repository, pull)
    if isinstance(entry, Comment):
        return {"pull_request": short, "comment": comment(payloads, repository, pull, entry)}
    if entry.kind == "update":
        return {"pull_request": short, "update": _update(payloads, repository, pull, entry, before)}
    said = {"date": stamp(entry.date), "user": payloads.user(entry.user), "pullrequest": short}
    return {"pull_request": short, entry.kind: said}


def _update(payloads: Payloads, repository: Repository, pull: Pull, event: Event, before: Event | None) -> Payload:
    return {
        "state": event.state,
        "draft": event.draft,
        "title": event.title,
        "description": pull.description,
        "reviewers": [payloads.user(user) for user in event.reviewers],
        "changes": {} if before is None else _changes(payloads, before, event),
        "reason": pull.reason if event.state == "DECLINED" else "",
        "author": payloads.user(event.user),
        "date": stamp(event.date),
        "source": _source(payloads, repository, pull, event.source_hash),
        "destination": _end(payloads, repository, pull.destination_hash, pull.destination_branch),
    }


def _changes(payloads: Payloads, before: Event, after: Event) -> Payload:
    """Build what an update changed; a push shows in the source of the update only."""
    changes: Payload = {
        name: {"old": old, "new": new}
        for name, old, new in (("title", before.title, after.title), ("draft", before.draft, after.draft))
        if old != new
    }
    if before.state != after.state:
        changes["status"] = {"old": "open", "new": {"MERGED": "fulfilled"}.get(after.state, "rejected")}
    moved = {
        "added": [payloads.user(user) for user in after.reviewers if user not in before.reviewers],
        "removed": [payloads.user(user) for user in before.reviewers if user not in after.reviewers],
    }
    if any(moved.values()):
        changes["reviewers"] = {name: users for name, users in moved.items() if users}
    return changes


def moment(entry: Event | Comment) -> datetime:
    """Tell when an entry of the activity happened."""
    return entry.created_on if isinstance(entry, Comment) else entry.date
