"""A bot from end to end in one process: the fake tells it of events, and it answers through the API."""

from __future__ import annotations

import asyncio
from typing import Final

import attrs

from bbasync import AccessToken, ApiToken, CloudSession
from bbasync.cloud.models import Inline
from bbasync.testing import FakeCloud
from bbasync.webhooks import Event, WebhookRouter, cloud
from tests.testing.hook_receiver import SECRET, attached
from tests.waiting import PATIENCE

REPOSITORY: Final = ("acme", "api")
EVENTS: Final = ("pullrequest:created", "pullrequest:updated", "pullrequest:approved", "pullrequest:fulfilled")


@attrs.define
class Bot:
    """Looks at new pull requests, asks the default reviewers, and merges what two have approved."""

    bb: CloudSession
    failures: list[BaseException] = attrs.field(factory=list[BaseException])
    asked: asyncio.Event = attrs.field(factory=asyncio.Event)
    merged: asyncio.Event = attrs.field(factory=asyncio.Event)

    def router(self) -> WebhookRouter:
        router = WebhookRouter(secret=SECRET, on_error=self._failed)
        router.on(cloud.PullRequestCreated)(self.review)
        router.on(cloud.PullRequestUpdated)(self.note_reviewers)
        router.on(cloud.PullRequestApproved)(self.merge)
        router.on(cloud.PullRequestFulfilled)(self.note_merge)
        return router

    def _failed(self, event: Event, error: BaseException) -> None:
        self.failures.append(error)

    async def review(self, event: cloud.PullRequestCreated) -> None:
        bb, pull = self.bb, event.pullrequest
        where = (*REPOSITORY, pull.id)
        changes = [change async for change in bb.pull_requests.list_diffstat(*where)]
        assert pull.source.commit
        assert pull.author
        commit, url = pull.source.commit.hash, "https://ci.invalid/1"
        await bb.commit_statuses.create(*REPOSITORY, commit, key="bot", state="SUCCESSFUL", url=url)
        lines = sum(change.lines_added for change in changes)
        await bb.pull_requests.create_comment(*where, content=f"{len(changes)} file, {lines} lines")
        assert changes[0].new
        await bb.pull_requests.create_comment(*where, content="Why?", inline=Inline(path=changes[0].new.path, to=2))
        reviewers = [one.uuid async for one in bb.pull_requests.list_default_reviewers(*REPOSITORY)]
        await bb.pull_requests.update(*where, reviewers=[one for one in reviewers if one and one != pull.author.uuid])

    async def note_reviewers(self, event: cloud.PullRequestUpdated) -> None:
        if event.pullrequest.reviewers:
            self.asked.set()

    async def merge(self, event: cloud.PullRequestApproved) -> None:
        if sum(bool(one.approved) for one in event.pullrequest.participants or ()) == 2:
            await self.bb.pull_requests.merge(*REPOSITORY, event.pullrequest.id)

    async def note_merge(self, event: cloud.PullRequestFulfilled) -> None:
        self.merged.set()


async def test_a_bot_reviews_a_pull_request_and_merges_it_when_two_have_approved(fake: FakeCloud) -> None:
    def session(user: str) -> CloudSession:
        return CloudSession(AccessToken(fake.token_of(user)), base_url=fake.url)

    bot = Bot(CloudSession(ApiToken(fake.email, fake.token), base_url=fake.url))
    async with bot.bb, attached(bot.router()) as url, session("grace") as grace, session("zoë") as zoe:
        await bot.bb.webhooks.create_repository_hook(*REPOSITORY, url=url, events=EVENTS, secret=SECRET)
        await grace.source.create_commit(*REPOSITORY, files={"new.txt": "one\ntwo\n"}, branch="work")
        pull = await grace.pull_requests.create(*REPOSITORY, title="Work", source_branch="work")
        where = (*REPOSITORY, pull.id)
        async with asyncio.timeout(PATIENCE), session("jürgen") as juergen:
            await bot.asked.wait()
            await juergen.pull_requests.approve(*where)
            await fake.delivered()
            assert (await zoe.pull_requests.get(*where)).state == "OPEN"
            await zoe.pull_requests.approve(*where)
            await bot.merged.wait()
        found = await zoe.pull_requests.get(*where)
        comments = [one async for one in zoe.pull_requests.list_comments(*where)]
        statuses = [one async for one in zoe.commit_statuses.list_for_pull_request(*where)]
    assert bot.failures == []
    assert (found.state, found.author and found.author.nickname) == ("MERGED", "grace")
    assert [one.nickname for one in found.reviewers or ()] == ["ada", "jürgen"]
    assert [one.content and one.content.text for one in comments] == ["1 file, 2 lines", "Why?"]
    assert [one.inline and (one.inline.path, one.inline.to) for one in comments] == [None, ("new.txt", 2)]
    assert [(one.key, one.state) for one in statuses] == [("bot", "SUCCESSFUL")]
    assert {one.status for one in fake.webhook_deliveries} == {200}
