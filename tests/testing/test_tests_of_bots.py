"""What tests of bots need of the fakes: waiting until all is over, a clock to advance, and snapshots."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import aiohttp

from bbasync import AccessToken, ApiToken, CloudSession, DataCenterSession
from bbasync.testing import FakeCloud, FakeDataCenter
from bbasync.webhooks import WebhookRouter, cloud, datacenter
from tests.testing import datacenter_api
from tests.testing.cloud_api import Api
from tests.testing.hook_receiver import SECRET, attached, receiving

OWN = "/repositories/acme/api"
REPO = "/projects/PRJ/repos/ledger"
ROUNDS = 3


async def test_settled_waits_for_what_events_cause_in_a_bot(fake: FakeCloud) -> None:
    """Each comment of the bot is an event that lets it read and comment again, some rounds long."""
    bot = CloudSession(ApiToken(fake.email, fake.token), base_url=fake.url)
    router = WebhookRouter(secret=SECRET)

    @router.on(cloud.PullRequestCommentCreated)
    async def reply(event: cloud.PullRequestCommentCreated) -> None:
        where = ("acme", "api", event.pullrequest.id)
        found = [one async for one in bot.pull_requests.list_comments(*where)]
        if len(found) < ROUNDS:
            await bot.pull_requests.create_comment(*where, content=f"Comment {len(found) + 1}")

    async with bot, attached(router) as url, CloudSession(AccessToken(fake.token_of("grace")), base_url=fake.url) as bb:
        events = ["pullrequest:comment_created"]
        await bot.webhooks.create_repository_hook("acme", "api", url=url, events=events, secret=SECRET)
        pull = next(one.id for one in fake.world.repository("acme", "api").all_pulls() if not one.comment_count)
        await bb.pull_requests.create_comment("acme", "api", pull, content="Comment 1")
        await fake.settled()
        assert fake.in_flight == 0
        comments = [
            one.content and one.content.text async for one in bb.pull_requests.list_comments("acme", "api", pull)
        ]
    assert comments == [f"Comment {number}" for number in range(1, ROUNDS + 1)]
    assert len(fake.webhook_deliveries) == ROUNDS


async def test_settled_waits_for_what_events_cause_in_a_bot_of_data_center() -> None:
    async with FakeDataCenter() as fake:
        bb = DataCenterSession(AccessToken(fake.token), base_url=fake.url)
        router = WebhookRouter(secret=SECRET)

        @router.on(datacenter.PullRequestCommentAdded)
        async def reply(event: datacenter.PullRequestCommentAdded) -> None:
            where = ("PRJ", "ledger", event.pull_request.id)
            if event.comment.text != f"Comment {ROUNDS}":
                number = int(str(event.comment.text).rpartition(" ")[2]) + 1
                await bb.pull_requests.get(*where)
                await bb.pull_requests.create_comment(*where, text=f"Comment {number}")

        async with bb, attached(router) as url:
            fake.add_webhook(url, "PRJ", events=["pr:comment:added"], secret=SECRET)
            await bb.pull_requests.create_comment("PRJ", "ledger", 1, text="Comment 1")
            await fake.settled()
            assert len(fake.webhook_deliveries) == ROUNDS
            comments = fake.world.repository("PRJ", "ledger").pull_requests[1].comments.values()
            assert [one.text for one in comments][-ROUNDS:] == [f"Comment {one + 1}" for one in range(ROUNDS)]


async def test_settled_waits_for_further_attempts(fake: FakeCloud, api: Api) -> None:
    fake.webhooks.delay = 0
    async with receiving(500, 500) as receiver:
        await api("POST", f"{OWN}/hooks", {"url": receiver.url, "events": ["repo:push"], "active": True})
        await api("POST", f"{OWN}/refs/branches", {"name": "new", "target": {"hash": "main"}})
        await fake.settled()
        assert [one.status for one in fake.webhook_deliveries] == [500, 500, 200]


async def test_clock_moves_dates_limits_and_tokens() -> None:
    async with FakeCloud(limit=2) as fake, Api(fake) as api:
        before = (await api("POST", f"{OWN}/pullrequests/1/comments", {"content": {"raw": "a"}})).json
        assert abs(datetime.fromisoformat(before["created_on"]) - datetime.now(UTC)) < timedelta(minutes=1)
        await api.get(OWN)
        assert (await api("GET", OWN)).status == 429
        fake.clock.advance(3601)
        after = (await api("POST", f"{OWN}/pullrequests/1/comments", {"content": {"raw": "b"}})).json
        passed = datetime.fromisoformat(after["created_on"]) - datetime.fromisoformat(before["created_on"])
        assert timedelta(seconds=3601) <= passed < timedelta(seconds=3661)


async def test_clock_lets_issued_tokens_expire(fake: FakeCloud, api: Api) -> None:
    async with aiohttp.ClientSession() as http:
        form = {"grant_type": "client_credentials"}
        client = {"Authorization": aiohttp.encode_basic_auth(fake.oauth.client_id, fake.oauth.client_secret)}
        async with http.post(fake.token_url, data=form, headers=client) as response:
            token = f"Bearer {(await response.json())['access_token']}"
    assert (await api("GET", OWN, authorization=token)).status == 200
    fake.clock.advance(fake.oauth.expires_in)
    assert (await api("GET", OWN, authorization=token)).status == 401


async def test_clock_of_data_center_moves_dates_and_refills_buckets() -> None:
    async with FakeDataCenter(capacity=1, fill_rate=0.01) as fake, aiohttp.ClientSession() as http:
        api = datacenter_api.Api(fake, http)
        dates: list[int] = []
        for _ in range(2):
            status, comment = await api("POST", f"{REPO}/pull-requests/1/comments", {"text": "a"})
            assert status == 201
            dates.append(int(str(comment["createdDate"])))
            assert (await api("GET", REPO))[0] == 429
            fake.clock.advance(100)
        assert abs(dates[0] / 1000 - datetime.now(UTC).timestamp()) < 60
        assert 100_000 <= dates[1] - dates[0] < 160_000


async def contents(api: Api) -> list[object]:
    """Read what clients can change."""
    paths = ("refs/branches", "commits", "pullrequests/1", "pullrequests/1/comments", "pullrequests", "hooks", "")
    pages: list[object] = [await api.get(f"{OWN}/{path}".rstrip("/")) for path in paths]
    pages.append(await api.get("/repositories/acme", q='name ~ "a"'))
    pages.append(await api.get(f"{OWN}/permissions-config/groups"))
    pages.append((await api("GET", f"{OWN}/src/main/README.md")).body)
    return pages


async def change(api: Api, name: str) -> None:
    """Change something of every kind."""
    for method, path, body in (
        ("POST", f"{OWN}/refs/branches", {"name": name, "target": {"hash": "main"}}),
        ("POST", f"{OWN}/pullrequests/1/comments", {"content": {"raw": name}}),
        ("PUT", f"{OWN}/pullrequests/1", {"title": name}),
        ("POST", f"{OWN}/hooks", {"url": "http://127.0.0.1:9/", "events": ["repo:fork"], "active": True}),
        ("PUT", f"{OWN}/permissions-config/groups/{name}", {"permission": "read"}),
        ("PUT", "/repositories/acme/another", {"is_private": True}),
        ("DELETE", "/repositories/acme/web", None),
        ("PUT", OWN, {"description": name}),
    ):
        answer = await api(method, path, body)
        assert answer.status < 300, (path, answer.body)
    for path in ("README.md", "new.txt"):
        assert (await api("POST", f"{OWN}/src", data={"branch": "main", f"/{path}": name})).status == 201


async def test_snapshot_is_restored_as_often_as_needed(fake: FakeCloud, api: Api) -> None:
    await change_without_deletion(api)
    before = await contents(api)
    state = fake.snapshot()
    changed: list[list[object]] = []
    for name in ("one", "two"):
        await change(api, name)
        changed.append(await contents(api))
        assert all(one != other for one, other in zip(before, changed[-1], strict=True))
        fake.restore(state)
        assert await contents(api) == before
    assert changed[0] != changed[1]


async def change_without_deletion(api: Api) -> None:
    """Leave changes, so that the snapshot is not of a world that nobody changed."""
    await api("POST", f"{OWN}/pullrequests/1/comments", {"content": {"raw": "kept"}})
    await api("POST", f"{OWN}/hooks", {"url": "http://127.0.0.1:9/kept", "events": ["repo:fork"], "active": True})
    await api("PUT", f"{OWN}/permissions-config/groups/kept", {"permission": "read"})


async def test_snapshot_serves_another_fake(api: Api) -> None:
    await change(api, "one")
    before = await contents(api)
    async with FakeCloud(seed=1) as other, Api(other) as client:
        other.restore(api.fake.snapshot())
        found = await contents(client)
        assert str(found).replace(other.origin, api.fake.origin) == str(before)
        other.clock.advance(10_000)
        assert (await client("POST", f"{OWN}/pullrequests/1/comments", {"content": {"raw": "b"}})).status == 201


async def test_restored_merge_can_be_made_again(fake: FakeCloud, api: Api) -> None:
    number = (await api.get(f"{OWN}/pullrequests"))["values"][0]["id"]
    before = await api.get(f"{OWN}/pullrequests/{number}")
    state = fake.snapshot()
    for _ in range(2):
        assert (await api("POST", f"{OWN}/pullrequests/{number}/merge")).json["state"] == "MERGED"
        fake.restore(state)
        assert await api.get(f"{OWN}/pullrequests/{number}") == before


async def test_snapshot_of_data_center() -> None:
    async with FakeDataCenter() as fake, aiohttp.ClientSession() as http:
        api = datacenter_api.Api(fake, http)
        paths = (f"{REPO}/branches", f"{REPO}/commits", f"{REPO}/pull-requests?state=ALL", REPO, "/projects")
        before = [await api.get(path) for path in paths]
        async with receiving() as receiver:
            state = fake.snapshot()
            for name in ("one", "two"):
                fake.add_webhook(receiver.url, "PRJ", events=["repo:refs_changed"])
                assert (await api("POST", f"{REPO}/branches", {"name": name, "startPoint": "main"}))[0] == 200
                fields = {"content": name, "branch": "main", "message": name}
                assert (await api.edit(f"{REPO}/browse/new.txt", fields))[0] == 200
                assert (await api("POST", f"{REPO}/pull-requests/3/merge?version=0"))[0] == 200
                assert (await api("PUT", REPO, {"description": name}))[0] < 300
                assert (await api("POST", "/projects", {"key": name, "name": name}))[0] == 201
                await fake.settled()
                deliveries = len(fake.webhook_deliveries)
                assert deliveries
                fake.restore(state)
                assert [await api.get(path) for path in paths] == before
                await api("POST", f"{REPO}/branches", {"name": "unheard", "startPoint": "main"})
                await fake.settled()
                assert len(fake.webhook_deliveries) == deliveries
                fake.restore(state)
