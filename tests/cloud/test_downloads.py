"""Downloads: uploads that replace, and contents that come from another host without the credential."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from bbasync.aio import collect
from bbasync.errors import NotFoundError
from bbasync.testing.recording import answer
from tests.cloud.replayed import replay

if TYPE_CHECKING:
    from pathlib import Path

    from bbasync.cloud.session import CloudSession
    from bbasync.testing import FakeCloud


async def test_an_upload_streams_files_and_replaces_those_of_the_same_name(
    bb: CloudSession, fake: FakeCloud, tmp_path: Path
) -> None:
    large = bytes(range(256)) * 8192
    (tmp_path / "local").write_bytes(large)
    await bb.downloads.upload("acme", "api", files={"a b.bin": tmp_path / "local", "new.txt": "gr\u00fcn"})
    await bb.downloads.upload("acme", "api", files={"new.txt": lambda: io.BytesIO(b"newer")})
    assert await bb.downloads.read("acme", "api", "a b.bin") == large
    async with bb.downloads.open("acme", "api", "new.txt") as stream:
        assert await stream.read() == b"newer"
    found = {one.name: one for one in await collect(bb.downloads.list("acme", "api"))}
    assert (found["a b.bin"].size, found["a b.bin"].downloads) == (len(large), 1)
    await bb.downloads.delete("acme", "api", "new.txt")
    with pytest.raises(NotFoundError):
        await bb.downloads.read("acme", "api", "new.txt")
    assert set(fake.world.repository("acme", "api").downloads) == {"a b.bin", "release-1.0.zip"}


async def test_the_other_host_does_not_see_the_credential() -> None:
    elsewhere = "https://storage.example.net/release.zip?X-Amz-Signature=1"
    bb, transport = replay(answer("", 302, {"Location": elsewhere}), answer(b"content"))
    assert await bb.downloads.read("acme", "api", "release.zip") == b"content"
    ours, theirs = transport.requests
    assert (ours.group, ours.headers["Authorization"]) == ("raw", "Bearer secret")
    assert theirs.url == elsewhere
    assert "Authorization" not in theirs.headers


async def test_a_failed_upload_is_repeated_since_it_replaces(quick_retries: None) -> None:
    del quick_retries
    bb, transport = replay(answer("", 502), answer("", 201))
    await bb.downloads.upload("acme", "api", files={"a": b"a"})
    assert len(transport.requests) == 2


async def test_uploads_that_cannot_be_right_are_refused(tmp_path: Path) -> None:
    bb, transport = replay()
    for name in ("", "..", "a/b", "a\nb"):
        with pytest.raises(ValueError, match="must not"):
            await bb.downloads.upload("acme", "api", files={name: b""})
    with pytest.raises(ValueError, match="nothing to upload"):
        await bb.downloads.upload("acme", "api", files={})
    with pytest.raises(FileNotFoundError, match="cannot upload"):
        await bb.downloads.upload("acme", "api", files={"a": tmp_path / "missing"})
    assert not transport.requests
