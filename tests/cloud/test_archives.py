"""Source archives: read from the website, which gets the credential for them and for nothing else."""

from __future__ import annotations

import io
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from bbasync.auth import AccessToken
from bbasync.cloud.models import ArchiveFormat
from bbasync.cloud.session import CloudSession
from bbasync.errors import NotFoundError, TransportError
from bbasync.testing.recording import RecordingTransport, answer
from tests.cloud.replayed import replay

if TYPE_CHECKING:
    from bbasync.testing import FakeCloud

URL = "https://bitbucket.org/acme/api/get/main.zip"


async def _read(bb: CloudSession, ref: str = "main", format: ArchiveFormat | str = "zip") -> bytes:
    async with bb.source.open_archive("acme", "api", ref, format) as stream:
        return await stream.read()


async def test_an_archive_holds_the_files_of_a_commit(bb: CloudSession, fake: FakeCloud) -> None:
    repository = fake.world.repository("acme", "api")
    head = repository.branches["main"]
    expected = {f"acme-api-{head[:12]}/{path}": content for path, content in repository.files.tree(head).items()}
    with zipfile.ZipFile(io.BytesIO(await _read(bb))) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == expected
    for kind in (ArchiveFormat.TAR_GZ, ArchiveFormat.TAR_BZ2):
        with tarfile.open(fileobj=io.BytesIO(await _read(bb, head, kind))) as tar:
            assert tar.getnames() == list(expected)
    with pytest.raises(NotFoundError):
        await _read(bb, "no-such-ref")


async def test_an_archive_takes_the_credential_and_its_own_budget() -> None:
    bb, transport = replay(answer(b"zip"))
    assert await _read(bb) == b"zip"
    (request,) = transport.requests
    assert (request.url, request.headers["Authorization"], request.group) == (URL, "Bearer secret", "archive")
    assert {one.group: one.spent for one in bb.rates.snapshot()} == {"archive": 1}


async def test_the_credential_follows_to_archives_of_the_website_only() -> None:
    elsewhere = "https://storage.example.net/main.zip?signature=1"
    bb, transport = replay(
        answer("", 302, {"Location": "/acme/api/get/0123456789ab.zip"}),
        answer("", 302, {"Location": elsewhere}),
        answer(b"zip"),
    )
    assert await _read(bb) == b"zip"
    first, second, third = transport.requests
    assert first.headers["Authorization"] == second.headers["Authorization"] == "Bearer secret"
    assert third.url == elsewhere
    assert "Authorization" not in third.headers


@pytest.mark.parametrize("location", ["/account/signin/?next=/acme/api/get/main.zip", "/acme/api/get/", "/"])
async def test_a_login_page_is_not_an_archive(location: str) -> None:
    bb, transport = replay(answer("", 302, {"Location": location}))
    with pytest.raises(TransportError, match="perhaps to log in"):
        await _read(bb)
    assert len(transport.requests) == 1


async def test_a_download_takes_no_credential_to_the_website() -> None:
    bb, transport = replay(answer("", 302, {"Location": "https://bitbucket.org/acme/api/downloads/a"}), answer(b"a"))
    assert await bb.downloads.read("acme", "api", "a") == b"a"
    assert "Authorization" not in transport.requests[1].headers


async def test_the_credential_of_another_server_never_goes_to_the_vendor() -> None:
    transport = RecordingTransport([answer("", 302, {"Location": URL}), answer(b"zip")])
    base_url = "https://proxy.example.org/bitbucket/2.0"
    async with CloudSession(AccessToken("secret"), base_url=base_url, transport=transport) as bb:
        assert await _read(bb) == b"zip"
    first, second = transport.requests
    assert first.url == "https://proxy.example.org/bitbucket/acme/api/get/main.zip"
    assert "Authorization" in first.headers
    assert second.url == URL
    assert "Authorization" not in second.headers


@pytest.mark.parametrize("ref", ["", "..", "a/../b"])
async def test_a_ref_that_leads_elsewhere_is_refused(ref: str) -> None:
    bb, transport = replay()
    with pytest.raises(ValueError, match="ref must not"):
        await _read(bb, ref)
    assert not transport.requests
