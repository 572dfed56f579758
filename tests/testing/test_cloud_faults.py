"""Faults on demand, and that nothing is left when the server stops."""

from __future__ import annotations

import asyncio
import gc
import re
import zlib
from typing import TYPE_CHECKING

import aiohttp
import pytest

from bbasync.testing import FakeCloud, Fault, Faults
from tests.testing.cloud_api import Api
from tests.virtual import forward, settle
from tests.waiting import PATIENCE, asked, until

if TYPE_CHECKING:
    pass

BRANCHES = "/repositories/acme/api/refs/branches"


async def test_disconnect_before_the_answer(api: Api, fake: FakeCloud) -> None:
    fake.faults.add(Fault("disconnect", times=None))
    with pytest.raises(aiohttp.ClientConnectionError):
        await api("GET", "/user")
    assert fake.requests[-1].status is None


async def test_disconnect_after_the_change_was_made(api: Api, fake: FakeCloud) -> None:
    fake.faults.add(Fault("disconnect", method="POST", handled=True))
    with pytest.raises(aiohttp.ClientConnectionError):
        await api("POST", BRANCHES, {"name": "made", "target": {"hash": "main"}})
    assert (await api("GET", BRANCHES + "/made")).status == 200


async def test_disconnect_in_mid_body(api: Api, fake: FakeCloud) -> None:
    fake.faults.add(Fault("disconnect_body"))
    with pytest.raises(aiohttp.ClientPayloadError):
        await api("GET", BRANCHES)
    assert (await api("GET", BRANCHES)).status == 200


@pytest.mark.parametrize("kind", ["slow_headers", "slow_body"])
async def test_slow_answers_take_their_time_and_arrive_whole(api: Api, fake: FakeCloud, kind: str) -> None:
    whole = await api("GET", BRANCHES)
    fake.faults.add(Fault("slow_headers" if kind == "slow_headers" else "slow_body", seconds=200))
    slow = asyncio.create_task(api("GET", BRANCHES))
    await asked(fake, 2)
    await settle()
    forward(100)
    await settle()
    assert not slow.done()
    forward(100)
    assert (await slow).body == whole.body


@pytest.mark.parametrize(
    ("fault", "status", "start"),
    [
        (Fault("status", status=503), 503, b'{"type":"error"'),
        (Fault("status", status=555, body="html"), 555, b"<!DOCTYPE html>"),
        (Fault("status", status=502, body="text"), 502, b"upstream"),
        (Fault("status", status=504, body="empty"), 504, b""),
        (Fault("rate_limited"), 429, b"Rate limit"),
        (Fault("html"), 200, b"<!DOCTYPE html>"),
    ],
)
async def test_answers_that_are_no_answer(api: Api, fake: FakeCloud, fault: Fault, status: int, start: bytes) -> None:
    fake.faults.add(fault)
    answer = await api("GET", "/user")
    assert answer.status == status
    assert answer.body.startswith(start)
    assert bool(answer.body) == bool(start)
    assert (await api("GET", "/user")).status == 200


async def test_rate_limited_may_name_a_wait_and_spends_nothing(api: Api, fake: FakeCloud) -> None:
    fake.faults.add(Fault("rate_limited", retry_after="7"))
    assert (await api("GET", "/user")).headers["Retry-After"] == "7"
    assert fake.rate.served == 0


async def test_broken_bodies(api: Api, fake: FakeCloud) -> None:
    whole = await api("GET", "/user")
    fake.faults.add(Fault("truncated_json"))
    assert whole.body.startswith((await api("GET", "/user")).body[:-1])
    fake.faults.add(Fault("content_type", content_type="text/plain"))
    other = await api("GET", "/user")
    assert other.headers["Content-Type"].startswith("text/plain")
    assert other.body == whole.body


async def test_pages_that_lead_astray(api: Api, fake: FakeCloud) -> None:
    url = fake.url + BRANCHES
    fake.faults.add(Fault("repeated_cursor"))
    assert (await api.get(url))["next"] == url
    fake.faults.add(Fault("foreign_next", next="https://elsewhere.invalid/2.0/x"))
    assert (await api.get(url))["next"] == "https://elsewhere.invalid/2.0/x"
    fake.faults.add(Fault("empty_page"))
    empty = await api.get(url)
    assert empty["values"] == []
    assert "next" in empty
    fake.faults.add(Fault("redirect_loop"))
    loop = await api("GET", url)
    assert (loop.status, loop.headers["Location"]) == (302, url)


async def test_items_that_move_between_pages_are_seen_twice(api: Api, fake: FakeCloud) -> None:
    path = BRANCHES + "?pagelen=3"
    names = [one["name"] for one in await api.values(path)]
    fake.faults.add(Fault("shifted_page", path="*/branches", times=None))
    shifted = [one["name"] for one in await api.values(path)]
    assert shifted == [*names[:3], names[2], *names[3:]]


async def test_large_bodies_have_the_size_that_was_asked_for(api: Api, fake: FakeCloud) -> None:
    fake.faults.add(Fault("gzip_bomb", size=5_000_000))
    packed = await api("GET", BRANCHES)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.body) < 50_000
    assert len(zlib.decompress(packed.body, wbits=zlib.MAX_WBITS | 16)) == 5_000_000
    fake.faults.add(Fault("oversized", size=1_000_000))
    large = await api("GET", BRANCHES)
    assert len(large.body) == int(large.headers["Content-Length"]) == 1_000_000
    assert large.json == {"values": []}


async def test_faults_strike_where_and_as_often_as_they_were_told(api: Api, fake: FakeCloud) -> None:
    fault = fake.faults.add(Fault("status", method="GET", path=re.compile(r"/branches$"), after=1, times=2))
    assert (await api("GET", "/user")).status == 200
    assert [(await api("GET", BRANCHES)).status for _ in range(4)] == [200, 500, 500, 200]
    assert fault.times == 0
    assert fake.faults.struck == 2
    fake.faults.add(Fault("status", times=None))
    assert (await api("GET", "/user")).status == 500
    fake.faults.clear()
    assert (await api("GET", "/user")).status == 200


async def test_random_faults_repeat_with_their_seed() -> None:
    async def outcomes() -> list[int]:
        faults = Faults.random(rate=0.3, seed=4, kinds=["status", "html", "truncated_json"])
        async with FakeCloud(faults=faults) as fake, Api(fake) as api:
            found = [(await api("GET", "/user")).status for _ in range(60)]
            assert 8 <= fake.faults.struck <= 30
            return found

    first = await outcomes()
    assert first == await outcomes()
    assert {200} < set(first)


def test_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="kind"):
        Fault("nosuch")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # that is the test


async def test_latency_applies_to_every_request() -> None:
    async with FakeCloud(latency=200) as fake, Api(fake) as api:
        asking = [asyncio.create_task(api("GET", "/user")) for _ in range(5)]
        await asked(fake, 5)
        await settle()
        forward(100)
        await settle()
        assert not any(one.done() for one in asking)
        forward(100)
        await asyncio.gather(*asking)
        assert fake.peak_in_flight == 5
        assert fake.in_flight == 0


async def test_stop_leaves_no_task_and_no_port() -> None:
    before = asyncio.all_tasks()
    async with FakeCloud(latency=10 * PATIENCE) as fake:
        url = fake.url
        async with aiohttp.ClientSession() as http:
            hanging = asyncio.create_task(http.get(url + "/user"))
            await asked(fake, 1)
            await asyncio.wait_for(fake.stop(), PATIENCE)  # far less than the latency
            with pytest.raises(aiohttp.ClientError):
                await hanging
            with pytest.raises(aiohttp.ClientConnectorError):
                await http.get(url + "/user")
    gc.collect()
    assert asyncio.all_tasks() <= before
    with pytest.raises(RuntimeError, match="not started"):
        _ = fake.url


async def test_client_that_goes_away_ends_its_request() -> None:
    async with FakeCloud(latency=10 * PATIENCE) as fake:
        async with aiohttp.ClientSession() as http:
            hanging = asyncio.create_task(http.get(fake.url + "/user"))
            await asked(fake, 1)
            hanging.cancel()
            with pytest.raises(asyncio.CancelledError):
                await hanging
        await until(lambda: fake.in_flight == 0, "the request has ended")


async def test_given_port_is_used() -> None:
    async with FakeCloud() as first:
        port = int(first.origin.rpartition(":")[2])
    async with FakeCloud(port=port) as second:
        assert second.url == f"http://127.0.0.1:{port}/2.0"
        with pytest.raises(OSError, match="in use"):
            await FakeCloud(port=port).start()
