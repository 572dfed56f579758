from __future__ import annotations

import asyncio
import gc
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bbasync.webhooks import Event, UnknownEvent, WebhookRouter, cloud, datacenter, sign
from bbasync.webhooks import router as router_module
from tests.virtual import settle, virtual
from tests.webhooks import deliveries
from tests.webhooks.deliveries import SECRET, data_center


class Notes:
    """Handlers that note what they were called with."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str | None]] = []

    def handler(self, name: str, seconds: float = 0) -> Callable[[Event], Any]:
        async def handle(event: Event) -> None:
            await asyncio.sleep(seconds)
            self.seen.append((name, event.delivery.request_id))

        return handle

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.seen]


def router(*, on_error: Callable[[Event, BaseException], object] | None = None, **options: Any) -> WebhookRouter:
    return WebhookRouter(secret=SECRET, on_error=on_error, **options)


def deliver(to: WebhookRouter, request: str = "1", **options: Any) -> int:
    return to.accept(*deliveries.cloud(request=request, **options))


# -- which handler ----------------------------------------------------------------------------------------------------


@virtual
async def test_handlers_are_found_by_class_base_key_and_wildcard_in_the_order_they_were_registered() -> None:
    notes, hooks = Notes(), router()
    hooks.on("*")(notes.handler("all"))
    hooks.on(cloud.PullRequestCreated)(notes.handler("class"))
    hooks.on(cloud.PullRequestEvent)(notes.handler("base"))
    hooks.on("pullrequest:created")(notes.handler("key"))
    hooks.on("pullrequest:*")(notes.handler("wildcard"))
    hooks.on(Event)(notes.handler("every class"))
    hooks.on(cloud.RepositoryPush)(notes.handler("another class"))
    hooks.on(datacenter.PullRequestEvent)(notes.handler("the other product"))
    hooks.on("pullrequest:create")(notes.handler("a part of the key"))
    hooks.on("PULLREQUEST:*")(notes.handler("another case"))
    async with hooks:
        assert deliver(hooks) == 200
    assert notes.names == ["all", "class", "base", "key", "wildcard", "every class"]


@virtual
async def test_a_handler_gets_the_typed_event_and_stays_a_plain_function() -> None:
    hooks, titles = router(), list[str]()

    @hooks.on(cloud.PullRequestCreated)
    async def greet(event: cloud.PullRequestCreated) -> None:
        titles.append(event.pullrequest.title)

    @hooks.on(datacenter.PullRequestOpened)
    async def meet(event: datacenter.PullRequestOpened) -> None:
        titles.append(event.pull_request.title)

    async with hooks:
        assert deliver(hooks) == 200
        assert hooks.accept(*data_center()) == 200
    assert titles == ["Größe ändern ☃", "Fix"]
    assert greet.__name__ == "greet"
    assert meet.__name__ == "meet"


@virtual
async def test_an_event_that_nobody_wants_is_accepted_and_takes_no_place() -> None:
    notes, hooks = Notes(), router(queue=1, workers=1)
    hooks.on("pullrequest:*")(notes.handler("pull", 60))
    async with hooks:
        assert deliver(hooks, "1") == 200
        await settle()
        assert deliver(hooks, "2") == 200
        assert deliver(hooks, "3") == 503
        assert deliver(hooks, "4", key="repo:push", payload={}) == 200
    assert notes.seen == [("pull", "1"), ("pull", "2")]


@virtual
async def test_unknown_events_reach_those_who_want_all() -> None:
    hooks, kinds = router(), list[type[Event]]()

    @hooks.on("*")
    async def note(event: Event) -> None:
        kinds.append(type(event))

    async with hooks:
        assert deliver(hooks, key="repo:teleported") == 200
    assert kinds == [UnknownEvent]


# -- what is answered -------------------------------------------------------------------------------------------------


@virtual
async def test_what_is_refused_is_logged_without_the_body_and_reaches_no_handler(
    caplog: pytest.LogCaptureFixture,
) -> None:
    notes, hooks = Notes(), router(max_size=1000)
    hooks.on("*")(notes.handler("all"))
    headers, body = deliveries.cloud()
    large = b"x" * 1001
    async with hooks:
        assert deliver(hooks, secret="another") == 403
        assert deliver(hooks, secret=None) == 403
        assert hooks.accept(headers, body[:-1]) == 403
        assert hooks.accept(headers | {"X-Hub-Signature": sign(b"{", SECRET)}, b"{") == 400
        assert hooks.accept({"X-Hub-Signature": sign(b"{}", SECRET)}, b"{}") == 400
        assert hooks.accept(headers | {"X-Hub-Signature": sign(large, SECRET)}, large) == 413
    assert notes.seen == []
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 6
    assert {record.name for record in caplog.records} == {"bbasync.webhooks"}
    assert "Ann" not in caplog.text
    assert SECRET not in caplog.text


@virtual
async def test_several_secrets_are_accepted_while_one_replaces_another() -> None:
    notes, hooks = Notes(), WebhookRouter(secret=["new", SECRET])
    hooks.on("*")(notes.handler("all"))
    async with hooks:
        assert deliver(hooks, "1") == 200
        assert deliver(hooks, "2", secret="new") == 200
        assert deliver(hooks, "3", secret="third") == 403
    assert notes.seen == [("all", "1"), ("all", "2")]


@virtual
async def test_the_test_of_a_connection_is_answered_though_it_is_not_signed_and_runs_nothing() -> None:
    notes, hooks = Notes(), router()
    hooks.on("*")(notes.handler("all"))
    async with hooks:
        assert hooks.accept(*data_center({"test": True}, key="diagnostics:ping", secret=None)) == 200
        assert hooks.accept(*data_center({"test": True}, key="diagnostics:ping", secret="another")) == 403
        assert notes.seen == []
        assert hooks.accept(*data_center({"test": True}, key="diagnostics:ping")) == 200
    assert notes.seen == [("all", "33333333-4444")]


# -- repetitions ------------------------------------------------------------------------------------------------------


@virtual
async def test_a_request_that_was_accepted_is_not_handled_again() -> None:
    notes, hooks = Notes(), router()
    hooks.on("*")(notes.handler("all", 5))
    async with hooks:
        assert [deliver(hooks, "1", attempt=attempt) for attempt in (1, 2)] == [200, 200]
        await asyncio.sleep(60)
        assert deliver(hooks, "1", attempt=3) == 200
        assert deliver(hooks, "2") == 200
    assert notes.seen == [("all", "1"), ("all", "2")]


@virtual
async def test_a_request_that_was_refused_is_accepted_when_it_comes_again() -> None:
    notes, hooks = Notes(), router(queue=1, workers=1)
    hooks.on("*")(notes.handler("all", 5))
    async with hooks:
        assert deliver(hooks, "1") == 200
        await settle()
        assert deliver(hooks, "2") == 200
        assert deliver(hooks, "3") == 503
        assert deliver(hooks, "4", secret="another") == 403
        await asyncio.sleep(60)
        assert deliver(hooks, "3", attempt=2) == 200
        await settle()
        assert deliver(hooks, "4") == 200
    assert notes.seen == [("all", "1"), ("all", "2"), ("all", "3"), ("all", "4")]


@virtual
async def test_a_request_without_an_id_is_handled_each_time() -> None:
    notes, hooks = Notes(), router()
    hooks.on("*")(notes.handler("all"))
    headers, body = deliveries.cloud()
    del headers["X-Request-UUID"]
    async with hooks:
        assert [hooks.accept(headers, body) for _ in range(2)] == [200, 200]
    assert notes.seen == [("all", None), ("all", None)]


def test_only_the_latest_requests_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(router_module, "_REMEMBERED", 3)

    @virtual
    async def check() -> None:
        notes, hooks = Notes(), router()
        hooks.on("*")(notes.handler("all"))
        async with hooks:
            for request in ("1", "2", "3", "4"):
                assert deliver(hooks, request) == 200
            for request in ("2", "3", "4", "1"):
                assert deliver(hooks, request) == 200
        assert [request for _, request in notes.seen] == ["1", "2", "3", "4", "1"]

    check()


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


@virtual
async def test_a_handler_that_hangs_leaves_the_other_workers_to_the_others() -> None:
    notes, hooks = Notes(), router(workers=2, drain_timeout=1)
    hooks.on("repo:push")(notes.handler("hangs", 1e9))
    hooks.on("pullrequest:*")(notes.handler("pull"))
    async with hooks:
        assert deliver(hooks, "1", key="repo:push", payload={}) == 200
        assert [deliver(hooks, request) for request in ("2", "3")] == [200, 200]
        await settle()
        assert notes.seen == [("pull", "2"), ("pull", "3")]


# -- starting and closing ---------------------------------------------------------------------------------------------


def tasks() -> int:
    return len(asyncio.all_tasks())


@virtual
async def test_closing_waits_for_what_was_accepted_and_refuses_what_comes_then() -> None:
    notes, hooks = Notes(), router(workers=2)
    hooks.on("*")(notes.handler("all", 3600))
    before = tasks()
    await hooks.start()
    assert [deliver(hooks, str(number)) for number in range(10)] == [200] * 10
    closing = asyncio.create_task(hooks.close())
    await settle()
    assert deliver(hooks, "late") == 503
    await closing
    assert sorted(notes.seen) == [("all", str(number)) for number in range(10)]
    assert deliver(hooks, "too late") == 503
    assert tasks() == before


@virtual
async def test_after_the_drain_timeout_each_event_that_was_given_up_is_reported() -> None:
    given_up: list[tuple[str | None, type[BaseException]]] = []
    notes = Notes()
    hooks = router(
        workers=2,
        drain_timeout=5,
        on_error=lambda event, error: given_up.append((event.delivery.request_id, type(error))),
    )
    hooks.on("*")(notes.handler("all", 4))
    before = tasks()
    async with hooks:
        assert [deliver(hooks, str(number)) for number in range(7)] == [200] * 7
    assert notes.seen == [("all", "0"), ("all", "1")]
    assert sorted(given_up, key=str) == [(str(number), asyncio.CancelledError) for number in range(2, 7)]
    assert tasks() == before


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
    with pytest.raises(RuntimeError, match="not started"):
        deliver(hooks)
    await hooks.close()
    async with hooks:
        with pytest.raises(RuntimeError, match="already running"):
            await hooks.start()
        with pytest.raises(RuntimeError, match="no running event loop"):
            await asyncio.to_thread(deliver, hooks)

        async def elsewhere() -> None:
            with pytest.raises(RuntimeError, match="another event loop"):
                deliver(hooks)

        await asyncio.to_thread(asyncio.run, elsewhere())
    await hooks.close()


@pytest.mark.parametrize("options", [{"queue": 0}, {"workers": 0}, {"queue": -1}], ids=str)
def test_a_router_without_queue_or_workers_is_a_mistake(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        router(**options)


# -- load -------------------------------------------------------------------------------------------------------------


def events_alive() -> int:
    gc.collect()
    return sum(isinstance(thing, Event) for thing in gc.get_objects())


@pytest.fixture
def _what_is_there_is_not_looked_at() -> Iterator[None]:
    """Leave out what other tests have left, which takes seconds to look through."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("_what_is_there_is_not_looked_at")
@virtual
async def test_at_500_a_second_none_is_lost_the_rest_is_refused_and_no_more_is_held_than_the_bounds_allow() -> None:
    body = json.dumps(deliveries.CREATED).encode()
    headers, handled = deliveries.cloud()[0] | {"X-Hub-Signature": sign(body, SECRET)}, list[str | None]()
    hooks = router(queue=1000, workers=8)

    @hooks.on("pullrequest:created")
    async def slow(event: Event) -> None:
        await asyncio.sleep(0.1)
        handled.append(event.delivery.request_id)

    loop, answers, held = asyncio.get_running_loop(), dict[str, int](), list[int]()
    loop.set_debug(enabled=False)  # it takes most of the time
    before, begin = events_alive(), loop.time()
    async with hooks:
        for number in range(5000):
            await asyncio.sleep(begin + number / 500 - loop.time())
            answers[str(number)] = hooks.accept(headers | {"X-Request-UUID": str(number)}, body)
            if number % 500 == 499:
                held.append(events_alive() - before)
        assert loop.time() - begin < 10
        refused = {request for request, status in answers.items() if status == 503}
        again = sorted(refused, key=int)  # Bitbucket sends what was refused again, with the same ids
        while again:
            await asyncio.sleep(1)
            while again and hooks.accept(headers | {"X-Request-UUID": again[0]}, body) == 200:
                again.pop(0)
    assert set(answers.values()) == {200, 503}
    assert len(answers) - len(refused) == pytest.approx(1000 + 80 * 10, abs=20)
    assert max(held) <= 1000 + 8
    assert sorted(handled, key=lambda request: int(request or 0)) == list(answers)
