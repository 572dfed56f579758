from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from email.parser import HeaderParser
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from attrs import define
from hypothesis import given, settings
from hypothesis import strategies as st

from bbasync import AccessToken, ApiToken, BasicAuth, CloudSession, Part, aio
from bbasync.auth import Secret
from bbasync.request import add_query, quote_path
from bbasync.testing.recording import RecordingTransport
from tests.security.witness import witness

VISIBLE = re.compile(r"[!-~]+")


@pytest.mark.parametrize("title", ["\ud800", 2**70], ids=["surrogate", "number"])
async def test_what_no_json_can_hold_is_a_value_error(title: Any) -> None:
    bb = CloudSession(transport=RecordingTransport())
    with pytest.raises(ValueError, match=r"UTF-8|64-bit"):
        await bb.pull_requests.create("a", "b", title=title, source_branch="c")


async def test_a_lone_surrogate_in_a_path_query_form_or_part_is_a_value_error_before_anything_is_sent() -> None:
    transport = RecordingTransport()
    bb = CloudSession(transport=transport)
    for call in (
        bb.refs.get_branch("a", "b", "\ud800"),
        aio.collect(bb.refs.list_branches("a", "b", q="\ud800")),
        aio.collect(bb.commits.list("a", "b", include=["x" * 3000, "\ud800"])),
        bb.request("GET", "/\ud800"),
        bb.source.create_commit("a", "b", message="\ud800", files={"x": b"y"}),
    ):
        with pytest.raises(ValueError, match="surrogates"):
            await call
    assert not transport.requests


@settings(deadline=None)
@given(st.text(max_size=20), st.text(st.characters(max_codepoint=127), max_size=9), st.text(max_size=9))
def test_a_path_typed_by_hand_stays_below_the_base_url(path: str, typed: str, name: str) -> None:
    path, typed = path.replace("?", ""), typed.replace("#", "")
    try:
        sent = add_query("https://api.bitbucket.org/2.0" + quote_path(f"/{path}?{typed}"), {name: "v"})
    except ValueError:
        return
    assert VISIBLE.fullmatch(sent)
    assert sent.startswith("https://api.bitbucket.org/2.0/")
    assert not {".", ".."} & set(re.split(r"[/\\]", unquote(urlsplit(sent).path)))
    assert parse_qsl(urlsplit(sent).query, keep_blank_values=True)[-1] == (name, "v")


def test_a_query_typed_by_hand_is_sent_in_ascii() -> None:
    assert quote_path("/x?q=\xe4") == "/x?q=%C3%A4"


def test_a_path_typed_by_hand_holds_no_fragment() -> None:
    with pytest.raises(ValueError, match="#"):
        quote_path("/x?q=a#b")


# -- what is not an argument of a method ------------------------------------------------------------------------------

EVIL = ["a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\rX-Evil: 1", "a\x00b"]


@asynccontextmanager
async def listening() -> AsyncGenerator[tuple[str, list[bytes]]]:
    """Answer every request with an empty object; keep the bytes that came, before anything parsed them."""
    came: list[bytes] = []
    under_way: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        under_way.add(asyncio.current_task())
        came.append(await reader.read(65536))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/2.0", came
        await asyncio.gather(*filter(None, under_way), return_exceptions=True)


@pytest.mark.parametrize("text", EVIL)
async def test_a_user_agent_or_credential_with_line_breaks_is_a_value_error_and_sends_nothing(text: str) -> None:
    async def source() -> str:
        return text

    @define
    class Own:
        principal: str = "own"

        async def authorization(self) -> Secret:
            return Secret(text)

        async def renew(self, refused: str) -> bool:
            return False

        async def close(self) -> None:
            pass

    async with listening() as (url, came):
        sessions: list[Callable[[], CloudSession]] = [
            lambda: CloudSession(base_url=url, user_agent=text),
            lambda: CloudSession(source, base_url=url),
            lambda: CloudSession(Own(), base_url=url),
            lambda: CloudSession(AccessToken(text), base_url=url),
            lambda: CloudSession(ApiToken(f"{text}@example.org", "t"), base_url=url),
            lambda: CloudSession(ApiToken("a@example.org", text), base_url=url),
            lambda: CloudSession(BasicAuth(text, "t"), base_url=url),
            lambda: CloudSession(base_url=url + text),
        ]
        for session in sessions:
            with pytest.raises(ValueError, match=r"control character|line breaks|email|user name|blanks"):
                async with session() as bb:
                    await bb.request("GET", "/x")
        assert not any(came)


async def test_a_password_with_line_breaks_is_sent_as_it_is_without_a_line_break() -> None:
    async with listening() as (url, came):
        async with CloudSession(BasicAuth("me", EVIL[0] * 30), base_url=url) as bb:
            await bb.request("GET", "/x")
        assert b"X-Evil" not in came[0]
        assert came[0].count(b"Authorization: ") == 1


@pytest.mark.parametrize("text", EVIL)
@pytest.mark.parametrize("where", ["name", "filename", "content_type", "attributes"])
async def test_a_part_with_line_breaks_in_its_head_is_a_value_error_and_sends_nothing(where: str, text: str) -> None:
    told = {"name": "n", "filename": "f", "content_type": "text/plain", "attributes": "link"} | {where: text}
    async with listening() as (url, came), CloudSession(base_url=url) as bb:
        with pytest.raises(ValueError, match="control character"):
            await bb._send(bb._build("POST /x", parts=(Part(content=b"x", **told),)))
        assert not any(came)


async def test_quotes_in_the_head_of_a_part_add_no_parameter() -> None:
    texts = ['a"; filename="evil', "a\\", 'a\\"; x="', "ä; y=1", "a; z=1"]
    async with witness() as server:
        for text in texts:
            async with CloudSession(base_url=server.url) as bb:
                part = Part(name=text, filename=text, content=b"x")
                await bb._send(bb._build("POST /x", parts=(part, Part(name="last", content="y"))))
        for request in server.requests:
            boundary = request.headers["Content-Type"].partition("boundary=")[2]
            parts = (await request.read()).split(f"--{boundary}".encode())[1:-1]
            heads = [HeaderParser().parsestr(part.partition(b"\r\n\r\n")[0].strip().decode()) for part in parts]
            assert [sorted(head.keys()) for head in heads] == [["Content-Disposition", "Content-Type"]] * 2
            disposition = re.findall(r'; ([a-z-]+)="((?:[^"\\]|\\.)*)"', heads[0]["Content-Disposition"])
            assert [name for name, _ in disposition] == ["name", "filename"]
