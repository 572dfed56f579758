"""Webhooks, attachments, synchronization and markup, over a recorder: what their requests and answers hold."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bbasync.auth import AccessToken
from bbasync.datacenter.models import WebhookCredentials
from bbasync.datacenter.session import DataCenterSession
from bbasync.testing.recording import RecordingTransport, answer


@pytest.fixture
def transport() -> RecordingTransport:
    return RecordingTransport(lambda _: answer(b"", 204))


@pytest.fixture
async def bb(transport: RecordingTransport) -> AsyncIterator[DataCenterSession]:
    async with DataCenterSession(AccessToken("t"), base_url="https://host", transport=transport) as session:
        yield session


async def test_no_secret_is_in_the_repr_of_a_webhook() -> None:
    credentials = b'{"username": "u", "password": "swordfish"}'
    body = b'{"id": 1, "configuration": {"secret": "swordfish"}, "credentials": %b}' % credentials
    transport = RecordingTransport([answer(body)])
    async with DataCenterSession(AccessToken("t"), base_url="https://host", transport=transport) as bb:
        hook = await bb.webhooks.get_repository_webhook("P", "r", 1)
    assert hook.configuration == {"secret": "swordfish"}
    assert "swordfish" not in repr(hook)
    assert "swordfish" not in repr(WebhookCredentials(username="u", password="swordfish"))


async def test_nothing_was_delivered_yet(bb: DataCenterSession) -> None:
    assert await bb.webhooks.get_latest_project_invocation("P", 1) is None
    assert await bb.webhooks.get_project_statistics_summary("P", 1) == {}


async def test_disabled_or_in_sync_is_none(bb: DataCenterSession) -> None:
    assert await bb.ref_sync.set_enabled("P", "r", enabled=False) is None
    assert await bb.ref_sync.synchronize("P", "r", ref_id="refs/heads/main", action="DISCARD") is None


@pytest.mark.parametrize(
    ("offset", "length", "expected"),
    [(None, None, None), (10, None, "bytes=10-"), (None, 5, "bytes=0-4"), (10, 5, "bytes=10-14")],
)
async def test_a_part_of_an_attachment(offset: int | None, length: int | None, expected: str | None) -> None:
    transport = RecordingTransport([answer(b"bytes", 206)])
    session = DataCenterSession(AccessToken("t"), base_url="https://host", transport=transport)
    async with session as bb, bb.attachments.open("P", "r", "7", offset=offset, length=length) as stream:
        assert await stream.read() == b"bytes"
    assert transport.requests[0].headers.get("Range") == expected


@pytest.mark.parametrize(("offset", "length"), [(-1, None), (0, 0)])
async def test_a_part_that_does_not_exist_is_refused(bb: DataCenterSession, offset: int, length: int | None) -> None:
    with pytest.raises(ValueError, match="at least"):
        bb.attachments.open("P", "r", "7", offset=offset, length=length)


async def test_texts_are_sent_as_they_are(bb: DataCenterSession, transport: RecordingTransport) -> None:
    await bb.attachments.set_metadata("P", "r", "7", metadata='{"a": null}')
    sent = transport.requests[0]
    assert (sent.body, sent.headers["Content-Type"]) == (b'{"a": null}', "application/json")
    rendering = RecordingTransport([answer(b'{"html": "<h1>\\u00e4</h1>"}')])
    async with DataCenterSession(AccessToken("t"), base_url="https://host", transport=rendering) as other:
        assert await other.markup.preview(text="# ä") == "<h1>ä</h1>"
    sent = rendering.requests[0]
    assert (sent.body, sent.headers["Content-Type"]) == ("# ä".encode(), "text/plain; charset=utf-8")
