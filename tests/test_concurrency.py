from __future__ import annotations

import asyncio

import pytest

from bbasync import ConcurrencyLimiter
from bbasync.concurrency import Turnstile
from tests.virtual import settle, virtual


@virtual
async def test_never_more_than_the_slots_and_first_come_first_served() -> None:
    limiter = ConcurrencyLimiter(16)
    most, order = 0, list[int]()

    async def client(number: int) -> None:
        nonlocal most
        async with limiter:
            order.append(number)
            most = max(most, limiter.in_flight)
            await asyncio.sleep(1)

    await asyncio.gather(*(client(number) for number in range(1000)))
    assert most == 16
    assert order == list(range(1000))
    assert limiter.in_flight == limiter.waiting == 0


@virtual
async def test_cancelling_half_leaves_no_slot_behind() -> None:
    limiter = ConcurrencyLimiter(4)

    async def client() -> None:
        async with limiter:
            await asyncio.sleep(1)

    tasks = [asyncio.create_task(client()) for _ in range(100)]
    await asyncio.sleep(0.5)
    assert limiter.waiting == 96
    for task in tasks[::2]:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert sum(isinstance(result, asyncio.CancelledError) for result in results) == 50
    assert limiter.in_flight == limiter.waiting == 0


@virtual
async def test_a_slot_that_comes_in_the_step_of_a_cancellation_goes_to_the_next() -> None:
    limiter = ConcurrencyLimiter(1)

    async def client() -> str:
        async with limiter:
            return "in"

    async with limiter:
        first, second = asyncio.create_task(client()), asyncio.create_task(client())
        await settle()
    first.cancel()  # its slot has just come
    assert await second == "in"
    assert first.cancelled()
    assert limiter.in_flight == 0


def test_it_belongs_to_one_loop() -> None:
    limiter = ConcurrencyLimiter(1)

    async def use() -> None:
        async with limiter:
            pass

    asyncio.run(use())
    with pytest.raises(RuntimeError, match="another event loop"):
        asyncio.run(use())


def test_no_slots_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        ConcurrencyLimiter(0)


def test_its_repr_tells_its_state() -> None:
    assert repr(ConcurrencyLimiter(2)) == "<ConcurrencyLimiter 0 of 2 in flight, 0 waiting>"


@virtual
async def test_turns_let_one_through_in_each_round_of_the_loop_and_outlive_a_cancellation() -> None:
    turnstile, order = Turnstile(), list[str]()

    async def parse(name: str) -> None:
        await turnstile.wait()
        order.append(f"parsed {name}")
        asyncio.get_running_loop().call_soon(order.append, f"read {name}")

    tasks = [asyncio.create_task(parse(name)) for name in "abcd"]
    await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.wait(tasks)
    await settle()
    assert order == ["parsed a", "read a", "parsed c", "read c", "parsed d", "read d"]
