from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bbasync import AccessToken, CloudSession, DataCenterSession, ResponseEvent, TransportError
from tests.security.certificates import Certificate, certify
from tests.security.witness import MARK, Witness, redirecting, witness

pytestmark = pytest.mark.usefixtures("quick_retries")


@pytest.fixture
async def server(certificate: Certificate) -> AsyncIterator[Witness]:
    async with witness(tls=certificate.server) as found:
        yield found


async def refused(url: str, http: aiohttp.ClientSession | None = None) -> TransportError:
    async with CloudSession(AccessToken(MARK), base_url=url, http=http) as bb:
        with pytest.raises(TransportError) as caught:
            await bb.request("POST", "/x", json={})
    return caught.value


async def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_sent(server: Witness) -> None:
    error = await refused(server.url)
    assert "certificate verify failed: self-signed certificate" in str(error)
    assert not error.sent
    async with aiohttp.ClientSession() as http:
        assert "certificate verify failed" in str(await refused(server.url, http))
    async with DataCenterSession(AccessToken(MARK), base_url=server.origin) as bb:
        with pytest.raises(TransportError, match="certificate verify failed"):
            await bb.request("GET", "/x")
    assert not server.requests


async def test_the_error_of_a_certificate_says_what_to_do(server: Witness) -> None:
    assert "pass ssl=ssl.create_default_context(cafile=...), or set SSL_CERT_FILE" in str(await refused(server.url))


async def test_a_certificate_is_not_tried_again(server: Witness) -> None:
    events: list[ResponseEvent] = []
    async with CloudSession(AccessToken(MARK), base_url=server.url, on_response=events.append) as bb:
        with pytest.raises(TransportError):
            await bb.request("GET", "/x")
    assert len(events) == 1


async def test_a_connector_that_trusts_the_servers_own_authority_is_enough(
    server: Witness, certificate: Certificate
) -> None:
    async with aiohttp.ClientSession(connector=certificate.connector()) as http:
        async with CloudSession(AccessToken(MARK), base_url=server.url, http=http) as bb:
            assert await bb.request("GET", "/x") == {}
        async with DataCenterSession(AccessToken(MARK), base_url=server.origin, http=http) as bb:
            assert await bb.request("GET", "/x") == {}
    assert server.sent("Authorization") == [f"Bearer {MARK}"] * 2


async def test_a_trusted_certificate_of_another_name_is_refused(tmp_path: Path, certificate: Certificate) -> None:
    other = certify(tmp_path, "DNS:bitbucket.example")
    async with witness(tls=other.server) as server, aiohttp.ClientSession(connector=other.connector()) as http:
        assert "IP address mismatch" in str(await refused(server.url, http))
        assert not server.requests


async def test_https_is_not_spoken_to_a_server_of_plain_http() -> None:
    async with witness() as server:
        error = await refused(server.url.replace("http:", "https:"))
        assert not error.sent
        assert not server.requests


async def test_a_redirect_from_https_to_http_is_refused(server: Witness, certificate: Certificate) -> None:
    async with witness() as plain, aiohttp.ClientSession(connector=certificate.connector()) as http:
        server.answer = redirecting(f"{plain.origin}/x")
        async with CloudSession(AccessToken(MARK), base_url=server.url, http=http) as bb:
            with pytest.raises(TransportError, match="another host"):
                await bb.request("GET", "/x")
            with pytest.raises(TransportError, match="is not sent to another address"):
                await bb.request("POST", "/x")
        assert not plain.requests


async def test_a_download_does_not_leave_https_for_plain_http(server: Witness, certificate: Certificate) -> None:
    async with (
        witness(lambda _: web.Response(body=b"forged")) as plain,
        aiohttp.ClientSession(connector=certificate.connector()) as http,
    ):
        server.answer = redirecting(f"{plain.origin}/x")
        async with CloudSession(AccessToken(MARK), base_url=server.url, http=http) as bb:
            with pytest.raises(TransportError, match="unencrypted"):
                await bb.source.read("a", "b", "main", "x")
        assert not plain.requests
