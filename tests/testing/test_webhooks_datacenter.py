"""Webhooks of FakeDataCenter are told, in the vendor's shape, of what is done through the API."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import uuid
from collections.abc import AsyncIterator, Awaitable
from typing import Any, Final

import aiohttp
import orjson
import pytest

from bbasync import BasicAuth, DataCenterSession
from bbasync.testing import FakeDataCenter
from bbasync.testing.datacenter.webhooks import EVENTS
from bbasync.webhooks import WebhookRouter, datacenter
from tests.meta.vendor import DATA, needs_data, recordings
from tests.testing.datacenter_api import Api, Json
from tests.testing.hook_receiver import SECRET, Receiver, attached, receiving, shape
from tests.waiting import PATIENCE

OWN: Final = "/projects/PRJ/repos/ledger"
PULLS: Final = OWN + "/pull-requests"
ZEROS: Final = "0" * 40


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    async with FakeDataCenter() as fake, aiohttp.ClientSession() as http:
        yield Api(fake, http)


@pytest.fixture
async def receiver(api: Api) -> AsyncIterator[Receiver]:
    """Receive all events of one project."""
    async with receiving() as found:
        api.fake.add_webhook(found.url, "PRJ", events=EVENTS, secret=SECRET)
        yield found


async def told(api: Api, receiver: Receiver, asked: Awaitable[tuple[int, Json]]) -> dict[str, Any]:
    """Return what a request made the fake tell."""
    status, answer = await asked
    assert status < 300, answer
    await api.fake.delivered()
    return receiver.take()


def tip(api: Api, branch: str) -> str:
    return api.fake.world.repository("PRJ", "ledger").branches[branch]


def reviewer(api: Api, number: int = 2) -> str:
    return list(api.fake.world.users.values())[number].name


async def branch(api: Api, name: str = "new/a#1") -> tuple[int, Json]:
    branches = api.fake.world.repository("PRJ", "ledger").branches
    start = next(one for one in branches if one.startswith("pr/1"))
    return await api("POST", OWN + "/branches", {"name": name, "startPoint": start})


async def edit(api: Api, path: str = "new.txt", on: str = "new/a#1") -> tuple[int, Json]:
    return await api.edit(f"{OWN}/browse/{path}", {"content": "one\n", "branch": on, "message": "Añade"})


async def opened(api: Api, receiver: Receiver) -> str:
    """Open a pull request, forget what was told, and return its path."""
    assert (await branch(api))[0] < 300
    body = {
        "title": "Náïve",
        "description": "why",
        "fromRef": {"id": "refs/heads/new/a#1"},
        "toRef": {"id": "refs/heads/main"},
        "reviewers": [{"user": {"name": reviewer(api)}}],
    }
    status, pull = await api("POST", PULLS, body)
    assert status == 201, pull
    await api.fake.delivered()
    events = receiver.take()
    assert sorted(events) == ["pr:opened", "repo:refs_changed"]
    event = events["pr:opened"]
    assert (event.pull_request.id, event.pull_request.title) == (pull["id"], "Náïve")
    assert event.actor.name == api.fake.username
    assert event.date.timestamp() - api.fake.world.now // 1000 in {0, 1}, "it is a text in whole seconds"
    return f"{PULLS}/{pull['id']}"


async def test_a_delivery_has_the_headers_of_the_vendor_and_is_sent_once(api: Api) -> None:
    async with receiving(500) as receiver:
        api.fake.add_webhook(receiver.url, "PRJ", "ledger", events=["repo:refs_changed"], secret=SECRET)
        api.fake.add_webhook(receiver.url, "PRJ", "ledger", events=["repo:refs_changed"])
        await branch(api)
        await api.fake.delivered()
        (signed, body), (unsigned, _) = sorted(receiver.requests, key=lambda one: "X-Hub-Signature" not in one[0])
    assert signed["X-Event-Key"] == orjson.loads(body)["eventKey"] == "repo:refs_changed"
    assert uuid.UUID(signed["X-Request-Id"]) != uuid.UUID(unsigned["X-Request-Id"])
    assert signed["X-Hub-Signature"] == "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert "X-Hub-Signature" not in unsigned
    assert not any(name in signed for name in ("X-Attempt-Number", "X-Hook-UUID", "X-Request-UUID"))
    assert sorted((one.attempt, one.status) for one in api.fake.webhook_deliveries) == [(1, 200), (1, 500)]


async def test_refs_that_come_move_and_go_are_told_with_their_hashes(api: Api, receiver: Receiver) -> None:
    event = (await told(api, receiver, branch(api)))["repo:refs_changed"]
    (made,) = event.changes
    head = tip(api, "new/a#1")
    assert (made.type, made.from_hash, made.to_hash, made.ref.display_id) == ("ADD", ZEROS, head, "new/a#1")
    log = api.fake.world.repository("PRJ", "ledger").history.log(head, tip(api, "main"))
    assert [one.id for one in event.commits] == [one.hash for one in log]
    assert (event.to_commit.id, len(event.to_commit.parents[0].raw["message"]) > 0) == (head, True)
    event = (await told(api, receiver, edit(api)))["repo:refs_changed"]
    (moved,) = event.changes
    assert (moved.type, moved.from_hash, moved.to_hash) == ("UPDATE", head, tip(api, "new/a#1"))
    assert [one.message for one in event.commits] == ["Añade"]
    body = {"name": "new/a#1"}
    event = (await told(api, receiver, api("DELETE", OWN + "/branches", body, root="branch-utils/latest")))[
        "repo:refs_changed"
    ]
    (gone,) = event.changes
    assert (gone.type, gone.from_hash, gone.to_hash, event.to_commit) == ("DELETE", moved.to_hash, ZEROS, None)


async def test_tags_are_refs(api: Api, receiver: Receiver) -> None:
    body: Json = {"name": "v9", "startPoint": "main"}
    (made,) = (await told(api, receiver, api("POST", OWN + "/tags", body)))["repo:refs_changed"].changes
    assert (made.type, made.ref_id, made.to_hash) == ("ADD", "refs/tags/v9", tip(api, "main"))
    again = body | {"force": True, "type": "LIGHTWEIGHT"}
    assert await told(api, receiver, api("POST", OWN + "/tags", again, root="git/latest")) == {}
    branches = api.fake.world.repository("PRJ", "ledger").branches
    again["startPoint"] = next(head for name, head in branches.items() if name.startswith("release/"))
    moving = told(api, receiver, api("POST", OWN + "/tags", again, root="git/latest"))
    (moved,) = (await moving)["repo:refs_changed"].changes
    assert (moved.type, moved.from_hash, moved.to_hash) == ("UPDATE", made.to_hash, again["startPoint"])
    deleted = told(api, receiver, api("DELETE", OWN + "/tags/v9", root="git/latest"))
    (gone,) = (await deleted)["repo:refs_changed"].changes
    assert (gone.type, gone.ref_id, gone.from_hash) == ("DELETE", "refs/tags/v9", moved.to_hash)


async def test_a_pull_request_is_told_from_change_to_merge(api: Api, receiver: Receiver) -> None:
    path, old = await opened(api, receiver), tip(api, "new/a#1")
    pushed = await told(api, receiver, edit(api))
    assert sorted(pushed) == ["pr:from_ref_updated", "repo:refs_changed"]
    moved = pushed["pr:from_ref_updated"]
    assert (moved.previous_from_hash, moved.pull_request.from_ref.latest_commit) == (old, tip(api, "new/a#1"))
    body = {"version": 0, "title": "Better", "reviewers": [{"user": {"name": reviewer(api, 3)}}]}
    changed = await told(api, receiver, api("PUT", path, body))
    assert sorted(changed) == ["pr:modified", "pr:reviewer:updated"]
    event = changed["pr:modified"]
    assert (event.previous_title, event.previous_description, event.pull_request.title) == ("Náïve", "why", "Better")
    assert event.previous_target.display_id == "main"
    asked = changed["pr:reviewer:updated"]
    assert [one.name for one in asked.added_reviewers] == [reviewer(api, 3)]
    assert [one.name for one in asked.removed_reviewers] == [reviewer(api)]
    base = tip(api, "main")
    merged = await told(api, receiver, api("POST", path + "/merge?version=1"))
    assert merged["pr:merged"].pull_request.state == "MERGED"
    (change,) = merged["repo:refs_changed"].changes
    assert (change.ref.display_id, change.from_hash, change.to_hash) == ("main", base, tip(api, "main"))


async def test_a_change_of_nothing_but_the_reviewers_is_no_modification(api: Api, receiver: Receiver) -> None:
    path = await opened(api, receiver)
    body: Json = {"version": 0, "title": "Náïve", "description": "why", "reviewers": []}
    changed = await told(api, receiver, api("PUT", path, body))
    assert [one.name for one in changed.pop("pr:reviewer:updated").removed_reviewers] == [reviewer(api)]
    assert changed == {}
    body = {"user": {"name": reviewer(api)}, "role": "REVIEWER"}
    added = await told(api, receiver, api("POST", path + "/participants", body))
    assert [one.name for one in added["pr:reviewer:updated"].added_reviewers] == [reviewer(api)]
    assert await told(api, receiver, api("POST", path + "/participants", body)) == {}
    slug = list(api.fake.world.users.values())[2].slug
    removed = await told(api, receiver, api("DELETE", f"{path}/participants/{slug}"))
    assert [one.name for one in removed["pr:reviewer:updated"].removed_reviewers] == [reviewer(api)]


async def test_declined_and_deleted_ones_are_told_and_refused_changes_are_not(api: Api, receiver: Receiver) -> None:
    path = await opened(api, receiver)
    assert (await api("POST", path + "/merge?version=7"))[0] == 409
    assert (await api("PUT", path, {"version": 7, "title": "x"}))[0] == 409
    await api.fake.delivered()
    assert receiver.take() == {}
    declined = await told(api, receiver, api("POST", path + "/decline?version=0"))
    assert declined["pr:declined"].pull_request.state == "DECLINED"
    deleted = await told(api, receiver, api("DELETE", path, {"version": 1}))
    assert f"{PULLS}/{deleted['pr:deleted'].pull_request.id}" == path


async def test_reviews_tell_what_was_said_before(api: Api, receiver: Receiver) -> None:
    path, before = await opened(api, receiver), "UNAPPROVED"
    user = list(api.fake.world.users.values())[2]
    login = BasicAuth(user.name, api.fake.password)
    number = int(path.rpartition("/")[2])
    async with DataCenterSession(login, base_url=api.fake.url) as bb:
        for status, key in (
            ("APPROVED", "pr:reviewer:approved"),
            ("NEEDS_WORK", "pr:reviewer:needs_work"),
            ("UNAPPROVED", "pr:reviewer:unapproved"),
        ):
            for _ in range(2):  # once more changes nothing
                await bb.pull_requests.set_status("PRJ", "ledger", number, user.slug, status=status)
            await api.fake.delivered()
            ((found, event),) = receiver.take().items()
            assert isinstance(event, datacenter.PullRequestReviewEvent)
            assert (found, event.participant.status, event.previous_status) == (key, status, before)
            assert event.actor
            assert event.actor.name == event.participant.user.name == user.name
            before = status


async def test_comments_are_told_from_creation_to_deletion(api: Api, receiver: Receiver) -> None:
    path = await opened(api, receiver)
    first = await told(api, receiver, api("POST", path + "/comments", {"text": "Why?"}))
    event = first["pr:comment:added"]
    assert (event.comment.text, event.comment_parent_id) == ("Why?", None)
    reply = {"text": "So", "parent": {"id": event.comment.id}}
    second = (await told(api, receiver, api("POST", path + "/comments", reply)))["pr:comment:added"]
    assert second.comment_parent_id == event.comment.id
    own = f"{path}/comments/{second.comment.id}"
    edited = await told(api, receiver, api("PUT", own, {"text": "Therefore", "version": 0}))
    assert (edited["pr:comment:edited"].previous_comment, edited["pr:comment:edited"].comment.text) == (
        "So",
        "Therefore",
    )
    assert await told(api, receiver, api("PUT", own, {"severity": "BLOCKER", "version": 1})) == {}
    deleted = (await told(api, receiver, api("DELETE", own + "?version=2")))["pr:comment:deleted"]
    assert (deleted.comment.id, deleted.comment_parent_id) == (second.comment.id, event.comment.id)


async def test_forks_and_new_names_are_told(api: Api, receiver: Receiver) -> None:
    forked = (await told(api, receiver, api("POST", OWN, {"name": "copy"})))["repo:forked"]
    assert (forked.repository.slug, forked.repository.origin.slug) == ("copy", "ledger")
    assert await told(api, receiver, api("PUT", OWN, {"description": "x"})) == {}
    modified = (await told(api, receiver, api("PUT", OWN, {"name": "Big Ledger"})))["repo:modified"]
    assert (modified.old.slug, modified.new.slug, modified.new.name) == ("ledger", "big-ledger", "Big Ledger")
    renamed = (await told(api, receiver, api("PUT", "/projects/PRJ", {"name": "Money"})))["project:modified"]
    assert (renamed.old.name, renamed.new.name) == ("Payments", "Money")
    assert await told(api, receiver, api("PUT", "/projects/PRJ", {"name": "Money"})) == {}


async def test_only_webhooks_that_concern_a_repository_and_ask_for_the_event_hear_of_it(api: Api) -> None:
    async with receiving() as receiver:
        fake = api.fake
        other = next(slug for slug in fake.world.project("PRJ").repositories if slug != "ledger")
        own = fake.add_webhook(receiver.url, "PRJ", "ledger", events=["repo:refs_changed", "project:modified"])
        fake.add_webhook(receiver.url, "PRJ", "ledger", events=["pr:opened"])
        fake.add_webhook(receiver.url, "PRJ", other, events=["repo:refs_changed"])
        fake.add_webhook(receiver.url, "OPS", events=["repo:refs_changed"])
        await branch(api)
        await fake.delivered()
        assert receiver.keys == ["repo:refs_changed"]
        assert (await api("PUT", "/projects/PRJ", {"name": "Money"}))[0] == 200
        own.active = False
        await branch(api, "second")
        await fake.delivered()
        assert receiver.keys == ["repo:refs_changed"]


async def test_a_webhook_of_a_repository_moves_with_it(api: Api) -> None:
    async with receiving() as receiver:
        api.fake.add_webhook(receiver.url, "PRJ", "ledger", events=["repo:modified"], secret=SECRET)
        event = (await told(api, receiver, api("PUT", OWN, {"name": "moved", "project": {"key": "OPS"}})))[
            "repo:modified"
        ]
    assert (event.old.project.key, event.new.project.key) == ("PRJ", "OPS")


@pytest.mark.parametrize("event", ["pr:to_ref_updated", "pr:reviewer:changes_requested", "pullrequest:created"])
async def test_events_that_a_server_does_not_take_are_refused(event: str) -> None:
    with pytest.raises(ValueError, match=event):
        FakeDataCenter().add_webhook("http://127.0.0.1/", "PRJ", events=["pr:opened", event])


async def test_a_bot_answers_a_pull_request_from_inside_the_same_process(api: Api) -> None:
    fake, done, failures = api.fake, asyncio.Event(), list[BaseException]()
    router = WebhookRouter(secret=SECRET, on_error=lambda _, error: failures.append(error))
    async with DataCenterSession(BasicAuth(reviewer(api), fake.password), base_url=fake.url) as bb:

        @router.on(datacenter.PullRequestOpened)
        async def answer(event: datacenter.PullRequestOpened) -> None:
            where = ("PRJ", "ledger", event.pull_request.id)
            changes = [one async for one in bb.pull_requests.list_changes(*where)]
            await bb.pull_requests.create_comment(*where, text=f"{len(changes) > 0}")

        @router.on(datacenter.PullRequestCommentAdded)
        async def note(event: datacenter.PullRequestCommentAdded) -> None:
            done.set()

        async with attached(router) as url:
            fake.add_webhook(url, "PRJ", "ledger", events=EVENTS, secret=SECRET)
            await branch(api)
            ends = {"fromRef": {"id": "refs/heads/new/a#1"}, "toRef": {"id": "refs/heads/main"}}
            status, pull = await api("POST", PULLS, {"title": "x"} | ends)
            assert status == 201
            async with asyncio.timeout(PATIENCE):
                await done.wait()
    assert failures == []
    (comment,) = fake.world.repository("PRJ", "ledger").pull_requests[int(str(pull["id"]))].comments.values()
    assert (comment.text, comment.author.name) == ("True", reviewer(api))


@needs_data
async def test_what_recorded_deliveries_hold_is_there(api: Api, receiver: Receiver) -> None:
    path = await opened(api, receiver)
    for asked in (
        api("PUT", path, {"version": 0, "title": "Better", "description": "why", "reviewers": []}),
        api("POST", path + "/comments", {"text": "x"}),
        api("POST", path + "/merge?version=1"),
    ):
        assert (await asked)[0] < 300
    await api.fake.delivered()
    ours = {headers["X-Event-Key"]: shape(orjson.loads(body)) for headers, body in receiver.requests}
    checked = 0
    for row in recordings():
        if row["kind"] == "webhook" and row["api"] == "dc" and row["event_key"] in ours:
            recorded = shape(orjson.loads((DATA / "recorded" / row["file"]).read_bytes()))
            if "mirrorServer" in recorded:  # older servers tell of mirrors under this key, the fake has none
                continue
            assert recorded - ours[row["event_key"]] <= {"commentParentId"}, row["file"]  # of replies
            checked += 1
    assert checked > 20
