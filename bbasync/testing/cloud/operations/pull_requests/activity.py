"""Activity of pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from bbasync.testing.cloud import pull_request_payloads as build
from bbasync.testing.cloud.http import Call, from_cursor, to_cursor
from bbasync.testing.cloud.payloads import stamp
from bbasync.testing.cloud.world.pull_requests import Event
from bbasync.testing.operations import Operations, Result

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bbasync.testing.cloud.payloads import Payload
    from bbasync.testing.cloud.world.pull_requests import Comment, Pull
    from bbasync.testing.cloud.world.repository import Repository

operations: Operations[Call] = Operations()

Entry: TypeAlias = tuple[str, int, int]
"""The moment of an activity, its pull request, and its place among the events and comments of that."""


@operations("GET /repositories/{workspace}/{repo_slug}/pullrequests/activity", "pullrequest")
@operations("GET /repositories/{workspace}/{repo_slug}/pullrequests/{pull_request_id}/activity", "pullrequest")
def list_activity(call: Call) -> Result:
    """List what happened to the pull requests of a repository, or to one, newest first."""
    repository = call.repository()
    pagelen = call.pagelen(20, 50)
    if "pull_request_id" in call.request.match_info:
        entries = _entries(repository, [call.pull(repository)])
    else:
        key = (repository.uuid, repository.version, "activity")
        entries = call.fake.filters.get(key, lambda: _entries(repository, repository.all_pulls()))
    if "ctx" in call.query:
        last = tuple(from_cursor(call.query["ctx"], str, int, int))
        entries = entries[_first_before(entries, last) :]
    found: dict[int, tuple[Pull, list[Event | Comment]]] = {}
    values = [_render(call, repository, entry, found) for entry in entries[:pagelen]]
    cursor = to_cursor(*entries[pagelen - 1]) if len(entries) > pagelen else None
    return call.iterate(values, pagelen, cursor, parameter="ctx")


def _entries(repository: Repository, pulls: Iterable[Pull]) -> list[Entry]:
    found = [
        (stamp(build.moment(entry)), pull.id, place)
        for pull in pulls
        for place, entry in enumerate(_happened(repository, pull))
    ]
    return sorted(found, reverse=True)


def _happened(repository: Repository, pull: Pull) -> list[Event | Comment]:
    discussion = repository.discussion(pull)
    return [*discussion.comments.values(), *discussion.events]


def _first_before(entries: list[Entry], last: tuple[object, ...]) -> int:
    low, high = 0, len(entries)
    while low < high:
        middle = (low + high) // 2
        if entries[middle] < last:
            high = middle
        else:
            low = middle + 1
    return low


def _render(
    call: Call, repository: Repository, entry: Entry, found: dict[int, tuple[Pull, list[Event | Comment]]]
) -> Payload:
    _, number, place = entry
    if number not in found:
        pull = repository.pull(number)
        assert pull is not None  # noqa: S101  # pull requests are never deleted
        found[number] = pull, _happened(repository, pull)
    pull, happened = found[number]
    updates = (one for one in reversed(happened[:place]) if isinstance(one, Event) and one.kind == "update")
    return build.activity(call.payloads, repository, pull, happened[place], next(updates, None))
