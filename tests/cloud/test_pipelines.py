"""Pipelines are run, waited for and followed, in a fake whose clock is that of the loop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import pytest

from bbasync import ApiToken, CloudSession, PipelineTimeoutError
from bbasync.aio import collect
from bbasync.cloud.models import PipelineSelector, PipelineSelectorType, RefTarget, RunVariable
from bbasync.testing import FakeCloud, Fault, World
from bbasync.testing.clock import Clock
from tests.testing.hook_receiver import receiving
from tests.virtual import loop_clock, passing
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bbasync.cloud.models import Pipeline, PipelineStep

FILE: Final = """
pipelines:
  default:
    - step: {name: Test, script: [make]}
    - step: {name: Publish, trigger: manual, script: [make publish]}
  custom:
    fast:
      - step: {name: Test, script: [make]}
      - step: {name: Report, script: [make report]}
"""
FAST: Final = PipelineSelector(type=PipelineSelectorType.CUSTOM, pattern="fast")


@pytest.fixture
async def fake() -> AsyncIterator[FakeCloud]:
    time = loop_clock()
    begin = datetime.now(UTC) - timedelta(seconds=time())
    clock = Clock(lambda: begin + timedelta(seconds=time()))
    world = World(workspaces=1, repositories=1, commits=3, pull_requests=0, clock=clock)
    async with FakeCloud(world) as server:
        yield server


@pytest.fixture
async def bb(fake: FakeCloud) -> AsyncIterator[CloudSession]:
    async with CloudSession(ApiToken(fake.email, fake.token), base_url=fake.url) as session:
        await session.source.create_commit("acme", "api", files={"bitbucket-pipelines.yml": FILE})
        await session.pipelines.update_configuration("acme", "api", enabled=True)
        yield session


async def start(bb: CloudSession, selector: PipelineSelector | None = FAST) -> tuple[Pipeline, list[PipelineStep]]:
    found = await bb.pipelines.run("acme", "api", target=RefTarget("main", selector=selector))
    return found, await collect(bb.pipelines.list_steps("acme", "api", found.uuid))


async def test_wait_returns_the_result(fake: FakeCloud, bb: CloudSession) -> None:
    fake.pipelines.script("Report", result="FAILED", duration=300)
    made, _ = await start(bb)
    before = len(fake.requests)
    done = await passing(bb.pipelines.wait("acme", "api", made.build_number), step=0.5)
    assert (done.uuid, done.result, done.duration_in_seconds) == (made.uuid, "FAILED", 310)
    assert 10 < len(fake.requests) - before < 20


async def test_wait_ends_at_a_pipeline_that_is_paused(fake: FakeCloud, bb: CloudSession) -> None:
    made, _ = await start(bb, None)
    with pytest.raises(PipelineTimeoutError, match="after 60 s") as raised:
        await passing(bb.pipelines.wait("acme", "api", made.uuid, timeout=60), step=0.5)
    assert raised.value.pipeline_uuid == made.uuid
    fake.pipelines.start_step(made.uuid)
    assert (await passing(bb.pipelines.wait("acme", "api", made.uuid), step=0.5)).result == "SUCCESSFUL"


async def test_a_log_is_followed_over_dropped_connections_and_no_byte_is_lost_or_doubled(
    fake: FakeCloud, bb: CloudSession
) -> None:
    log = "".join(f"line {number}\n" for number in range(30_000))
    fake.pipelines.script("Test", duration=60, log=log)
    made, (step, _) = await start(bb)
    for after in (2, 4, 6, 8):
        fake.faults.add(Fault("disconnect_body", path="*/log", after=after))
    fake.files.faults.add(Fault("disconnect_body"))  # when the log is complete and has moved
    chunks: list[bytes] = []

    async def follow() -> None:
        async for chunk in bb.pipelines.follow_log("acme", "api", made.uuid, step.uuid):
            chunks.append(chunk)  # noqa: PERF401 - to see what came before a failure

    await passing(follow(), step=0.25)
    assert b"".join(chunks).decode() == log
    assert (fake.faults.struck, fake.files.faults.struck) == (4, 1)
    assert len(chunks) > 20, "it came as it grew"


async def test_following_a_step_that_does_not_run_ends_without_a_byte(fake: FakeCloud, bb: CloudSession) -> None:
    fake.pipelines.script("Test", result="FAILED")
    made, (_, step) = await start(bb)
    chunks = await passing(collect(bb.pipelines.follow_log("acme", "api", made.uuid, step.uuid)), step=0.25)
    assert chunks == []


async def test_what_is_due_is_told_without_a_request(fake: FakeCloud, bb: CloudSession) -> None:
    async with receiving() as receiver:
        events = ["repo:commit_status_created", "repo:commit_status_updated"]
        await bb.webhooks.create_repository_hook("acme", "api", url=receiver.url, events=events)
        await start(bb)
        before = len(fake.requests)
        await passing(until(lambda: receiver.keys == events, "the result is told"), step=0.5)
        assert len(fake.requests) == before


async def test_the_variables_of_a_run_come_back_but_for_secured_values(bb: CloudSession) -> None:
    variables = [RunVariable("LEVEL", "high"), RunVariable("TOKEN", "hush", secured=True)]
    target = RefTarget("main", selector=FAST)
    made = await bb.pipelines.run("acme", "api", target=target, variables=variables)
    assert made.variables is not None
    assert [(one.key, one.value, one.secured) for one in made.variables] == [
        ("LEVEL", "high", False),
        ("TOKEN", None, True),
    ]
