from __future__ import annotations

import asyncio
from contextlib import aclosing
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar, cast

import orjson
import pytest

from bbasync import ApiToken, AuthenticationError, CloudSession, NotFoundError, RetryPolicy
from bbasync.cloud import watch
from bbasync.testing import FakeCloud, Fault
from bbasync.testing.recording import RecordingTransport, answer
from tests.virtual import virtual
from tests.waiting import PATIENCE, asked

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable

    from bbasync.request import RawResponse, Request

T = TypeVar("T")
AT_ONCE = 0


async def take(source: AsyncIterator[T], count: int) -> list[T]:
    found: list[T] = []
    async with aclosing(cast("AsyncGenerator[T]", source)) as items, asyncio.timeout(PATIENCE):
        async for item in items:
            found.append(item)
            if len(found) == count:
                break
    return found


def small() -> FakeCloud:
    return FakeCloud(workspaces=1, repositories=1, commits=5, pull_requests=20)


def session(fake: FakeCloud) -> CloudSession:
    return CloudSession(ApiToken(fake.email, fake.token), base_url=fake.url)


async def opened(bb: CloudSession) -> list[int]:
    return [each.id async for each in bb.pull_requests.list("acme", "api")]


# -- pull requests ----------------------------------------------------------------------------------------------------


async def test_pull_requests_are_told_when_they_are_new_or_updated_and_the_others_are_not() -> None:
    async with small() as fake, session(fake) as bb:
        _, second, third, *_ = await opened(bb)
        fake.requests.clear()
        changes = watch.pull_requests(bb, "acme", "api", every=AT_ONCE)
        taking = asyncio.create_task(take(changes, 3))
        await asked(fake, 2)
        await bb.pull_requests.update("acme", "api", second, title="Again")
        await bb.pull_requests.decline("acme", "api", third)
        await bb.source.create_commit("acme", "api", files={"a.txt": "a"}, message="Begin", branch="topic")
        created = await bb.pull_requests.create("acme", "api", title="New", source_branch="topic")
        assert [change.item.id for change in await taking] == [second, third, created.id]


async def test_a_cursor_tells_what_came_while_nobody_watched_and_nothing_twice() -> None:
    async with small() as fake, session(fake) as bb:
        one, two, three, four, *_ = await opened(bb)
        await bb.pull_requests.update("acme", "api", one, title="One")
        fake.requests.clear()
        first = asyncio.create_task(take(watch.pull_requests(bb, "acme", "api", every=AT_ONCE), 1))
        await asked(fake, 2)
        await bb.pull_requests.update("acme", "api", two, title="Two")
        cursor = (await first)[0].cursor
        for number in (three, one, four):
            await bb.pull_requests.update("acme", "api", number, title="Later")
        fake.requests.clear()
        later = await take(watch.pull_requests(bb, "acme", "api", every=AT_ONCE, start=cursor), 3)
        assert [change.item.id for change in later] == [three, one, four]
        assert len(fake.requests) == 1


async def test_more_changes_than_a_page_holds_come_whole_and_in_order() -> None:
    async with FakeCloud(workspaces=1, repositories=1, commits=5, pull_requests=120) as fake, session(fake) as bb:
        start = '{"until": "1990-01-01T00:00:00+00:00", "recent": {}}'
        found = await take(watch.pull_requests(bb, "acme", "api", every=AT_ONCE, start=start), 120)
        assert len({change.item.id for change in found}) == 120
        instants = [change.item.updated_on for change in found]
        assert instants == sorted(instants)


async def test_more_changes_of_one_instant_than_a_page_holds_end() -> None:
    payloads = [
        {"type": "pullrequest", "id": number, "updated_on": "2026-01-01T00:00:00+00:00"} for number in range(60)
    ]

    def pages(request: Request) -> RawResponse:
        second = {"values": payloads[50:]}
        first = {"values": payloads[:50], "next": "https://api.bitbucket.org/2.0/next"}
        return answer(orjson.dumps(second if request.url.endswith("/next") else first))

    bb = CloudSession(transport=RecordingTransport(pages))
    start = '{"until": "2026-01-01T00:05:00+00:00", "recent": {}}'
    assert len(await take(watch.pull_requests(bb, "acme", "api", every=AT_ONCE, start=start), 60)) == 60


@pytest.mark.parametrize("start", ["", "12", "null", '{"until": "never", "recent": {}}', '{"until": 1}'])
async def test_a_start_that_is_no_cursor_is_a_value_error(start: str) -> None:
    bb = CloudSession(transport=RecordingTransport([]))
    with pytest.raises(ValueError, match="start must be the cursor of a change from pull_requests"):
        await take(watch.pull_requests(bb, "acme", "api", start=start), 1)


# -- errors -----------------------------------------------------------------------------------------------------------


async def test_what_goes_wrong_at_the_first_poll_is_raised() -> None:
    async with small() as fake, session(fake) as bb:
        with pytest.raises(NotFoundError):
            await take(watch.pull_requests(bb, "acme", "nowhere"), 1)


def script(*answers: RawResponse) -> tuple[RecordingTransport, list[float]]:
    left, times = list(answers), list[float]()

    def reply(_request: Request) -> RawResponse:
        times.append(asyncio.get_running_loop().time())
        return left.pop(0)

    return RecordingTransport(reply), times


def state(name: str) -> RawResponse:
    return answer(orjson.dumps({"uuid": "{p}", "state": {"name": name}}))


@virtual
async def test_later_failures_are_survived_with_growing_pauses() -> None:
    gone = answer(b"{}", 404)
    transport, times = script(state("PENDING"), gone, gone, gone, state("IN_PROGRESS"), state("COMPLETED"))
    bb = CloudSession(transport=transport)
    found = [each async for each in watch.pipeline(bb, "acme", "api", "{p}", every=10)]
    assert [each.state.name for each in found] == ["PENDING", "IN_PROGRESS", "COMPLETED"]
    assert [round(after - before) for before, after in pairwise(times)] == [10, 20, 40, 80, 10]


@virtual
async def test_a_credential_that_is_refused_ends_the_watching() -> None:
    transport, _ = script(state("PENDING"), answer(b"{}", 401))
    bb = CloudSession(transport=transport)
    with pytest.raises(AuthenticationError):
        async for _ in watch.pipeline(bb, "acme", "api", "{p}"):
            pass


async def test_a_broken_connection_is_survived() -> None:
    async with small() as fake, session(fake) as patient:
        bb = patient.with_options(retry=RetryPolicy(tries=1))
        taking = asyncio.create_task(take(watch.commits(bb, "acme", "api", "main", every=AT_ONCE), 1))
        await asked(fake, 2)
        fault = fake.faults.add(Fault("disconnect", path="*/refs/branches/main", times=2))
        await bb.source.create_commit("acme", "api", files={"a.txt": "a"}, message="After the storm", branch="main")
        assert (await taking)[0].item.message == "After the storm"
        assert fault.times == 0


# -- commits ----------------------------------------------------------------------------------------------------------


async def commit(bb: CloudSession, message: str) -> None:
    await bb.source.create_commit("acme", "api", files={"a.txt": message}, message=message, branch="main")


async def test_commits_come_oldest_first_and_a_hash_is_where_to_go_on() -> None:
    async with small() as fake, session(fake) as bb:
        head = (await bb.refs.get_branch("acme", "api", "main")).target
        assert head is not None
        for message in ("one", "two", "three"):
            await commit(bb, message)
        found = await take(watch.commits(bb, "acme", "api", "main", every=AT_ONCE, start=head.hash), 3)
        assert [change.item.message for change in found] == ["one", "two", "three"]
        rest = await take(watch.commits(bb, "acme", "api", "main", every=AT_ONCE, start=found[1].cursor), 1)
        assert [change.item.message for change in rest] == ["three"]


@virtual
async def test_a_head_that_does_not_move_costs_one_small_request_a_poll() -> None:
    transport = RecordingTransport(lambda _request: answer(orjson.dumps({"target": {"hash": "a" * 40}})))
    bb = CloudSession(transport=transport)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(55):
            async for _ in watch.commits(bb, "acme", "api", "main", every=10):
                raise AssertionError("nothing has come")
    assert len(transport.requests) == 1 + 6, "one for the head at the beginning, then one every ten seconds"
    assert all("/refs/branches/main?fields=" in request.url for request in transport.requests)


async def test_an_old_head_that_was_removed_for_good_brings_the_whole_branch() -> None:
    async with small() as fake, session(fake) as bb:
        found = await take(watch.commits(bb, "acme", "api", "main", every=AT_ONCE, start="f" * 40), 1)
        assert found[0].item.parents == []


# -- pipelines --------------------------------------------------------------------------------------------------------


@virtual
async def test_a_pipeline_is_yielded_when_its_state_changes_until_it_ends() -> None:
    names = ["PENDING", "PENDING", "IN_PROGRESS", "IN_PROGRESS", "COMPLETED"]
    transport, times = script(*map(state, names))
    bb = CloudSession(transport=transport)
    found = [each async for each in watch.pipeline(bb, "acme", "api", "{p}", every=5)]
    assert [each.state.name for each in found] == ["PENDING", "IN_PROGRESS", "COMPLETED"]
    assert times[-1] - times[0] == 20
    assert transport.requests[0].url.endswith("/repositories/acme/api/pipelines/%7Bp%7D")


WATCHING: dict[str, Callable[[CloudSession], AsyncIterator[object]]] = {
    "pull_requests": lambda bb: watch.pull_requests(bb, "..", "api"),
    "commits": lambda bb: watch.commits(bb, "acme", "", "main"),
    "pipeline": lambda bb: watch.pipeline(bb, "acme", "api", "."),
}


@pytest.mark.parametrize("watching", WATCHING.values(), ids=WATCHING)
async def test_an_argument_that_cannot_be_right_is_refused_at_the_first_step(
    watching: Callable[[CloudSession], AsyncIterator[object]],
) -> None:
    with pytest.raises(ValueError, match="must not be empty"):
        await take(watching(CloudSession(transport=RecordingTransport([]))), 1)
