"""Commits: histories, comments, approvals and diffs, as requests and as what comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest

from bbasync.aio import collect
from bbasync.cloud.models import Inline
from bbasync.errors import DecodeError, ServerError
from bbasync.testing.recording import answer
from tests.cloud.replayed import body_of, replay
from tests.virtual import virtual

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bbasync.request import RawResponse, Request

REPOSITORY = "https://api.bitbucket.org/2.0/repositories/acme/api"
HASH = "8f2c0d1e" * 5
COMMIT = {"type": "commit", "hash": HASH, "date": "2026-02-03T10:00:00+01:00", "message": "Say hello\n"}
COMMENT = {"id": 7, "type": "commit_comment", "content": {"raw": "Why?"}, "deleted": False, "commit": {"hash": HASH}}


def page(values: Iterable[object], following: str | None = None) -> RawResponse:
    return answer(orjson.dumps({"values": list(values)} | ({"next": following} if following else {})))


def query_of(request: Request) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(request.url).query)


async def test_list_takes_heads_to_include_and_exclude_and_a_path() -> None:
    bb, transport = replay(page([COMMIT]))
    [commit] = await collect(bb.commits.list("acme", "api", include=["dev", "feature/x"], exclude=["main"], path="src"))
    assert commit.hash == HASH
    assert commit.date.isoformat() == "2026-02-03T10:00:00+01:00"
    assert query_of(transport.requests[0])[:4] == [
        ("include", "dev"),
        ("include", "feature/x"),
        ("exclude", "main"),
        ("path", "src"),
    ]


async def test_names_too_long_for_a_url_are_posted_again_with_every_page() -> None:
    following = f"{REPOSITORY}/commits?ctx=abc&page=2"
    bb, transport = replay(page([COMMIT], following), page([COMMIT]))
    many = [f"{number:040x}" for number in range(50)]
    commits = await collect(bb.commits.list("acme", "api", include=["main"], exclude=many))
    first, second = transport.requests
    assert len(commits) == 2
    assert first.body == second.body == f"include=main&{'&'.join(f'exclude={name}' for name in many)}".encode()
    assert first.method == second.method == "POST"
    assert "include" not in first.url
    assert second.url == following


@virtual
async def test_a_list_by_post_is_retried_like_a_get() -> None:
    bb, transport = replay(answer("", 503, {"Retry-After": "0"}), page([COMMIT]))
    assert len(await collect(bb.commits.list_from("acme", "api", "main", exclude=["v1"] * 200))) == 1
    assert [request.url for request in transport.requests] == [f"{REPOSITORY}/commits/main?pagelen=100"] * 2


async def test_a_comment_on_a_line_carries_its_place_only() -> None:
    bb, transport = replay(answer(orjson.dumps(COMMENT | {"inline": {"path": "a.py", "from": None, "to": 3}}), 201))
    comment = await bb.commits.create_comment("acme", "api", HASH, content="Why?", inline=Inline(path="a.py", to=3))
    assert transport.requests[0].body == b'{"content":{"raw":"Why?"},"inline":{"path":"a.py","to":3}}'
    assert comment.inline == Inline(path="a.py", to=3)
    assert comment.content.text == "Why?"
    assert comment.commit is not None
    assert comment.commit.hash == HASH


async def test_a_reply_names_its_parent() -> None:
    bb, transport = replay(answer(orjson.dumps(COMMENT | {"parent": {"id": 6}}), 201))
    comment = await bb.commits.create_comment("acme", "api", HASH, content="So", parent=6)
    assert transport.requests[0].body == b'{"content":{"raw":"So"},"parent":{"id":6}}'
    assert comment.parent is not None
    assert comment.parent.id == 6


async def test_the_old_lines_of_a_comment_go_by_the_vendors_names() -> None:
    place = Inline(path="a.py", from_=9, start_from=7)
    bb, transport = replay(answer(orjson.dumps(COMMENT | {"inline": {"path": "a.py", "from": 9, "start_from": 7}})))
    comment = await bb.commits.create_comment("acme", "api", HASH, content="x", inline=place)
    assert body_of(transport.requests[0]) == {
        "content": {"raw": "x"},
        "inline": {"path": "a.py", "from": 9, "start_from": 7},
    }
    assert comment.inline == place


async def test_a_diff_is_the_bytes_the_server_sent() -> None:
    body = b"diff --git a/x b/x\n-\xe4\n+\xc3\xa4\n"
    bb, transport = replay(answer(body, headers={"Content-Type": "text/plain"}))
    diff = await bb.commits.read_diff(
        "acme", "api", "feature/x..main", path=["a b.py", "c&d"], context=0, renames=False, topic=True
    )
    [request] = transport.requests
    assert diff == body
    assert urlsplit(request.url).path.endswith("/diff/feature%2Fx..main")
    assert query_of(request) == [
        ("context", "0"),
        ("path", "a b.py"),
        ("path", "c&d"),
        ("renames", "false"),
        ("topic", "true"),
    ]
    assert request.headers["Accept"] == "*/*"


@pytest.mark.parametrize("kind", ["diff", "patch"])
async def test_diffs_and_patches_are_streamed(kind: str) -> None:
    bb, transport = replay(answer(b"From 1\n"))
    opened = bb.commits.open_diff if kind == "diff" else bb.commits.open_patch
    async with opened("acme", "api", HASH) as stream:
        assert [chunk async for chunk in stream] == [b"From 1\n"]
        assert bb.limiter.in_flight == 0
    assert transport.requests[0].url == f"{REPOSITORY}/{kind}/{HASH}"


async def test_topic_and_its_deprecated_form_exclude_each_other() -> None:
    bb, transport = replay()
    with pytest.raises(ValueError, match="not both"):
        await bb.commits.read_diff("acme", "api", "a..b", merge=True, topic=False)
    with pytest.raises(ValueError, match="not both"):
        bb.commits.open_diff("acme", "api", "a..b", merge=True, topic=False)
    with pytest.raises(ValueError, match="not both"):
        await collect(bb.commits.list_diffstat("acme", "api", "a..b", merge=False, topic=False))
    assert not transport.requests


async def test_a_diffstat_tells_both_sides_of_a_file() -> None:
    renamed = {"type": "commit_file", "path": "b c", "escaped_path": "b\\040c"}
    bb, _ = replay(
        page(
            [
                {"status": "renamed", "lines_added": 1, "lines_removed": 0, "old": {"path": "a"}, "new": renamed},
                {"status": "merge conflict", "lines_added": 0, "lines_removed": 0, "old": None, "new": {"path": "d"}},
            ]
        )
    )
    first, second = await collect(bb.commits.list_diffstat("acme", "api", "a..b"))
    assert first.new is not None
    assert (first.status, first.new.path, first.new.escaped_path) == ("renamed", "b c", "b\\040c")
    assert second.status == "merge conflict", "a status that is not documented stays as it is"
    assert second.old is None


@virtual
async def test_the_servers_own_timeout_says_what_it_is() -> None:
    bb, transport = replay(*[answer("", 555, {"Retry-After": "0"})] * 4)
    with pytest.raises(ServerError, match=r"555.*the server timed out"):
        await bb.commits.read_patch("acme", "api", HASH)
    assert len(transport.requests) == 4


async def test_a_merge_base_is_a_commit_and_an_unrelated_answer_is_an_error() -> None:
    bb, _ = replay(answer(orjson.dumps(COMMIT)), answer(b"[]"))
    assert (await bb.commits.get_merge_base("acme", "api", "a..b")).hash == HASH
    with pytest.raises(DecodeError):
        await bb.commits.get_merge_base("acme", "api", "a..b")


async def test_an_approval_is_given_and_taken_back() -> None:
    participant = {"user": None, "role": "PARTICIPANT", "approved": True, "state": "approved"}
    bb, transport = replay(answer(orjson.dumps(participant)), answer("", 204))
    given = await bb.commits.approve("acme", "api", HASH)
    await bb.commits.unapprove("acme", "api", HASH)
    assert given.approved
    assert [(request.method, request.body) for request in transport.requests] == [("POST", b""), ("DELETE", None)]


async def test_revisions_may_be_any_iterable() -> None:
    bb, transport = replay(page([COMMIT]))
    revisions: Any = (name for name in ("main", "dev"))
    await collect(bb.commits.list("acme", "api", include=revisions))
    assert query_of(transport.requests[0])[:2] == [("include", "main"), ("include", "dev")]
