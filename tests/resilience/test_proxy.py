from __future__ import annotations

import asyncio
from contextlib import ExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from bbasync import (
    ApiToken,
    BitbucketError,
    CloudSession,
    DecodeError,
    PagingError,
    RateLimitError,
    RateTracker,
    ResponseError,
    Rolling,
    ServerError,
    TransportError,
    aio,
)
from bbasync.crawl import Store
from bbasync.testing import FakeCloud, Fault
from tests.crawl.crawling import expected, rows, run
from tests.resilience.nginx import PROGRAM, Nginx, free_port
from tests.waiting import PATIENCE, until

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator
    from pathlib import Path

    from aiohttp.client_proto import ResponseHandler

    from bbasync import ResponseEvent
    from bbasync.crawl import Progress

pytestmark = [
    pytest.mark.usefixtures("quick_retries"),
    pytest.mark.parametrize("quick_retries", [0.05], indirect=True),  # nginx keeps real time
]

COMMENTS = "/repositories/acme/api/pullrequests/1/comments"
LIMITED = "limit_req_zone $binary_remote_addr zone=all:1m rate=20r/s;"


@pytest.fixture
async def fake() -> AsyncIterator[FakeCloud]:
    async with FakeCloud(workspaces=1, repositories=2, commits=150, pull_requests=4, limit=100_000) as server:
        yield server


@pytest.fixture
def proxy(fake: FakeCloud, tmp_path: Path) -> Iterator[Callable[..., Nginx]]:
    """Put nginx in front of the fake, or of another server: `proxy(server="gzip on;")`."""
    if PROGRAM is None:
        pytest.skip("nginx is not installed")
    with ExitStack() as stack:

        def make(upstream: str = "", **directives: str) -> Nginx:
            return stack.enter_context(Nginx(tmp_path / "nginx", upstream or fake.origin, **directives))

        yield make


def session(fake: FakeCloud, nginx: Nginx, **options: Any) -> CloudSession:
    options.setdefault("rates", RateTracker({"api": None}))
    return CloudSession(ApiToken(fake.email, fake.token), base_url=nginx.url, **options)


async def branches(bb: CloudSession) -> list[str]:
    return [branch.name async for branch in bb.refs.list_branches("acme", "api")]


async def comment(bb: CloudSession, text: str) -> None:
    await bb.pull_requests.create_comment("acme", "api", 1, content=text)


async def comments(fake: FakeCloud) -> list[str]:
    """Return what the server holds, asked without the proxy."""
    async with CloudSession(ApiToken(fake.email, fake.token), base_url=fake.url) as bb:
        found = [item async for item in bb.paginate(COMMENTS)]
    return [item["content"]["raw"] for item in found if item["content"]["raw"].startswith("mine ")]


@asynccontextmanager
async def raw_server(*answers: bytes) -> AsyncGenerator[str, None]:
    """Answer each connection with bytes and close it, the last of them for ever."""
    remaining = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(remaining.pop(0) if len(remaining) > 1 else remaining[0])
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


# -- what goes through ------------------------------------------------------------------------------------------------


async def test_a_listing_through_a_proxy_goes_on_at_the_proxy(fake: FakeCloud, proxy: Callable[..., Nginx]) -> None:
    async with session(fake, proxy()) as bb:
        commits = [commit.hash async for commit in bb.commits.list("acme", "api")]
    async with CloudSession(ApiToken(fake.email, fake.token), base_url=fake.url) as bb:
        assert commits == [commit.hash async for commit in bb.commits.list("acme", "api")]
    assert len(commits) > 100, "more than a page"


async def test_a_proxy_that_hides_its_host_makes_the_next_page_a_foreign_one(
    fake: FakeCloud, proxy: Callable[..., Nginx]
) -> None:
    async with session(fake, proxy(location="proxy_set_header Host $proxy_host;")) as bb:
        with pytest.raises(PagingError, match="another host"):
            await aio.collect(bb.commits.list("acme", "api"))
    assert len(fake.requests) == 1


async def test_a_crawl_through_a_proxy_that_reloads_again_and_again_ends_as_the_direct_one(
    fake: FakeCloud, proxy: Callable[..., Nginx], tmp_path: Path
) -> None:
    nginx = proxy(server="keepalive_requests 5; gzip on; gzip_types application/json; gzip_proxied any;")
    reloads: list[int] = []

    def reload(progress: Progress) -> None:
        if progress.requests >= 8 * (len(reloads) + 1):
            nginx.reload()
            reloads.append(progress.requests)

    async with Store(f"sqlite:///{tmp_path}/direct.db") as store:
        assert (await run(fake, store)).is_complete
        direct = await rows(store)
    async with Store(f"sqlite:///{tmp_path}/proxied.db") as store:
        report = await run(fake, store, url=nginx.url, on_progress=reload)
        assert report.failures == []
        assert await rows(store) == direct
    assert {name: len(found) for name, found in direct.items()} == expected(fake)
    assert len(reloads) >= 3


async def test_what_a_proxy_packs_and_chunks_is_unpacked(fake: FakeCloud, proxy: Callable[..., Nginx]) -> None:
    nginx = proxy(server="gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any;", location="")
    async with session(fake, nginx) as bb:
        response = await bb._send(bb._build("GET /repositories/acme/api"))
        assert response.headers["content-encoding"] == "gzip"
        assert response.headers["transfer-encoding"] == "chunked"
        assert (await bb.repositories.get("acme", "api")).raw == response.json()
        content = await bb.source.read("acme", "api", "main", "README.md")
    async with CloudSession(ApiToken(fake.email, fake.token), base_url=fake.url) as bb:
        assert await bb.source.read("acme", "api", "main", "README.md") == content


@pytest.mark.parametrize("kept", ["keepalive_requests 1;", "keepalive_requests 3;", "keepalive_timeout 0;"])
async def test_connections_that_a_proxy_closes_between_requests_lose_and_double_nothing(
    kept: str, fake: FakeCloud, proxy: Callable[..., Nginx]
) -> None:
    events: list[ResponseEvent] = []
    texts = [f"mine {number}" for number in range(40)]
    async with session(fake, proxy(server=kept), on_response=events.append) as bb:
        names = await branches(bb)
        await asyncio.gather(*(comment(bb, text) for text in texts))
        for _ in range(8):
            assert await branches(bb) == names
    assert sorted(await comments(fake)) == sorted(texts)
    assert all(event.status in {200, 201} for event in events), "nothing had to be repeated"


async def test_a_connection_that_a_proxy_closed_while_it_was_idle_is_not_used_again(
    fake: FakeCloud, proxy: Callable[..., Nginx]
) -> None:
    texts = [f"mine {number}" for number in range(5)]
    connector = aiohttp.TCPConnector()

    def has_been_closed() -> bool:
        # aiohttp has no public way
        pool: dict[object, Iterable[tuple[ResponseHandler, float]]] = getattr(connector, "_conns")  # noqa: B009
        kept = [connection for connections in pool.values() for connection, _ in connections]
        return bool(kept) and not any(connection.is_connected() for connection in kept)

    nginx = proxy(server="keepalive_timeout 20ms;")
    async with aiohttp.ClientSession(connector=connector) as http, session(fake, nginx, http=http) as bb:
        for text in texts:
            await comment(bb, text)
            await until(has_been_closed, "the proxy has closed the connection")
    assert await comments(fake) == texts


# -- what the proxy says itself ---------------------------------------------------------------------------------------


async def test_a_server_that_is_down_is_a_502_tried_again_for_reads_only(
    fake: FakeCloud, proxy: Callable[..., Nginx]
) -> None:
    events: list[ResponseEvent] = []
    async with session(fake, proxy(f"http://127.0.0.1:{free_port()}"), on_response=events.append) as bb:
        with pytest.raises(ServerError, match="502: the server gave no reason") as caught:
            await branches(bb)
        assert [event.status for event in events] == [502] * 4
        assert "nginx" not in str(caught.value)
        with pytest.raises(ServerError, match="whether it took effect is unknown"):
            await comment(bb, "mine 1")
    assert len(events) == 5


async def test_a_server_that_is_slow_is_a_504_and_a_post_behind_it_is_not_sent_twice(
    fake: FakeCloud, proxy: Callable[..., Nginx]
) -> None:
    fake.faults.add(Fault("slow_headers", seconds=PATIENCE, times=2, method="GET"))
    fake.faults.add(Fault("slow_headers", seconds=PATIENCE, times=1, method="POST"))
    events: list[ResponseEvent] = []
    nginx = proxy(server="proxy_read_timeout 400ms; proxy_ignore_client_abort on;")  # enough for the rest
    async with session(fake, nginx, on_response=events.append) as bb:
        assert len(await branches(bb)) > 1
        assert [event.status for event in events] == [504, 504, 200]
        with pytest.raises(ServerError, match=r"504.*whether it took effect is unknown"):
            await comment(bb, "mine 1")
    assert await comments(fake) == ["mine 1"]


async def test_a_proxy_that_limits_with_503_is_asked_again_later(fake: FakeCloud, proxy: Callable[..., Nginx]) -> None:
    events: list[ResponseEvent] = []
    nginx = proxy(http=LIMITED, server="limit_req zone=all burst=1 nodelay;")
    async with session(fake, nginx, on_response=events.append) as bb:
        names = await asyncio.gather(*(branches(bb) for _ in range(3)))
    assert names[0] == names[1] == names[2]
    assert 503 in {event.status for event in events}


async def test_a_proxy_that_limits_with_429_loses_no_call_and_doubles_no_post(
    fake: FakeCloud, proxy: Callable[..., Nginx]
) -> None:
    events: list[ResponseEvent] = []
    nginx = proxy(http=LIMITED, server="limit_req zone=all; limit_req_status 429;")
    texts = [f"mine {number}" for number in range(8)]
    rates = RateTracker({"api": Rolling(1000, window=6)})  # a pause begins with a 120th of it, 0.05 s
    async with session(fake, nginx, rates=rates, on_response=events.append) as bb:
        await asyncio.gather(*(comment(bb, text) for text in texts))
    assert sorted(await comments(fake)) == texts
    assert 429 in {event.status for event in events}


async def test_a_429_of_a_proxy_that_names_a_longer_wait_than_allowed_is_told_at_once(
    fake: FakeCloud, proxy: Callable[..., Nginx]
) -> None:
    server = "limit_req zone=all; limit_req_status 429; add_header Retry-After 7 always;"
    async with session(fake, proxy(http=LIMITED.replace("20r/s", "1r/s"), server=server), max_wait=5) as bb:
        await branches(bb)
        with pytest.raises(RateLimitError, match="the server refused") as caught:
            await branches(bb)
    assert 6 < caught.value.retry_after <= 7
    assert len(fake.requests) == 1


@pytest.mark.parametrize(("size", "status"), [(5_000, 414), (0, 400)])
async def test_a_request_too_long_for_a_proxy_is_a_typed_error_without_its_page(
    size: int, status: int, fake: FakeCloud, proxy: Callable[..., Nginx]
) -> None:
    nginx = proxy(server="client_header_buffer_size 1k; large_client_header_buffers 2 2k;")
    async with session(fake, nginx, user_agent="x" * 5_000 if status == 400 else None) as bb:
        with pytest.raises(ResponseError, match=f"{status}: the server gave no reason") as caught:
            await bb.request("GET", "/user", query={"q": "x" * size})
    assert caught.value.status == status
    assert "html" not in repr(caught.value.details) + str(caught.value)
    assert not fake.requests


@pytest.mark.parametrize("size", [20_000, 4_000_000])
async def test_an_upload_too_large_for_a_proxy_is_a_typed_error(
    size: int, fake: FakeCloud, proxy: Callable[..., Nginx], tmp_path: Path
) -> None:
    large = tmp_path / "large.bin"
    large.write_bytes(b"x" * size)
    async with session(fake, proxy(server="client_max_body_size 8k;")) as bb:
        with pytest.raises(ResponseError, match="413: the server gave no reason") as caught:
            await bb.source.create_commit("acme", "api", files={"x": large}, message="mine", branch="main")
        assert caught.value.status == 413
        assert len(await branches(bb)) > 1
    assert {request.method for request in fake.requests} == {"GET"}


async def test_a_file_of_bytes_above_a_mebibyte_goes_through_without_a_warning(
    fake: FakeCloud, proxy: Callable[..., Nginx]
) -> None:
    content = b"x" * (2 * 1024 * 1024)
    async with session(fake, proxy(server="client_max_body_size 8m;")) as bb:
        await bb.source.create_commit("acme", "api", files={"x": content}, message="mine", branch="main")
        assert await bb.source.read("acme", "api", "main", "x") == content


@pytest.mark.parametrize(("status", "error"), [(200, DecodeError), (404, ResponseError), (502, ServerError)])
async def test_a_page_for_people_is_never_repeated_in_an_error(
    status: int, error: type[BitbucketError], fake: FakeCloud, proxy: Callable[..., Nginx]
) -> None:
    page = f'default_type text/html; return {status} "<html>csrf=hush-hush</html>";'
    async with session(fake, proxy(server=page)) as bb:
        with pytest.raises(error) as caught:
            await branches(bb)
    assert "hush" not in repr(caught.value) + str(caught.value)
    assert not fake.requests


async def test_a_redirect_to_https_is_refused_and_nothing_is_sent_there(
    fake: FakeCloud, proxy: Callable[..., Nginx]
) -> None:
    events: list[ResponseEvent] = []
    nginx = proxy(server="return 301 https://$http_host$request_uri;")
    async with session(fake, nginx, on_response=events.append) as bb:
        with pytest.raises(TransportError, match="redirected to another host"):
            await branches(bb)
        with pytest.raises(TransportError, match="redirected with status 301; a POST is not sent"):
            await comment(bb, "mine 1")
    assert [event.status for event in events] == [301, 301]


# -- connections that break -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["GET", "POST"])
async def test_a_proxy_that_is_being_restarted_is_asked_again(
    call: str, fake: FakeCloud, proxy: Callable[..., Nginx]
) -> None:
    nginx = proxy()
    nginx.stop()
    statuses: list[int | None] = []

    def restart(event: ResponseEvent) -> None:
        statuses.append(event.status)
        if len(statuses) == 2:
            nginx.start()

    async with session(fake, nginx, on_response=restart) as bb:
        if call == "GET":
            assert len(await branches(bb)) > 1
        else:
            await comment(bb, "mine 1")
            assert await comments(fake) == ["mine 1"]
    assert statuses[:2] == [None, None]
    assert statuses[2] in {200, 201}


async def test_a_proxy_that_hangs_up_without_a_word_is_asked_again_for_reads_only(
    fake: FakeCloud, proxy: Callable[..., Nginx]
) -> None:
    events: list[ResponseEvent] = []
    async with session(fake, proxy(server="return 444;"), on_response=events.append) as bb:
        with pytest.raises(TransportError, match="the connection broke"):
            await branches(bb)
        assert len(events) == 4
        with pytest.raises(TransportError, match="whether it took effect is unknown"):
            await comment(bb, "mine 1")
    assert len(events) == 5


WHOLE = b'{"values": [{"name": "main"}]}'
HALF = WHOLE[: len(WHOLE) // 2]


@pytest.mark.parametrize(
    "broken",
    [
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(WHOLE), HALF),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n" % (len(HALF), HALF),
        b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + HALF,
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Long: %b\r\n\r\n%b" % (b"x" * 20_000, WHOLE),
        b"no HTTP at all",
        b"",
    ],
    ids=["length", "chunks", "http-1.0", "long-header", "no-http", "nothing"],
)
async def test_a_server_that_dies_behind_the_proxy_in_the_middle_of_an_answer_is_asked_again(
    broken: bytes, fake: FakeCloud, proxy: Callable[..., Nginx]
) -> None:
    whole = b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + WHOLE  # its length is told by its end
    events: list[ResponseEvent] = []
    async with raw_server(broken, broken, whole) as upstream:
        nginx = proxy(upstream, location="proxy_http_version 1.1; proxy_buffering off;")
        async with session(fake, nginx, on_response=events.append) as bb:
            assert await branches(bb) == ["main"]
    assert len(events) == 3
