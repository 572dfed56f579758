"""Diffs, comparisons, build statuses and branches, against the fake server and over a recorder."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest

from bbasync import aio
from bbasync.auth import AccessToken
from bbasync.datacenter.models import BuildTestResults
from bbasync.datacenter.session import DataCenterSession
from bbasync.testing.recording import RecordingTransport, answer

REPOSITORY = ("PRJ", "ledger")


async def test_a_diff_is_a_model_or_text(bb: DataCenterSession) -> None:
    commit = (await aio.collect(bb.commits.list(*REPOSITORY), limit=1))[0]
    diff = await bb.commits.get_diff(*REPOSITORY, commit.id, "/")
    paths = {str(item.destination or item.source) for item in diff.diffs}
    assert paths == {str(change.path) for change in await aio.collect(bb.commits.list_changes(*REPOSITORY, commit.id))}
    async with bb.commits.open_diff(*REPOSITORY, commit.id, "/") as stream:
        text = (await stream.read()).decode()
    assert all(f"b/{path}" in text for path in paths)


async def test_the_builds_of_a_commit(bb: DataCenterSession) -> None:
    commit = (await aio.collect(bb.commits.list(*REPOSITORY), limit=1))[0]
    url = "https://ci.example.org/1"
    before = await bb.builds.get_commit_stats(commit.id)
    await bb.builds.set_status(*REPOSITORY, commit.id, key="new", state="FAILED", url=url, duration=1500)
    status = await bb.builds.get_status(*REPOSITORY, commit.id, key="new")
    assert (status.state, status.url, status.duration) == ("FAILED", url, 1500)
    assert "new" in {item.key for item in await aio.collect(bb.builds.list_commit_statuses(commit.id))}
    stats = await bb.builds.get_stats(commit_ids=[commit.id])
    assert stats[commit.id].failed == before.failed + 1


async def test_a_build_status_is_sent_with_its_date_in_milliseconds() -> None:
    transport = RecordingTransport([answer(b"", 204)])
    async with DataCenterSession(AccessToken("t"), base_url="https://host", transport=transport) as bb:
        await bb.builds.set_status(
            "P",
            "r",
            "c",
            key="k",
            state="SUCCESSFUL",
            url="https://ci.example.org",
            last_updated=datetime(2027, 1, 1, 0, 0, 0, 5000, UTC),
            test_results=BuildTestResults(successful=3, failed=0, skipped=1),
        )
        with pytest.raises(ValueError, match="time zone"):
            naive = datetime(2027, 1, 1)  # noqa: DTZ001 - what is refused
            await bb.builds.set_status("P", "r", "c", key="k", state="FAILED", url="", last_updated=naive)
    assert isinstance(transport.requests[0].body, bytes)
    body = orjson.loads(transport.requests[0].body)
    assert body["lastUpdated"] == 1798761600005
    assert body["testResults"] == {"successful": 3, "failed": 0, "skipped": 1}


@pytest.mark.parametrize("path", ["src/a b.py", "/src/a b.py"])
async def test_a_comparison_is_of_one_path_or_of_all(path: str) -> None:
    transport = RecordingTransport(lambda _: answer(b'{"diffs": []}'))
    async with DataCenterSession(AccessToken("t"), base_url="https://host", transport=transport) as bb:
        await bb.comparisons.get_diff("P", "r", path, from_ref="topic")
        await bb.comparisons.get_diff("P", "r", "/", to_ref="main")
    one, every = (request.url.partition("/compare/")[2] for request in transport.requests)
    assert (one, every) == ("diff/src/a%20b.py?from=topic", "diff?to=main")


async def test_what_does_not_exist_is_none() -> None:
    transport = RecordingTransport(lambda _: answer(b"", 204))
    async with DataCenterSession(AccessToken("t"), base_url="https://host", transport=transport) as bb:
        assert await bb.commits.get_merge_base("P", "r", "a", other_commit_id="b") is None
        assert await bb.branches.get_default_branch("P", "r") is None


async def test_a_comment_is_changed_in_one_attempt() -> None:
    transport = RecordingTransport(lambda _: answer(b"{}", 503))
    async with DataCenterSession(AccessToken("t"), base_url="https://host", transport=transport) as bb:
        for call in (
            bb.commits.update_comment("P", "r", "c", 1, version=2, text="t"),
            bb.commits.delete_comment("P", "r", "c", 1, version=2),
        ):
            with pytest.raises(Exception, match="503"):
                await call
    assert [request.method for request in transport.requests] == ["PUT", "DELETE"]
