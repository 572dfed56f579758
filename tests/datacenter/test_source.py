"""Files, directories, edits and streams, against the fake server."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from bbasync import aio
from bbasync.auth import AccessToken
from bbasync.datacenter.session import DataCenterSession
from bbasync.errors import ConflictError, DecodeError
from bbasync.paging import Paging
from bbasync.testing.recording import RecordingTransport, answer

REPOSITORY = ("PRJ", "ledger")


async def test_directories_and_files_are_told_apart(bb: DataCenterSession) -> None:
    root = await aio.collect(bb.source.list_root(*REPOSITORY, paging=Paging(size=1)))
    assert root == await aio.collect(bb.source.list_directory(*REPOSITORY, "/"))
    directory = next(str(entry.path) for entry in root if entry.type == "DIRECTORY")
    below = await aio.collect(bb.source.list_files_in(*REPOSITORY, directory))
    path = f"{directory}/{below[0]}"
    assert path in await aio.collect(bb.source.list_files(*REPOSITORY))
    assert await bb.source.get_type(*REPOSITORY, path) == "FILE"
    assert await bb.source.get_size(*REPOSITORY, path) == len(await bb.source.read(*REPOSITORY, path))
    with pytest.raises(DecodeError, match="the path is a file"):
        await aio.collect(bb.source.list_directory(*REPOSITORY, path))
    with pytest.raises(DecodeError, match="the path is a directory"):
        await aio.collect(bb.source.list_lines(*REPOSITORY, directory))


async def test_an_edit_states_what_it_was_made_from(bb: DataCenterSession, tmp_path: Path) -> None:
    local = tmp_path / "other name.md"
    local.write_text("one\ntwo\nthree", encoding="utf-8")
    where = (*REPOSITORY, "docs/grüße #1.md")
    created = await bb.source.edit_file(*where, content=local, branch="main", message="Greet")
    assert created.message == "Greet"
    lines = await aio.collect(bb.source.list_lines(*where, paging=Paging(size=2)))
    assert [line.text for line in lines] == ["one", "two", "three"]
    assert lines[0].blame is None
    with pytest.raises(ConflictError):
        await bb.source.edit_file(*where, content="four", branch="main")
    edited = await bb.source.edit_file(
        *where, content="four", branch="topic", source_branch="main", source_commit_id=created.id
    )
    assert edited.parents[0].id == created.id
    assert await bb.source.read(*where, at="topic") == b"four"
    async with bb.source.open(*where) as stream:
        assert await stream.read() == local.read_bytes()


async def test_an_edit_is_not_repeated() -> None:
    transport = RecordingTransport(lambda _: answer(b"{}", 503))
    async with DataCenterSession(AccessToken("t"), base_url="https://host", transport=transport) as bb:
        with pytest.raises(Exception, match="503"):
            await bb.source.edit_file("P", "r", "a", content=b"", branch="main")
    assert len(transport.requests) == 1


async def test_each_line_has_the_blame_of_its_span_even_if_pages_name_no_next_one() -> None:
    def page(start: int, *texts: str) -> bytes:
        blame = [{"lineNumber": number, "commitId": f"c{number}"} for number in (1, 3) if number <= start + 2]
        lines = [{"text": text} for text in texts]
        body = {"lines": lines, "start": start, "size": len(lines), "isLastPage": start > 0, "blame": blame}
        return orjson.dumps(body)

    transport = RecordingTransport([answer(page(0, "a", "b")), answer(page(2, "c", "d"))])
    async with DataCenterSession(AccessToken("t"), base_url="https://host", transport=transport) as bb:
        lines = await aio.collect(bb.source.list_lines("P", "r", "a", blame=True))
    assert [(line.text, line.blame and line.blame.commit_id) for line in lines] == [
        ("a", "c1"),
        ("b", "c1"),
        ("c", "c3"),
        ("d", "c3"),
    ]
    assert "start=2" in transport.requests[1].url
