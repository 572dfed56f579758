"""Services whose operations the vendor is going to remove: what they send, and that they warn."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import orjson
import pytest

from bbasync.aio import collect
from bbasync.cloud.models import PropertyAttribute
from bbasync.cloud.services import deprecation
from bbasync.testing.recording import answer
from tests.cloud.replayed import body_of, recorded, replay

if TYPE_CHECKING:
    from bbasync.cloud.session import CloudSession

RESULT = {
    "type": "code_search_result",
    "content_match_count": 1,
    "content_matches": [{"lines": [{"line": 3, "segments": [{"text": "def "}, {"text": "foo", "match": True}]}]}],
    "path_matches": [{"text": "src/a.py"}],
    "file": {"path": "src/a.py", "type": "commit_file"},
}


@pytest.fixture(autouse=True)
def nothing_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deprecation, "_WARNED", set[str]())


async def _call_each(bb: CloudSession) -> None:
    await collect(bb.search.list_in_workspace("acme", search_query="foo"))
    await bb.properties.delete_user_property("{u}", "app", "name")
    await bb.addon.delete()


async def test_each_warns_once_of_its_date_and_where_it_is_called() -> None:
    bb, _ = recorded('{"values": []}', "", "", '{"values": []}', "", "")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        await _call_each(bb)
        await _call_each(bb)
    messages = [str(one.message) for one in caught]
    assert len(messages) == 3
    for message, (what, date) in zip(
        messages,
        [("code search", "2026-11-01"), ("application properties", "2027-01-31"), ("Connect apps", "2027-01-31")],
        strict=True,
    ):
        assert f"{what} on {date}; " in message
    assert {one.filename for one in caught} == {__file__}


async def test_a_search_ends_where_there_is_no_next_whatever_its_size() -> None:
    following = (
        "https://api.bitbucket.org/2.0/workspaces/acme/search/code?search_query=foo+repo%3Aapi&page=2&pagelen=100"
    )
    bb, transport = replay(
        answer(orjson.dumps({"values": [RESULT] * 2, "size": 5000, "next": following})),
        answer(orjson.dumps({"values": [RESULT], "size": 5000, "page": 2})),
    )
    found = await collect(bb.search.list_in_workspace("acme", search_query="foo repo:api"))
    assert len(found) == 3
    line = found[0].content_matches[0].lines[0]
    assert [(one.text, one.match) for one in line.segments] == [("def ", None), ("foo", True)]
    assert found[0].file.path == "src/a.py"
    first, second = transport.requests
    assert first.url.endswith("/search/code?search_query=foo%20repo%3Aapi&pagelen=100")
    assert (second.url, second.group) == (following, "search")


async def test_a_property_is_stored_as_it_is() -> None:
    bb, transport = recorded("", '{"color": null, "deep": {"a": null}, "_attributes": ["public", "new"]}')
    value = {"color": None, "deep": {"a": None}}
    await bb.properties.update_commit_property(
        "acme", "api", "abc", "app", "name", value=value, attributes=[PropertyAttribute.PUBLIC]
    )
    assert body_of(transport.requests[0]) == {**value, "_attributes": ["public"]}
    found = await bb.properties.get_repository_property("acme", "api", "app", "name")
    assert found.value == value
    assert found.attributes == [PropertyAttribute.PUBLIC, "new"]
    with pytest.raises(ValueError, match="cannot be written as JSON"):
        await bb.properties.update_user_property("{u}", "app", "name", value={"a": object()})


async def test_an_installation_is_updated_from_its_descriptor_or_its_url() -> None:
    bb, transport = recorded("", "", '"key-1"')
    await bb.addon.update()
    await bb.addon.update(descriptor={"key": "app"})
    assert [body_of(request) for request in transport.requests] == [{}, {"descriptor": {"key": "app"}}]
    assert await bb.addon.get_client_key("app") == '"key-1"'
    with pytest.raises(ValueError, match="not both"):
        await bb.addon.update(descriptor={}, descriptor_url="https://example.org/descriptor.json")
