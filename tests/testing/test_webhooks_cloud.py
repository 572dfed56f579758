"""Webhooks of FakeCloud are told, in the vendor's shape, of what is done through the API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from typing import Any, Final

import orjson
import pytest

from bbasync.cloud.models import Branch, Tag
from bbasync.testing import FakeCloud
from bbasync.testing.cloud.operations.webhooks import EVENTS
from bbasync.webhooks import cloud
from tests.meta.vendor import DATA, needs_data, recordings
from tests.testing.cloud_api import Answer, Api
from tests.testing.hook_receiver import SECRET, Receiver, receiving, shape

OWN: Final = "/repositories/acme/api"
PULLS: Final = OWN + "/pullrequests"


@pytest.fixture
async def fake() -> AsyncIterator[FakeCloud]:
    async with FakeCloud(workspaces=2, commits=12, pull_requests=3) as server:
        yield server


@pytest.fixture
async def receiver(api: Api) -> AsyncIterator[Receiver]:
    """Receive all events of one repository."""
    async with receiving() as found:
        body = {"url": found.url, "events": list(EVENTS), "secret": SECRET, "active": True}
        assert (await api("POST", OWN + "/hooks", body)).status == 201
        yield found


async def told(api: Api, receiver: Receiver, asked: Awaitable[Answer]) -> dict[str, Any]:
    """Return what a request made the fake tell."""
    answer = await asked
    assert answer.status < 300, answer.body
    await api.fake.delivered()
    return receiver.take()


async def push(api: Api, branch: str = "work", text: str = "content\n") -> Answer:
    return await api("POST", f"{OWN}/src", data={"branch": branch, "message": f"On {branch}", "/file.txt": text})


async def open_pull(api: Api) -> str:
    await push(api)
    answer = await api("POST", PULLS, {"title": "Work", "source": {"branch": {"name": "work"}}})
    return f"{PULLS}/{answer.json['id']}"


async def test_a_push_to_a_new_branch_tells_its_commits(api: Api, receiver: Receiver) -> None:
    event = (await told(api, receiver, push(api))).pop("repo:push")
    (change,) = event.push.changes
    assert (change.created, change.closed, change.old, change.new.name) == (True, False, None, "work")
    assert [commit.message for commit in change.commits] == ["On work"]
    assert change.new.target.hash == change.commits[0].hash == (await api.get(OWN + "/commit/work"))["hash"]
    assert (event.actor.uuid, event.repository.full_name) == (api.fake.world.me.uuid, "acme/api")
    assert event.repository.workspace.slug == "acme"


async def test_a_push_tells_the_newest_five_commits_and_that_there_are_more(api: Api, receiver: Receiver) -> None:
    main = api.fake.world.repository("acme", "api").branches["main"]
    assert (await api("DELETE", OWN + "/refs/branches/develop")).status == 204
    api.fake.world.repository("acme", "api").branches.clear()  # nothing is known any more
    await api.fake.delivered()
    receiver.take()
    made = {"name": "again", "target": {"hash": main}}
    (change,) = (await told(api, receiver, api("POST", OWN + "/refs/branches", made)))["repo:push"].push.changes
    assert (len(change.commits), change.truncated, change.commits[0].hash) == (5, True, main)


async def test_branches_and_tags_that_come_and_go_are_pushes(api: Api, receiver: Receiver) -> None:
    body = {"name": "new", "target": {"hash": "main"}}
    (made,) = (await told(api, receiver, api("POST", OWN + "/refs/branches", body)))["repo:push"].push.changes
    assert (made.created, type(made.new), made.commits, made.truncated) == (True, Branch, [], False)
    (gone,) = (await told(api, receiver, api("DELETE", OWN + "/refs/branches/new")))["repo:push"].push.changes
    assert (gone.closed, gone.old.name, gone.old.target.hash, gone.new) == (True, "new", made.new.target.hash, None)
    body |= {"message": "Now"}
    (tagged,) = (await told(api, receiver, api("POST", OWN + "/refs/tags", body)))["repo:push"].push.changes
    assert (tagged.created, type(tagged.new), tagged.new.message, tagged.old) == (True, Tag, "Now", None)
    (lost,) = (await told(api, receiver, api("DELETE", OWN + "/refs/tags/new")))["repo:push"].push.changes
    assert (lost.closed, type(lost.old), lost.new) == (True, Tag, None)


async def test_a_pull_request_is_told_from_creation_to_merge(api: Api, receiver: Receiver) -> None:
    path = await open_pull(api)
    await api.fake.delivered()
    created = receiver.take()["pullrequest:created"]
    assert (created.pullrequest.title, created.pullrequest.source.branch.name) == ("Work", "work")
    assert created.pullrequest.author.uuid == created.actor.uuid
    updated = await told(api, receiver, api("PUT", path, {"title": "Better"}))
    assert updated.pop("pullrequest:updated").pullrequest.title == "Better"
    assert updated == {}
    before = (await api.get(OWN + "/commit/work"))["hash"]
    pushed = await told(api, receiver, push(api, text="more\n"))
    assert sorted(pushed) == ["pullrequest:push", "pullrequest:updated", "repo:push"]
    (change,) = pushed["repo:push"].push.changes
    head = change.new.target.hash
    assert (change.old.target.hash, [commit.hash for commit in change.commits]) == (before, [head])
    assert pushed["pullrequest:updated"].pullrequest.source.commit.hash == head[:12]
    old = (await api.get(OWN + "/refs/branches/main"))["target"]["hash"]
    merged = await told(api, receiver, api("POST", path + "/merge", {}))
    assert merged["pullrequest:fulfilled"].pullrequest.state == "MERGED"
    (change,) = merged["repo:push"].push.changes
    assert (change.old.name, change.old.target.hash) == ("main", old)
    short = merged["pullrequest:fulfilled"].pullrequest.merge_commit.hash
    assert change.new.target.hash.startswith(short)
    assert [commit.message for commit in change.commits][1:] == ["On work", "On work"]


async def test_a_merge_that_closes_the_source_branch_tells_that_too(api: Api, receiver: Receiver) -> None:
    path = await open_pull(api)
    await api.fake.delivered()
    receiver.take()
    assert (await api("POST", path + "/merge", {"close_source_branch": True})).status == 200
    await api.fake.delivered()
    pushes = [orjson.loads(body)["push"]["changes"][0] for _, body in receiver.requests if b'"push"' in body]
    assert {(one["closed"], (one["old"] or {})["name"]) for one in pushes} == {(False, "main"), (True, "work")}


async def test_a_refused_merge_and_a_refused_creation_tell_nothing_and_leave_nothing(
    api: Api, receiver: Receiver
) -> None:
    await push(api)
    await api.fake.delivered()
    receiver.take()
    before = api.fake.world.counts()["pull_requests"]
    body = {"title": "x", "source": {"branch": {"name": "work"}}, "reviewers": [{"uuid": "{nobody}"}]}
    assert (await api("POST", PULLS, body)).status == 400
    assert (await api("POST", PULLS + "/2/merge", {})).status == 400  # it is merged already
    await api.fake.delivered()
    assert receiver.requests == []
    assert api.fake.world.counts()["pull_requests"] == before


async def test_a_declined_one_is_rejected_and_a_second_creation_is_an_update(api: Api, receiver: Receiver) -> None:
    path = await open_pull(api)
    await api.fake.delivered()
    receiver.take()
    body = {"title": "Once more", "source": {"branch": {"name": "work"}}}
    assert list(await told(api, receiver, api("POST", PULLS, body))) == ["pullrequest:updated"]
    rejected = await told(api, receiver, api("POST", path + "/decline", {"reason": "No"}))
    pull = rejected["pullrequest:rejected"].pullrequest
    assert (pull.state, pull.reason) == ("DECLINED", "No")


@pytest.mark.parametrize(
    ("path", "made", "taken_back"),
    [
        ("approve", "pullrequest:approved", "pullrequest:unapproved"),
        ("request-changes", "pullrequest:changes_request_created", "pullrequest:changes_request_removed"),
    ],
)
async def test_reviews_tell_who_and_when(api: Api, receiver: Receiver, path: str, made: str, taken_back: str) -> None:
    own, field = await open_pull(api), "approval" if path == "approve" else "changes_request"
    await api.fake.delivered()
    receiver.take()
    grace = f"Bearer {api.fake.token_of('grace')}"
    event = (await told(api, receiver, api("POST", f"{own}/{path}", authorization=grace)))[made]
    review, (participant,) = getattr(event, field), event.pullrequest.participants
    assert review.user.nickname == event.actor.nickname == participant.user.nickname == "grace"
    assert review.date == participant.participated_on
    assert participant.approved is (path == "approve")
    event = (await told(api, receiver, api("DELETE", f"{own}/{path}", authorization=grace)))[taken_back]
    assert getattr(event, field).user.nickname == "grace"
    assert event.pullrequest.participants[0].state is None


async def test_comments_are_told_from_creation_to_deletion(api: Api, receiver: Receiver) -> None:
    own = await open_pull(api)
    await api.fake.delivered()
    receiver.take()
    body = {"content": {"raw": "Why?"}, "inline": {"path": "file.txt", "to": 1}}
    created = (await told(api, receiver, api("POST", own + "/comments", body)))["pullrequest:comment_created"]
    assert (created.comment.content.text, created.comment.inline.path) == ("Why?", "file.txt")
    assert created.pullrequest.comment_count == 1
    one = f"{own}/comments/{created.comment.id}"
    changed = await told(api, receiver, api("PUT", one, {"content": {"raw": "How?"}}))
    assert changed["pullrequest:comment_updated"].comment.content.text == "How?"
    resolved = await told(api, receiver, api("POST", one + "/resolve"))
    assert resolved["pullrequest:comment_resolved"].comment.resolution is not None
    reopened = await told(api, receiver, api("DELETE", one + "/resolve"))
    assert reopened["pullrequest:comment_reopened"].comment.resolution is None
    deleted = await told(api, receiver, api("DELETE", one))
    assert deleted["pullrequest:comment_deleted"].comment.deleted is True
    pending = body | {"pending": True}
    assert await told(api, receiver, api("POST", own + "/comments", pending)) == {}


async def test_build_statuses_and_comments_of_commits_are_told(api: Api, receiver: Receiver) -> None:
    commit = (await api.get(OWN + "/commit/main"))["hash"]
    status = {"key": "bot/lint", "state": "INPROGRESS", "url": "https://ci.invalid/1"}
    own = f"{OWN}/commit/{commit}"
    event = (await told(api, receiver, api("POST", own + "/statuses/build", status)))["repo:commit_status_created"]
    assert (event.commit_status.key, event.commit_status.state) == ("bot/lint", "INPROGRESS")
    status["state"] = "SUCCESSFUL"
    event = (await told(api, receiver, api("POST", own + "/statuses/build", status)))["repo:commit_status_updated"]
    assert (event.commit_status.state, event.commit_status.commit.hash) == ("SUCCESSFUL", commit)
    noted = await told(api, receiver, api("POST", own + "/comments", {"content": {"raw": "Hm"}}))
    event = noted["repo:commit_comment_created"]
    assert (event.comment.content.text, event.commit.hash) == ("Hm", commit)


async def test_settings_and_forks_are_told(api: Api, receiver: Receiver) -> None:
    asked = api("PUT", OWN, {"description": "New", "name": "Interface", "language": "go"})
    event = (await told(api, receiver, asked))["repo:updated"]
    assert event.repository.full_name == "acme/interface"
    assert (event.changes["description"].new, event.changes["name"].old) == ("New", "api")
    assert set(event.changes) == {"description", "name", "full_name", "language", "links"}
    own = "/repositories/acme/interface"
    assert await told(api, receiver, api("PUT", own, {"description": "New"})) == {}
    event = (await told(api, receiver, api("POST", own + "/forks", {"name": "copy"})))["repo:fork"]
    assert (event.fork.full_name, event.repository.full_name) == ("acme/copy", "acme/interface")
    assert event.fork.parent.full_name == "acme/interface"


async def test_webhooks_of_a_workspace_hear_of_all_its_repositories_and_of_no_others(api: Api) -> None:
    async with receiving() as receiver:
        body = {"url": receiver.url, "events": list(EVENTS), "secret": SECRET, "active": True}
        assert (await api("POST", "/workspaces/acme/hooks", body)).status == 201
        assert list(await told(api, receiver, push(api))) == ["repo:push"]
        created = await told(api, receiver, api("POST", "/repositories/acme/fresh", {}))
        assert created["repo:created"].repository.full_name == "acme/fresh"
        deleted = await told(api, receiver, api("DELETE", "/repositories/acme/fresh"))
        assert deleted["repo:deleted"].repository.full_name == "acme/fresh"
        renamed = await told(api, receiver, api("PUT", "/workspaces/acme/projects/PRJ0", {"name": "Apollo"}))
        assert isinstance(renamed["project:updated"], cloud.ProjectUpdated)
        assert renamed["project:updated"].project.name == "Apollo"
        elsewhere = api("POST", "/repositories/globex/api/src", data={"branch": "x", "/f": "x"})
        assert await told(api, receiver, elsewhere) == {}


async def test_only_active_webhooks_that_ask_for_the_event_hear_of_it(api: Api) -> None:
    async with receiving() as receiver:
        body = {"url": receiver.url, "events": ["repo:push"], "active": False}
        made = await api("POST", OWN + "/hooks", body)
        other = body | {"events": ["pullrequest:created"], "active": True}
        assert (await api("POST", OWN + "/hooks", other)).status == 201
        assert await told(api, receiver, push(api)) == {}
        own = f"{OWN}/hooks/{made.json['uuid'].strip('{}')}"
        assert (await api("PUT", own, {"active": True})).status == 200
        await push(api, text="2")
        await api.fake.delivered()
        assert receiver.keys == ["repo:push"]
        assert (await api("DELETE", own)).status == 204
        await push(api, text="3")
        await api.fake.delivered()
        assert receiver.keys == ["repo:push"]


async def test_token_of_acts_as_that_user_and_knows_no_others(api: Api) -> None:
    grace = next(user for user in api.fake.world.users if user.nickname == "grace")
    tokens = {api.fake.token_of(name) for name in (grace.nickname, grace.uuid, grace.account_id)}
    assert len(tokens) == 1
    bearer = f"Bearer {tokens.pop()}"
    assert (await api("GET", "/user", authorization=bearer)).json["uuid"] == grace.uuid
    assert (await api("GET", "/user")).json["uuid"] == api.fake.world.me.uuid
    permission = await api("GET", "/user/workspaces/acme/permission", authorization=bearer)
    assert (permission.json["permission"], permission.json["user"]["uuid"]) == ("member", grace.uuid)
    with pytest.raises(KeyError):
        api.fake.token_of("alice")


OLD_OR_OF_FORKS: Final = {
    "actor.username",
    "actor.website",
    "actor.location",
    "actor.created_on",
    "repository.parent",
}


@needs_data
async def test_what_recorded_deliveries_hold_is_there(api: Api, receiver: Receiver) -> None:
    path = await open_pull(api)
    for method, more, body in (
        ("POST", "/approve", None),
        ("POST", "/comments", {"content": {"raw": "x"}}),
        ("POST", "/merge", {}),
    ):
        assert (await api(method, path + more, body)).status < 300
    await api.fake.delivered()
    ours = {headers["X-Event-Key"]: shape(orjson.loads(body)) for headers, body in receiver.requests}
    checked = 0
    for row in recordings():
        if row["kind"] == "webhook" and row["api"] == "cloud" and row["event_key"] in ours:
            recorded = shape(orjson.loads((DATA / "recorded" / row["file"]).read_bytes()))
            assert recorded - ours[row["event_key"]] <= OLD_OR_OF_FORKS, row["file"]
            checked += 1
    assert checked > 20
