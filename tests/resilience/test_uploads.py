"""Faults against what writes: a POST of JSON and an upload of files are never sent twice once they may have worked."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import IO

import pytest
from attrs import evolve

from bbasync import DecodeError, ServerError, TransportError
from bbasync.testing import Fault
from tests.resilience.trouble import (
    LATE,
    POST,
    UNKNOWN,
    UPLOAD,
    Case,
    Operation,
    cases,
    nothing_runs,
    small_cloud,
    strike_always,
    strike_once,
    watched,
)
from tests.waiting import asked, until

pytestmark = pytest.mark.usefixtures("waits")


CASES = [case for case in cases() if not case.operation.repeatable]
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.operation.name}-{case.name}")


@each_case
async def test_a_fault_that_strikes_once(case: Case, file: Path) -> None:
    await strike_once(case, file)


@each_case
async def test_a_fault_that_stays(case: Case, file: Path) -> None:
    await strike_always(case, file)


async def test_a_login_page_in_answer_to_an_upload_is_an_error(file: Path) -> None:
    async with small_cloud() as fake:
        fake.faults.add(Fault("html"))
        async with watched(fake) as session:
            with pytest.raises(DecodeError, match=f"perhaps a login page.*{UNKNOWN}"):
                await UPLOAD.call(session.bb, file)


@pytest.mark.parametrize(
    ("fault", "opened", "succeeds"),
    [
        (None, 1, True),
        (Fault("rate_limited"), 2, True),
        (Fault("status", status=503), 1, False),
        (Fault("disconnect"), 1, False),
        (Fault("disconnect", handled=True), 1, False),
    ],
    ids=["none", "429", "503", "reset before", "reset after"],
)
async def test_a_large_upload_that_is_answered_early_closes_its_file_and_is_whole_when_repeated(
    fault: Fault | None, opened: int, succeeds: bool, file: Path
) -> None:
    content = bytes(range(256)) * 8000
    file.write_bytes(content)  # noqa: ASYNC240 - two megabytes
    files: list[IO[bytes]] = []

    def open_file() -> IO[bytes]:
        files.append(file.open("rb"))
        return files[-1]

    async with small_cloud() as fake:
        before = UPLOAD.written(fake)
        if fault is not None:
            fake.faults.add(evolve(fault))
        async with watched(fake) as session:
            upload = session.bb.source.create_commit("acme", "api", files={"file.bin": open_file}, branch="main")
            if succeeds:
                commit = await upload
                assert commit is not None
                async with session.bb.source.open("acme", "api", commit, "file.bin") as stream:
                    assert await stream.read() == content
            else:
                with pytest.raises((ServerError, TransportError), match=UNKNOWN):
                    await upload
            assert len(files) == session.seen("POST") == opened
            await until(lambda: all(one.closed for one in files), "aiohttp's thread has closed the files")
        assert UPLOAD.written(fake) - before == (succeeds or (fault is not None and fault.handled))
    assert nothing_runs()


async def test_a_pull_request_whose_answer_was_lost_is_there_and_was_asked_for_once() -> None:
    async with small_cloud() as fake:
        fake.faults.add(Fault("disconnect", method="POST", path="*/pullrequests", handled=True))
        async with watched(fake) as session:
            await session.bb.source.create_commit("acme", "api", files={"new.txt": "new"}, branch="fix")
            before = {pull.id async for pull in session.bb.pull_requests.list("acme", "api")}
            with pytest.raises(TransportError, match=UNKNOWN):
                await session.bb.pull_requests.create("acme", "api", title="Lost", source_branch="fix")
            opened = [pull async for pull in session.bb.pull_requests.list("acme", "api") if pull.id not in before]
            assert [pull.title for pull in opened] == ["Lost"]
            assert session.seen("POST", "/pullrequests") == 1
    assert nothing_runs()


@pytest.mark.parametrize("operation", [POST, UPLOAD], ids=["post", "upload"])
async def test_a_write_that_is_cancelled_on_its_way_is_not_sent_again(operation: Operation, file: Path) -> None:
    async with small_cloud(latency=LATE) as fake, watched(fake) as session:
        writing = asyncio.create_task(operation.call(session.bb, file))
        await asked(fake, 1)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        await until(lambda: fake.in_flight == 0, "the server has seen that its client is gone")
        assert session.seen() == 1
    assert nothing_runs()
