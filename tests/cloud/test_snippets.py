"""Snippets against FakeCloud, and what their methods send."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from bbasync.aio import collect
from bbasync.cloud.session import CloudSession
from bbasync.errors import NotFoundError, ResponseError
from bbasync.request import Part
from bbasync.testing.recording import answer
from tests.cloud.replayed import body_of, recorded, replay

if TYPE_CHECKING:
    from pathlib import Path

    from bbasync.testing import FakeCloud


async def test_files_are_changed_and_their_history_is_kept(bb: CloudSession, tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_bytes(b"old\n")
    created = await bb.snippets.create(
        "acme", files={"größe 1.txt": "a\n", "b.txt": tmp_path / "b.txt"}, title="Nötig", is_private=True
    )
    assert (created.title, created.is_private, created.scm) == ("Nötig", True, "git")
    updated = await bb.snippets.update("acme", created.id, files={"b.txt": b"new\n"}, deletions=["größe 1.txt"])
    assert (updated.title, updated.is_private, list(updated.files or {})) == ("Nötig", True, ["b.txt"])
    assert await bb.snippets.read("acme", created.id, "b.txt") == b"new\n"
    newest, oldest = await collect(bb.snippets.list_commits("acme", created.id))
    assert [one.hash for one in newest.parents or []] == [oldest.hash]
    assert (newest.snippet and newest.snippet.id, newest.author.user is not None) == (created.id, True)
    assert await bb.snippets.get_commit("acme", created.id, oldest.hash) == oldest
    before = await bb.snippets.get_revision("acme", created.id, oldest.hash)
    assert list(before.files or {}) == ["b.txt", "größe 1.txt"]
    assert await bb.snippets.read_revision("acme", created.id, oldest.hash, "größe 1.txt") == b"a\n"
    async with bb.snippets.open_revision("acme", created.id, oldest.hash, "b.txt") as stream:
        assert await stream.read() == b"old\n"
    assert b"-old\n+new\n" in await bb.snippets.read_diff("acme", created.id, newest.hash, path="b.txt")
    patch = await bb.snippets.read_patch("acme", created.id, newest.hash)
    assert patch.startswith(b"From " + newest.hash.encode())
    assert b"\n-a\n" in patch
    with pytest.raises(NotFoundError):
        await bb.snippets.read("acme", created.id, "größe 1.txt")


async def test_a_change_of_an_old_commit_is_refused(bb: CloudSession) -> None:
    snippet = await bb.snippets.create_own(files={"a": "1"})
    (first,) = await collect(bb.snippets.list_commits("acme", snippet.id))
    await bb.snippets.update_if_latest("acme", snippet.id, first.hash, files={"a": "2"})
    with pytest.raises(ResponseError, match="405"):
        await bb.snippets.update_if_latest("acme", snippet.id, first.hash, files={"a": "3"})
    with pytest.raises(ResponseError, match="405"):
        await bb.snippets.delete_if_latest("acme", snippet.id, first.hash)
    assert await bb.snippets.read("acme", snippet.id, "a") == b"2"
    await bb.snippets.update("acme", snippet.id, title="Only the title")
    newest, _ = await collect(bb.snippets.list_commits("acme", snippet.id))
    await bb.snippets.delete_if_latest("acme", snippet.id, newest.hash)
    with pytest.raises(NotFoundError):
        await bb.snippets.get("acme", snippet.id)


async def test_what_is_private_is_seen_by_members_only(bb: CloudSession, fake: FakeCloud) -> None:
    public = await bb.snippets.create("acme", title="public")
    private = await bb.snippets.create("acme", title="private", is_private=True)
    assert [one.title for one in await collect(bb.snippets.list("acme", role="owner"))] == ["public", "private"]
    assert await collect(bb.snippets.list("globex")) == []
    async with CloudSession(base_url=fake.url) as anonymous:
        assert (await anonymous.snippets.get("acme", public.id)).title == "public"
        assert not await anonymous.snippets.is_watching("acme", public.id)
        with pytest.raises(NotFoundError):
            await anonymous.snippets.get("acme", private.id)
    await bb.snippets.delete("acme", public.id)
    assert [one.id for one in await collect(bb.snippets.list("acme"))] == [private.id]


async def test_a_snippet_is_watched_and_discussed(bb: CloudSession) -> None:
    snippet = await bb.snippets.create("acme")
    assert not await bb.snippets.is_watching("acme", snippet.id)
    await bb.snippets.watch("acme", snippet.id)
    assert await bb.snippets.is_watching("acme", snippet.id)
    me = await bb.users.get_current()
    assert [one.uuid for one in await collect(bb.snippets.list_watchers("acme", snippet.id))] == [me.uuid]
    await bb.snippets.unwatch("acme", snippet.id)
    assert not await bb.snippets.is_watching("acme", snippet.id)

    comment = await bb.snippets.create_comment("acme", snippet.id, content="First")
    reply = await bb.snippets.create_comment("acme", snippet.id, content="Second", parent=comment.id)
    assert reply.parent is not None
    assert reply.parent.id == comment.id
    await bb.snippets.update_comment("acme", snippet.id, comment.id, content="Once more")
    assert (await bb.snippets.get_comment("acme", snippet.id, comment.id)).content.text == "Once more"
    newest_first = await collect(bb.snippets.list_comments("acme", snippet.id, sort="-created_on"))
    assert [one.id for one in newest_first] == [reply.id, comment.id]
    await bb.snippets.delete_comment("acme", snippet.id, reply.id)
    assert [one.id for one in await collect(bb.snippets.list_comments("acme", snippet.id))] == [comment.id]


async def test_a_change_without_files_is_json_and_one_with_files_is_multipart() -> None:
    bb, transport = recorded("{}", "{}", "{}")
    await bb.snippets.update("acme", "77gaA", title="")
    await bb.snippets.update("acme", "77gaA", deletions=["a"])
    await bb.snippets.create("acme", files={"b": b"1"}, is_private=False)
    first, second, third = transport.requests
    assert body_of(first) == {"title": ""}
    assert [(part.name, part.content) for part in _parts(second.body)] == [("files", "a")]
    assert [(part.name, part.filename, part.content) for part in _parts(third.body)] == [
        ("is_private", None, "false"),
        ("file", "b", b"1"),
    ]


def _parts(body: object) -> tuple[Part, ...]:
    assert isinstance(body, tuple)
    return cast("tuple[Part, ...]", body)


async def test_a_conditional_change_is_not_repeated(quick_retries: None) -> None:
    del quick_retries
    bb, transport = replay(answer("", 502))
    with pytest.raises(ResponseError, match="502"):
        await bb.snippets.update_if_latest("acme", "77gaA", "abc", title="x")
    assert len(transport.requests) == 1


async def test_files_that_cannot_be_right_are_refused() -> None:
    bb, transport = replay()
    for name in ("", "..", "a/b"):
        with pytest.raises(ValueError, match="must not"):
            await bb.snippets.create("acme", files={name: b""})
    with pytest.raises(ValueError, match="at once: a"):
        await bb.snippets.update("acme", "77gaA", files={"a": b""}, deletions=["a"])
    assert not transport.requests
