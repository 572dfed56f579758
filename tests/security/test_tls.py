from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from attrs import frozen

from bbasync import AccessToken, CloudSession, DataCenterSession, ResponseEvent, TransportError
from tests.security.witness import MARK, Witness, redirecting, witness

pytestmark = pytest.mark.usefixtures("quick_retries")

OPENSSL = shutil.which("openssl")


@frozen
class Certificate:
    file: Path
    server: ssl.SSLContext

    def connector(self) -> aiohttp.TCPConnector:
        """Return one that trusts this certificate and no other."""
        return aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=str(self.file)))


def certify(folder: Path, name: str) -> Certificate:
    assert OPENSSL is not None
    key, file = folder / f"{name}.key", folder / f"{name}.pem"
    command = [OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    command += ["-keyout", str(key), "-out", str(file), "-subj", "/CN=test", "-addext", f"subjectAltName={name}"]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - ours
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(file, key)
    return Certificate(file, server)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    if OPENSSL is None:
        pytest.skip("openssl is not installed")
    return certify(tmp_path_factory.mktemp("tls"), "IP:127.0.0.1")


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
    assert "http=" in str(await refused(server.url))


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
