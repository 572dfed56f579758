"""What methods of Data Center send where it is not simply their arguments, which `tests/meta` checks."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable
from typing import TypeAlias

import orjson
import pytest

from bbasync import aio
from bbasync.auth import AccessToken
from bbasync.datacenter.models import (
    CommentAnchor,
    FileType,
    LineType,
    MultilineMarker,
    ParticipantFilter,
    ParticipantRole,
)
from bbasync.datacenter.session import DataCenterSession
from bbasync.errors import ServerError
from bbasync.testing.recording import RecordingTransport, answer

Call: TypeAlias = Callable[[DataCenterSession], AsyncIterable[object] | Awaitable[object]]

BASE = "https://git.example.org/bitbucket/rest"
EMPTY = answer(b'{"values": [], "isLastPage": true}')
PAGE = "limit=1000"

API = "/api/latest"
REPO = f"{API}/projects/PRJ/repos/app"
PULL = f"{REPO}/pull-requests/7"
BRANCH_UTILS = "/branch-utils/latest/projects/PRJ/repos/app/branches"


def side(name: str, *, project: str = "PRJ", slug: str = "app") -> dict[str, object]:
    return {"id": name, "repository": {"slug": slug, "project": {"key": project}}}


ANCHOR = CommentAnchor(
    path="a/b c.py",
    line=4,
    line_type=LineType.ADDED,
    file_type=FileType.TO,
    multiline_marker=MultilineMarker(start_line=2, start_line_type=LineType.CONTEXT),
    orphaned=True,
)

READS: list[tuple[Call, str]] = [
    (lambda bb: bb.projects.get("~jane.doe"), f"{API}/projects/~jane.doe"),
    (
        lambda bb: bb.pull_requests.list(
            "PRJ",
            "app",
            state="ALL",
            direction="OUTGOING",
            at="fix/#1",
            order="OLDEST",
            filter_text="t",
            draft=False,
            participants=[
                ParticipantFilter(username="jane", role=ParticipantRole.REVIEWER, approved=True),
                ParticipantFilter(username="joe"),
            ],
            with_attributes=False,
            with_properties=False,
        ),
        (
            f"{REPO}/pull-requests?state=ALL&direction=OUTGOING&at=refs%2Fheads%2Ffix%2F%231&order=OLDEST&filterText=t"
            "&draft=false&withAttributes=false&withProperties=false"
            f"&username.1=jane&role.1=REVIEWER&approved.1=true&username.2=joe&{PAGE}"
        ),
    ),
    (
        lambda bb: bb.pull_requests.list_comments(
            "PRJ",
            "app",
            7,
            path="a/b.py",
            anchor_state="ALL",
            diff_type=["RANGE", "COMMIT"],
            state=["OPEN"],
            from_hash="abc",
            to_hash="def",
        ),
        (
            f"{PULL}/comments?path=a%2Fb.py&anchorState=ALL&diffType=RANGE&diffType=COMMIT&state=OPEN&fromHash=abc"
            f"&toHash=def&{PAGE}"
        ),
    ),
]

WRITES: list[tuple[Call, str, object]] = [
    (
        lambda bb: bb.projects.create(key="K", name="n", description="d", public=False, avatar="data:a"),
        f"POST {API}/projects",
        {"key": "K", "name": "n", "description": "d", "public": False, "avatar": "data:a"},
    ),
    (lambda bb: bb.projects.update("PRJ", description=""), f"PUT {API}/projects/PRJ", {"description": ""}),
    (
        lambda bb: bb.repositories.create(
            "PRJ", name="n", scm_id="git", default_branch="b", description="d", forkable=False, public=True
        ),
        f"POST {API}/projects/PRJ/repos",
        {"name": "n", "scmId": "git", "defaultBranch": "b", "description": "d", "forkable": False, "public": True},
    ),
    (lambda bb: bb.repositories.fork("PRJ", "app"), f"POST {REPO}", {}),
    (
        lambda bb: bb.repositories.fork("PRJ", "app", name="n", target_project="OPS", default_branch="b"),
        f"POST {REPO}",
        {"name": "n", "project": {"key": "OPS"}, "defaultBranch": "b"},
    ),
    (
        lambda bb: bb.repositories.update("PRJ", "app", name="n", target_project="OPS"),
        f"PUT {REPO}",
        {"name": "n", "project": {"key": "OPS"}},
    ),
    (
        lambda bb: bb.branches.delete("PRJ", "app", name="fix/1", end_point="abc", dry_run=True),
        f"DELETE {BRANCH_UTILS}",
        {"name": "refs/heads/fix/1", "endPoint": "abc", "dryRun": True},
    ),
    (
        lambda bb: bb.branches.set_default("PRJ", "app", name="refs/heads/main"),
        f"PUT {REPO}/default-branch",
        {"id": "refs/heads/main"},
    ),
    (
        lambda bb: bb.pull_requests.create(
            "PRJ",
            "app",
            title="t",
            from_ref="fix",
            to_ref="main",
            from_project="~jane",
            from_repository="fork",
            description="d",
            reviewers=["joe"],
            draft=True,
        ),
        f"POST {REPO}/pull-requests",
        {
            "title": "t",
            "description": "d",
            "fromRef": side("refs/heads/fix", project="~jane", slug="fork"),
            "toRef": side("refs/heads/main"),
            "reviewers": [{"user": {"name": "joe"}}],
            "draft": True,
        },
    ),
    (
        lambda bb: bb.pull_requests.create("PRJ", "app", title="t", from_ref="refs/tags/v1", to_ref="main"),
        f"POST {REPO}/pull-requests",
        {"title": "t", "fromRef": side("refs/tags/v1"), "toRef": side("refs/heads/main"), "reviewers": []},
    ),
    (lambda bb: bb.pull_requests.merge("PRJ", "app", 7, version=0), f"POST {PULL}/merge?version=0", {}),
    (lambda bb: bb.pull_requests.reopen("PRJ", "app", 7, version=3), f"POST {PULL}/reopen?version=3", None),
    (
        lambda bb: bb.pull_requests.add_reviewer("PRJ", "app", 7, username="joe"),
        f"POST {PULL}/participants",
        {"user": {"name": "joe"}, "role": "REVIEWER"},
    ),
    (lambda bb: bb.pull_requests.remove_reviewer("PRJ", "app", 7, "joe"), f"DELETE {PULL}/participants/joe", None),
    (
        lambda bb: bb.pull_requests.approve("PRJ", "app", 7, "jane"),
        f"PUT {PULL}/participants/jane",
        {"status": "APPROVED"},
    ),
    (
        lambda bb: bb.pull_requests.request_changes("PRJ", "app", 7, "jane"),
        f"PUT {PULL}/participants/jane",
        {"status": "NEEDS_WORK"},
    ),
    (
        lambda bb: bb.pull_requests.unapprove("PRJ", "app", 7, "jane"),
        f"PUT {PULL}/participants/jane",
        {"status": "UNAPPROVED"},
    ),
    (
        lambda bb: bb.pull_requests.create_comment(
            "PRJ", "app", 7, text="t", anchor=ANCHOR, severity="BLOCKER", state="PENDING"
        ),
        f"POST {PULL}/comments",
        {
            "text": "t",
            "anchor": {
                "path": "a/b c.py",
                "line": 4,
                "lineType": "ADDED",
                "fileType": "TO",
                "multilineMarker": {"startLine": 2, "startLineType": "CONTEXT"},
            },
            "severity": "BLOCKER",
            "state": "PENDING",
        },
    ),
    (
        lambda bb: bb.pull_requests.create_comment("PRJ", "app", 7, text="t", parent_id=8),
        f"POST {PULL}/comments",
        {"text": "t", "parent": {"id": 8}},
    ),
]


async def run(call: Call, transport: RecordingTransport) -> None:
    async with DataCenterSession(
        AccessToken("t"), base_url="https://git.example.org/bitbucket/", transport=transport
    ) as bb:
        result = call(bb)
        if isinstance(result, AsyncIterable):
            await aio.collect(result)
        else:
            await result


@pytest.mark.parametrize(("call", "url"), READS, ids=[url for _, url in READS])
async def test_read(call: Call, url: str) -> None:
    transport = RecordingTransport([EMPTY])
    await run(call, transport)
    (request,) = transport.requests
    assert request.method == "GET"
    assert request.url == f"{BASE}{url}"
    assert request.body is None
    assert request.headers["Accept"] == "application/json"
    assert "X-Atlassian-Token" not in request.headers


@pytest.mark.parametrize(("call", "line", "body"), WRITES, ids=[line for _, line, _ in WRITES])
async def test_write(call: Call, line: str, body: object) -> None:
    transport = RecordingTransport([EMPTY])
    await run(call, transport)
    (request,) = transport.requests
    method, _, url = line.partition(" ")
    assert (request.method, request.url) == (method, f"{BASE}{url}")
    assert request.headers["X-Atlassian-Token"] == "no-check"
    if body is None:
        assert request.body == (b"" if method in {"POST", "PUT"} else None)
    else:
        assert isinstance(request.body, bytes)
        assert orjson.loads(request.body) == body
        assert request.headers["Content-Type"] == "application/json"


VERSIONED: list[Call] = [
    lambda bb: bb.pull_requests.delete("PRJ", "app", 7, version=3),
    lambda bb: bb.pull_requests.merge("PRJ", "app", 7, version=3),
    lambda bb: bb.pull_requests.decline("PRJ", "app", 7, version=3),
    lambda bb: bb.pull_requests.reopen("PRJ", "app", 7, version=3),
    lambda bb: bb.pull_requests.set_status("PRJ", "app", 7, "jane", status="APPROVED", version=3),
    lambda bb: bb.pull_requests.update_comment("PRJ", "app", 7, 8, version=1, text="t"),
    lambda bb: bb.pull_requests.delete_comment("PRJ", "app", 7, 8, version=1),
    lambda bb: bb.pull_requests.update_blocker_comment("PRJ", "app", 7, 8, version=1, state="RESOLVED"),
    lambda bb: bb.pull_requests.delete_blocker_comment("PRJ", "app", 7, 8, version=1),
    lambda bb: bb.pull_requests.finish_review("PRJ", "app", 7, participant_status="APPROVED"),
    lambda bb: bb.pull_requests.rebase("PRJ", "app", 7, version=3),
    lambda bb: bb.projects.update("PRJ", key="NEW"),
    lambda bb: bb.repositories.update("PRJ", "app", name="new"),
    lambda bb: bb.repositories.update("PRJ", "app", target_project="OPS"),
]


@pytest.mark.parametrize("call", VERSIONED)
async def test_a_write_that_may_have_been_done_is_not_repeated(call: Call) -> None:
    transport = RecordingTransport(lambda _: answer(b"{}", 503))
    with pytest.raises(ServerError):
        await run(call, transport)
    assert len(transport.requests) == 1


async def test_bad_arguments_send_nothing() -> None:
    many = [ParticipantFilter(username=str(number)) for number in range(11)]
    calls: list[tuple[Call, str]] = [
        (lambda bb: bb.pull_requests.list("PRJ", "app", participants=many), "at most 10"),
        (lambda bb: bb.pull_requests.list_activities("PRJ", "app", 7, from_id=9), "must be given together"),
        (lambda bb: bb.pull_requests.list_activities("PRJ", "app", 7, from_type="COMMENT"), "must be given together"),
        (
            lambda bb: bb.pull_requests.create("PRJ", "app", title="t", from_ref="a", to_ref="b", reviewers="joe"),
            "list of user names",
        ),
        (lambda bb: bb.pull_requests.update("PRJ", "app", 7, reviewers="joe"), "list of user names"),
        (lambda bb: bb.repositories.get("PRJ", ".."), "repositorySlug"),
        (lambda bb: bb.projects.get(""), "projectKey"),
        (lambda bb: bb.tags.get("PRJ", "app", "v1/"), "slash"),
        (lambda bb: bb.tags.delete("PRJ", "app", "/v1"), "slash"),
        (lambda bb: bb.tags.delete("PRJ", "app", "/"), "slash"),
    ]
    transport = RecordingTransport([])
    for call, message in calls:
        with pytest.raises(ValueError, match=message):
            await run(call, transport)
    assert transport.requests == []
