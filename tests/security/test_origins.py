from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from http.cookies import SimpleCookie
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from bbasync import (
    AccessToken,
    ApiToken,
    BasicAuth,
    BitbucketError,
    CloudSession,
    DataCenterSession,
    PagingError,
    TransportError,
    aio,
)
from bbasync.auth import CredentialLike
from bbasync.paging import LinkPager
from bbasync.request import Home, Request
from tests.security.witness import MARK, Witness, redirect, redirecting, witness

pytestmark = pytest.mark.usefixtures("quick_retries")

OURS = {"Host", "User-Agent", "Accept", "Accept-Encoding"}
"""Headers that may come to a host that is not ours."""
STATUSES = (301, 302, 303, 307, 308)


@pytest.fixture
async def ours() -> AsyncIterator[Witness]:
    async with witness() as server:
        yield server


@pytest.fixture
async def foreign() -> AsyncIterator[Witness]:
    async with witness(lambda _: web.Response(body=b"content")) as server:
        yield server


async def custom() -> str:
    return f"Bearer {MARK}"


CREDENTIALS: dict[str, CredentialLike] = {
    "api-token": ApiToken("me@example.org", MARK),
    "access-token": AccessToken(MARK),
    "password": BasicAuth("me", MARK),
    "custom": custom,
}
by_credential = pytest.mark.parametrize("credential", CREDENTIALS.values(), ids=CREDENTIALS)


# -- the next page ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://{foreign}/2.0/x",
        "//{foreign}/2.0/x",
        "/2.0/x",
        "x",
        "https://{ours}/2.0/x",
        "ws://{ours}/2.0/x",
        "file:///etc/hostname",
        "http://user@{ours}/2.0/x",
        "http://{ours}@{foreign}/2.0/x",
        "http://{ours}:80@{foreign}/2.0/x",
        "http://{ours};@{foreign}/2.0/x",
        "http://{ours}\\@{foreign}/2.0/x",
        "http:\\\\{foreign}/2.0/x",
        "http://{foreign}\\.{ours}/2.0/x",
        "http://{ours}%2f@{foreign}/2.0/x",
        "http://{ours} @{foreign}/2.0/x",
        "http://{ours}\t@{foreign}/2.0/x",
        "http://{ours}\r\nHost: {foreign}/2.0/x",
        "http://{ours}.{foreign}/2.0/x",
        "http://localhost:{port}/2.0/x",
        "http://127.1:{port}/2.0/x",
        "http://2130706433:{port}/2.0/x",
        "http://0x7f000001:{port}/2.0/x",
        "http://[::ffff:127.0.0.1]:{port}/2.0/x",
        "http://127.0.0.1.:{port}/2.0/x",
        "http://127\u30020.0.1:{port}/2.0/x",
        "http://\u2460\u2461\u2466.0.0.1:{port}/2.0/x",
        "http://127%2e0.0.1:{port}/2.0/x",
        " http://{ours}/2.0/x",
        "http:///{ours}/2.0/x",
        "http://{ours}1/2.0/x",
        "http://[{ours}/2.0/x",
        "http://{ours}:{port}/2.0/x",
        "\x00http://{ours}/2.0/x",
    ],
)
async def test_a_next_page_that_is_not_plainly_ours_is_asked_of_nobody(
    url: str, ours: Witness, foreign: Witness
) -> None:
    following = url.format(ours=ours.host, foreign=foreign.host, port=ours.host.partition(":")[2])
    ours.answer = lambda _: web.json_response({"values": [{"name": "a"}], "next": following})
    async with CloudSession(AccessToken(MARK), base_url=ours.url) as bb:
        for listing in (
            bb.refs.list_branches("a", "b"),
            bb.paginate("/x"),
            bb.commits.list("a", "b", include=["x" * 3000]),
        ):
            with pytest.raises(PagingError):
                await aio.collect(listing)
    assert len(ours.requests) == 3
    assert not foreign.requests


@pytest.mark.parametrize(
    "url", ["http://{ours}#@{foreign}/x", "http://{ours}?@{foreign}/x", "http://{ours}/@{foreign}"]
)
async def test_a_next_page_that_only_looks_foreign_is_asked_of_us(url: str, ours: Witness, foreign: Witness) -> None:
    following = url.format(ours=ours.host, foreign=foreign.host)
    ours.answer = lambda _: web.json_response({"values": [], "next": following if len(ours.requests) == 1 else None})
    async with CloudSession(AccessToken(MARK), base_url=ours.url) as bb:
        await aio.collect(bb.paginate("/x"))
    assert len(ours.requests) == 2
    assert not foreign.requests


PIECES = [
    *[
        "https://",
        "HTTPS:",
        "http://",
        "//",
        "api.bitbucket.org",
        "evil.example",
        "@",
        ":",
        "443",
        "8443",
        "/2.0",
        "/",
    ],
    *["?", "#", "\\", "%2f", "%40", "%00", "[", "]", ".", ";", "\u3002", "\uff0f", "\uff20", "\u2100", "\t", " "],
]


@settings(deadline=None)
@given(
    st.sampled_from(["", "https://", "https://api.bitbucket.org", "https://evil.example"]),
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
)
def test_what_is_taken_for_ours_is_what_aiohttp_connects_to(start: str, rest: str) -> None:
    pager = LinkPager(Home("https://api.bitbucket.org/2.0"))
    base = Request(method="GET", template="/x", url="https://api.bitbucket.org/2.0/x")
    try:
        sent = URL(pager.request(base, 10, start + rest).url, encoded=True)
    except PagingError:
        return
    assert (sent.scheme, sent.raw_host, sent.port) == ("https", "api.bitbucket.org", 443)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.bitbucket.org:0/2.0/x",
        "https://api.bitbuc\u212aet.org/2.0/x",
        "https://api.bitbucket.org:65536/2.0/x",
    ],
)
def test_no_other_spelling_of_our_host_is_taken_for_it(url: str) -> None:
    pager = LinkPager(Home("https://api.bitbucket.org/2.0"))
    with pytest.raises(PagingError):
        pager.request(Request(method="GET", template="/x", url="https://api.bitbucket.org/2.0/x"), 10, url)


# -- redirects --------------------------------------------------------------------------------------------------------

Kind = Callable[[Any], Awaitable[object]]


async def _streamed(bb: CloudSession) -> bytes:
    async with bb.source.open("a", "b", "main", "x") as stream:
        return await stream.read()


CLOUD: dict[str, Kind] = {
    "object": lambda bb: bb.repositories.get("a", "b"),
    "listing": lambda bb: aio.collect(bb.refs.list_branches("a", "b")),
    "diff": lambda bb: bb.commits.read_diff("a", "b", "main"),
    "any-get": lambda bb: bb.request("GET", "/x"),
    "any-head": lambda bb: bb.request("HEAD", "/x"),
    "any-options": lambda bb: bb.request("OPTIONS", "/x"),
    "any-patch": lambda bb: bb.request("PATCH", "/x", json={}),
    "put": lambda bb: bb.request("PUT", "/x", json={"a": 1}),
    "post": lambda bb: bb.pull_requests.create("a", "b", title="t", source_branch="s"),
    "merge": lambda bb: bb.pull_requests.merge("a", "b", 1),
    "form": lambda bb: aio.collect(bb.commits.list("a", "b", include=["x" * 3000])),
    "upload": lambda bb: bb.source.create_commit("a", "b", files={"x": b"y"}, message="m", branch="main"),
    "delete": lambda bb: bb.refs.delete_branch("a", "b", "c"),
}
DATACENTER: dict[str, Kind] = {
    "dc-listing": lambda bb: aio.collect(bb.repositories.list("A")),
    "dc-object": lambda bb: bb.projects.get("A"),
    "dc-post": lambda bb: bb.projects.create(key="A", name="a"),
    "dc-delete": lambda bb: bb.projects.delete("A"),
}
DOWNLOADS: dict[str, Kind] = {
    "read": lambda bb: bb.source.read("a", "b", "main", "x"),
    "stream": _streamed,
    "size": lambda bb: bb.source.get_size("a", "b", "main", "x"),
}


@pytest.mark.parametrize("kind", [*CLOUD, *DATACENTER])
async def test_an_operation_that_never_redirects_is_sent_to_no_other_host(
    kind: str, ours: Witness, foreign: Witness
) -> None:
    session: CloudSession | DataCenterSession = CloudSession(AccessToken(MARK), base_url=ours.url)
    if kind in DATACENTER:
        session = DataCenterSession(AccessToken(MARK), base_url=ours.origin)
    calls = 0
    async with session as bb:
        for status in STATUSES:
            for location in (f"{foreign.origin}/x", f"//{foreign.host}/x", f"http://{ours.host}@{foreign.host}/x"):
                ours.answer = redirecting(location, status)
                with pytest.raises(TransportError, match="redirected"):
                    await {**CLOUD, **DATACENTER}[kind](bb)
                calls += 1
    assert not foreign.requests
    assert len(ours.requests) == calls, "nothing was tried again"


@by_credential
@pytest.mark.parametrize("kind", DOWNLOADS)
async def test_a_download_that_leaves_takes_nothing_of_ours_along(
    kind: str, credential: CredentialLike, ours: Witness, foreign: Witness
) -> None:
    jar = aiohttp.CookieJar(unsafe=True)
    jar.update_cookies(SimpleCookie("session=theirs"), URL(foreign.origin))
    async with aiohttp.ClientSession(cookie_jar=jar) as http:
        for owned in (True, False):
            bb = CloudSession(credential, base_url=ours.url, http=None if owned else http)
            async with bb:
                for status in STATUSES:
                    location = f"{foreign.origin}/x?X-Signature=1"
                    ours.answer = redirecting(location, status)
                    assert await DOWNLOADS[kind](bb) in {b"content", 7}
    assert len(foreign.requests) == len(ours.sent("Authorization")) == 2 * len(STATUSES)
    for request in foreign.requests:
        assert set(request.headers) <= OURS
        assert MARK not in request.raw_path + str(request.headers)


async def test_the_own_headers_of_a_borrowed_session_stay_away_from_a_foreign_host(
    ours: Witness, foreign: Witness
) -> None:
    ours.answer = redirecting(f"{foreign.origin}/x")
    async with aiohttp.ClientSession(headers={"X-Internal-Token": MARK}) as http:
        await CloudSession(AccessToken("t"), base_url=ours.url, http=http).source.read("a", "b", "main", "x")
    assert set(foreign.requests[0].headers) <= OURS


async def test_a_chain_over_several_hosts_carries_the_credential_on_our_own_hops_only(
    ours: Witness, foreign: Witness
) -> None:
    async with witness() as third:
        ours.answer = lambda request: redirect(f"{foreign.origin}/1" if request.path == "/2" else "/2")
        foreign.answer = lambda _: redirect(f"{third.origin}/3")
        third.answer = lambda _: web.Response(body=b"end")
        async with CloudSession(AccessToken(MARK), base_url=ours.url) as bb:
            assert await bb.source.read("a", "b", "main", "x") == b"end"
        assert [len(each.requests) for each in (ours, foreign, third)] == [2, 1, 1]
        assert ours.sent("Authorization") == [f"Bearer {MARK}"] * 2
        for request in [*foreign.requests, *third.requests]:
            assert set(request.headers) <= OURS


async def test_another_host_does_not_choose_what_we_ask_our_own_for(ours: Witness, foreign: Witness) -> None:
    ours.answer = lambda _: redirect(f"{foreign.origin}/1")
    foreign.answer = lambda _: redirect(f"{ours.origin}/2.0/user")
    async with CloudSession(AccessToken(MARK), base_url=ours.url) as bb:
        with pytest.raises(TransportError, match="redirected back to the API by another host"):
            await bb.source.read("a", "b", "main", "x")
    assert [len(each.requests) for each in (ours, foreign)] == [1, 1]


@pytest.mark.parametrize("status", [401, 403, 407, 429, 503])
async def test_a_foreign_host_that_refuses_does_not_get_the_credential_after_all(
    status: int, ours: Witness, foreign: Witness
) -> None:
    tokens = (f"Bearer {MARK}{number}" for number in range(100))

    async def renewed() -> str:
        return next(tokens)

    ours.answer = redirecting(f"{foreign.origin}/x")
    foreign.answer = lambda _: web.Response(status=status, headers={"WWW-Authenticate": "Basic realm=x"})
    async with CloudSession(renewed, base_url=ours.url) as bb:
        with pytest.raises(BitbucketError):
            await bb.source.read("a", "b", "main", "x")
    assert next(tokens) == f"Bearer {MARK}1", "nothing that the host says renews the credential"
    assert foreign.requests
    for request in foreign.requests:
        assert set(request.headers) <= OURS


@pytest.mark.parametrize(
    "location",
    ["file:///etc/hostname", "javascript:alert(1)", "data:,x", "ftp://{foreign}/x", "http://me:pw@{foreign}/x",
     "http://{foreign}\\x", "http://{foreign} /x", "http://[/x"],
)  # fmt: skip
async def test_a_download_leaves_for_plain_addresses_only(location: str, ours: Witness, foreign: Witness) -> None:
    ours.answer = redirecting(location.format(foreign=foreign.host))
    async with CloudSession(AccessToken(MARK), base_url=ours.url) as bb:
        for call in DOWNLOADS.values():
            with pytest.raises(TransportError, match="URL that is refused") as caught:
                await call(bb)
            assert "me:pw" not in str(caught.value)
    assert not foreign.requests


# -- cookies ----------------------------------------------------------------------------------------------------------


async def test_a_cookie_that_a_server_sets_never_comes_back(ours: Witness, foreign: Witness) -> None:
    def set_cookie(request: web.Request) -> web.Response:
        response = redirect(f"{foreign.origin}/x") if "/src/" in request.path else web.json_response({"values": []})
        response.headers["Set-Cookie"] = "session=1; Path=/"
        return response

    ours.answer = set_cookie
    foreign.answer = lambda _: web.Response(headers={"Set-Cookie": "session=2; Path=/; Domain=127.0.0.1"})
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), cookies={"mine": "1"}) as http:
        for session in (None, http):
            bb = CloudSession(AccessToken(MARK), base_url=ours.url, http=session)
            for _ in range(3):
                await bb.request("GET", "/x")
                await bb.request("POST", "/x", json={})
                await bb.source.read("a", "b", "main", "x")
            await bb.close()
    assert len(ours.requests) == 18
    assert ours.sent("Cookie") + foreign.sent("Cookie") == []
