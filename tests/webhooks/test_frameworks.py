"""The router inside web frameworks, over sockets and over ASGI."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bbasync.webhooks import Event, WebhookRouter, cloud, datacenter
from tests.resilience.soaking import figures
from tests.virtual import settle
from tests.webhooks import deliveries
from tests.webhooks.deliveries import CREATED, SECRET, data_center


def noting(router: WebhookRouter, release: asyncio.Event | None = None) -> list[Event]:
    """Return the list to which a handler of all events adds them, once it is released."""
    seen: list[Event] = []

    @router.on("*")
    async def note(event: Event) -> None:
        if release is not None:
            await release.wait()
        seen.append(event)

    return seen


# -- aiohttp.web ------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def served(router: WebhookRouter, **options: Any) -> AsyncGenerator[tuple[BaseTestServer, aiohttp.ClientSession]]:
    app = web.Application(**options)
    router.attach(app, "/hook")
    async with TestServer(app) as server, aiohttp.ClientSession(server.make_url("/")) as client:
        yield server, client


async def post(client: aiohttp.ClientSession, headers: Mapping[str, str], body: bytes) -> int:
    async with client.post("/hook", headers=headers, data=body) as answer:
        return answer.status


async def test_an_application_of_aiohttp_takes_deliveries_of_both_products_over_a_socket() -> None:
    router = WebhookRouter(secret=SECRET)
    seen = noting(router)
    async with served(router) as (_, client):
        assert await post(client, *deliveries.cloud()) == 200
        assert await post(client, *data_center()) == 200
        assert await post(client, *deliveries.cloud(secret="another")) == 403
        headers, body = deliveries.cloud()
        assert await post(client, headers, body[:-1]) == 403
        async with client.get("/hook") as answer:
            assert answer.status == 405
    assert [type(event) for event in seen] == [cloud.PullRequestCreated, datacenter.PullRequestOpened]
    assert seen[0].raw == CREATED


async def test_it_answers_before_the_handlers_have_done_and_ends_after_them() -> None:
    router, release = WebhookRouter(secret=SECRET), asyncio.Event()
    done: list[str | None] = []

    @router.on(Event)
    async def wait(event: Event) -> None:
        await release.wait()
        done.append(event.delivery.request_id)

    async with served(router) as (server, client):
        for request in ("1", "2", "3"):
            assert await post(client, *deliveries.cloud(request=request)) == 200
        assert done == []
        closing = asyncio.create_task(server.close())
        await settle()
        assert not closing.done()
        release.set()
        await closing
        assert done == ["1", "2", "3"]


async def test_the_applications_own_limit_of_a_body_holds_too() -> None:
    router = WebhookRouter(secret=SECRET)
    seen = noting(router)
    async with served(router, client_max_size=1000) as (_, client):
        assert await post(client, *deliveries.cloud({"pullrequest": {"title": "x" * 1000}})) == 413
    assert seen == []


# -- Starlette, and FastAPI, which is one -----------------------------------------------------------------------------


def starlette(router: WebhookRouter) -> Starlette:
    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None]:
        async with router:
            yield

    async def hook(request: Request) -> Response:
        return Response(status_code=router.accept(request.headers, await request.body()))

    return Starlette(routes=[Route("/hook", hook, methods=["POST"])], lifespan=lifespan)


async def post_asgi(app: Starlette, headers: Mapping[str, str], body: bytes) -> int:
    """Send a request as a server would, its body in two pieces."""
    scope = {
        "type": "http",
        "method": "POST",
        "scheme": "http",
        "path": "/hook",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }
    pieces = [
        {"type": "http.request", "body": body[:10], "more_body": True},
        {"type": "http.request", "body": body[10:], "more_body": False},
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return pieces.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    status: int = sent[0]["status"]
    return status


async def test_an_application_of_starlette_takes_deliveries_over_asgi() -> None:
    router, release = WebhookRouter(secret=SECRET, max_size=100_000), asyncio.Event()
    seen = noting(router, release)
    app = starlette(router)
    async with app.router.lifespan_context(app):
        assert await post_asgi(app, *deliveries.cloud()) == 200
        assert await post_asgi(app, *data_center()) == 200
        assert await post_asgi(app, *deliveries.cloud(secret=None)) == 403
        assert await post_asgi(app, *deliveries.cloud({"pad": "x" * 100_000})) == 413
        assert seen == []
        release.set()
    assert [event.raw["pullrequest"]["title"] for event in seen if isinstance(event, cloud.PullRequestCreated)] == [
        "Größe ändern ☃"
    ]
    assert len(seen) == 2


# -- load -------------------------------------------------------------------------------------------------------------


@pytest.mark.nightly
async def test_at_500_a_second_every_delivery_is_answered_within_a_second_and_none_that_was_accepted_is_lost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.ERROR)  # else thousands of records are kept
    router = WebhookRouter(secret=SECRET, queue=1000, workers=8)
    seen = list[str | None]()

    @router.on(cloud.PullRequestCreated)
    async def slow(event: cloud.PullRequestCreated) -> None:
        await asyncio.sleep(0.05)
        seen.append(event.delivery.request_id)

    headers, body = deliveries.cloud({**CREATED, "pad": "x" * 10_000})
    loop, accepted, answers, seconds = asyncio.get_running_loop(), list[str](), list[int](), list[float]()

    async def deliver(client: aiohttp.ClientSession, request: str) -> None:
        begin = time.perf_counter()
        answers.append(await post(client, headers | {"X-Request-UUID": request}, body))
        seconds.append(time.perf_counter() - begin)
        if answers[-1] == 200:
            accepted.append(request)

    megabytes: list[float] = []
    async with served(router) as (_, client), asyncio.TaskGroup() as group:
        begin = loop.time()
        for number in range(5000):
            await asyncio.sleep(begin + number / 500 - loop.time())
            group.create_task(deliver(client, str(number)))
            if number in {2500, 4999}:
                megabytes.append(figures().megabytes)
    assert len(answers) == 5000
    assert set(answers) == {200, 503}
    assert max(seconds) < 1
    assert sorted(seen, key=str) == sorted(accepted)
    assert len(accepted) > 1000
    assert megabytes[1] - megabytes[0] < 10
