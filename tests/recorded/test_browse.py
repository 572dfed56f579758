"""Recorded pages of `/browse`, which have neither the form of other lists nor one form."""

from __future__ import annotations

from typing import Final

import orjson

from bbasync import DataCenterSession, aio
from bbasync.auth import AccessToken
from bbasync.testing.recording import RecordingTransport, answer
from tests.meta.vendor import DATA, needs_data

pytestmark = needs_data
PLUGIN: Final = "atlassian-bitbucket-server-integration-plugin__file-contents"


def session(*names: str) -> DataCenterSession:
    bodies = [(DATA / "recorded/dc/browse" / f"{name}.json").read_bytes() for name in names]
    transport = RecordingTransport([answer(body) for body in bodies])
    return DataCenterSession(AccessToken("token"), base_url="https://bitbucket.example.org", transport=transport)


async def test_the_lines_of_a_file_are_read_to_the_end() -> None:
    names = [f"{PLUGIN}-first-page", f"{PLUGIN}-last-page"]
    payloads = [orjson.loads((DATA / "recorded/dc/browse" / f"{name}.json").read_bytes()) for name in names]
    async with session(*names) as bb:
        lines = await aio.collect(bb.source.list_lines("PRJ", "api", "Jenkinsfile"))
    assert [line.raw for line in lines] == [line for payload in payloads for line in payload["lines"]]


async def test_a_line_has_its_blame() -> None:
    async with session("bitbucket-rest__line-page-with-blame") as bb:
        (line,) = await aio.collect(bb.source.list_lines("PRJ", "api", "bears.txt", blame=True))
    assert line.text == "BEARS"
    assert line.blame is not None
    assert (line.blame.author.name, line.blame.spanned_lines) == ("JordanPeterson", 1)


async def test_the_entries_of_a_directory() -> None:
    async with session("go-bitbucket__projects_repos_test.go_5") as bb:
        entries = await aio.collect(bb.source.list_directory("PRJ", "api", "other"))
    assert len(entries) == 11
    assert (str(entries[0].path), entries[0].type, entries[0].size) == ("architecture.png", "FILE", 94229)
