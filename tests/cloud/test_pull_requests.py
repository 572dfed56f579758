from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

import pytest

from bbasync import BadRequestError, ConflictError, DecodeError, MergeTimeoutError, ServerError, TransportError
from bbasync.auth import AccessToken
from bbasync.cloud.models import (
    Inline,
    MergeabilityCheckType,
    MergeabilityStatus,
    MergeStrategy,
    PullRequestState,
    TaskState,
)
from bbasync.cloud.session import CloudSession
from bbasync.paging import Paging
from bbasync.request import RawResponse, Request
from bbasync.testing.cloud.server import FakeCloud
from bbasync.testing.recording import RecordingTransport, answer
from tests.cloud.replayed import body_of
from tests.virtual import virtual

API = "https://api.bitbucket.org/2.0"
PULL = f"{API}/repositories/acme/api/pullrequests/7"
TASK = f"{PULL}/merge/task-status/t-1"

Answers = Callable[[Request], RawResponse] | Iterable[RawResponse]


def ok(payload: object, status: int = 200) -> RawResponse:
    return answer(json.dumps(payload), status)


def merged() -> dict[str, object]:
    return {"type": "pullrequest", "id": 7, "title": "Fix", "state": "MERGED", "merge_commit": {"hash": "ab" * 20}}


def pending() -> RawResponse:
    return ok({"task_status": "PENDING", "links": {}})


def done() -> RawResponse:
    return ok({"task_status": "SUCCESS", "merge_result": merged()})


def accepted(location: str = TASK) -> RawResponse:
    return answer('""', 202, {"Location": location})


def failure(status: int, message: str) -> RawResponse:
    return ok({"type": "error", "error": {"message": message}}, status)


def open_session(answers: Answers) -> tuple[CloudSession, RecordingTransport]:
    transport = RecordingTransport(answers)
    return CloudSession(AccessToken("secret"), transport=transport), transport


@pytest.fixture
async def fake() -> AsyncIterator[FakeCloud]:
    async with FakeCloud(workspaces=1, repositories=1, commits=30, pull_requests=30) as server:
        yield server


@pytest.fixture
def names(fake: FakeCloud) -> tuple[str, str]:
    workspace = next(iter(fake.world.workspaces.values()))
    return workspace.slug, next(iter(workspace.repositories.values())).slug


# -- lists ------------------------------------------------------------------------------------------------------------


async def test_a_list_has_the_states_asked_for_whether_q_stands_beside_them_or_not(
    bb: CloudSession, names: tuple[str, str]
) -> None:
    async def states(**wanted: Any) -> set[PullRequestState]:
        return {pull.state async for pull in bb.pull_requests.list(*names, **wanted)}

    both = {PullRequestState.OPEN, PullRequestState.MERGED}
    assert await states() == {PullRequestState.OPEN}
    assert await states(state="MERGED") == {PullRequestState.MERGED}
    assert await states(state=["OPEN", "MERGED"]) == both
    assert await states(state=["OPEN", "MERGED"], q="id > 0") == both
    assert await states(state=PullRequestState.OPEN, q='id > 0 OR state = "MERGED"') == {PullRequestState.OPEN}
    assert await states(q="id > 0") > both


async def test_the_pull_requests_of_a_user_are_those_he_opened(bb: CloudSession, names: tuple[str, str]) -> None:
    author = (await bb.pull_requests.get(*names, 3)).author
    assert author is not None
    assert author.uuid is not None
    found = [pull async for pull in bb.pull_requests.list_for_user(names[0], author.uuid, state=["MERGED"])]
    assert found
    assert all(pull.author == author and pull.state == "MERGED" for pull in found)


async def test_the_states_of_a_user_s_pull_requests_go_into_q_as_well() -> None:
    session, transport = open_session([ok({"values": []})])
    found = session.pull_requests.list_for_user("acme", "{u-1}", state=["OPEN", "MERGED"], q='title ~ "a" OR id = 1')
    assert [pull async for pull in found] == []
    sent = parse_qs(transport.requests[0].url.partition("?")[2])
    assert sent == {"q": ['state IN ("OPEN", "MERGED") AND (title ~ "a" OR id = 1)'], "pagelen": ["50"]}


async def test_no_state_at_all_is_refused_before_anything_is_sent() -> None:
    session, transport = open_session([])
    with pytest.raises(ValueError, match="at least one state"):
        await anext(session.pull_requests.list("acme", "api", state=[]))
    assert not transport.requests


async def test_reviewers_are_in_a_list_only_if_asked_for(bb: CloudSession, names: tuple[str, str]) -> None:
    plain = [pull async for pull in bb.pull_requests.list(*names, state=["OPEN", "MERGED"])]
    full = [
        pull
        async for pull in bb.pull_requests.list(
            *names, state=["OPEN", "MERGED"], fields="+values.reviewers,+values.participants"
        )
    ]
    assert not any(pull.reviewers for pull in plain)
    assert any(pull.reviewers for pull in full)
    assert all(pull.participants is not None for pull in full)


async def test_an_entry_of_the_activity_is_one_thing_that_happened(bb: CloudSession, names: tuple[str, str]) -> None:
    kinds: set[str] = set()
    numbers: set[int] = set()
    async for entry in bb.pull_requests.list_repository_activity(*names):
        happened = [
            kind for kind in ("comment", "update", "approval", "changes_requested") if getattr(entry, kind) is not None
        ]
        assert len(happened) == 1
        kinds.update(happened)
        numbers.add(entry.pull_request.id)
        if entry.update is not None:
            assert entry.update.date.tzinfo is not None
    assert {"comment", "update", "approval"} <= kinds
    assert len(numbers) > 1
    assert {entry.pull_request.id async for entry in bb.pull_requests.list_activity(*names, 3)} == {3}


async def test_what_hangs_on_a_pull_request_is_listed(bb: CloudSession, names: tuple[str, str]) -> None:
    service = bb.pull_requests
    commented = [pull async for pull in service.list(*names, q="comment_count > 0 AND task_count > 0")]
    assert commented
    for pull in commented:
        comments = [comment async for comment in service.list_comments(*names, pull.id)]
        tasks = [task async for task in service.list_tasks(*names, pull.id)]
        assert comments[0] == await service.get_comment(*names, pull.id, comments[0].id)
        assert tasks[0] == await service.get_task(*names, pull.id, tasks[0].id)
        assert sum(task.state == TaskState.UNRESOLVED for task in tasks) == pull.task_count
    commits = [commit async for commit in service.list_commits(*names, 1)]
    assert commits
    found = [pull async for pull in service.list_for_commit(*names, commits[0].hash)]
    assert 1 in {pull.id for pull in found}


async def test_what_is_gone_reads_none() -> None:
    lost = {"branch": {"name": "fix"}, "commit": None, "repository": None}
    payload = {**merged(), "author": None, "source": lost, "destination": {**lost, "commit": {"hash": "0" * 12}}}
    session, _ = open_session([ok(payload)])
    pull = await session.pull_requests.get("acme", "api", 7)
    assert (pull.author, pull.source.repository, pull.source.commit) == (None, None, None)
    assert pull.source.branch.name == "fix"
    assert pull.raw == payload


# -- writing ----------------------------------------------------------------------------------------------------------


async def test_creating_sends_what_is_given_and_nothing_else() -> None:
    session, transport = open_session([ok(merged(), 201), ok(merged(), 201)])
    create = session.pull_requests.create
    await create("acme", "api", title="Fix", source_branch="fix")
    await create(
        "acme",
        "api",
        title="Fix",
        source_branch="fix",
        source_repository="me/api",
        destination_branch="main",
        description="",
        reviewers=["{u-1}", "557058:2"],
        close_source_branch=False,
        draft=True,
    )
    assert body_of(transport.requests[0]) == {"title": "Fix", "source": {"branch": {"name": "fix"}}}
    assert body_of(transport.requests[1]) == {
        "title": "Fix",
        "source": {"branch": {"name": "fix"}, "repository": {"full_name": "me/api"}},
        "destination": {"branch": {"name": "main"}},
        "description": "",
        "reviewers": [{"uuid": "{u-1}"}, {"account_id": "557058:2"}],
        "close_source_branch": False,
        "draft": True,
    }


async def test_updating_leaves_reviewers_alone_unless_they_are_given() -> None:
    session, transport = open_session([ok(merged()), ok(merged())])
    await session.pull_requests.update("acme", "api", 7, title="Better")
    await session.pull_requests.update("acme", "api", 7, reviewers=[])
    assert [body_of(request) for request in transport.requests] == [{"title": "Better"}, {"reviewers": []}]


async def test_one_reviewer_for_a_list_of_them_is_refused_before_anything_is_sent() -> None:
    session, transport = open_session([])
    with pytest.raises(ValueError, match="sequence"):
        await session.pull_requests.update("acme", "api", 7, reviewers="{u-1}")
    assert not transport.requests


async def test_a_comment_stands_on_a_line_and_replies() -> None:
    session, transport = open_session([ok({"id": 1}, 201)] * 3)
    comment = session.pull_requests.create_comment
    await comment("acme", "api", 7, content="Why?")
    await comment("acme", "api", 7, content="Why?", inline=Inline(path="a b/c.py", to=3), parent=9, pending=True)
    await session.pull_requests.update_comment("acme", "api", 7, 1, pending=False)
    assert [body_of(request) for request in transport.requests] == [
        {"content": {"raw": "Why?"}},
        {
            "content": {"raw": "Why?"},
            "inline": {"path": "a b/c.py", "to": 3},
            "parent": {"id": 9},
            "pending": True,
        },
        {"pending": False},
    ]


async def test_a_thread_is_resolved_and_reopened() -> None:
    resolution = {"type": "comment_resolution", "user": None, "created_on": "2026-03-01T10:00:00+00:00"}
    session, transport = open_session([ok(resolution), answer(b"", 204)])
    resolved = await session.pull_requests.resolve_comment("acme", "api", 7, 1)
    await session.pull_requests.reopen_comment("acme", "api", 7, 1)
    assert resolved.created_on is not None
    assert [(request.method, request.url) for request in transport.requests] == [
        ("POST", f"{PULL}/comments/1/resolve"),
        ("DELETE", f"{PULL}/comments/1/resolve"),
    ]


async def test_a_task_belongs_to_a_comment_and_is_marked_as_done() -> None:
    session, transport = open_session([ok({"id": 1}, 201), ok({"id": 1}, 201), ok({"id": 1, "state": "RESOLVED"})])
    await session.pull_requests.create_task("acme", "api", 7, content="Test it")
    await session.pull_requests.create_task("acme", "api", 7, content="Test it", comment_id=9)
    task = await session.pull_requests.update_task("acme", "api", 7, 1, state=TaskState.RESOLVED)
    assert task.state == TaskState.RESOLVED
    assert [body_of(request) for request in transport.requests] == [
        {"content": {"raw": "Test it"}},
        {"content": {"raw": "Test it"}, "comment": {"id": 9}},
        {"state": "RESOLVED"},
    ]


async def test_checks_before_a_merge_have_a_budget_of_their_own() -> None:
    checks = [
        {"type": "git_mergeability_check", "status": "FAILED", "blocking": True, "reason": "conflicts"},
        {"type": "standard_merge_check", "status": "PASSED", "check": {"type": "merge_check", "kind": "approvals"}},
        {"type": "a_later_check", "status": "NEW"},
    ]
    session, transport = open_session([ok({"size": 3, "values": checks})])
    found = await session.pull_requests.get_mergeability_checks("acme", "api", 7)
    assert transport.requests[0].group == "mergeability"
    assert found.values[0].type is MergeabilityCheckType.GIT
    assert found.values[0].status is MergeabilityStatus.FAILED
    assert found.values[1].check is not None
    assert found.values[1].check.kind == "approvals"
    assert found.values[2].type == "a_later_check"


# -- merging ----------------------------------------------------------------------------------------------------------


async def merge(session: CloudSession, **arguments: Any) -> str:
    return (await session.pull_requests.merge("acme", "api", 7, **arguments)).state


async def test_a_merge_that_is_done_at_once_is_one_request() -> None:
    session, transport = open_session([ok(merged())])
    assert await merge(session, merge_strategy=MergeStrategy.SQUASH, message="Fix") == "MERGED"
    (request,) = transport.requests
    assert (request.url, body_of(request)) == (f"{PULL}/merge", {"message": "Fix", "merge_strategy": "squash"})


@virtual
async def test_a_merge_that_takes_long_is_asked_for_with_growing_pauses() -> None:
    loop = asyncio.get_running_loop()
    times: list[float] = []
    answers = iter([accepted(), *[pending()] * 12, done()])

    def respond(_request: Request) -> RawResponse:
        times.append(loop.time())
        return next(answers)

    session, transport = open_session(respond)
    assert await merge(session, asynchronous=True) == "MERGED"
    assert [(request.method, request.url) for request in transport.requests] == [
        ("POST", f"{PULL}/merge?async=true"),
        *[("GET", TASK)] * 13,
    ]
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert pauses == sorted(pauses)
    assert 0 < pauses[0] <= 1
    assert pauses[-1] == pauses[-2] == 10


@virtual
async def test_a_merge_without_end_stops_at_its_deadline_and_names_the_task() -> None:
    loop = asyncio.get_running_loop()
    session, transport = open_session(lambda request: accepted() if request.method == "POST" else pending())
    started = loop.time()
    with pytest.raises(MergeTimeoutError, match=r"after 90 s.*'t-1'.*PENDING"):
        await merge(session, timeout=90)
    assert loop.time() - started == pytest.approx(90)
    assert session.limiter.in_flight == 0
    assert [request.method for request in transport.requests].count("POST") == 1


@virtual
async def test_a_merge_that_is_cancelled_is_cancelled() -> None:
    session, _ = open_session(lambda request: accepted() if request.method == "POST" else pending())
    task = asyncio.create_task(merge(session))
    await asyncio.sleep(5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@virtual
@pytest.mark.parametrize(("status", "error"), [(409, ConflictError), (400, BadRequestError)])
async def test_a_failed_merge_task_is_the_failure_of_the_merge(status: int, error: type[Exception]) -> None:
    session, _ = open_session([accepted(), pending(), failure(status, "the branch moved")])
    with pytest.raises(error, match="the branch moved"):
        await merge(session)


@virtual
async def test_a_task_is_asked_for_at_our_own_origin_whatever_location_says() -> None:
    session, transport = open_session([accepted("https://evil.example/merge/task-status/t-1?x=1"), done()])
    await merge(session)
    assert transport.requests[1].url == TASK


@pytest.mark.parametrize("location", ["", "/merge/task-status/", f"{API}/elsewhere"])
async def test_an_accepted_merge_without_a_task_is_an_error(location: str) -> None:
    session, transport = open_session([accepted(location)])
    with pytest.raises(DecodeError, match="state"):
        await merge(session)
    assert len(transport.requests) == 1


async def test_a_merge_that_timed_out_at_the_server_is_not_repeated() -> None:
    session, transport = open_session([failure(555, "timed out")])
    with pytest.raises(ServerError, match="unknown"):
        await merge(session)
    assert len(transport.requests) == 1


# -- changes ----------------------------------------------------------------------------------------------------------


def redirecting(target: str, final: RawResponse) -> Callable[[Request], RawResponse]:
    """Answer a pull request's own address with a redirect, and the target with what is there."""
    return lambda request: answer(b"", 302, {"Location": target}) if request.url.startswith(PULL) else final


@pytest.mark.parametrize("kind", ["diff", "patch"])
async def test_text_comes_through_the_redirect_as_the_bytes_it_is(kind: str) -> None:
    text = b"diff --git a/x b/x\n+\xff\xfe\n"
    target = f"{API}/repositories/acme/api/{kind}/acme/api:abc%0Ddef?from_pullrequest_id=7&topic=true"
    plain = answer(text, headers={"content-type": "text/plain"})
    session, transport = open_session(redirecting(target, plain))
    service = session.pull_requests
    read, opened = (
        (service.read_diff, service.open_diff) if kind == "diff" else (service.read_patch, service.open_patch)
    )
    assert await read("acme", "api", 7) == text
    async with opened("acme", "api", 7) as stream:
        assert await stream.read() == text
    assert [request.url for request in transport.requests] == [f"{PULL}/{kind}", target] * 2
    assert all(request.headers["Authorization"] == "Bearer secret" for request in transport.requests)


async def test_changed_files_are_paged_through_the_redirect() -> None:
    target = f"{API}/repositories/acme/api/diffstat/acme/api:abc%0Ddef?from_pullrequest_id=7"
    file = {"type": "diffstat", "status": "modified", "lines_added": 1, "lines_removed": 2}
    pages = {
        target: {"values": [{**file, "old": {"path": "a"}, "new": {"path": "a"}}], "next": f"{target}&page=2"},
        f"{target}&page=2": {"values": [{**file, "status": "added", "old": None, "new": {"path": "b"}}]},
    }

    def respond(request: Request) -> RawResponse:
        if request.url in pages:
            return ok(pages[request.url])
        return answer(b"", 302, {"Location": target})

    session, transport = open_session(respond)
    files = [file async for file in session.pull_requests.list_diffstat("acme", "api", 7)]
    assert [(one.status, one.old and one.old.path, one.new and one.new.path) for one in files] == [
        ("modified", "a", "a"),
        ("added", None, "b"),
    ]
    assert len(transport.requests) == 3


async def test_conflicts_are_listed_through_the_redirect() -> None:
    conflict = {"type": "file_conflict", "path": "a", "scenario": "content", "message": "both changed it"}
    target = f"{API}/repositories/acme/api/file-conflicts/abc..def"
    session, _ = open_session(redirecting(target, ok({"values": [conflict]})))
    found = [one async for one in session.pull_requests.list_file_conflicts("acme", "api", 7)]
    assert [(one.path, one.scenario) for one in found] == [("a", "content")]


async def test_a_diff_never_leaves_the_origin() -> None:
    session, transport = open_session(redirecting("https://evil.example/diff", answer(b"")))
    with pytest.raises(TransportError, match="another host"):
        await session.pull_requests.read_diff("acme", "api", 7)
    assert len(transport.requests) == 1


# -- default reviewers ------------------------------------------------------------------------------------------------


async def test_default_reviewers_tell_where_they_were_set() -> None:
    user = {"type": "user", "uuid": "{u-1}", "display_name": "Ada"}
    session, transport = open_session([ok({"values": [{"user": user, "reviewer_type": "project"}]}), ok(user)])
    service = session.pull_requests
    (reviewer,) = [one async for one in service.list_effective_default_reviewers("acme", "api")]
    assert (reviewer.user.uuid, reviewer.reviewer_type) == ("{u-1}", "project")
    assert transport.requests[0].url.endswith("/effective-default-reviewers?pagelen=100")
    await service.add_default_reviewer("acme", "api", "{u-1}")
    assert transport.requests[1].url == f"{API}/repositories/acme/api/default-reviewers/%7Bu-1%7D"


async def test_a_listing_of_pull_requests_goes_on_where_it_was_left(bb: CloudSession, names: tuple[str, str]) -> None:
    pages: list[str | None] = []
    paging = Paging(size=2, limit=2, on_page=lambda page: pages.append(page.next))
    first = [pull.id async for pull in bb.pull_requests.list(*names, state="MERGED", q="id > 0", paging=paging)]
    rest = [pull.id async for pull in bb.pull_requests.list(*names, paging=Paging(start=pages[0]))]
    whole = [pull.id async for pull in bb.pull_requests.list(*names, state="MERGED", q="id > 0")]
    assert first + rest == whole
