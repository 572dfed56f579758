from __future__ import annotations

import asyncio
import gc
import inspect
import json
import re
from collections.abc import Iterator

import pytest

from bbasync.webhooks import Event, UnknownEvent, WebhookRouter, cloud, datacenter, sign
from bbasync.webhooks import router as router_module
from tests.virtual import settle, virtual
from tests.webhooks import deliveries
from tests.webhooks.deliveries import SECRET, data_center
from tests.webhooks.notes import Notes, deliver, router

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
async def test_a_handler_of_several_classes_or_keys_is_called_once_for_each_event() -> None:
    notes, hooks = Notes(), router()
    hooks.on(cloud.PullRequestCreated, cloud.PullRequestEvent, Event)(notes.handler("classes"))
    hooks.on(cloud.RepositoryPush, cloud.PullRequestUpdated)(notes.handler("other classes"))
    hooks.on("repo:push", "pullrequest:*", "*")(notes.handler("keys"))
    hooks.on("repo:*", "pullrequest:updated")(notes.handler("other keys"))
    async with hooks:
        assert deliver(hooks) == 200
    assert notes.names == ["classes", "keys"]


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
        assert deliver(hooks, "4", key="repo:push", payload=deliveries.smallest("repo:push")) == 200
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
    assert [record.getMessage().split(":")[0] for record in caplog.records] == [
        "refused a delivery",
        "refused a delivery",
        "refused a delivery",
        "refused 2 more with status 403",
        "refused 1 more with status 400",
    ]
    assert {record.levelname for record in caplog.records} == {"WARNING"}
    assert {record.name for record in caplog.records} == {"bbasync.webhooks"}
    assert "Ann" not in caplog.text
    assert SECRET not in caplog.text


@virtual
async def test_a_flood_of_refusals_is_logged_once_a_minute_with_their_number(caplog: pytest.LogCaptureFixture) -> None:
    hooks = router()
    hooks.on("*")(Notes().handler("all"))
    async with hooks:
        for _ in range(480):
            assert deliver(hooks, secret=None) == 403
            await asyncio.sleep(0.25)
        assert hooks.accept({"X-Hub-Signature": sign(b"{}", SECRET)}, b"{}") == 400
    async with hooks:
        assert deliver(hooks, secret=None) == 403
    unsigned = "refused a delivery: the delivery is not signed: set a secret in the webhook"
    assert caplog.messages == [
        unsigned,
        f"{unsigned} (239 more before)",
        "refused a delivery: the delivery has no event key: the X-Event-Key header is missing",
        "refused 239 more with status 403",
        unsigned,
    ]


def test_refusals_are_logged_again_after_a_restart_in_another_loop(caplog: pytest.LogCaptureFixture) -> None:
    hooks = router()

    @virtual
    async def once(seconds: float) -> None:
        async with hooks:
            await asyncio.sleep(seconds)  # the clocks of two loops have nothing in common
        assert deliver(hooks, secret=None) == 403

    once(1000)
    once(0)
    assert len(caplog.records) == 2


@virtual
async def test_what_a_sender_chooses_reaches_the_log_without_control_characters(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_: object) -> None:
        raise LookupError

    hooks = router(workers=1, queue=1, on_error=fail)
    hooks.on("*")(fail)  # type: ignore[arg-type]  # not even awaitable
    evil = "\x1b[31m\x9b1m\u202e\r\nWARNING forged\udcff"
    async with hooks:
        answers = [deliver(hooks, f"{evil}{number}", key=f"new:{evil}", payload={}) for number in range(3)]
        assert answers == [200, 503, 503]
        assert hooks.accept(*data_center(key=evil)) == 400
    text = "".join(record.getMessage() for record in caplog.records)
    assert text.isprintable()
    assert re.match(r"refused a delivery: new:.* \(request .*1\): the queue is full", caplog.messages[0])
    assert re.match(r"on_error failed for new:", caplog.messages[3])
    assert len(caplog.records) == 5
    assert r"new:\x1b[31m\x9b1m\u202e WARNING forged\udcff (request \x1b[31m" in text


@virtual
async def test_without_a_secret_deliveries_need_no_signature() -> None:
    notes, hooks = Notes(), WebhookRouter(secret=None)
    hooks.on("*")(notes.handler("all"))
    async with hooks:
        assert deliver(hooks, secret=None) == 200
    assert notes.names == ["all"]


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
async def test_by_default_eight_are_handled_at_once_and_a_thousand_wait() -> None:
    notes, hooks = Notes(), WebhookRouter(secret=None)
    hooks.on("*")(notes.handler("all", 60))
    async with hooks:
        assert [deliver(hooks, str(number), secret=None) for number in range(8)] == [200] * 8
        await settle()
        assert [deliver(hooks, f"1{number}", secret=None) for number in range(1001)] == [200] * 1000 + [503]
        await asyncio.sleep(90)
        assert len(notes.seen) == 8


def test_by_default_the_bodies_that_wait_may_have_64_mib() -> None:
    assert inspect.signature(WebhookRouter).parameters["queue_bytes"].default == 64 * 1024 * 1024


@virtual
async def test_a_delivery_that_would_exceed_the_bytes_of_the_queue_is_refused_until_others_are_handled() -> None:
    notes = Notes()
    size = len(deliveries.cloud()[1])
    hooks = router(workers=1, queue_bytes=3 * size)
    hooks.on("*")(notes.handler("all", 5))
    async with hooks:
        assert [deliver(hooks, str(number)) for number in range(4)] == [200, 200, 200, 503]
        await asyncio.sleep(4)  # the first is being handled, and counts
        assert deliver(hooks, "3", attempt=2) == 503
        await asyncio.sleep(2)
        assert deliver(hooks, "3", attempt=3) == 200
        await hooks.idle()
        assert deliver(hooks, "large", payload={**deliveries.CREATED, "pad": "x" * 10 * size}) == 200
        assert deliver(hooks, "4") == 503  # an empty queue takes any, a full one none
    assert notes.seen == [("all", request) for request in ("0", "1", "2", "3", "large")]
    async with hooks:
        assert deliver(hooks, "5") == 200


@virtual
async def test_the_bytes_of_events_that_were_given_up_are_not_counted_afterwards() -> None:
    hooks = router(workers=1, queue_bytes=len(deliveries.cloud()[1]) * 3, drain_timeout=1)
    hooks.on("*")(Notes().handler("all", 60))
    for attempt in range(2):
        async with hooks:
            assert [deliver(hooks, f"{attempt}.{number}") for number in range(4)] == [200, 200, 200, 503]


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


def test_a_decorator_without_its_events_says_what_to_write() -> None:
    async def handle(event: Event) -> None:
        del event

    with pytest.raises(TypeError, match=r"write @router\.on\("):
        WebhookRouter(secret="s").on(handle)  # type: ignore[call-overload]  # what is tested
