"""Only the body is signed: under a key that is not its own, it is refused wherever the two can be told apart."""

from __future__ import annotations

from typing import Any, Final

import attrs
import pytest

from bbasync.webhooks import Event, PayloadError, UnknownEvent, cloud, datacenter, parse, sign
from tests.meta.vendor import DATA, needs_data, recordings
from tests.webhooks.deliveries import SECRET, encoded, signature, smallest

EVENTS: Final[dict[str, type[Event]]] = {**cloud.EVENTS, **datacenter.EVENTS}
ALIKE: Final = (
    {"pullrequest:created", "pullrequest:updated", "pullrequest:push"},
    {"pullrequest:approved", "pullrequest:unapproved"},
    {"pullrequest:changes_request_created", "pullrequest:changes_request_removed"},
    {f"pullrequest:comment_{what}" for what in ("created", "updated", "deleted", "resolved", "reopened")},
    {f"repo:{what}" for what in ("created", "deleted", "imported", "transfer", "updated")},
    {"repo:commit_status_created", "repo:commit_status_updated"},
    {"issue:created", "issue:updated"},
    {"pr:reviewer:needs_work", "pr:reviewer:changes_requested"},
)
"""Keys whose bodies do not differ, as the README says."""


def alike(key: str) -> set[str]:
    """Return the event keys that a body of one fits."""
    one_way = {"issue:updated"} if key == "issue:comment_created" else set[str]()  # whose comment is optional
    return {key}.union(one_way, *(keys for keys in ALIKE if key in keys))


def read(key: str, body: bytes) -> Event:
    return parse({"X-Event-Key": key, **signature(body, SECRET)}, body, secret=SECRET)


def keys_of(body: bytes) -> set[str]:
    """Return the event keys under which a body is accepted."""
    accepted: set[str] = set()
    for key in EVENTS:
        try:
            read(key, body)
        except PayloadError:
            continue
        accepted.add(key)
    return accepted


@pytest.mark.parametrize("key", EVENTS)
def test_a_signed_body_is_accepted_under_its_own_key_and_those_whose_bodies_do_not_differ(key: str) -> None:
    assert keys_of(encoded(smallest(key))) == alike(key)


@needs_data
def test_no_recorded_body_is_accepted_under_the_keys_of_other_events() -> None:
    rows = [row for row in recordings() if row["kind"] == "webhook"]
    for row in rows:
        key = row["event_key"]
        body = (DATA / "recorded" / str(row["file"])).read_bytes()
        assert key in (accepted := keys_of(body)), row["file"]
        assert accepted <= alike(key), row["file"]
    assert len(rows) > 100


@pytest.mark.parametrize("key", EVENTS)
def test_a_required_field_that_is_missing_or_null_is_named(key: str) -> None:
    body = smallest(key)
    cls: type = EVENTS[key]
    required = [field.name for field in attrs.fields(cls) if field.default is attrs.NOTHING]
    for wire, name in zip([wire for wire in body if wire != "eventKey"], required, strict=True):
        for broken in ({**body, wire: None}, {other: value for other, value in body.items() if other != wire}):
            with pytest.raises(PayloadError, match=rf"^the body is not that of {key}: {name} is missing$"):
                read(key, encoded(broken))


@pytest.mark.parametrize("key", EVENTS)
def test_an_empty_body_is_no_event(key: str) -> None:
    with pytest.raises(PayloadError):
        read(key, b"{}")


@pytest.mark.parametrize(
    ("key", "accepted"),
    [
        ("pullrequest:created", {"OPEN", "DRAFTED"}),
        ("pullrequest:updated", {"OPEN", "DRAFTED"}),
        ("pullrequest:push", {"OPEN", "DRAFTED"}),
        ("pullrequest:fulfilled", {"MERGED"}),
        ("pullrequest:rejected", {"DECLINED"}),
        ("pr:merged", {"MERGED"}),
        ("pr:declined", {"DECLINED"}),
        ("pr:deleted", {"OPEN", "MERGED", "DECLINED", "SUPERSEDED", "DRAFTED", None}),
        ("pullrequest:approved", {"OPEN", "MERGED", "DECLINED", "SUPERSEDED", "DRAFTED", None}),
    ],
)
def test_the_pull_request_has_the_state_that_the_key_means(key: str, accepted: set[str | None]) -> None:
    name = "pullRequest" if key.startswith("pr:") else "pullrequest"
    for state in ("OPEN", "MERGED", "DECLINED", "SUPERSEDED", "DRAFTED", None):
        body = encoded({**smallest(key), name: {"state": state}})
        if state in accepted:
            assert type(read(key, body)) is EVENTS[key]
        else:
            with pytest.raises(
                PayloadError, match=rf"^the body is not that of {key}: the pull request has another state$"
            ):
                read(key, body)


@pytest.mark.parametrize(
    ("key", "more"), [("repo:created", "push"), ("pullrequest:created", "comment"), ("pullrequest:updated", "approval")]
)
def test_a_body_about_something_else_says_what(key: str, more: str) -> None:
    with pytest.raises(PayloadError, match=rf"^the body is not that of {key}: it has {more}$"):
        read(key, encoded({**smallest(key), more: {}}))


def test_what_a_later_version_of_bitbucket_adds_is_accepted() -> None:
    for key in EVENTS:
        assert read(key, encoded({**smallest(key), "summary": {}, "changes": smallest(key).get("changes")}))


@pytest.mark.parametrize("stated", ["pr:merged", "", [], {}, 1, "repo:push"], ids=repr)
def test_a_body_that_names_another_key_than_the_headers_is_refused_with_both(stated: object) -> None:
    for key in ("pr:declined", "pullrequest:created", "repo:teleported"):
        known = smallest(key) if key in EVENTS else {}
        with pytest.raises(PayloadError, match=f"the headers {key}"):
            read(key, encoded({**known, "eventKey": stated}))


def test_a_key_of_data_center_is_in_the_body_too() -> None:
    body: dict[str, Any] = {name: value for name, value in smallest("pr:opened").items() if name != "eventKey"}
    with pytest.raises(PayloadError, match=r"^the body names the event key None, the headers pr:opened"):
        read("pr:opened", encoded(body))
    for key in ("pr:reviewer:needs_work", "pr:reviewer:changes_requested"):
        for stated in ("pr:reviewer:needs_work", "pr:reviewer:changes_requested"):
            assert type(read(key, encoded({**smallest(key), "eventKey": stated}))) is EVENTS[key]


def test_an_unknown_key_says_nothing_about_its_body() -> None:
    for body in (b"{}", encoded({"eventKey": "repo:teleported"}), encoded(smallest("repo:push"))):
        assert type(read("repo:teleported", body)) is UnknownEvent


def test_a_message_shows_no_control_character_of_a_header_or_body() -> None:
    body = encoded({"eventKey": "Größe\x9b31m\u202eevil" + "x" * 500})
    with pytest.raises(PayloadError) as raised:
        parse({"X-Event-Key": "\x1b]0;title\x07\udcff", "X-Hub-Signature": sign(body, SECRET)}, body, secret=SECRET)
    assert str(raised.value).isprintable()
    assert r"Größe\x9b31m\u202eevil" in str(raised.value)
    assert r"\x1b]0;title\x07\udcff" in str(raised.value)
    assert len(str(raised.value)) < 400
