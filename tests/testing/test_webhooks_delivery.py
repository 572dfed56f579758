"""How the fakes deliver: headers, signature, attempts, what holds up nobody, and what ends with the fake."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import socket
import uuid
from typing import Any, Final

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bbasync.testing import FakeCloud
from bbasync.webhooks import WebhookRouter, cloud
from tests.resilience.trouble import nothing_runs
from tests.testing.cloud_api import Api
from tests.testing.hook_receiver import DROP, SECRET, attached, receiving
from tests.virtual import forward, passing
from tests.waiting import until

OWN: Final = "/repositories/acme/api"


async def hook(api: Api, url: str, **more: object) -> dict[str, Any]:
    body = {"url": url, "events": ["repo:updated"], "secret": SECRET, "active": True}
    answer = await api("POST", OWN + "/hooks", body | more)
    assert answer.status == 201, answer.body
    return answer.json


async def change(api: Api, text: str = "changed") -> None:
    assert (await api("PUT", OWN, {"description": text})).status == 200


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


async def test_a_delivery_has_the_headers_of_the_vendor_and_a_signature_over_its_bytes(api: Api) -> None:
    async with receiving() as receiver:
        made = await hook(api, receiver.url)
        await change(api, "größer")
        await api.fake.delivered()
        ((headers, body),) = receiver.requests
    assert headers["X-Event-Key"] == "repo:updated"
    assert f"{{{headers['X-Hook-UUID']}}}" == made["uuid"]
    assert uuid.UUID(headers["X-Request-UUID"])
    assert (headers["X-Attempt-Number"], headers["User-Agent"]) == ("1", "Bitbucket-Webhooks/2.0")
    assert headers["Content-Type"] == "application/json"
    assert headers["X-Hub-Signature"] == "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert "Authorization" not in headers
    assert SECRET not in repr(api.fake.webhook_deliveries)


async def test_without_a_secret_nothing_is_signed_and_a_cleared_one_signs_no_more(api: Api) -> None:
    async with receiving() as receiver:
        made = await hook(api, receiver.url, secret=None)
        assert made["secret_set"] is False
        await change(api)
        await api.fake.delivered()
        assert "X-Hub-Signature" not in receiver.requests[0][0]
        own = f"{OWN}/hooks/{made['uuid'].strip('{}')}"
        assert (await api("PUT", own, {"secret": SECRET})).json["secret_set"] is True
        await change(api, "2")
        assert (await api("PUT", own, {"secret": ""})).json["secret_set"] is False
        await change(api, "3")
        await api.fake.delivered()
        assert ["X-Hub-Signature" in headers for headers, _ in receiver.requests] == [False, True, False]


async def test_a_failing_receiver_gets_the_same_delivery_up_to_two_times_more(api: Api) -> None:
    async with receiving(500, DROP, 200) as receiver:
        await hook(api, receiver.url)
        await change(api)
        await passing(api.fake.delivered())
        assert [headers["X-Attempt-Number"] for headers, _ in receiver.requests] == ["1", "2", "3"]
        assert len({headers["X-Request-UUID"] for headers, _ in receiver.requests}) == 1
        assert len({body for _, body in receiver.requests}) == 1
        log = [(one.key, one.url, one.attempt, one.status) for one in api.fake.webhook_deliveries]
        expected = [(1, 500), (2, None), (3, 200)]
        assert log == [("repo:updated", receiver.url, attempt, status) for attempt, status in expected]


async def test_after_three_attempts_the_vendor_gives_up(api: Api) -> None:
    async with receiving(500, 503, 502, 200) as receiver:
        await hook(api, receiver.url)
        await change(api)
        await passing(api.fake.delivered())
        assert [one.status for one in api.fake.webhook_deliveries] == [500, 503, 502]


@pytest.mark.parametrize("status", [200, 204, 302, 400, 403, 404, 413, 429])
async def test_what_is_no_failure_of_the_server_is_not_repeated(api: Api, status: int) -> None:
    async with receiving(status) as receiver:
        await hook(api, receiver.url)
        await change(api)
        await api.fake.delivered()
        assert [(one.attempt, one.status) for one in api.fake.webhook_deliveries] == [(1, status)]


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/hook", "http://", "not a url"])
async def test_where_nobody_listens_three_attempts_are_logged_without_a_status(api: Api, url: str) -> None:
    await hook(api, url.format(port=free_port()))
    await change(api)
    await passing(api.fake.delivered())
    assert [(one.attempt, one.status) for one in api.fake.webhook_deliveries] == [(1, None), (2, None), (3, None)]


async def test_a_receiver_that_is_too_slow_is_asked_again(api: Api) -> None:
    assert api.fake.webhooks.timeout == 10
    async with receiving(hold=True) as receiver:
        await hook(api, receiver.url)
        await change(api)
        await until(lambda: bool(receiver.requests), "the receiver was asked")
        assert not api.fake.webhook_deliveries
        forward(11)
        await until(lambda: bool(api.fake.webhook_deliveries), "an attempt was given up")
        receiver.open.set()
        await passing(api.fake.delivered())
    first, *_, last = api.fake.webhook_deliveries
    assert (first.attempt, first.status, last.status) == (1, None, 200)


async def test_a_slow_receiver_holds_up_neither_the_answer_nor_other_receivers(api: Api) -> None:
    async with receiving(hold=True) as slow, receiving() as quick:
        await hook(api, slow.url)
        await hook(api, quick.url)
        await change(api)  # answered, though nothing was delivered
        waiting = asyncio.ensure_future(api.fake.delivered())
        await until(lambda: bool(slow.requests and api.fake.webhook_deliveries), "both receivers were asked")
        assert [one.url for one in api.fake.webhook_deliveries] == [quick.url]
        assert not waiting.done()
        slow.open.set()
        await waiting
        assert [one.url for one in api.fake.webhook_deliveries] == [quick.url, slow.url]


async def test_the_answer_comes_before_the_delivery_has_ended_even_if_the_receiver_asks_the_fake(api: Api) -> None:
    seen: list[str] = []

    async def ask(request: web.Request) -> web.Response:
        seen.append((await api.get(OWN))["description"])
        return web.Response()

    application = web.Application()
    application.router.add_post("/hook", ask)
    async with TestServer(application) as server:
        await hook(api, str(server.make_url("/hook")))
        await change(api, "asked")
        await api.fake.delivered()
    assert seen == ["asked"]


async def test_a_body_above_256_kib_is_silently_not_sent(api: Api) -> None:
    async with receiving() as receiver:
        await hook(api, receiver.url)
        await change(api, "x" * 200_000)
        await change(api, "x" * 300_000)
        await api.fake.delivered()
        await change(api, "small")  # the large one is told here as what it was before
        await api.fake.delivered()
        assert [len(body) > 200_000 for _, body in receiver.requests] == [True]


@pytest.mark.parametrize("stuck", ["receiver", "delay"])
async def test_all_ends_with_the_fake(stuck: str) -> None:
    async with receiving(*([500] if stuck == "delay" else []), hold=stuck == "receiver") as receiver:
        fake = FakeCloud(workspaces=1, commits=4, pull_requests=1)
        async with fake, Api(fake) as api:
            fake.webhooks.delay = 60
            await hook(api, receiver.url)
            await change(api)
            await until(
                lambda: bool(receiver.requests if stuck == "receiver" else fake.webhook_deliveries), "it is stuck"
            )
        await fake.delivered()
    assert nothing_runs()
    assert len(fake.webhook_deliveries) == (stuck == "delay")


async def test_a_past_delivery_is_sent_again_byte_for_byte_and_a_router_knows_it(api: Api) -> None:
    router, seen = WebhookRouter(secret=SECRET), list[str]()

    @router.on(cloud.RepositoryUpdated)
    async def note(event: cloud.RepositoryUpdated) -> None:
        seen.append(str(event.delivery.request_id))

    async with attached(router) as url:
        await hook(api, url)
        await change(api)
        await api.fake.delivered()
        (first,) = api.fake.webhook_deliveries
        again = await api.fake.redeliver(first)
        assert again == first == api.fake.webhook_deliveries[-1]
        assert (again.status, len(api.fake.webhook_deliveries)) == (200, 2)
    assert seen == [first.headers["X-Request-UUID"]]


async def test_a_router_with_another_secret_refuses_and_is_not_asked_again(api: Api) -> None:
    async with attached(WebhookRouter(secret="another")) as url:
        await hook(api, url)
        await change(api)
        await api.fake.delivered()
    assert [one.status for one in api.fake.webhook_deliveries] == [403]
