"""What handlers raise, and how a router starts, becomes idle and closes."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

import pytest

from bbasync.webhooks import Event, cloud
from tests.virtual import settle, virtual
from tests.webhooks import deliveries
from tests.webhooks.notes import Notes, deliver, router

# -- handlers that fail -----------------------------------------------------------------------------------------------


@virtual
async def test_a_handler_that_fails_is_reported_and_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    failures: list[tuple[Event, BaseException]] = []
    notes, hooks = Notes(), router(workers=1, on_error=lambda event, error: failures.append((event, error)))

    @hooks.on("*")
    async def fail(event: Event) -> None:
        raise ZeroDivisionError(event.delivery.request_id)

    hooks.on("*")(notes.handler("after"))
    async with hooks:
        assert [deliver(hooks, request) for request in ("1", "2")] == [200, 200]
    assert notes.seen == [("after", "1"), ("after", "2")]
    assert [(type(event), repr(error)) for event, error in failures] == [
        (cloud.PullRequestCreated, "ZeroDivisionError('1')"),
        (cloud.PullRequestCreated, "ZeroDivisionError('2')"),
    ]
    assert caplog.record_tuples[0] == (
        "bbasync.webhooks",
        logging.ERROR,
        "a handler of pullrequest:created (request 1) failed",
    )
    assert caplog.records[0].exc_info
    assert "Größe" not in caplog.text


@virtual
async def test_an_on_error_that_fails_is_reported_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def fail(*_: object) -> None:
        raise LookupError

    notes, hooks = Notes(), router(workers=1, on_error=fail)
    hooks.on("*")(fail)  # type: ignore[arg-type]  # not even awaitable
    hooks.on("*")(notes.handler("after"))
    async with hooks:
        assert deliver(hooks) == 200
    assert notes.names == ["after"]
    assert "on_error failed for pullrequest:created (request 1)" in caplog.text


@virtual
async def test_a_handler_whose_own_task_was_cancelled_costs_no_worker() -> None:
    failures: list[BaseException] = []
    notes, hooks = Notes(), router(workers=1, on_error=lambda _, error: failures.append(error))

    @hooks.on("*")
    async def wait(_event: Event) -> None:
        task = asyncio.ensure_future(asyncio.sleep(60))
        task.cancel()
        await task

    hooks.on("*")(notes.handler("after"))
    async with hooks:
        assert [deliver(hooks, request) for request in ("1", "2")] == [200, 200]
    assert notes.seen == [("after", "1"), ("after", "2")]
    assert [type(error) for error in failures] == [asyncio.CancelledError] * 2


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, GeneratorExit, asyncio.CancelledError, BaseException])
def test_whatever_a_handler_raises_is_reported_and_costs_no_worker(kind: type[BaseException]) -> None:
    @virtual
    async def check() -> None:
        failures: list[BaseException] = []
        notes, hooks = Notes(), router(workers=1, on_error=lambda _, error: failures.append(error))

        @hooks.on("*")
        async def fail(_event: Event) -> None:
            await asyncio.sleep(1)
            raise kind

        hooks.on("*")(notes.handler("after"))
        async with hooks:
            assert [deliver(hooks, request) for request in ("1", "2")] == [200, 200]
            await hooks.idle()
            assert notes.seen == [("after", "1"), ("after", "2")]
            assert deliver(hooks, "3") == 200
        assert [type(error) for error in failures] == [kind] * 3
        assert notes.names == ["after"] * 3

    check()


@virtual
async def test_without_on_error_a_failure_is_logged_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    hooks = router()

    @hooks.on("*")
    async def fail(_event: Event) -> None:
        raise LookupError

    async with hooks:
        assert deliver(hooks) == 200
    assert caplog.messages == ["a handler of pullrequest:created (request 1) failed"]


@virtual
async def test_whatever_on_error_raises_costs_no_worker(caplog: pytest.LogCaptureFixture) -> None:
    def leave(*_: object) -> None:
        raise SystemExit

    hooks = router(workers=1, on_error=leave)
    hooks.on("*")(leave)  # type: ignore[arg-type]  # not even awaitable
    async with hooks:
        assert [deliver(hooks, request) for request in ("1", "2")] == [200, 200]
    assert caplog.text.count("on_error failed for pullrequest:created") == 2


def test_a_worker_whose_loop_is_gone_ends_without_a_word_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    failures: list[BaseException] = []
    notes, hooks = Notes(), router(workers=1, on_error=lambda _, error: failures.append(error))
    hooks.on("*")(notes.handler("all", 60))
    hooks.on("*")(notes.handler("after"))
    loop = asyncio.new_event_loop()

    async def begin() -> None:
        await hooks.start()
        assert deliver(hooks) == 200
        await settle()

    loop.run_until_complete(begin())
    loop.close()  # as a program does that forgets to close the router
    (worker,) = hooks._workers  # pyright: ignore[reportPrivateUsage] - what the collector would close
    worker.get_coro().close()
    assert [type(error) for error in failures] == [GeneratorExit]
    assert notes.seen == []
    assert capsys.readouterr().err == ""


@virtual
async def test_a_handler_that_hangs_leaves_the_other_workers_to_the_others() -> None:
    notes, hooks = Notes(), router(workers=2, drain_timeout=1)
    hooks.on("repo:push")(notes.handler("hangs", 1e9))
    hooks.on("pullrequest:*")(notes.handler("pull"))
    async with hooks:
        assert deliver(hooks, "1", key="repo:push", payload=deliveries.smallest("repo:push")) == 200
        assert [deliver(hooks, request) for request in ("2", "3")] == [200, 200]
        await settle()
        assert notes.seen == [("pull", "2"), ("pull", "3")]


# -- waiting for what was accepted ------------------------------------------------------------------------------------


@virtual
async def test_idle_waits_until_what_was_accepted_has_been_handled() -> None:
    notes, hooks = Notes(), router(workers=2)
    hooks.on("*")(notes.handler("all", 60))
    await hooks.idle()
    async with hooks:
        await hooks.idle()
        assert [deliver(hooks, request) for request in ("1", "2", "3")] == [200] * 3
        await hooks.idle()
        assert notes.seen == [("all", "1"), ("all", "2"), ("all", "3")]
        assert deliver(hooks, "4") == 200
        await hooks.idle()
        assert len(notes.seen) == 4
    await hooks.idle()


@virtual
async def test_idle_returns_when_the_events_were_given_up() -> None:
    hooks = router(workers=1, drain_timeout=1)
    hooks.on("*")(Notes().handler("all", 60))
    async with hooks:
        assert [deliver(hooks, request) for request in ("1", "2", "3")] == [200] * 3
        waiting = asyncio.create_task(hooks.idle())
        await settle()
        assert not waiting.done()
    await waiting


@virtual
async def test_a_handler_that_waits_for_idle_would_wait_for_itself() -> None:
    failures: list[str] = []
    hooks = router(on_error=lambda _, error: failures.append(repr(error)))

    @hooks.on("*")
    async def wait(_event: Event) -> None:
        await hooks.idle()

    async with hooks:
        assert deliver(hooks) == 200
    assert failures == ["RuntimeError('a handler waits for itself')"]


# -- starting and closing ---------------------------------------------------------------------------------------------


def tasks() -> int:
    return len(asyncio.all_tasks())


@virtual
async def test_closing_waits_for_what_was_accepted_and_refuses_what_comes_then(
    caplog: pytest.LogCaptureFixture,
) -> None:
    notes, hooks = Notes(), router(workers=2)
    hooks.on("*")(notes.handler("all", 3600))
    before = tasks()
    await hooks.start()
    assert [deliver(hooks, str(number)) for number in range(10)] == [200] * 10
    closing = asyncio.create_task(hooks.close())
    await settle()
    assert deliver(hooks, "late") == 503
    assert caplog.messages == ["refused a delivery: pullrequest:created (request late): the router is closing"]
    await closing
    assert sorted(notes.seen) == [("all", str(number)) for number in range(10)]
    assert deliver(hooks, "too late") == 503
    assert tasks() == before


@virtual
async def test_after_the_drain_timeout_each_event_that_was_given_up_is_reported(
    caplog: pytest.LogCaptureFixture,
) -> None:
    given_up: list[tuple[str | None, str]] = []
    notes = Notes()
    hooks = router(
        workers=2,
        drain_timeout=5,
        on_error=lambda event, error: given_up.append((event.delivery.request_id, repr(error))),
    )
    hooks.on("*")(notes.handler("all", 4))
    before = tasks()
    async with hooks:
        assert [deliver(hooks, str(number)) for number in range(7)] == [200] * 7
    assert notes.seen == [("all", "0"), ("all", "1")]
    begun, waiting = "CancelledError()", "CancelledError('the router was closed first')"
    assert sorted(given_up, key=str) == [("2", begun), ("3", begun), *((number, waiting) for number in "456")]
    assert tasks() == before
    assert caplog.messages[0] == "the handlers did not finish within 5 seconds; they are cancelled"


@virtual
async def test_a_handler_that_swallows_its_cancellation_ends_the_router_and_no_handler_runs_after_it() -> None:
    given_up: list[tuple[str | None, str]] = []
    notes = Notes()
    hooks = router(
        workers=1,
        drain_timeout=5,
        on_error=lambda event, error: given_up.append((event.delivery.request_id, repr(error))),
    )

    @hooks.on("*")
    async def stubborn(event: Event) -> None:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            notes.seen.append(("swallowed", event.delivery.request_id))

    hooks.on("repo:*")(notes.handler("after"))
    for requests, expected in (
        ((("1", "pullrequest:created"), ("2", "pullrequest:created")), ["2"]),  # the first was handled to its end
        ((("3", "repo:push"),), ["3"]),
    ):
        given_up.clear()
        before = tasks()
        async with asyncio.timeout(60), hooks:
            for request, key in requests:
                payload = deliveries.smallest(key)
                assert deliver(hooks, request, key=key, payload=payload) == 200
        assert given_up == [(request, "CancelledError('the router was closed first')") for request in expected]
        assert tasks() == before
    assert notes.seen == [("swallowed", "1"), ("swallowed", "3")]


@virtual
async def test_a_closing_that_is_cancelled_is_cancelled_and_leaves_no_task() -> None:
    given_up: list[str | None] = []
    notes, hooks = Notes(), router(workers=1, on_error=lambda event, _: given_up.append(event.delivery.request_id))
    hooks.on("*")(notes.handler("all", 3600))
    before = tasks()
    await hooks.start()
    assert [deliver(hooks, request) for request in ("1", "2")] == [200, 200]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(10):
            await hooks.close()
    assert given_up == ["1", "2"]
    assert tasks() == before


@virtual
async def test_an_error_inside_async_with_still_drains() -> None:
    notes, hooks = Notes(), router()
    hooks.on("*")(notes.handler("all", 1))
    with pytest.raises(ZeroDivisionError):
        async with hooks:
            assert deliver(hooks) == 200
            raise ZeroDivisionError
    assert notes.names == ["all"]


EAGER: Final[Any] = getattr(asyncio, "eager_task_factory", None)


@pytest.mark.skipif(EAGER is None, reason="eager tasks came with Python 3.12")
def test_a_router_runs_with_eager_tasks() -> None:
    notes, hooks = Notes(), router(workers=2)
    hooks.on("*")(notes.handler("all", 1))

    @virtual
    async def check() -> None:
        asyncio.get_running_loop().set_task_factory(EAGER)
        async with asyncio.timeout(60), hooks:
            assert [deliver(hooks, request) for request in ("1", "2", "3")] == [200] * 3

    check()
    assert notes.names == ["all"] * 3


def test_a_router_runs_again_in_another_loop() -> None:
    notes, hooks = Notes(), router()
    hooks.on("*")(notes.handler("all", 1))

    @virtual
    async def once(request: str) -> None:
        async with hooks:
            assert deliver(hooks, request) == 200

    once("1")
    once("2")
    assert notes.seen == [("all", "1"), ("all", "2")]


async def test_what_cannot_work_says_so() -> None:
    hooks = router()
    hooks.on("*")(Notes().handler("all"))
    with pytest.raises(RuntimeError, match=r"^the router was not started"):
        deliver(hooks)
    await hooks.close()
    async with hooks:
        with pytest.raises(RuntimeError, match=r"^the router is already running"):
            await hooks.start()
        with pytest.raises(RuntimeError, match="no running event loop"):
            await asyncio.to_thread(deliver, hooks)

        async def elsewhere() -> None:
            with pytest.raises(RuntimeError, match=r"^the router was started in another event loop"):
                deliver(hooks)

        await asyncio.to_thread(asyncio.run, elsewhere())
    await hooks.close()


@pytest.mark.parametrize("options", [{"queue": 0}, {"workers": 0}, {"queue": -1}, {"queue_bytes": 0}], ids=str)
def test_a_router_without_queue_or_workers_is_a_mistake(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^queue, queue_bytes and workers must be at least 1"):
        router(**options)
