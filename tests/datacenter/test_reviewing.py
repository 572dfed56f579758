"""What stands around pull requests: default reviewers and tasks, groups, reactions, the dashboard, limits."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from bbasync import aio
from bbasync.auth import AccessToken
from bbasync.datacenter.models import RateLimit, RefMatcher, ReviewerGroup, ScopeType, User
from bbasync.datacenter.session import DataCenterSession
from bbasync.errors import ConflictError
from bbasync.testing.recording import RecordingTransport, answer

if TYPE_CHECKING:
    from bbasync.request import RawResponse

USER = {"id": 7, "name": "Ada", "slug": "ada", "displayName": "Ada L.", "type": "NORMAL", "active": True}
ANY_REF = {"id": "ANY_REF_MATCHER_ID", "displayId": "ANY", "type": {"id": "ANY_REF", "name": "Any branch"}}
CONDITION = {
    "id": 3,
    "scope": {"type": "PROJECT", "resourceId": 2},
    "sourceRefMatcher": ANY_REF,
    "targetRefMatcher": {"id": "refs/heads/main", "displayId": "main", "type": {"id": "BRANCH", "name": "Branch"}},
    "reviewers": [USER],
    "reviewerGroups": [{"id": 4, "name": "core", "users": [USER]}],
    "requiredApprovals": 1,
}


def json(value: object, status: int = 200) -> RawResponse:
    return answer(orjson.dumps(value), status)


def replay(*answers: RawResponse) -> tuple[RecordingTransport, DataCenterSession]:
    transport = RecordingTransport(answers)
    return transport, DataCenterSession(AccessToken("t"), base_url="https://git.example.org", transport=transport)


def sent(transport: RecordingTransport) -> object:
    body = transport.requests[-1].body
    assert isinstance(body, bytes)
    return orjson.loads(body)


async def test_a_condition_that_was_read_is_changed_with_what_it_holds() -> None:
    transport, session = replay(json([CONDITION]), json(CONDITION))
    async with session as bb:
        (condition,) = await bb.default_reviewers.get_project_conditions("PRJ")
        assert condition.scope is not None
        assert condition.scope.type == ScopeType.PROJECT
        await bb.default_reviewers.update_project_condition(
            "PRJ",
            condition.id,
            source_matcher=condition.source_ref_matcher,
            target_matcher=RefMatcher.of("PATTERN", "release/*"),
            reviewers=condition.reviewers,
            reviewer_groups=condition.reviewer_groups or (),
        )
    assert sent(transport) == {
        "sourceMatcher": ANY_REF,
        "targetMatcher": {"id": "release/*", "type": {"id": "PATTERN"}},
        "reviewers": [{key: value for key, value in USER.items() if key != "active"}],
        "reviewerGroups": [{"id": 4, "name": "core"}],
        "requiredApprovals": 0,
    }


async def test_reviewers_of_a_new_pull_request_are_an_array_of_users() -> None:
    _, session = replay(json([USER]))
    async with session as bb:
        (user,) = await bb.default_reviewers.get_reviewers(
            "PRJ", "app", source_repo_id=1, target_repo_id=1, source_ref_id="refs/heads/a", target_ref_id="refs/heads/b"
        )
    assert type(user) is User
    assert user.display_name == "Ada L."


async def test_a_group_keeps_its_members_unless_they_are_given() -> None:
    group = {"id": 4, "name": "core", "users": [USER]}
    transport, session = replay(json(group), json(group))
    async with session as bb:
        updated = await bb.reviewer_groups.update_repository_group("PRJ", "app", 4, name="core")
        assert type(updated) is ReviewerGroup
        assert sent(transport) == {"name": "core"}
        await bb.reviewer_groups.update_repository_group("PRJ", "app", 4, users=[])
    assert sent(transport) == {"users": []}


async def test_the_dashboard_joins_lists_with_commas() -> None:
    transport, session = replay(json({"values": [], "isLastPage": True}))
    async with session as bb:
        await aio.collect(
            bb.dashboard.list_pull_requests(
                participant_status=["APPROVED", "NEEDS_WORK"], order=["DRAFT_STATUS", "NEWEST"], closed_since=86400
            )
        )
    query = parse_qs(urlsplit(transport.requests[0].url).query)
    assert query["participantStatus"] == ["APPROVED,NEEDS_WORK"]
    assert query["order"] == ["DRAFT_STATUS,NEWEST"]
    assert query["closedSince"] == ["86400"]


async def test_blocker_comments_are_counted_by_state() -> None:
    transport, session = replay(json({"OPEN": 5}))
    async with session as bb:
        count = await bb.pull_requests.get_blocker_comment_count("PRJ", "app", 7)
    assert (count.open, count.resolved) == (5, None)
    assert transport.requests[0].url.endswith("/blocker-comments?count=true")


async def test_a_veto_of_a_rebase_is_in_the_message() -> None:
    veto = {"summaryMessage": "No", "detailedMessage": "You may not write to the branch."}
    _, session = replay(json({"errors": [{"message": "Vetoed", "vetoes": [veto]}]}, 409))
    async with session as bb:
        with pytest.raises(ConflictError, match="Vetoed: You may not write to the branch"):
            await bb.pull_requests.rebase("PRJ", "app", 7, version=1)


async def test_limits_are_sent_as_buckets() -> None:
    settings = {"user": USER, "whitelisted": False, "settings": {"capacity": 60, "fillRate": 5}}
    transport, session = replay(json(settings), answer(b"", 204))
    async with session as bb:
        limit = RateLimit(capacity=60, fill_rate=5)
        read = await bb.rate_limits.set_user_settings("ada", settings=limit)
        assert read.settings == limit
        assert sent(transport) == {"settings": {"capacity": 60, "fillRate": 5}}
        await bb.rate_limits.set_settings_of_users(usernames=["Ada"], whitelisted=True)
    assert sent(transport) == {"usernames": ["Ada"], "whitelisted": True}


async def test_the_server_says_when_it_was_built() -> None:
    properties = {
        "version": "9.4.2",
        "buildNumber": "9004002",
        "buildDate": "1616539597394",
        "displayName": "Bitbucket",
    }
    _, session = replay(json(properties))
    async with session as bb:
        read = await bb.admin.get_application_properties()
    assert read.build_date == datetime(2021, 3, 23, 22, 46, 37, 394000, UTC)
