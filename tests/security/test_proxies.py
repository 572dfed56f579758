"""Networks of companies: a real proxy that writes down all it can read, private authorities, client certificates."""

from __future__ import annotations

import asyncio
import base64
import ssl
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from attrs import define, field

from bbasync import AccessToken, CloudSession, OAuthClient, RetryPolicy, TransportError
from bbasync.testing import RecordingTransport
from tests.security.certificates import Certificate, certify
from tests.security.witness import MARK, Witness, witness
from tests.waiting import PATIENCE, raw_server

ONCE = RetryPolicy(tries=1)
PASSWORD = "proxy-hush-Zr7"


@define(eq=False)
class Proxy:
    """An HTTP proxy that tunnels with CONNECT, and forwards what is not encrypted."""

    port: int = 0
    password: str | None = None
    seen: bytes = b""
    """All bytes that came, tunnelled ones included."""
    heads: list[str] = field(factory=list[str])
    """The first line of each request to the proxy."""

    def url(self, userinfo: str = "") -> str:
        return f"http://{userinfo}127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.seen += head
        self.heads.append(head.split(b"\r\n")[0].decode())
        wanted = base64.b64encode(f"me:{self.password}".encode())
        if self.password is not None and b"Proxy-Authorization: Basic " + wanted not in head:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        else:
            method, target, _ = self.heads[-1].split()
            await self._forward(method, target, head, reader, writer)

    async def _forward(
        self, method: str, target: str, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        address = target if method == "CONNECT" else target.split("/")[2]
        host, port = address.rsplit(":", 1)
        behind, onward = await asyncio.open_connection(host, int(port))
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        else:
            onward.write(head)
        try:
            await asyncio.gather(self._copy(reader, onward, keep=True), self._copy(behind, writer, keep=False))
        finally:
            onward.transport.abort()

    async def _copy(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, keep: bool) -> None:
        while chunk := await source.read(65536):
            self.seen += chunk if keep else b""
            target.write(chunk)
        target.close()


@asynccontextmanager
async def proxying(**options: Any) -> AsyncGenerator[Proxy]:
    proxy = Proxy(**options)
    async with raw_server(proxy.serve) as proxy.port:
        yield proxy


@pytest.fixture
async def server(certificate: Certificate) -> AsyncIterator[Witness]:
    async with witness(tls=certificate.server) as found:
        yield found


@pytest.fixture
def trusting(certificate: Certificate) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate.file))


@pytest.fixture(autouse=True)
def no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.parametrize("named", ["option", "environment"])
async def test_a_proxy_carries_calls_and_sees_no_credential(
    named: str, server: Witness, trusting: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with proxying(password=PASSWORD) as proxy:
        url, options = proxy.url(f"me:{PASSWORD}@"), dict[str, Any]()
        if named == "option":
            options["proxy"] = url
        else:
            monkeypatch.setenv("HTTPS_PROXY", url)
        async with CloudSession(AccessToken(MARK), base_url=server.url, ssl=trusting, **options) as bb:
            for _ in range(3):
                assert await bb.request("GET", "/secret-path") == {}
            assert PASSWORD not in repr(vars(bb)) + repr(vars(bb._own_transport))
    assert proxy.heads == [f"CONNECT {server.host} HTTP/1.1"], "one tunnel, which is kept open"
    assert server.sent("Authorization") == [f"Bearer {MARK}"] * 3
    assert not server.sent("Proxy-Authorization")
    for secret in (MARK.encode(), b"Authorization: Bearer", b"secret-path"):
        assert secret not in proxy.seen


async def test_hosts_of_no_proxy_are_reached_directly(
    server: Witness, trusting: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with proxying() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url())
        monkeypatch.setenv("NO_PROXY", "elsewhere.example,127.0.0.1")
        async with CloudSession(AccessToken(MARK), base_url=server.url, ssl=trusting) as bb:
            await bb.request("GET", "/x")
    assert (len(server.requests), proxy.heads) == (1, [])


async def test_tokens_are_obtained_through_the_proxy_too(server: Witness, trusting: ssl.SSLContext) -> None:
    async with proxying() as proxy:
        client = OAuthClient.cloud("id", MARK, base_url=server.origin, ssl=trusting, proxy=proxy.url())
        with pytest.raises(Exception, match="no access_token"):
            await client.exchange("code")
    assert len(proxy.heads) == 1
    assert MARK.encode() not in proxy.seen


async def test_a_proxy_that_refuses_or_is_away_is_named(server: Witness, trusting: ssl.SSLContext) -> None:
    async with proxying(password=PASSWORD) as proxy:
        for url, says in ((proxy.url("me:wrong@"), "the proxy refused the connection with status 407"),):
            async with CloudSession(AccessToken(MARK), base_url=server.url, ssl=trusting, proxy=url, retry=ONCE) as bb:
                with pytest.raises(TransportError, match=says) as caught:
                    await bb.request("POST", "/x")
            assert not caught.value.sent
            assert "wrong" not in str(caught.value)
        away = proxy.url(f"me:{PASSWORD}@")
    async with CloudSession(AccessToken(MARK), base_url=server.url, ssl=trusting, proxy=away, retry=ONCE) as bb:
        with pytest.raises(TransportError, match=rf"cannot connect to the proxy 127\.0\.0\.1:{proxy.port}") as caught:
            await bb.request("GET", "/x")
    assert PASSWORD not in str(caught.value)
    assert not server.requests


async def test_a_private_authority_and_a_client_certificate_are_one_context(
    tmp_path: Path, certificate: Certificate, trusting: ssl.SSLContext
) -> None:
    client = certify(tmp_path, "DNS:client.example")
    demanding = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(client.file))
    demanding.load_cert_chain(certificate.file, certificate.file.with_suffix(".key"))
    demanding.verify_mode = ssl.CERT_REQUIRED
    async with witness(tls=demanding) as server:
        async with CloudSession(AccessToken(MARK), base_url=server.url, ssl=trusting, retry=ONCE) as bb:
            with pytest.raises(TransportError):
                await bb.request("GET", "/x")
        trusting.load_cert_chain(client.file, client.file.with_suffix(".key"))
        async with CloudSession(AccessToken(MARK), base_url=server.url, ssl=trusting) as bb:
            assert await bb.request("GET", "/x") == {}


async def test_the_environment_names_an_authority_as_it_does_for_other_programs(
    server: Witness, certificate: Certificate
) -> None:
    code = (
        "import asyncio, bbasync\n"
        "async def main():\n"
        f"    async with bbasync.CloudSession(bbasync.AccessToken('t'), base_url={server.url!r}) as bb:\n"
        "        print(await bb.request('GET', '/x'))\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, env={"SSL_CERT_FILE": str(certificate.file)}, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(PATIENCE):
        out, _ = await process.communicate()
    assert out == b"{}\n"


@pytest.mark.parametrize("proxy", ["socks5://host:1", "http://", "://", "http:///x"])
def test_a_proxy_that_cannot_be_right_is_refused_without_repeating_it(proxy: str) -> None:
    with pytest.raises(ValueError, match="URL of a proxy") as caught:
        CloudSession(AccessToken(MARK), proxy=proxy)
    assert proxy not in str(caught.value)


async def test_networks_are_set_once(trusting: ssl.SSLContext) -> None:
    with pytest.raises(ValueError, match="not both"):
        CloudSession(AccessToken(MARK), transport=RecordingTransport(), ssl=trusting)
    async with aiohttp.ClientSession() as http:
        for options in ({"proxy": "http://host:1"}, {"ssl": trusting}):
            given: dict[str, Any] = options
            with pytest.raises(ValueError, match="without http="):
                CloudSession(AccessToken(MARK), http=http, **given)
