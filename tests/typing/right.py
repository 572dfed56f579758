"""What type checkers infer for the public signatures; checked by them, never run."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Any, assert_type

from bbasync import AccessToken, ApiToken, CloudSession, ConflictError, DataCenterSession, Page, Paging, Q, aio
from bbasync.cloud import watch
from bbasync.cloud.models import (
    Account,
    Annotation,
    Branch,
    Commit,
    MergeStrategy,
    PullRequest,
    PullRequestState,
    Ref,
    Repository,
    TreeEntry,
)
from bbasync.datacenter import models as datacenter
from bbasync.errors import ResponseError
from bbasync.model import Links
from bbasync.webhooks import Event, WebhookRouter, parse
from bbasync.webhooks import cloud as events
from bbasync.webhooks import datacenter as datacenter_events


async def sessions() -> None:
    async with CloudSession(ApiToken("me@example.org", "token")) as bb:
        assert_type(bb, CloudSession)
        assert_type(await bb.request("GET", "/user"), object)
        assert_type(bb.paginate("/user/workspaces"), AsyncGenerator[dict[str, Any]])
    async with DataCenterSession(AccessToken("token"), base_url="https://host") as dc:
        assert_type(dc, DataCenterSession)
    assert_type(CloudSession.from_env(), CloudSession)


async def lists(bb: CloudSession) -> None:
    assert_type(bb.refs.list("acme", "api"), AsyncGenerator[Ref])
    assert_type(bb.source.list_root("acme", "api"), AsyncGenerator[TreeEntry])
    async for pull in bb.pull_requests.list("acme", "api", state=["OPEN", PullRequestState.MERGED]):
        assert_type(pull, PullRequest)
    async for branch in bb.refs.list_branches("acme", "api", q=Q("name").contains("fix"), paging=Paging(size=10)):
        assert_type(branch, Branch)
    repositories = bb.repositories.list("acme")
    assert_type(await aio.collect(repositories, limit=3), list[Repository])
    async for page in aio.pages(bb.refs.list_branches, "acme", "api", sort="name"):
        assert_type(page, Page[Branch])
        assert_type(page.values, Sequence[Branch])
        assert_type(page.next, str | None)
    async with aio.merge((slug, bb.refs.list_tags("acme", slug)) for slug in ("api", "web")) as tags:
        async for name, tag in tags:
            assert_type(name, str)
            assert_type(tag.date, datetime | None)


async def closing(bb: CloudSession, dc: DataCenterSession) -> None:
    async with aclosing(bb.refs.list_branches("acme", "api")) as branches:
        assert_type(branches, AsyncGenerator[Branch])
        async for branch in branches:
            assert_type(branch.merge_strategies, list[MergeStrategy] | None)
    async with aclosing(bb.paginate("/user/workspaces")) as entries:
        assert_type(entries, AsyncGenerator[dict[str, Any]])
    async with aclosing(dc.pull_requests.list_changes("PRJ", "api", 1)) as changes:
        assert_type(changes, AsyncGenerator[datacenter.Change])
    async with aclosing(aio.pages(bb.commits.list, "acme", "api", include=["main"])) as pages:
        assert_type(pages, AsyncGenerator[Page[Commit]])
    async with aclosing(watch.commits(bb, "acme", "api", "main")) as commits:
        assert_type(commits, AsyncGenerator[watch.Change[Commit]])


async def values(bb: CloudSession) -> None:
    pull = await bb.pull_requests.create("acme", "api", title="Fix", source_branch="fix")
    assert_type(pull, PullRequest)
    assert_type(pull.state, PullRequestState)
    assert_type(pull.author, Account | None)
    assert_type(pull.created_on, datetime)
    assert_type(pull.to_dict(), dict[str, Any])
    assert_type(pull.raw, dict[str, Any])
    assert_type(pull.links, Links)
    assert_type(pull.links.html, str | None)
    assert_type(await bb.source.read("acme", "api", "main", "README.md"), bytes)
    assert_type(await bb.source.create_commit("acme", "api", files={"a": b"b"}), str | None)
    assert_type(await bb.reports.create_annotations("acme", "api", "f00", "lint", annotations=[]), Sequence[Annotation])
    async with bb.commits.open_diff("acme", "api", "a..b") as stream:
        async for chunk in stream:
            assert_type(chunk, bytes)


async def data_center(dc: DataCenterSession) -> None:
    pull = await dc.pull_requests.get("PRJ", "api", 1)
    assert_type(pull, datacenter.PullRequest)
    assert_type(pull.version, int)
    assert_type(await dc.pull_requests.merge("PRJ", "api", 1, version=pull.version), datacenter.PullRequest)


def errors(error: Exception) -> None:
    if isinstance(error, ConflictError):
        assert_type(error.current_version, int | None)
    if isinstance(error, ResponseError):
        assert_type(error.status, int)


def webhooks(router: WebhookRouter, headers: dict[str, str], body: bytes) -> None:
    assert_type(parse(headers, body, secret="hush"), Event)

    @router.on(events.PullRequestCreated)
    async def opened(event: events.PullRequestCreated) -> None:
        assert_type(event.pullrequest, PullRequest)

    @router.on(events.PullRequestCreated)
    async def of_base(event: events.PullRequestEvent) -> int:
        return event.pullrequest.id

    @router.on(events.PullRequestCreated, events.PullRequestUpdated)
    async def of_two(event: events.PullRequestCreated | events.PullRequestUpdated) -> None: ...

    @router.on(events.PullRequestCreated, events.PullRequestUpdated, events.RepositoryPush)
    async def of_three(
        event: events.PullRequestCreated | events.PullRequestUpdated | events.RepositoryPush,
    ) -> None:
        assert_type(event.actor, Account | None)

    @router.on(events.PullRequestCreated, events.PullRequestUpdated)
    async def of_base_of_two(event: events.PullRequestEvent) -> None: ...

    @router.on(events.PullRequestCreated, events.PullRequestUpdated, events.RepositoryPush)
    async def of_base_of_three(event: events.RepositoryEvent) -> None: ...

    @router.on(events.PullRequestCreated, events.PullRequestUpdated, events.PullRequestPush, events.PullRequestApproved)
    async def of_base_of_four(event: events.PullRequestEvent) -> None: ...

    @router.on(events.PullRequestCreated, datacenter_events.PullRequestOpened)
    async def of_both_products(event: events.PullRequestCreated | datacenter_events.PullRequestOpened) -> None: ...

    @router.on("repo:*", "pullrequest:*")
    async def changed(event: Event) -> None:
        assert_type(event.delivery.request_id, str | None)


async def following(router: WebhookRouter, bb: CloudSession) -> None:
    async with aclosing(router.follow(bb, "acme", "api", start="cursor")) as changes:
        assert_type(changes, AsyncGenerator[watch.Change[PullRequest]])


async def watching(bb: CloudSession) -> None:
    async for change in watch.pull_requests(bb, "acme", "api"):
        assert_type(change, watch.Change[PullRequest])
        assert_type(change.cursor, str)
