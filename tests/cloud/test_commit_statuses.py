"""Build statuses: what is sent, and that reporting one is safe to repeat."""

from __future__ import annotations

import orjson

from bbasync.aio import collect
from bbasync.cloud.models import CommitStatusState
from bbasync.testing.recording import answer
from tests.cloud.replayed import body_of, replay
from tests.virtual import virtual

STATUSES = "https://api.bitbucket.org/2.0/repositories/acme/api/commit/abc1234/statuses"
STATUS = {
    "type": "build",
    "key": "unit/3.11",
    "state": "INPROGRESS",
    "name": "Unit tests",
    "created_on": "2026-02-03T10:00:00.123456+00:00",
    "updated_on": "2026-02-03T10:00:01+00:00",
    "refname": None,
}


@virtual
async def test_a_status_is_reported_again_when_the_server_failed() -> None:
    bb, transport = replay(answer("", 502, {"Retry-After": "0"}), answer(orjson.dumps(STATUS), 201))
    status = await bb.commit_statuses.create(
        "acme", "api", "abc1234", key="unit/3.11", state=CommitStatusState.INPROGRESS, name="Unit tests"
    )
    first, second = transport.requests
    assert first == second
    assert first.body == b'{"key":"unit/3.11","state":"INPROGRESS","name":"Unit tests"}'
    assert status.state is CommitStatusState.INPROGRESS
    assert status.refname is None


async def test_a_key_may_hold_what_an_address_may_not() -> None:
    bb, transport = replay(answer(orjson.dumps(STATUS | {"state": "SUCCESSFUL"})))
    status = await bb.commit_statuses.update("acme", "api", "abc1234", "unit/3.11", state="SUCCESSFUL")
    [request] = transport.requests
    assert request.url == f"{STATUSES}/build/unit%2F3.11"
    assert body_of(request) == {"key": "unit/3.11", "state": "SUCCESSFUL"}
    assert status.state is CommitStatusState.SUCCESSFUL


async def test_statuses_of_a_commit_can_be_narrowed_to_a_branch() -> None:
    bb, transport = replay(answer(orjson.dumps({"values": [STATUS, STATUS | {"state": "ABORTED"}]})))
    found = await collect(bb.commit_statuses.list("acme", "api", "abc1234", refname="feature/x", sort="-updated_on"))
    assert [status.state for status in found] == ["INPROGRESS", "ABORTED"]
    assert transport.requests[0].url == f"{STATUSES}?refname=feature%2Fx&sort=-updated_on&pagelen=50"
