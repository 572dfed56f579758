"""Whether a body is one of its event key: only the body is signed, so the key in the headers has to agree with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from bbasync.cloud.models.pull_requests import PullRequestState
from bbasync.datacenter.models.pull_requests import PullRequestState as DataCenterState
from bbasync.errors import PayloadError

from . import cloud, datacenter
from .events import printable

if TYPE_CHECKING:
    from .events import Delivery, Event

__all__ = ["check"]

_SUBJECTS: Final = frozenset(
    {"approval", "changes_request", "comment", "commit_status", "fork", "issue", "pullrequest", "push"}
)
"""What Cloud's events of a repository are about: an event has those that its class has, and no others."""
_CLOSED: Final = frozenset({PullRequestState.MERGED, PullRequestState.DECLINED, PullRequestState.SUPERSEDED})
_CHANGES_REQUESTED: Final = (
    datacenter.PullRequestReviewerNeedsWork.key,
    datacenter.PullRequestReviewerChangesRequested.key,
)
"""Two names of one event: the one that is sent and the one that is documented."""


def check(event: Event, delivery: Delivery) -> None:
    """Raise PayloadError if the body belongs to another event key."""
    if not _is_key_in_body(event, delivery.event_key):
        stated = printable(str(event.raw.get("eventKey")))
        raise PayloadError(f"the body names the event key {stated}, the headers {printable(delivery.event_key)}")
    cls: type = type(event)  # an attrs class, as are all but `Event` itself
    fields = attrs.fields(cls)
    for field in fields:
        if field.default is attrs.NOTHING and getattr(event, field.name) is None:
            raise PayloadError(f"the body is not that of {event.key}: {field.name} is missing")
    if isinstance(event, cloud.RepositoryEvent):
        for name in _SUBJECTS.intersection(event.raw).difference(field.name for field in fields):
            raise PayloadError(f"the body is not that of {event.key}: it has {name}")
    if not _is_state_of_key(event):
        raise PayloadError(f"the body is not that of {event.key}: the pull request has another state")


def _is_key_in_body(event: Event, key: str) -> bool:
    """Return whether the body names the key, as all of Data Center do except pings; none of Cloud names one."""
    stated = event.raw.get("eventKey")
    if stated is None:
        return not isinstance(event, datacenter.DataCenterEvent)
    return stated == key or (stated in _CHANGES_REQUESTED and key in _CHANGES_REQUESTED)


def _is_state_of_key(event: Event) -> bool:
    """Return whether a pull request has the state that the event key means."""
    match event:
        case cloud.PullRequestFulfilled():
            return event.pullrequest.state == PullRequestState.MERGED
        case cloud.PullRequestRejected():
            return event.pullrequest.state == PullRequestState.DECLINED
        case cloud.PullRequestCreated() | cloud.PullRequestUpdated() | cloud.PullRequestPush():
            return bool(event.pullrequest.state) and event.pullrequest.state not in _CLOSED
        case datacenter.PullRequestMerged():
            return event.pull_request.state == DataCenterState.MERGED
        case datacenter.PullRequestDeclined():
            return event.pull_request.state == DataCenterState.DECLINED
        case _:
            return True
