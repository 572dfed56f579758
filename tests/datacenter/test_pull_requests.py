"""Pull requests against the fake server: versions, reviewers, comments, merges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest

from bbasync import aio
from bbasync.auth import AccessToken, BasicAuth
from bbasync.datacenter.models import CommentAnchor, FileType, LineType, ParticipantFilter, PullRequest
from bbasync.datacenter.session import DataCenterSession
from bbasync.errors import (
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    ResponseError,
    ServerError,
    TransportError,
)
from bbasync.testing.datacenter.server import FakeDataCenter
from bbasync.testing.faults import Fault
from bbasync.testing.recording import RecordingTransport, answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bbasync.datacenter.models import Participant
    from bbasync.request import RawResponse

REPO = ("PRJ", "ledger")


@pytest.fixture
async def pull_request(bb: DataCenterSession) -> PullRequest:
    """A fresh one by the administrator, of a branch with one commit, with two reviewers."""
    (source,) = await aio.collect(bb.branches.list(*REPO, filter_text="pr/1"))
    await bb.branches.create(*REPO, name="new/a#1", start_point=source.latest_commit)
    return await bb.pull_requests.create(
        *REPO, title="Náïve", from_ref="new/a#1", to_ref="main", description="why", reviewers=["bjorn", "chiyo"]
    )


def names(participants: Sequence[Participant]) -> list[str]:
    return [participant.user.name for participant in participants]


# -- reading -----------------------------------------------------------------------------------------------------------


async def test_list_by_state_and_order(bb: DataCenterSession) -> None:
    everything = await aio.collect(bb.pull_requests.list(*REPO, state="ALL"))
    assert len(everything) == 8
    by_default = await aio.collect(bb.pull_requests.list(*REPO))
    assert by_default == [item for item in everything if item.open]
    assert await aio.collect(bb.pull_requests.list(*REPO, state="ALL", order="OLDEST")) == everything[::-1]


async def test_list_filters(bb: DataCenterSession) -> None:
    everything = await aio.collect(bb.pull_requests.list(*REPO, state="ALL"))
    author = everything[0].author.user.name
    filters = [ParticipantFilter(username=author, role="AUTHOR")]
    mine = await aio.collect(bb.pull_requests.list(*REPO, state="ALL", participants=filters))
    assert mine == [item for item in everything if item.author.user.name == author]
    assert 0 < len(mine) < len(everything)
    assert await aio.collect(bb.pull_requests.list(*REPO, state="ALL", at="main")) == everything
    source = everything[0].from_ref.display_id
    outgoing = bb.pull_requests.list(*REPO, state="ALL", direction="OUTGOING", at=source)
    assert [item.id for item in await aio.collect(outgoing)] == [everything[0].id]


async def test_missing_pull_request_raises_at_the_first_step(bb: DataCenterSession) -> None:
    with pytest.raises(NotFoundError):
        await anext(bb.pull_requests.list_activities(*REPO, 999))


async def test_activities_carry_what_their_action_has(bb: DataCenterSession) -> None:
    (merged, *_) = await aio.collect(bb.pull_requests.list(*REPO, state="MERGED"))
    activities = await aio.collect(bb.pull_requests.list_activities(*REPO, merged.id))
    assert activities[-1].action == "OPENED"
    (merge,) = [activity for activity in activities if activity.action == "MERGED"]
    assert merge.commit is not None
    assert merged.properties is not None
    assert merged.properties.merge_commit is not None
    assert merge.commit.id == merged.properties.merge_commit.id
    everything = await aio.collect(bb.pull_requests.list_activities(*REPO, 7))
    comments = [activity for activity in everything if activity.comment is not None]
    assert {str(activity.comment_action) for activity in comments} == {"ADDED", "REPLIED"}
    anchored = [activity.comment_anchor for activity in comments if activity.comment_anchor is not None]
    assert [(anchor.path, anchor.line, anchor.line_type) for anchor in anchored] == [("README.md", 1, "CONTEXT")]
    middle = everything[1]
    later = bb.pull_requests.list_activities(*REPO, 7, from_id=middle.id, from_type="ACTIVITY")
    assert await aio.collect(later) == everything[1:]


async def test_commits_and_changes(bb: DataCenterSession, pull_request: PullRequest) -> None:
    (commit,) = await aio.collect(bb.pull_requests.list_commits(*REPO, pull_request.id))
    assert commit.id == pull_request.from_ref.latest_commit
    (change,) = await aio.collect(bb.pull_requests.list_changes(*REPO, pull_request.id))
    (of_the_commit,) = await aio.collect(bb.commits.list_changes(*REPO, commit.id))
    assert str(change.path) == str(of_the_commit.path)


async def test_diffs_as_json_and_as_text(bb: DataCenterSession, pull_request: PullRequest) -> None:
    (change,) = await aio.collect(bb.pull_requests.list_changes(*REPO, pull_request.id))
    whole = await bb.pull_requests.get_diff(*REPO, pull_request.id, "/")
    (file,) = whole.diffs
    assert str(file.destination) == str(change.path)
    assert (await bb.pull_requests.get_diff(*REPO, pull_request.id, str(change.path))).diffs == whole.diffs
    assert (await bb.pull_requests.get_diff(*REPO, pull_request.id, "no/such")).diffs == []
    text = await bb.pull_requests.read_diff(*REPO, pull_request.id)
    assert text.startswith(b"diff --git ")
    assert await bb.pull_requests.read_file_diff(*REPO, pull_request.id, str(change.path)) == text
    async with bb.pull_requests.open_diff(*REPO, pull_request.id) as stream:
        assert await stream.read() == text
    patch = await bb.pull_requests.read_patch(*REPO, pull_request.id)
    assert patch.startswith(f"From {pull_request.from_ref.latest_commit} ".encode())
    assert text in patch


@pytest.mark.parametrize(("response", "merge_base"), [(answer(b"", 204), None), (answer(b'{"id": "a1"}'), "a1")])
async def test_refs_without_a_common_ancestor_have_no_merge_base(response: RawResponse, merge_base: str | None) -> None:
    async with DataCenterSession(
        AccessToken("t"), base_url="https://git.example.org", transport=RecordingTransport([response])
    ) as bb:
        commit = await bb.pull_requests.get_merge_base(*REPO, 1)
    assert (commit and commit.id) == merge_base


@pytest.mark.parametrize("status", [404, 405])
async def test_an_operation_that_older_servers_lack_says_so(status: int) -> None:
    missing = {
        "errors": [{"message": "none", "exceptionName": "com.atlassian.bitbucket.pull.NoSuchPullRequestException"}]
    }
    transport = RecordingTransport([answer(b"", status), answer(orjson.dumps(missing), status)])
    async with DataCenterSession(AccessToken("t"), base_url="https://git.example.org", transport=transport) as bb:
        with pytest.raises(ResponseError, match=r"Bitbucket 9\.1 and later"):
            await bb.pull_requests.get_diff_stats_summary(*REPO, 1, "/")
        with pytest.raises(ResponseError) as raised:
            await bb.pull_requests.get_diff_stats_summary(*REPO, 999, "/")
    assert "9.1" not in str(raised.value)


# -- writing -----------------------------------------------------------------------------------------------------------


async def test_create(bb: DataCenterSession, pull_request: PullRequest) -> None:
    assert (pull_request.version, pull_request.state, pull_request.title) == (0, "OPEN", "Náïve")
    assert (pull_request.from_ref.id, pull_request.to_ref.id) == ("refs/heads/new/a#1", "refs/heads/main")
    assert names(pull_request.reviewers) == ["bjorn", "chiyo"]
    with pytest.raises(ConflictError, match="Only one pull request") as conflict:
        await bb.pull_requests.create(*REPO, title="again", from_ref="new/a#1", to_ref="main")
    assert conflict.value.current_version is None
    await bb.pull_requests.decline(*REPO, pull_request.id, version=0)
    with pytest.raises(ConflictError, match="cannot be added"):
        await bb.pull_requests.create(*REPO, title="t", from_ref="new/a#1", to_ref="main", reviewers=["nobody"])


async def test_create_from_a_fork(bb: DataCenterSession) -> None:
    (source,) = await aio.collect(bb.branches.list(*REPO, filter_text="pr/1"))
    fork = await bb.repositories.fork(*REPO, target_project="OPS", name="copy")
    await bb.branches.create("OPS", "copy", name="theirs", start_point=source.latest_commit)
    opened = await bb.pull_requests.create(
        *REPO, title="t", from_ref="theirs", to_ref="main", from_project="OPS", from_repository="copy"
    )
    assert opened.from_ref.repository == fork
    assert opened.to_ref.repository.slug == "ledger"


async def test_update_keeps_what_is_not_given(bb: DataCenterSession, pull_request: PullRequest) -> None:
    changed = await bb.pull_requests.update(*REPO, pull_request.id, title="Other")
    assert (changed.title, changed.description, changed.version) == ("Other", "why", 1)
    assert names(changed.reviewers) == ["bjorn", "chiyo"]
    changed = await bb.pull_requests.update(*REPO, pull_request.id, reviewers=["farid"], draft=True)
    assert (changed.title, changed.description, changed.draft) == ("Other", "why", True)
    assert names(changed.reviewers) == ["farid"]
    changed = await bb.pull_requests.update(*REPO, pull_request.id, reviewers=[], description="")
    assert (changed.reviewers, changed.description, changed.draft) == ([], "", True)


async def test_update_retargets(bb: DataCenterSession, pull_request: PullRequest) -> None:
    (branch, *_) = await aio.collect(bb.branches.list(*REPO, filter_text="release/"))
    changed = await bb.pull_requests.update(*REPO, pull_request.id, to_ref=branch.display_id)
    assert changed.to_ref.id == branch.id
    assert names(changed.reviewers) == ["bjorn", "chiyo"]


async def test_update_of_a_stale_version_changes_nothing(bb: DataCenterSession, pull_request: PullRequest) -> None:
    await bb.pull_requests.update(*REPO, pull_request.id, title="Theirs")
    with pytest.raises(ConflictError, match="retry with its current version") as conflict:
        await bb.pull_requests.update(*REPO, pull_request.id, title="Mine", version=pull_request.version)
    assert conflict.value.current_version == 1
    assert (await bb.pull_requests.get(*REPO, pull_request.id)).title == "Theirs"
    changed = await bb.pull_requests.update(
        *REPO, pull_request.id, title="Mine", version=conflict.value.current_version
    )
    assert (changed.title, changed.version) == ("Mine", 2)


async def test_update_that_lost_a_race_is_told() -> None:
    read = answer(b'{"id": 7, "version": 4, "title": "t", "reviewers": []}')
    stale = answer(b'{"errors": [{"message": "out of date", "currentVersion": 5, "expectedVersion": 4}]}', 409)
    transport = RecordingTransport([read, stale])
    async with DataCenterSession(AccessToken("t"), base_url="https://git.example.org", transport=transport) as bb:
        with pytest.raises(ConflictError) as conflict:
            await bb.pull_requests.update(*REPO, 7, title="new")
    assert conflict.value.current_version == 5
    body = transport.requests[1].body
    assert isinstance(body, bytes)
    assert orjson.loads(body) == {"version": 4, "title": "new", "reviewers": []}


async def test_update_whose_answer_was_lost_is_not_repeated() -> None:
    transport = RecordingTransport([answer(b'{"version": 4, "reviewers": []}'), answer(b"", 503)])
    async with DataCenterSession(AccessToken("t"), base_url="https://git.example.org", transport=transport) as bb:
        with pytest.raises(ServerError):
            await bb.pull_requests.update(*REPO, 7, title="new")
    assert [request.method for request in transport.requests] == ["GET", "PUT"]


async def test_merge(bb: DataCenterSession, pull_request: PullRequest) -> None:
    with pytest.raises(ConflictError) as conflict:
        await bb.pull_requests.merge(*REPO, pull_request.id, version=7)
    assert conflict.value.current_version == 0
    assert (await bb.pull_requests.get_mergeability(*REPO, pull_request.id)).can_merge
    merged = await bb.pull_requests.merge(*REPO, pull_request.id, version=0, message="Land it")
    assert (merged.state, merged.open, merged.closed, merged.version) == ("MERGED", False, True, 1)
    assert merged.closed_date is not None
    (head, *_) = await aio.collect(bb.commits.list(*REPO))
    assert head.message == "Land it"
    with pytest.raises(ConflictError, match="cannot be changed") as done:
        await bb.pull_requests.merge(*REPO, pull_request.id, version=1)
    assert done.value.current_version is None


async def test_merge_that_is_refused_tells_why(
    bb: DataCenterSession, fake: FakeDataCenter, pull_request: PullRequest
) -> None:
    seeded = fake.world.repository(*REPO).pull_requests[pull_request.id]
    seeded.conflicted, seeded.vetoes = True, [("Not today", "Nobody merges on a Friday.")]
    state = await bb.pull_requests.get_mergeability(*REPO, pull_request.id)
    assert (state.can_merge, state.conflicted, state.outcome) == (False, True, "CONFLICTED")
    assert [(veto.summary_message, veto.detailed_message) for veto in state.vetoes] == seeded.vetoes
    with pytest.raises(ConflictError, match="has conflicts") as conflict:
        await bb.pull_requests.merge(*REPO, pull_request.id, version=0)
    assert conflict.value.current_version is None


async def test_merge_whose_answer_was_lost_is_not_repeated(
    bb: DataCenterSession, fake: FakeDataCenter, pull_request: PullRequest
) -> None:
    fake.faults.add(Fault("disconnect", method="POST", path="*/merge", handled=True))
    with pytest.raises(TransportError) as lost:
        await bb.pull_requests.merge(*REPO, pull_request.id, version=0)
    assert lost.value.sent
    assert sum(request.path_qs.endswith("/merge?version=0") for request in fake.requests) == 1
    assert (await bb.pull_requests.get(*REPO, pull_request.id)).state == "MERGED"


async def test_decline_reopen_delete(bb: DataCenterSession, pull_request: PullRequest) -> None:
    for call in (bb.pull_requests.decline, bb.pull_requests.reopen, bb.pull_requests.delete):
        with pytest.raises(ConflictError) as conflict:
            await call(*REPO, pull_request.id, version=9)
        assert conflict.value.current_version == 0
    declined = await bb.pull_requests.decline(*REPO, pull_request.id, version=0)
    assert (declined.state, declined.version) == ("DECLINED", 1)
    reopened = await bb.pull_requests.reopen(*REPO, pull_request.id, version=1)
    assert (reopened.state, reopened.version, reopened.closed_date) == ("OPEN", 2, None)
    await bb.pull_requests.delete(*REPO, pull_request.id, version=2)
    with pytest.raises(NotFoundError):
        await bb.pull_requests.get(*REPO, pull_request.id)


# -- participants ------------------------------------------------------------------------------------------------------


async def test_reviewers(bb: DataCenterSession, pull_request: PullRequest) -> None:
    added = await bb.pull_requests.add_reviewer(*REPO, pull_request.id, username="dara.o")
    assert (added.user.name, added.role, added.status, added.approved) == ("dara.o", "REVIEWER", "UNAPPROVED", False)
    await bb.pull_requests.remove_reviewer(*REPO, pull_request.id, "bjorn")
    participants = await aio.collect(bb.pull_requests.list_participants(*REPO, pull_request.id))
    assert {participant.user.name: str(participant.role) for participant in participants} == {
        "ada@example": "AUTHOR",
        "bjorn": "PARTICIPANT",
        "chiyo": "REVIEWER",
        "dara.o": "REVIEWER",
    }


async def test_review(bb: DataCenterSession, fake: FakeDataCenter, pull_request: PullRequest) -> None:
    with pytest.raises(PermissionDeniedError, match="your own status"):
        await bb.pull_requests.approve(*REPO, pull_request.id, "bjorn")
    async with DataCenterSession(BasicAuth("bjorn", fake.password), base_url=fake.url) as bjorn:
        approved = await bjorn.pull_requests.approve(*REPO, pull_request.id, "bjorn")
        assert (approved.approved, approved.last_reviewed_commit) == (True, pull_request.from_ref.latest_commit)
        refused = await bjorn.pull_requests.request_changes(*REPO, pull_request.id, "bjorn")
        assert (refused.approved, refused.status) == (False, "NEEDS_WORK")
        with pytest.raises(ConflictError, match="moved on"):
            await bjorn.pull_requests.set_status(
                *REPO, pull_request.id, "bjorn", status="APPROVED", last_reviewed_commit="0" * 40
            )
        assert (await bjorn.pull_requests.unapprove(*REPO, pull_request.id, "bjorn")).status == "UNAPPROVED"


# -- comments ----------------------------------------------------------------------------------------------------------


async def test_comments(bb: DataCenterSession, pull_request: PullRequest) -> None:
    top = await bb.pull_requests.create_comment(*REPO, pull_request.id, text="Why?")
    reply = await bb.pull_requests.create_comment(*REPO, pull_request.id, text="Because", parent_id=top.id)
    read = await bb.pull_requests.get_comment(*REPO, pull_request.id, top.id)
    assert [answered.text for answered in read.comments] == ["Because"]
    assert read.author.name == "ada@example"
    changed = await bb.pull_requests.update_comment(
        *REPO, pull_request.id, top.id, version=read.version, text="Why not?"
    )
    assert (changed.text, changed.version) == ("Why not?", read.version + 1)
    with pytest.raises(ConflictError) as conflict:
        await bb.pull_requests.update_comment(*REPO, pull_request.id, top.id, version=0, text="What?")
    assert conflict.value.current_version == 1
    with pytest.raises(ConflictError, match="replies"):
        await bb.pull_requests.delete_comment(*REPO, pull_request.id, top.id, version=1)
    await bb.pull_requests.delete_comment(*REPO, pull_request.id, reply.id, version=reply.version)
    await bb.pull_requests.delete_comment(*REPO, pull_request.id, top.id, version=1)
    with pytest.raises(NotFoundError):
        await bb.pull_requests.get_comment(*REPO, pull_request.id, top.id)


async def test_task_on_a_line(bb: DataCenterSession, pull_request: PullRequest) -> None:
    anchor = CommentAnchor(path="docs/naïve guide.md", line=2, line_type=LineType.ADDED, file_type=FileType.TO)
    task = await bb.pull_requests.create_comment(
        *REPO, pull_request.id, text="Do it", anchor=anchor, severity="BLOCKER"
    )
    assert (task.severity, task.state) == ("BLOCKER", "OPEN")
    assert task.anchor is not None
    assert (task.anchor.path, task.anchor.line, task.anchor.line_type) == (anchor.path, 2, LineType.ADDED)
    assert await aio.collect(bb.pull_requests.list_comments(*REPO, pull_request.id, path=anchor.path)) == [task]
    assert await aio.collect(bb.pull_requests.list_comments(*REPO, pull_request.id, path="README.md")) == []
    done = await bb.pull_requests.update_comment(
        *REPO, pull_request.id, task.id, version=task.version, state="RESOLVED"
    )
    assert (done.text, done.state) == ("Do it", "RESOLVED")


async def test_blocker_comments(bb: DataCenterSession, pull_request: PullRequest) -> None:
    pulls, number = bb.pull_requests, pull_request.id
    await pulls.create_comment(*REPO, number, text="no task")
    task = await pulls.create_blocker_comment(*REPO, number, text="do it")
    assert (task.severity, task.state) == ("BLOCKER", "OPEN")
    assert await aio.collect(pulls.list_blocker_comments(*REPO, number)) == [task]
    with pytest.raises(ConflictError, match="comment was changed in the meantime") as raised:
        await pulls.update_blocker_comment(*REPO, number, task.id, version=9, state="RESOLVED")
    assert raised.value.current_version == task.version
    done = await pulls.update_blocker_comment(*REPO, number, task.id, version=task.version, state="RESOLVED")
    assert await pulls.get_blocker_comment(*REPO, number, task.id) == done
    assert await aio.collect(pulls.list_blocker_comments(*REPO, number, state=["OPEN"])) == []
    count = await pulls.get_blocker_comment_count(*REPO, number)
    assert (count.open, count.resolved) == (None, 1)
    await pulls.delete_blocker_comment(*REPO, number, task.id, version=done.version)
    with pytest.raises(NotFoundError):
        await pulls.get_blocker_comment(*REPO, number, task.id)
