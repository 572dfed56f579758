from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, TypeVar, cast

import pytest

from bbasync import AccessToken, CloudSession, aio
from bbasync.testing.recording import RecordingTransport, answer
from tests.loops import is_eager
from tests.virtual import VirtualLoop, virtual
from tests.waiting import PATIENCE

T = TypeVar("T")


class Source:
    """Counts up, and remembers whether it was closed."""

    open = most = closed = 0

    def __init__(self) -> None:
        type(self).open = type(self).most = type(self).closed = 0

    @classmethod
    async def count(cls, items: int, *, fail: bool = False, pause: float = 0.0) -> AsyncGenerator[int, None]:
        cls.open += 1
        cls.most = max(cls.most, cls.open)
        try:
            for item in range(items):
                await asyncio.sleep(pause)
                yield item
            if fail:
                raise ValueError("broken source")
        finally:
            cls.open -= 1
            cls.closed += 1


async def test_collect_reads_all_or_some_and_closes() -> None:
    source = Source()
    assert await aio.collect(source.count(3)) == [0, 1, 2]
    assert await aio.collect(source.count(100), limit=2) == [0, 1]
    assert (source.open, source.closed) == (0, 2)
    assert await aio.collect(source.count(3), limit=0) == []

    class Plain:
        def __aiter__(self) -> AsyncIterator[int]:
            return self

        async def __anext__(self) -> int:
            return 7

    assert await aio.collect(Plain(), limit=2) == [7, 7]


@virtual
async def test_merge_reads_lazily_drawn_sources_with_a_bound_on_those_open() -> None:
    source, drawn = Source(), 0

    def sources() -> Iterator[tuple[str, AsyncGenerator[int, None]]]:
        nonlocal drawn
        for number in range(50):
            drawn += 1
            yield f"s{number}", source.count(number % 4, pause=1)

    async with aio.merge(sources(), concurrency=8, buffer=3) as items:
        first = await anext(items)
        assert drawn < 20
        rest = [item async for item in items]
    assert source.most <= 8
    assert sorted([first, *rest]) == sorted((f"s{n}", item) for n in range(50) for item in range(n % 4))
    assert asyncio.all_tasks() == {asyncio.current_task()}


@virtual
async def test_merge_holds_its_sources_back() -> None:
    produced = 0

    async def endless() -> AsyncGenerator[int, None]:
        nonlocal produced
        while True:
            produced += 1
            yield produced

    async with aio.merge([("e", endless())], buffer=5) as items:
        assert await anext(items) == ("e", 1)
        await asyncio.sleep(1)
        assert produced <= 8
    assert asyncio.all_tasks() == {asyncio.current_task()}


@virtual
async def test_a_failing_source_ends_alone_and_is_raised_after_the_others() -> None:
    source = Source()
    bad, good, worse = source.count(1, fail=True), source.count(3, pause=1), source.count(0, fail=True)
    seen: list[tuple[str, int]] = []
    with pytest.raises(ExceptionGroup, match="2 of the merged sources failed") as caught:
        async with aio.merge([("bad", bad), ("good", good), ("worse", worse)]) as items:
            async for item in items:
                seen.append(item)  # noqa: PERF401 - kept when the loop raises
    assert sorted(seen) == [("bad", 0), ("good", 0), ("good", 1), ("good", 2)]
    assert sorted(error.__notes__[0] for error in caught.value.exceptions) == ["source: bad", "source: worse"]


@virtual
async def test_merge_can_raise_at_once() -> None:
    source = Source()
    started = asyncio.get_running_loop().time()
    with pytest.raises(ExceptionGroup) as caught:
        async with aio.merge(
            [("slow", source.count(100, pause=60)), ("bad", source.count(0, fail=True))], on_error="raise"
        ) as items:
            async for _ in items:
                pass
    assert len(caught.value.exceptions) == 1
    assert asyncio.get_running_loop().time() == started
    assert source.open == 0


@virtual
async def test_no_source_is_opened_after_the_failure_that_is_to_be_raised() -> None:
    source, drawn = Source(), list[int]()

    def sources() -> Iterator[tuple[str, AsyncGenerator[int, None]]]:
        for number in range(10):
            drawn.append(number)
            yield f"s{number}", source.count(0, fail=True)

    async with aio.merge(sources(), concurrency=2, on_error="raise") as items:
        await asyncio.sleep(1)
        assert drawn == ([0] if is_eager() else [0, 1])  # an eager source fails before the next is drawn
        with pytest.raises(ExceptionGroup):
            await anext(items)


@virtual
async def test_an_iterable_of_sources_is_asked_no_more_once_it_has_failed() -> None:
    class Broken:
        def __iter__(self) -> Iterator[tuple[str, AsyncGenerator[int, None]]]:
            return self

        def __next__(self) -> tuple[str, AsyncGenerator[int, None]]:
            raise RuntimeError("no names")

    with pytest.raises(ExceptionGroup, match="1 of the merged sources failed"):
        async with aio.merge(Broken(), concurrency=3) as items:
            await anext(items)


@virtual
async def test_sources_that_are_held_back_are_closed_when_the_merge_is_left() -> None:
    class Endless:
        closed = 0

        def __aiter__(self) -> AsyncIterator[int]:
            return self

        async def __anext__(self) -> int:
            return 7

        async def aclose(self) -> None:
            self.closed += 1

    source = Endless()
    async with aio.merge([("e", source)], buffer=1) as items:
        assert await anext(items) == ("e", 7)
    assert source.closed == 1


@virtual
async def test_a_source_whose_own_task_is_cancelled_fails_alone() -> None:
    async def cancelled() -> AsyncGenerator[int, None]:
        yield 1
        inner = asyncio.create_task(asyncio.sleep(60))
        inner.cancel()
        await inner

    source = Source()
    seen: list[tuple[str, int]] = []
    with pytest.raises(ExceptionGroup, match="1 of the merged sources failed") as caught:
        async with aio.merge([("bad", cancelled()), ("good", source.count(2, pause=1))]) as items:
            async for item in items:
                seen.append(item)  # noqa: PERF401 - kept when the loop raises
    assert seen == [("bad", 1), ("good", 0), ("good", 1)]
    (error,) = caught.value.exceptions
    assert str(error).startswith("a task that the source awaited was cancelled: CancelledError(")
    assert error.__notes__ == ["source: bad"]


@virtual
async def test_a_source_that_ends_while_the_buffer_is_full_is_no_error() -> None:
    errors: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: errors.append(context))
    source = Source()
    async with aio.merge([("a", source.count(1))], buffer=1) as items:
        await asyncio.sleep(1)
        assert source.closed == 1
        assert [item async for item in items] == [("a", 0)]
    assert errors == []


@virtual
async def test_an_iterable_of_sources_that_fails_is_told_too() -> None:
    source = Source()

    def sources() -> Iterator[tuple[str, AsyncGenerator[int, None]]]:
        yield "one", source.count(2)
        raise RuntimeError("no more names")

    with pytest.raises(ExceptionGroup, match="1 of the merged"):
        async with aio.merge(sources()) as items:
            async for _ in items:
                pass


@virtual
async def test_leaving_early_or_merging_nothing_leaves_no_task() -> None:
    source = Source()
    async with aio.merge((str(n), source.count(10, pause=1)) for n in range(10)) as items:
        await anext(items)
    assert (source.open, source.closed) == (0, 10)
    nothing: list[tuple[str, AsyncGenerator[int, None]]] = []
    async with aio.merge(nothing) as items:
        assert [item async for item in items] == []
    assert asyncio.all_tasks() == {asyncio.current_task()}


@virtual
async def test_merge_has_sixteen_sources_open_a_buffer_of_a_hundred_and_collects_errors_by_default() -> None:
    source, produced = Source(), 0

    async def endless() -> AsyncGenerator[int, None]:
        nonlocal produced
        while True:
            produced += 1
            yield produced

    async with aio.merge((f"s{number}", source.count(1, pause=1)) for number in range(20)) as items:
        await asyncio.sleep(0.5)
        assert source.open == 16
        assert len(await aio.collect(items)) == 20
    async with aio.merge([("e", endless())]):
        await asyncio.sleep(1)
        assert produced == 101, "one more than the buffer holds waits for its turn"
    bad, good = source.count(0, fail=True), source.count(3, pause=1)
    async with aio.merge([("bad", bad), ("good", good)]) as items:
        assert [await anext(items) for _ in range(3)] == [("good", 0), ("good", 1), ("good", 2)]
        with pytest.raises(ExceptionGroup):
            await anext(items)


@pytest.mark.parametrize("numbers", [(0, 1), (1, 0), (-1, 100)])
def test_merge_of_no_concurrency_or_buffer_is_refused(numbers: tuple[int, int]) -> None:
    concurrency, buffer = numbers
    with pytest.raises(
        ValueError, match=f"^concurrency and buffer must be at least 1, got {concurrency} and {buffer}$"
    ):
        aio.merge([], concurrency=concurrency, buffer=buffer)


async def _numbers() -> AsyncGenerator[int]:
    yield 1


class NoService:
    """Looks like a service: methods that are wrapped async generators."""

    async def plain(self) -> AsyncGenerator[int]:
        yield 1

    async def coroutine(self) -> int:
        raise AssertionError("it must not be called")

    @functools.wraps(plain)
    async def wrapped(self) -> AsyncGenerator[int]:
        yield 1

    @functools.wraps(coroutine)
    async def around(self) -> AsyncGenerator[int]:
        yield 1


@pytest.mark.parametrize(
    "method", [_numbers, NoService().plain, NoService().wrapped, NoService().around, CloudSession.paginate]
)
async def test_pages_of_anything_but_a_list_method_is_refused(method: Callable[[], AsyncGenerator[int]]) -> None:
    with pytest.raises(TypeError, match=r"^pages\(\) takes a list method"):
        await anext(aio.pages(method))


async def test_pages_takes_no_method_of_a_session_that_returns_one_object() -> None:
    async with CloudSession(AccessToken("t"), transport=RecordingTransport()) as bb:
        method: Callable[[], AsyncGenerator[object]] = cast("Any", bb.users.get_current)
        with pytest.raises(TypeError, match=r"list method such as bb\.refs\.list_branches.*get_current"):
            await anext(aio.pages(method))


async def test_pages_of_any_path_are_those_of_paginate() -> None:
    body = b'{"values": [{"slug": "acme"}, {"slug": "globex"}]}'
    async with CloudSession(AccessToken("t"), transport=RecordingTransport(lambda _: answer(body))) as bb:
        (page,) = await aio.collect(aio.pages(bb.paginate, "/user/workspaces"))
    assert page.values == [{"slug": "acme"}, {"slug": "globex"}]
    assert (page.number, page.next) == (1, None)


async def test_bad_arguments_of_a_list_raise_at_its_first_step() -> None:
    async with CloudSession(AccessToken("t"), transport=RecordingTransport()) as bb:
        branches = bb.refs.list_branches("acme", "..")
        with pytest.raises(ValueError, match="repo_slug"):
            await anext(branches)
        pages = aio.pages(bb.refs.list_branches, "acme", "..")
        with pytest.raises(ValueError, match="repo_slug"):
            await anext(pages)


# -- bursts, and every kind of loop -----------------------------------------------------------------------------------


async def burst(*items: int, fail: bool = False) -> AsyncGenerator[int, None]:
    """Yield all items without a pause, as the last page of a list does."""
    for item in items:
        yield item
    if fail:
        raise ValueError("broken source")


def with_loop(factory: str, main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run in a plain loop, in debug mode, or with the eager task factory; nothing may be left."""

    async def checked() -> T:
        if factory == "eager":
            eager: Any = getattr(asyncio, "eager_task_factory")  # noqa: B009 - since Python 3.12
            asyncio.get_running_loop().set_task_factory(eager)
        async with asyncio.timeout(PATIENCE):
            result = await main()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return result

    with asyncio.Runner(debug=factory == "debug", loop_factory=VirtualLoop) as runner:
        return runner.run(checked())


LOOPS = [
    "plain",
    "debug",
    pytest.param("eager", marks=pytest.mark.skipif(sys.version_info < (3, 12), reason="new in Python 3.12")),
]
each_loop = pytest.mark.parametrize("loop", LOOPS)


@each_loop
@pytest.mark.parametrize("buffer", [1, 2, 100])
@pytest.mark.parametrize("concurrency", [1, 2, 16])
def test_every_item_of_a_burst_arrives(loop: str, buffer: int, concurrency: int) -> None:
    async def main() -> list[tuple[str, int]]:
        sources = [
            ("a", burst(1, 2, 3)),
            ("b", burst()),
            ("c", burst(4, 5, 6)),
            *((f"{n}", burst(n)) for n in range(500)),
        ]
        async with aio.merge(sources, buffer=buffer, concurrency=concurrency) as items:
            return [item async for item in items]

    expected = [("a", 1), ("a", 2), ("a", 3), ("c", 4), ("c", 5), ("c", 6), *((f"{n}", n) for n in range(500))]
    assert sorted(with_loop(loop, main)) == sorted(expected)


@each_loop
def test_failing_sources_do_not_keep_others_from_being_opened(loop: str) -> None:
    async def main() -> int:
        count = 0
        sources = ((f"{n}", burst(1, 2, fail=n % 2 == 0)) for n in range(20))
        with pytest.raises(ExceptionGroup, match="10 of the merged"):
            async with aio.merge(sources, concurrency=2, buffer=1) as items:
                async for _ in items:
                    count += 1
        return count

    assert with_loop(loop, main) == 40


@each_loop
@pytest.mark.parametrize("how", ["break", "error", "cancelled"])
@pytest.mark.parametrize("buffer", [1, 3])
def test_a_merge_that_is_left_leaves_no_reader(loop: str, how: str, buffer: int) -> None:
    async def read() -> None:
        sources = ((f"{n}", burst(*range(n % 4 + 1), fail=n % 5 == 0)) for n in range(30))
        async with aio.merge(sources, concurrency=4, buffer=buffer) as items:
            await anext(items)
            await asyncio.sleep(1)  # the buffer is full, and sources have ended meanwhile
            if how == "error":
                raise ZeroDivisionError
            if how == "cancelled":
                await asyncio.Event().wait()

    async def main() -> None:
        for _ in range(10):
            task = asyncio.create_task(read())
            await asyncio.sleep(2)
            task.cancel()
            await asyncio.wait([task])
            assert asyncio.all_tasks() == {asyncio.current_task()}

    with_loop(loop, main)


@each_loop
def test_raising_at_once_produces_no_more_even_for_a_slow_consumer(loop: str) -> None:
    produced = 0

    async def endless() -> AsyncGenerator[int, None]:
        nonlocal produced
        while True:
            produced += 1
            yield produced
            await asyncio.sleep(1)

    async def fails() -> AsyncGenerator[int, None]:
        await asyncio.sleep(5.5)
        yield 0
        raise ValueError("broken source")

    async def main() -> list[int]:
        seen: list[int] = []
        opened = iter([("endless", endless()), ("fails", fails()), ("late", burst(*range(100)))])
        with pytest.raises(ExceptionGroup):
            async with aio.merge(opened, concurrency=2, on_error="raise") as items:
                async for _, item in items:
                    seen.append(item)
                    await asyncio.sleep(20)
        return seen

    assert with_loop(loop, main) == [1], "what was buffered is dropped with the rest"
    assert produced == 6


async def test_iterating_over_a_merge_that_is_not_open_says_what_to_write() -> None:
    merged = aio.merge([("a", burst(1))])
    with pytest.raises(RuntimeError, match=r"^write `async with aio\.merge\(\.\.\.\) as items"):
        async for _ in merged:
            pass
    async with merged as items:
        assert await anext(items) == ("a", 1)
    with pytest.raises(RuntimeError, match="async with"):
        await anext(items)


@virtual
async def test_sources_that_break_again_and_again_end() -> None:
    def broken() -> Iterator[tuple[str, AsyncGenerator[int, None]]]:
        raise RuntimeError("no names at all")
        yield "never", burst()

    with pytest.raises(ExceptionGroup, match="1 of the merged"):
        async with aio.merge(broken(), concurrency=4) as items:
            await anext(items)
