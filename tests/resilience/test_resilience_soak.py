from __future__ import annotations

import asyncio
import os
import sys
from statistics import mean

import pytest

from tests.resilience.soaking import Figures, figures, soaking

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads its figures from /proc")


@pytest.fixture(autouse=True)
def _retries_are_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bbasync.retry._BASE", 0.01)


async def test_whatever_is_left_early_or_cancelled_leaves_nothing_behind() -> None:
    before = figures()
    async with soaking(seed=1) as soak:
        await soak.round(1.5)
        assert len(soak.done) >= 15, soak.done
    await asyncio.sleep(0.1)
    after = figures()
    assert (after.tasks, after.files) == (before.tasks, before.files)


@pytest.mark.nightly
async def test_minutes_of_use_hold_no_more_than_the_first() -> None:
    seconds = float(os.environ.get("BBASYNC_SOAK", "300"))
    rounds, found = 24, list[Figures]()
    before = figures()
    async with soaking(seed=2) as soak:
        for number in range(rounds):
            found.append(await soak.round(seconds / rounds))
            print(f"round {number + 1}: {found[-1]}, {soak.attempts} requests")  # noqa: T201 - shown by pytest -s
        print(soak.done, soak.fake.rate.refused, soak.fake.rate.peak)  # noqa: T201 - shown by pytest -s
    await asyncio.sleep(0.1)
    after = figures()
    assert (after.tasks, after.files) == (before.tasks, before.files)
    first, last = found[: rounds // 3], found[-rounds // 3 :]
    assert {one.tasks for one in found} == {before.tasks}
    assert max(one.files for one in last) <= max(one.files for one in first) + 4
    assert mean(one.megabytes for one in last) <= mean(one.megabytes for one in first) + 8
